/*
 * An encoded video that is replayed: frames in packets as libwebrtc makes them. A clip is one
 * source at one size; its first frame is a key frame, the only one.
 *
 * Immutable once made, so all participants share it.
 */
#ifndef IRIS_BENCH_BUBBLES_CLIP_H
#define IRIS_BENCH_BUBBLES_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/bubbles/picture.h"

/* Of a VP8 payload without its descriptor: 1200 bytes of RTP less headers, extensions, tag. */
#define BUBBLES_PAYLOAD_BYTES 1140

struct bubbles_piece {
    uint32_t offset; /* in the clip's bytes */
    uint16_t len;
};

struct bubbles_frame {
    uint32_t first_piece;
    uint16_t piece_count;
    uint8_t temporal_id;
    bool is_key;
    bool is_sync;          /* Y: depends on the base layer only (RFC 7741, 4.2) */
    bool is_non_reference; /* N */
    uint64_t digest;       /* bubbles_clip_digest() of the first piece */
};

struct bubbles_clip {
    unsigned source;
    bool is_screen;
    unsigned width, height, temporal_layers;
    double frame_rate;
    uint8_t *bytes;
    size_t byte_count, byte_cap;
    struct bubbles_piece *pieces;
    unsigned piece_count, piece_cap;
    struct bubbles_frame *frames;
    unsigned frame_count;
    uint8_t *samples; /* BUBBLES_SAMPLES a frame, of the decoded pictures */
};

/* What to encode. */
struct bubbles_clip_params {
    unsigned source;
    bool is_screen;
    unsigned width, height;
    unsigned temporal_layers; /* 1 or 3 */
    double frame_rate;
    unsigned frame_count; /* at most BUBBLES_PICTURE_FRAMES */
    unsigned bitrate_kbps;
    bool is_exact; /* frames are filled up to their share of the rate (behind the data, where
                      decoders do not look), all but the key frame */
};

/**
 * Draw, encode, decode and cut into packets; takes a while (a second, about).
 *
 * @return owned; NULL: no memory, or libvpx refuses
 */
struct bubbles_clip *bubbles_clip_create(const struct bubbles_clip_params *params);
void bubbles_clip_destroy(struct bubbles_clip *clip);

/**
 * Append an encoded frame, cut into pieces of nearly equal size of which the last are the larger
 * ones (libwebrtc's RtpPacketizer::SplitAboutEqually).
 *
 * @param frame  its piece fields and digest are written
 * @return       0, or -1: no memory
 */
int bubbles_clip_append(struct bubbles_clip *clip, struct bubbles_frame *frame, const uint8_t *data,
                        size_t len);

/** Names a frame by the payload of its first packet, behind the descriptor. */
uint64_t bubbles_clip_digest(const uint8_t *piece, size_t len);

/** The frame with this digest; -1: it is not of this clip. */
int bubbles_clip_find(const struct bubbles_clip *clip, uint64_t digest);

/** Mean bit rate of the payload [bit/s]. */
double bubbles_clip_bps(const struct bubbles_clip *clip);

#endif
