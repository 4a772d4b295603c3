/*
 * One received RTP stream: a simulcast layer of a track, or the track's only one. Keeps what
 * belongs to the stream and to no receiver: reception statistics, missing packets, history, the
 * picture's height.
 */
#ifndef IRIS_CORE_LAYER_H
#define IRIS_CORE_LAYER_H

#include "rtp/history.h"
#include "rtp/nack.h"
#include "rtp/reception.h"
#include "rtp/rewrite.h"
#include "rtp/vp8.h"
#include "sfu/core/message.h"
#include "sfu/transport/replay.h"

#define CORE_LAYER_SILENCE_US 2000000 /* a source that sent nothing for so long is idle */

struct core_layer {
    uint64_t id; /* names the stream in rewriting segments; never reused; 0: not bound */
    uint32_t ssrc;
    uint32_t rtx_ssrc; /* 0: not seen */
    char rid[CORE_TOKEN_BYTES];
    struct rtp_reception reception;
    struct rtp_nack nack;       /* video with NACK only */
    struct rtp_history history; /* video only */
    struct transport_replay
        seen; /* numbers forwarded or kept: an original may come after its repair */
    struct rtp_rewrite_pictures pictures;
    int64_t last_packet_us;
    int64_t last_frame_us;     /* first packet of the newest frame */
    int64_t previous_frame_us; /* and of the one before */
    uint32_t frame_timestamp;  /* of the newest frame */
    bool has_frame;
    uint16_t height; /* of the last key frame [pixels], 0: none seen */
    int64_t pli_sent_us;
    bool is_pli_wanted; /* until a key frame comes */
    uint32_t pli_count, keyframe_count;
};

/**
 * Bind: a stream of this kind begins. Allocates the history of a video layer.
 *
 * @return  0 or IRIS_E_NO_MEMORY (then it is not bound)
 */
int core_layer_init(struct core_layer *layer, uint64_t id, uint32_t ssrc, enum core_kind kind);
void core_layer_dispose(struct core_layer *layer);

/** Packets came within CORE_LAYER_SILENCE_US. */
bool core_layer_is_alive(const struct core_layer *layer, int64_t now_us);

/**
 * Note the start of a frame: a timestamp newer than any before.
 *
 * @param vp8  NULL for audio
 */
void core_layer_on_frame(struct core_layer *layer, const struct rtp_packet *packet,
                         const struct rtp_vp8 *vp8, int64_t now_us);

/** A receiver needs a key frame of this layer. */
void core_layer_want_keyframe(struct core_layer *layer);

#endif
