/*
 * What of a screen's bytes to one receiver cannot be helped: a slide is a key frame of 40 kB,
 * whatever the budget. Those that are new come on top of it, and one replay, with what changed on
 * the slide since.
 */
#ifndef IRIS_SIM_SLIDES_H
#define IRIS_SIM_SLIDES_H

#include "tests/sim/media.h"
#include "tests/sim/window.h"

/* All zero: nothing was sent. */
struct sim_slides {
    struct sim_window all, fresh; /* of a screen; of key frames, the first time each is sent */
    uint64_t stream;              /* of the newest slide, */
    uint32_t frame;               /* which it is, */
    uint16_t pieces;              /* and how much of it was sent */
    uint64_t replays_bytes[2];    /* of the newest replays; the last one first */
};

/**
 * Video is sent to the receiver.
 *
 * @param has_loss  without RTX it loses packets of a screen: each costs the slide again
 * @param step_us   a SIM_WINDOW_STEPS-th of the time that is looked at
 * @return          how many bytes of that time may be above the budget
 */
uint64_t sim_slides_on_sent(struct sim_slides *slides, const struct sim_media *media,
                            bool is_screen, bool has_loss, int64_t step_us, int64_t now_us);

/** The larger one of the two newest replays. */
uint64_t sim_slides_replay_bytes(const struct sim_slides *slides);

#endif
