/*
 * A track behind its policer: scenarios of a source, honest or not, played in virtual time, and
 * what passed of it.
 */
#ifndef IRIS_TESTS_POLICED_TRACK_H
#define IRIS_TESTS_POLICED_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/policer.h"
#include "bwe/remb.h"
#include "video_source.h"

#define START_US       1000000
#define STEP_US        10000
#define STEPS_MAX      12000 /* two minutes */
#define POLICED_PHASES 4

enum lie { LIE_NONE, LIE_TID_7, LIE_TID_RANDOM, LIE_ALL_KEYFRAMES, LIE_NO_STARTS, LIE_SWAPPED };

/* A stretch of time of a source. */
struct phase {
    uint32_t seconds;
    uint32_t layer_bps[VIDEO_SOURCE_LAYERS];
};

struct scenario {
    const char *what;
    uint32_t contract_bps;
    uint32_t fps, temporals, keyframe_factor, noise_percent;
    struct phase phases[POLICED_PHASES];
    uint32_t keyframe_every_ms;          /* 0: only at the start, and when asked for */
    uint32_t stall_every_ms, stall_ms;   /* the network holds everything back */
    uint32_t on_ms, off_ms;              /* sends in bursts: the mean of all, in on_ms */
    uint32_t jump_every_ms, jump_ms;     /* the picture jumps: so much of the phase's rates, */
    uint32_t jump_percent, calm_percent; /* then, and else; 0: it does not */
    enum lie lie;
    bool ignores_requests;          /* of key frames */
    uint32_t first_ms;              /* when the excess begins */
    uint32_t least_percent;         /* of the contract passes in the last 10 s */
    uint32_t decoded_least_percent; /* of the lowest layer's frames in the last 10 s */
};

#define SOURCE(text, contract, rate, layers, factor, noise)                                        \
    .what = (text), .contract_bps = (contract), .fps = (rate), .temporals = (layers),              \
    .keyframe_factor = (factor), .noise_percent = (noise)
#define CAMERA BWE_CONTRACT_CAMERA_BPS
#define SCREEN BWE_CONTRACT_SCREEN_BPS
#define CHROMIUM                                                                                   \
    {                                                                                              \
        60,                                                                                        \
        {                                                                                          \
            162000, 374000, 0                                                                      \
        }                                                                                          \
    } /* configured: 150 + 350 (protocol.md, section 5) */

#define CONFIGURED                                                                                 \
    {                                                                                              \
        60,                                                                                        \
        {                                                                                          \
            150000, 350000, 0                                                                      \
        }                                                                                          \
    }
#define JUMPS(every, lasting, then, otherwise)                                                     \
    .jump_every_ms = (every), .jump_ms = (lasting), .jump_percent = (then),                        \
    .calm_percent = (otherwise)

struct run {
    const struct scenario *scenario;
    struct bwe_policer policer;
    struct video_source source;
    struct video_decoder decoders[VIDEO_SOURCE_LAYERS];
    uint64_t passed_bytes[STEPS_MAX];             /* a step of 10 ms each */
    uint64_t class_bytes[VIDEO_SOURCE_LAYERS][3]; /* passed, in the last 10 s */
    uint64_t decoded[VIDEO_SOURCE_LAYERS];
    unsigned excesses, policed_begins;
    struct bwe_policer_excess excess;
    bool was_policing;
    unsigned frozen_steps; /* the lowest layer waits for a key frame */
    uint32_t random;
    int64_t now_us, keyframe_us, first_begun_us, begun_us, policed_us;
    uint32_t seconds;
};

/** Play a scenario, and see what holds of any source whatever it sends (bwe/policer.h). */
void play_within_bounds(struct run *run, const struct scenario *scenario);

/** The most that passed in any two seconds that begin so late [percent of the contract]. */
uint32_t most_percent(const struct run *run, int64_t first_us);

/** What passed in the last 10 s [bit/s]. */
uint64_t late_bps(const struct run *run);

/** Frames are whole, and nothing passes that needs what was dropped; but for the few that were cut,
 * and for those who lie about what needs what. */
void check_decodable(const struct run *run);

#endif
