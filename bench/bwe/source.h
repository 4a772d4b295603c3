/*
 * What the media flows of the simulator send: an adaptive video (RFC 8867, 4.2: 10-30 frames a
 * second, +-5 % over a second, reacts in 100 ms), or the layers of a conference, which an SFU turns
 * on and off one after the other.
 */
#ifndef IRIS_BENCH_BWE_SOURCE_H
#define IRIS_BENCH_BWE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/bwe/random.h"

#define BWE_SIM_TRACKS     5 /* four cameras and a screen */
#define BWE_SIM_LAYERS     10
#define BWE_SIM_REACTION   8 /* targets on their way to the encoder */
#define BWE_SIM_AUDIO_BPS  20000
#define BWE_SIM_REACT_US   100000
#define BWE_SIM_VIDEO_MIN  150e3
#define BWE_SIM_VIDEO_MAX  1.5e6
#define BWE_SIM_LAYERS_MAX 3.4e6 /* all of the layers, with three voices */

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
    /* Conference. */
    unsigned layers;    /* on, in order of importance */
    int64_t fits_us;    /* since when the next one has fitted; 0: it does not */
    int64_t changed_us; /* of the last step down */
    int64_t up_us;      /* of the last step up since one down; 0: none */
    double hold_us;     /* no step up so soon after one down */
    unsigned ups;       /* layers turned on after one had been turned off */
    bool was_lowered;
};

/** Start at a moment. max_bps is with audio. */
void bwe_sim_source_init(struct bwe_sim_source *source, enum bwe_sim_kind kind, double max_bps,
                         uint64_t seed, int64_t now_us);

/* The share of the estimate that is the source's, without audio [bit/s]. */
struct bwe_sim_target {
    double target_bps; /* for an encoder */
    double stable_bps; /* for layers */
    bool is_probed;    /* layers need not wait */
};

/** What may be sent from now on. */
void bwe_sim_source_set_target(struct bwe_sim_source *source, const struct bwe_sim_target *target,
                               int64_t now_us);

/** When the next frame comes, and of which track. */
int64_t bwe_sim_source_next(const struct bwe_sim_source *source, unsigned *track);

/** Make the frame of a track. Returns its bytes, 0 while the track is off. */
uint32_t bwe_sim_source_frame(struct bwe_sim_source *source, unsigned track, int64_t now_us);

/** The rate that the next layer more would need, without audio; 0: everything is on [bit/s]. */
double bwe_sim_source_next_bps(const struct bwe_sim_source *source);

/** Audio beside it [bit/s]. */
double bwe_sim_source_audio_bps(const struct bwe_sim_source *source);

#endif
