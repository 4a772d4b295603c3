/*
 * A video encoder and a decoder that only count: what a policer's tests send and how they know that
 * what passed can be decoded. Layers of a track are encoded together, frame by frame, in temporal
 * patterns of VP8 (0; 0 1; 0 2 1 2), a key frame in every layer at once as Chromium does it.
 */
#ifndef IRIS_TESTS_VIDEO_SOURCE_H
#define IRIS_TESTS_VIDEO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define VIDEO_SOURCE_LAYERS       3
#define VIDEO_SOURCE_PACKET_BYTES 1150

struct video_source {
    uint32_t layer_bps[VIDEO_SOURCE_LAYERS]; /* 0: none; mean of delta frames, no compensation */
    uint32_t fps;
    uint32_t temporals;       /* 1-3 */
    uint32_t keyframe_factor; /* a key frame's size by a mean frame's */
    uint32_t noise_percent;   /* frames vary by so much, uniformly */
    uint32_t random;          /* state of the noise; not 0 */
    uint64_t frame_count;
    uint64_t since_keyframe; /* frames */
    bool is_keyframe_wanted;
};

/* One encoded frame of one layer. */
struct video_frame {
    uint32_t layer, bytes, timestamp;
    uint8_t temporal_id;
    bool is_keyframe, is_layer_sync, is_non_reference;
};

/** The next number of a sequence (xorshift32). @param state  not 0 */
uint32_t video_random(uint32_t *state);

/** Encode the next frame of every layer. @return how many there are */
unsigned video_source_encode(struct video_source *source,
                             struct video_frame frames[VIDEO_SOURCE_LAYERS]);

/* What one receiver of one layer could decode. */
struct video_decoder {
    bool has_base, has_first; /* the last frame of TL0, and of TL1, could be decoded */
    uint64_t decoded, broken; /* frames; broken ones passed in part, or without what they need */
    uint64_t cut;             /* of the broken ones: those that lack their end only */
};

/** Take a frame of which `passed` of `total` packets came; is_prefix: the first ones. */
void video_decoder_take(struct video_decoder *decoder, const struct video_frame *frame,
                        unsigned passed, unsigned total, bool is_prefix);

#endif
