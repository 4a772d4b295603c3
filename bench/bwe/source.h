/*
 * What the media flows of the simulator send: an adaptive video (RFC 8867, 4.2: 10-30 frames a
 * second, +-5 % over a second, reacts in 100 ms), or the tracks of a conference
 * (bench/bwe/conference.h).
 */
#ifndef IRIS_BENCH_BWE_SOURCE_H
#define IRIS_BENCH_BWE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/bwe/conference.h"
#include "bench/bwe/random.h"

#define BWE_SIM_REACTION  8 /* targets on their way to the encoder */
#define BWE_SIM_AUDIO_BPS 20000
#define BWE_SIM_REACT_US  100000
#define BWE_SIM_VIDEO_MIN 150e3
#define BWE_SIM_VIDEO_MAX 1.5e6

enum bwe_sim_kind { BWE_SIM_VIDEO, BWE_SIM_CONFERENCE };

struct bwe_sim_source {
    enum bwe_sim_kind kind;
    double max_bps;
    struct bwe_sim_random random;
    /* Video. */
    double wander;     /* the factor of this second */
    int64_t wander_us; /* when it changes */
    double rate_bps;   /* the encoder's */
    struct {
        int64_t at_us;
        double rate_bps;
    } pending[BWE_SIM_REACTION];
    unsigned pending_count;
    int64_t frame_us[BWE_SIM_TRACKS]; /* when the next frame comes */
    struct bwe_sim_conference conference;
};

/** Start at a moment. max_bps is with audio. */
void bwe_sim_source_init(struct bwe_sim_source *source, enum bwe_sim_kind kind, double max_bps,
                         uint64_t seed, int64_t now_us);

/* What the estimate comes to for a source [bit/s]. */
struct bwe_sim_target {
    double target_bps; /* for an encoder, without audio */
    double stable_bps; /* for a conference, with it */
    bool is_probed;    /* a conference need not wait */
};

/** What may be sent from now on. Returns when to say so again if nothing changes [us]. */
int64_t bwe_sim_source_set_target(struct bwe_sim_source *source,
                                  const struct bwe_sim_target *target, int64_t now_us);

/** When the next frame comes, and of which track. */
int64_t bwe_sim_source_next(const struct bwe_sim_source *source, unsigned *track);

/** Make the frame of a track. Returns its bytes, 0: it is not sent. */
uint32_t bwe_sim_source_frame(struct bwe_sim_source *source, unsigned track, int64_t now_us);

/** Audio beside it [bit/s]. */
double bwe_sim_source_audio_bps(const struct bwe_sim_source *source);

#endif
