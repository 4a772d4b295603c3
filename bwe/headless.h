/*
 * Frames of which other packets came before the first. Only that one says whether a frame is a key
 * frame (RFC 7741, 4.3), so that what came before it has been taken for a rate: how much that was
 * of the last few such frames is remembered, to be taken back. On a lossy uplink it is one of eight
 * key frames or so, until the first packet is repaired.
 */
#ifndef IRIS_BWE_HEADLESS_H
#define IRIS_BWE_HEADLESS_H

#include "bwe/frame_gate.h"

#define BWE_HEADLESS_FRAMES 4 /* remembered */

/* Of one stream. All zero: none. */
struct bwe_headless {
    struct {
        uint32_t timestamp;
        uint32_t bytes;
    } frames[BWE_HEADLESS_FRAMES];
    uint8_t next;
    uint32_t begun; /* timestamp of the frame whose first packet came last */
};

/**
 * A packet of a frame that is not known to be a key frame.
 *
 * @param bytes  that were counted of it
 */
void bwe_headless_note(struct bwe_headless *headless, const struct bwe_frame_packet *packet,
                       uint32_t bytes);

/** The first packet of a key frame is here. @return what was counted of it before, once [bytes] */
uint32_t bwe_headless_take(struct bwe_headless *headless, uint32_t timestamp);

#endif
