/*
 * One receiver whose network changes by a schedule (sim_profile.stages), and whether it gets what
 * its network carries: SIM_CHECK_NETWORK. Stage by stage, of the first seat's downlink.
 */
#ifndef IRIS_SIM_NETWORK_H
#define IRIS_SIM_NETWORK_H

#include "sfu/core/message.h"
#include "tests/sim/check.h"
#include "tests/sim/media.h"
#include "tests/sim/profile.h"

/* What came of a stage. */
struct sim_stage_result {
    uint64_t voices, voices_lost; /* packets of microphones put on the link; dropped by it */
    uint64_t early_bytes;         /* offered to the link in its second to fourth second */
    uint64_t late_bytes;          /* and in its last five */
    unsigned ups, downs;          /* switches of layer of the same source */
    unsigned flaps;               /* up again less than FLAP_US after the last time */
    unsigned paused;              /* slots paused for want of bandwidth, at its end */
};

struct sim_network_slot {
    uint64_t stream;   /* of the newest packet; 0: none */
    int64_t raised_us; /* last switch up; 0: none in this stage */
};

struct sim_network_watch {
    const struct sim_profile *profile; /* NULL: no schedule */
    unsigned stage;
    int64_t stage_us, stage_end_us; /* began, ends */
    uint64_t receiver;
    uint32_t max_gap_ms; /* longest time without a camera's frame, while it sent some */
    struct sim_network_slot slots[CORE_SLOTS_MAX];
    struct sim_stage_result results[SIM_STAGES_MAX];
};

/** A stage begins now, at this receiver. */
void sim_network_begin(struct sim_network_watch *watch, const struct sim_profile *profile,
                       unsigned stage, uint64_t receiver, int64_t now_us);

/** A packet was put on the receiver's downlink. @param is_lost the link dropped it */
void sim_network_note(struct sim_network_watch *watch, const struct sim_media *media, bool is_voice,
                      bool is_lost, int64_t now_us);

/**
 * The stage is over: judge it.
 *
 * @param paused  slots paused for want of bandwidth now
 */
void sim_network_end(struct sim_network_watch *watch, unsigned paused, struct sim_checks *checks);

/** What the server counted for the receiver. A slide on a narrow network takes its time: only
 * cameras (by slot) are looked at. */
void sim_network_on_statistics(struct sim_network_watch *watch,
                               const struct core_statistics *statistics, const bool *is_camera);

#endif
