/*
 * What kind of conference is simulated: how many, on which networks, who does what. A table of
 * named ones, and one drawn from the seed.
 */
#ifndef IRIS_SIM_PROFILE_H
#define IRIS_SIM_PROFILE_H

#include "tests/sim/link.h"
#include "tests/sim/video.h"

#define SIM_PARTICIPANTS_MAX 400
#define SIM_STAGES_MAX       6

/* What people and networks do besides talking; each with a weight. */
enum sim_action {
    SIM_ACTION_MUTE_CAMERA,
    SIM_ACTION_MUTE_VOICE,
    SIM_ACTION_LAYOUT,
    SIM_ACTION_STOP_LAYER, /* the browser's encoder drops an upper layer for a while */
    SIM_ACTION_OUTAGE,     /* nothing passes for a while */
    SIM_ACTION_SQUEEZE,    /* little capacity for a while */
    SIM_ACTION_REBIND,     /* the NAT gives another port */
    SIM_ACTION_BUDGET,     /* the receiver's budget changes */
    SIM_ACTION_COUNT
};

/* Both directions of everybody's network; each participant draws its own from these. */
struct sim_network {
    int64_t delay_min_us, delay_max_us, jitter_max_us;
    double loss_max;
    double burst, burst_end;
    double reorder, duplicate;
    uint64_t up_bps, down_bps; /* 0: without a bottleneck */
    int64_t queue_us;
};

/* For so long the downlink of one receiver has this capacity: of the first seat, or of the first
   one that comes when the others (early) are there. */
struct sim_stage {
    int64_t for_us;
    uint64_t down_bps;
    uint32_t
        full_ms; /* where all fits after it did not: all cameras at their top layers; 0: 20 s */
};

/* What is asked of all who join (SIM_CHECK_JOIN); 0: nothing. */
struct sim_join_goals {
    int32_t first_frame_ms;  /* p95 until a camera is seen, and everybody sees one */
    unsigned key_requests;   /* for key frames, to each camera in the whole run */
    unsigned filler_pct;     /* padding and unasked repairs, of what each receives */
    unsigned unrepaired_pct; /* SIM_CHECK_REPAIR, with RTX: of lost video, at most; */
    unsigned repaired_pct;   /* and of requests for a packet, those that bring one, at least */
    unsigned skew_ms;        /* SIM_CHECK_SKEW: p95 of how far pictures are from their voices;
                                about twice what is measured (iris-sim prints it) */
};

struct sim_profile {
    const char *name, *about;
    unsigned participants, seconds; /* unless told otherwise */
    bool is_drawn;                  /* from a seed: anything meets anything */
    unsigned rooms;
    unsigned floors; /* people who talk at once, in each room */
    unsigned early;  /* who are there a while before the others (world_script.c); 0: nobody */
    int64_t join_spread_us;             /* the first joins come within so long */
    int64_t tick_us;                    /* between two transport feedbacks; 0: 100 ms */
    int64_t stay_us, away_us;           /* mean; stay 0: for the whole run */
    int64_t action_us;                  /* mean time between actions of a participant; 0: none */
    unsigned actions[SIM_ACTION_COUNT]; /* weights */
    unsigned cameras[SIM_VIDEO_KIND_COUNT]; /* weights of the encoders */
    double no_levels, no_dtx, no_rtx;       /* shares of participants without these */
    double no_twcc;   /* and without transport feedback: REMB and receiver reports only */
    double hostile;   /* share that sends garbage, too much, jumping numbers */
    double impatient; /* share that asks for key frames all the time; the networks are good then */
    bool has_screens; /* somebody shares, by turns */
    unsigned wraps;   /* so often at least a stream's numbers wrap where a packet is lost, each way;
                         there one always is. 0: as it comes */
    bool has_demos;   /* and something moves on the screens */
    struct sim_network network;
    struct sim_join_goals goals;
    /* With a schedule the second seat shares its screen all the time. */
    unsigned stage_count;
    struct sim_stage stages[SIM_STAGES_MAX];
    int64_t stage_queue_us; /* of that bottleneck */
};

/** The table; *count written. */
const struct sim_profile *sim_profiles(unsigned *count);

/** Find by name; NULL if there is none. */
const struct sim_profile *sim_profile_find(const char *name);

/** Draw one: anything that the named ones can do, mixed. */
void sim_profile_draw(struct sim_profile *profile, uint64_t seed);

#endif
