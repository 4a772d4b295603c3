/*
 * Which packets of one VP8 layer may pass, once some of its frames do not: frames pass or are
 * dropped whole, and no frame passes that depends on a dropped one. After a frame of an upper
 * temporal layer bwe/temporal_sync.h says which can be decoded; after one of the base layer
 * everything is dropped until the next key frame.
 *
 * The gate does not decide what to drop: its caller says which new frames it would let pass, and
 * may cut one that has begun. Late packets share the fate of their frame.
 */
#ifndef IRIS_BWE_FRAME_GATE_H
#define IRIS_BWE_FRAME_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/temporal_sync.h"

#define BWE_FRAME_GATE_DROPPED 8 /* frames remembered, for their late packets */

/* What a packet says of its frame. */
struct bwe_frame_packet {
    uint32_t timestamp;    /* RTP: names the frame */
    uint8_t temporal_id;   /* 0 where the source has none; above 2 counts as 2 */
    bool is_frame_start;   /* first packet of its frame */
    bool is_keyframe;      /* looked at with is_frame_start only */
    bool is_layer_sync;    /* Y */
    bool is_non_reference; /* N */
};

enum bwe_frame_state {
    BWE_FRAME_PASSES,  /* of a frame that passes */
    BWE_FRAME_DROPPED, /* of a frame that was dropped, or that needs a dropped one */
    BWE_FRAME_NEW,     /* begins a frame that could be decoded: the caller decides */
};

/* All zero is an open gate before the first frame. */
struct bwe_frame_gate {
    bool has_frame;
    bool is_passing;               /* the newest frame: it passes, */
    bool is_keyframe;              /* is a key frame, */
    bool is_non_reference;         /* is referred to by no other, */
    uint8_t temporal_id;           /* and belongs to this layer */
    bool is_waiting;               /* for a key frame */
    bool has_boundary;             /* boundary is set */
    struct bwe_temporal_sync sync; /* of the upper temporal layers */
    uint8_t dropped_next;
    uint8_t dropped_count;
    uint32_t newest;   /* timestamp */
    uint32_t boundary; /* waiting: frames from here on are dropped; else: frames before it are */
    uint32_t dropped[BWE_FRAME_GATE_DROPPED]; /* timestamps of others that were dropped */
};

/**
 * What becomes of a packet as far as the frames before it decide. BWE_FRAME_NEW must be answered by
 * bwe_frame_gate_begin().
 */
enum bwe_frame_state bwe_frame_gate_look(struct bwe_frame_gate *gate,
                                         const struct bwe_frame_packet *packet);

/** Begin the frame of a packet that bwe_frame_gate_look() called new: pass it, or drop it whole. */
void bwe_frame_gate_begin(struct bwe_frame_gate *gate, const struct bwe_frame_packet *packet,
                          bool is_passed);

/** Drop the rest of the newest frame, which has begun to pass. */
void bwe_frame_gate_cut(struct bwe_frame_gate *gate);

/** Whether a packet belongs to the newest frame, and that is a key frame. */
bool bwe_frame_gate_is_keyframe(const struct bwe_frame_gate *gate,
                                const struct bwe_frame_packet *packet);

#endif
