/*
 * What an SFU sends to one receiver of a conference: four cameras in two simulcast layers and a
 * screen, of which bwe's allocator and its hysteresis choose. The first camera is the speaker's.
 *
 * Left out are the contents: a switch takes effect at once, without a key frame.
 */
#ifndef IRIS_BENCH_BWE_CONFERENCE_H
#define IRIS_BENCH_BWE_CONFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/allocation_demand.h"
#include "bwe/estimator.h"

#define BWE_SIM_TRACKS         5 /* four cameras and a screen */
#define BWE_SIM_CONFERENCE_FPS 30
#define BWE_SIM_VOICES_BPS     300e3 /* three of them */
#define BWE_SIM_CONFERENCE_MAX 3.4e6 /* everything at its best, with the voices */
#define BWE_SIM_COVERS_BPS     3.6e6 /* an estimate that does, with what budgets leave (goal 1) */

struct bwe_sim_conference {
    struct bwe_allocation_track tracks[BWE_SIM_TRACKS];
    struct bwe_hysteresis hysteresis;
    struct bwe_allocation allocation;
    struct bwe_allocation_demand demand;
    unsigned frames[BWE_SIM_TRACKS]; /* made of each */
    bool was_lowered[BWE_SIM_TRACKS];
    unsigned ups; /* of tracks that had been lowered */
};

/** Nothing is sent yet. */
void bwe_sim_conference_init(struct bwe_sim_conference *conference);

/**
 * Allocate anew.
 *
 * @param stable_bps  the estimate, of which the voices take their part
 * @param is_probed   a probe has shown it since the last call
 * @return            when to call again if nothing changes [us]
 */
int64_t bwe_sim_conference_set_target(struct bwe_sim_conference *conference, double stable_bps,
                                      bool is_probed, int64_t now_us);

/** How many tracks are not paused. */
unsigned bwe_sim_conference_live_count(const struct bwe_sim_conference *conference);

/** Whether every track is at its best. */
bool bwe_sim_conference_is_full(const struct bwe_sim_conference *conference);

/** What it asks of the estimator, the voices included. */
struct bwe_demand bwe_sim_conference_demand(const struct bwe_sim_conference *conference);

/** The next frame of a track: its size on average [bits], 0 if it is not forwarded. */
double bwe_sim_conference_frame_bits(struct bwe_sim_conference *conference, unsigned track);

#endif
