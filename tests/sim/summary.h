/* What a run came to, in numbers for people and for programs. */
#ifndef IRIS_SIM_SUMMARY_H
#define IRIS_SIM_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_FIRST_FRAMES_MAX 4096
#define SIM_SKEWS            1000 /* [ms], the last one for all above */

struct sim_person;
struct sim_world;

struct sim_summary {
    unsigned joins, leaves, vanished;
    unsigned first_frame_count;
    int32_t first_frames_ms[SIM_FIRST_FRAMES_MAX];
    unsigned without_frame; /* joined where somebody was to be seen, and saw nobody */
    uint64_t packets_in, bytes_in, packets_out, bytes_out; /* of the server; UDP payload */
    uint64_t frames, undecodable, freezes, frozen_ms;
    uint64_t switches, layer_switches; /* another source; another layer of the same one */
    uint64_t plis_received, plis_sent; /* by the server, from receivers; to sources */
    unsigned plis_most;                /* of these, to one camera */
    double filler_most_pct;            /* of what one receiver got: padding and unasked repairs */
    uint64_t nacked, repaired, retransmitted;
    /* Of what receivers should have got: before repair, and after it in time to be shown. */
    uint64_t voices_expected, voices_lost, video_expected, video_lost, video_unrepaired;
    uint64_t repairable, unrepaired; /* of video_lost and video_unrepaired: with RTX; */
    uint64_t asked, came;            /* and numbers asked for, each time, and what came of it */
    uint32_t skews[SIM_SKEWS]; /* frames of cameras, by how far they are from their voice [ms] */
    uint64_t skew_count, skew_judged; /* judged: on networks that are as they are for a while */
    int64_t skew_most_us;
    uint64_t key_frames, sources;  /* of cameras and screens that sent */
    int64_t source_us;             /* how long they did, together */
    unsigned wraps_up, wraps_down; /* of video's numbers, at which a packet was lost */
    unsigned handovers;            /* of the engine */
    uint64_t state_bytes;          /* of the last one */
    int64_t virtual_us;
    double wall_s;
};

/** A participant leaves: what it saw and sent is added up. */
void sim_summary_add(struct sim_summary *summary, const struct sim_person *person, int64_t now_us);

/** A camera's frame is played out so far from the voice. @param is_judged by SIM_CHECK_SKEW */
void sim_summary_add_skew(struct sim_summary *summary, int64_t skew_us, bool is_judged);

/** All have left: judge it by the profile's goals (SIM_CHECK_JOIN, SIM_CHECK_REPAIR,
 * SIM_CHECK_SKEW), and whether its numbers wrapped as they should (SIM_CHECK_SEQUENCE). */
void sim_summary_judge(struct sim_world *world);

/** Times faster than real time, by CPU time. */
double sim_summary_speed(const struct sim_summary *summary);

/** Print for people. @param is_quiet only what broke */
void sim_summary_print(const struct sim_world *world, bool is_quiet);

/** Print one JSON object. */
void sim_summary_print_json(const struct sim_world *world);

#endif
