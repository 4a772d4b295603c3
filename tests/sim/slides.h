/*
 * What of a screen's bytes to one receiver cannot be helped: a slide is a key frame of 40 kB,
 * whatever the budget. Those that are new come on top of it, and replays, with what changed on the
 * slide since: one, or one for each loss that only a replay repairs.
 */
#ifndef IRIS_SIM_SLIDES_H
#define IRIS_SIM_SLIDES_H

#include "tests/sim/media.h"
#include "tests/sim/window.h"

/* A slide that is sent again or late, and what follows it from the same source. */
struct sim_replay {
    uint64_t stream;     /* 0: there was none */
    int64_t begin_us;    /* what the source sent later is not replayed */
    uint64_t next_place; /* in the order of frames and their pieces */
    unsigned packets;
    uint64_t bytes;
    bool is_owed; /* something was lost since the one before began */
};

/* All zero: nothing was sent. */
struct sim_slides {
    struct sim_window all, fresh; /* of a screen; of key frames, the first time each is sent; */
    struct sim_window owed;       /* of replays that a loss costs */
    uint64_t stream;              /* of the newest slide, */
    uint32_t frame;               /* which it is, */
    uint16_t pieces;              /* and how much of it was sent */
    struct sim_replay replays[2]; /* the newest ones; the last one first */
};

/**
 * Video is sent to the receiver.
 *
 * @param lost_us  when the receiver last lost a packet of a screen that nothing but the slide, once
 *                 more, repairs: it has no RTX. 0: never
 * @param step_us  a SIM_WINDOW_STEPS-th of the time that is looked at
 * @return         how many bytes of that time may be above the budget
 */
uint64_t sim_slides_on_sent(struct sim_slides *slides, const struct sim_media *media,
                            bool is_screen, int64_t lost_us, int64_t step_us, int64_t now_us);

/** The larger one of the two newest replays. */
uint64_t sim_slides_replay_bytes(const struct sim_slides *slides);

#endif
