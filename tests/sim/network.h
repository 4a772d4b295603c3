/*
 * One receiver whose network changes by a schedule (sim_profile.stages), and whether it gets what
 * its network carries: SIM_CHECK_NETWORK. Stage by stage, of the first seat's downlink.
 *
 * network.c: what is counted; network_judge.c: what is asked of it.
 */
#ifndef IRIS_SIM_NETWORK_H
#define IRIS_SIM_NETWORK_H

#include "sfu/core/message.h"
#include "tests/sim/check.h"
#include "tests/sim/media.h"
#include "tests/sim/profile.h"

#define SIM_NETWORK_S          INT64_C(1000000)
#define SIM_NETWORK_ADAPTED_US (1 * SIM_NETWORK_S) /* layers are down by then */
#define SIM_NETWORK_EARLY_US   (4 * SIM_NETWORK_S) /* and that is seen until then */
#define SIM_NETWORK_LATE_US    (5 * SIM_NETWORK_S)
#define SIM_NETWORK_FLAP_US    (10 * SIM_NETWORK_S)

/* What came of a stage. */
struct sim_stage_result {
    uint64_t voices, voices_lost; /* packets of microphones put on the link; dropped by it */
    uint64_t first_voices_lost;   /* of these, in its first second; of a receiver that tells by REMB
                                     alone in its first two */
    uint64_t early_bytes;         /* offered to the link in its second to fourth second */
    uint64_t adapted_bytes;       /* and from its sixth second on */
    uint64_t late_bytes;          /* and in its last five */
    unsigned ups, downs;          /* switches of layer of the same source */
    unsigned flaps;  /* most of one camera: up again less than ten seconds after the last time */
    unsigned paused; /* slots paused for want of bandwidth, at its end */
    uint32_t switch_gap_ms;   /* longest time between two frames at a switch of layer */
    uint32_t wait_ms;         /* and at any other time: the pacer made it wait */
    uint32_t drain_switch_ms; /* the same two in the first second, while the network's queue */
    uint32_t drain_ms;        /* is drained */
    uint32_t full_ms;         /* longest time that a camera shown was not at its top layer */
    uint32_t all_full_ms;     /* until all cameras are at their top layers; 0: never */
    uint32_t dark_ms;         /* longest time in which the receiver decoded no camera's frame */
    uint32_t fit_ms;          /* until the layers that shall be forwarded fit into the capacity */
    uint32_t back_ms;         /* from the beginning to the first video; all was paused before */
};

struct sim_network_slot {
    uint64_t participant; /* whose camera it shows; 0: nobody's */
    uint64_t stream;      /* of the newest packet; 0: none since it was paused */
    unsigned flaps;       /* in this stage */
    int64_t raised_us;    /* last switch up; 0: none since the capacity changed */
    int64_t frame_us;     /* newest frame; 0: none since it was paused */
    int64_t low_us; /* since when its top layer does not come; 0: it does, or nobody is shown */
    uint32_t frame;
    bool is_paused; /* the receiver was told so; what the pacer still held leaves after that */
};

struct sim_network_watch {
    const struct sim_profile *profile; /* NULL: no schedule */
    unsigned stage;
    int64_t begin_us, stage_us, stage_end_us; /* of all stages; of this one */
    uint64_t receiver;
    int64_t seen_us;      /* when a camera's frame was last decoded, or the stage began */
    bool is_slow;         /* it tells by REMB alone */
    bool is_all_paused;   /* all video was, when the stage began; until there is some */
    bool has_fitted;      /* fit_ms is known */
    uint64_t voice_bytes; /* in all stages so far */
    struct sim_network_slot slots[CORE_SLOTS_MAX];
    struct sim_stage_result results[SIM_STAGES_MAX];
};

/** A stage begins now, at this receiver. watch->is_all_paused and is_slow are the caller's. */
void sim_network_begin(struct sim_network_watch *watch, const struct sim_profile *profile,
                       unsigned stage, uint64_t receiver, int64_t now_us);

/** A packet of a slot of this kind was put on the receiver's downlink. @param is_lost the link
 * dropped it */
void sim_network_note(struct sim_network_watch *watch, const struct sim_media *media,
                      enum core_kind kind, bool is_lost, int64_t now_us);

/** The receiver has decoded a frame of a camera. */
void sim_network_see(struct sim_network_watch *watch, int64_t now_us);

/** What the receiver is told of a slot of this kind. Paused or idle, what comes next of it is no
 * switch. */
void sim_network_report(struct sim_network_watch *watch, unsigned slot, enum core_kind kind,
                        const struct core_slot_report *report, int64_t now_us);

/** Whether sim_network_fit() is still to be asked in this stage. */
bool sim_network_wants_fit(const struct sim_network_watch *watch);

/** The layers that the server means to forward take so much (UDP payload). */
void sim_network_fit(struct sim_network_watch *watch, uint64_t target_bps, int64_t now_us);

/**
 * The stage is over: judge it.
 *
 * @param paused  slots paused for want of bandwidth now
 */
void sim_network_end(struct sim_network_watch *watch, unsigned paused, struct sim_checks *checks);

/** Judge what watch->results has of the stage (SIM_CHECK_NETWORK). */
void sim_network_judge(const struct sim_network_watch *watch, struct sim_checks *checks);

#endif
