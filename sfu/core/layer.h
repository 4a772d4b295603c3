/*
 * One received RTP stream: a simulcast layer of a track, or the track's only one. Keeps what
 * belongs to the stream and to no receiver: reception statistics, missing packets, history, the
 * picture's height.
 */
#ifndef IRIS_CORE_LAYER_H
#define IRIS_CORE_LAYER_H

#include "bwe/rate_meter.h"
#include "rtp/history.h"
#include "rtp/nack.h"
#include "rtp/reception.h"
#include "rtp/rewrite.h"
#include "rtp/seen.h"
#include "rtp/vp8.h"
#include "sfu/core/message.h"

#include <stddef.h>

#define CORE_TEMPORAL_MAX 2 /* the highest temporal layer's number */

#define CORE_LAYER_SILENCE_US 2000000 /* a source that sent nothing for so long is idle */
/* A layer whose siblings have sent for so long is stopped. With a frame of theirs, a room's period
   and a late look it is noticed within 500 ms. */
#define CORE_LAYER_STOPPED_US 330000
/* The lowest one is what a browser stops last; it skips frames to save what a key frame took too
   much, for 0.6 s in Chromium (seen: 320x240 of 150 kbps). */
#define CORE_LAYER_STOPPED_LOWEST_US 1000000
/* How long what followed a key frame is of use to somebody who comes later: a camera moves on, a
   slide is a key frame and a few deltas. */
#define CORE_LAYER_REPLAY_US      1500000
#define CORE_LAYER_REPLAY_PACKETS 300

struct core_layer {
    uint64_t id; /* names the stream in rewriting segments; never reused; 0: not bound */
    uint32_t ssrc;
    struct rtp_reception reception;
    struct rtp_nack *nack;      /* owned; video only */
    struct rtp_history history; /* video only */
    struct rtp_seen seen; /* numbers forwarded or kept: an original may come after its repair */
    struct rtp_rewrite_pictures pictures;
    struct bwe_rate_meter meters[CORE_TEMPORAL_MAX + 1]; /* of each temporal layer alone */
    bool has_temporal_ids;
    uint8_t rank; /* of its height among the track's layers, 0: the lowest */
    int64_t last_packet_us;
    int64_t last_frame_us;     /* first packet of the newest frame */
    int64_t previous_frame_us; /* and of the one before */
    uint32_t frame_timestamp;  /* of the newest frame */
    bool has_frame;
    uint16_t height; /* of the last key frame [pixels], 0: none seen */
    uint32_t keyframe_timestamp;
    uint64_t keyframe_seq; /* its first packet, 0: none that can be replayed from */
    int64_t keyframe_us;
    uint32_t keyframe_count;
    struct core_layer_statistics statistics; /* what is counted as it happens (snapshot.c) */
};

/* What each packet of it needs, beside pictures and meters: what comes before seen, and what comes
   from last_packet_us on. */
#define CORE_LAYER_HOT_BYTES offsetof(struct core_layer, seen)
#define CORE_LAYER_LAST_BYTES                                                                      \
    (sizeof(struct core_layer) - offsetof(struct core_layer, last_packet_us))
_Static_assert(offsetof(struct core_layer, last_packet_us) > offsetof(struct core_layer, meters),
               "what is fetched of its end begins behind the meters");

/**
 * Bind: a stream of this kind begins. Allocates the history and the list of missing packets of a
 * video layer.
 *
 * @return  0 or IRIS_E_NO_MEMORY (then it is not bound)
 */
int core_layer_init(struct core_layer *layer, uint64_t id, uint32_t ssrc, enum core_kind kind);
void core_layer_dispose(struct core_layer *layer);

/** Packets came within CORE_LAYER_SILENCE_US. */
bool core_layer_is_alive(const struct core_layer *layer, int64_t now_us);

/**
 * Note a packet of a frame.
 *
 * @param vp8     NULL for audio
 * @param ext_seq unwrapped, as reception gave it
 */
void core_layer_on_frame(struct core_layer *layer, const struct rtp_packet *packet,
                         const struct rtp_vp8 *vp8, uint64_t ext_seq, int64_t now_us);

/** The packet belongs to the layer's newest key frame. */
bool core_layer_is_of_keyframe(const struct core_layer *layer, uint32_t timestamp);

/**
 * Everything from the last key frame on is kept and not too old: a receiver can begin with it.
 */
bool core_layer_can_replay(const struct core_layer *layer, enum core_kind kind, int64_t now_us);

/** RTP payload of all that would be replayed, upper temporal layers included. */
uint32_t core_layer_replay_bytes(const struct core_layer *layer);

/** What came so far is of no use for a replay (it was sent while muted, or part of it dropped). */
void core_layer_forget_keyframe(struct core_layer *layer);

#endif
