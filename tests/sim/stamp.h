/*
 * Who made a packet and what is in it, written into the payload, so that a receiver knows whose it
 * is and whether a decoder could use it, without a codec. A server cannot make one up or mix two:
 * a check over all of it stands at the payload's end.
 */
#ifndef IRIS_SIM_STAMP_H
#define IRIS_SIM_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_STAMP_BYTES       48
#define SIM_STAMP_CHECK_BYTES 8
#define SIM_STAMP_DEPENDS                                                                          \
    3 /* a frame of temporal layer 2 refers to one of each below and of its own */

/* Copied to the wire as it is: no padding. */
struct sim_stamp {
    uint32_t magic;
    uint32_t room;
    uint32_t participant;
    uint8_t track, layer, temporal;
    uint8_t flags;
    uint32_t frame; /* of the layer (of a microphone: packet), from 1 */
    uint16_t piece, piece_count;
    uint32_t packet;                     /* of the layer, from 1 */
    uint32_t depends[SIM_STAMP_DEPENDS]; /* frames; 0: none */
    int64_t captured_us;
};

/* What is sent so late is replayed, or was repaired by its source. */
#define SIM_STAMP_REPLAYED_US 600000

#define SIM_STAMP_KEY  1
#define SIM_STAMP_SYNC 2 /* the VP8 descriptor's Y */
#define SIM_STAMP_DTX  4

_Static_assert(sizeof(struct sim_stamp) == SIM_STAMP_BYTES, "no padding");

/** Which stream of the world a stamp belongs to: participant, track and layer in one number. */
static inline uint64_t sim_stamp_stream(const struct sim_stamp *stamp)
{
    return (uint64_t)stamp->participant << 16 | (uint64_t)stamp->track << 8 | stamp->layer;
}

/**
 * Write a stamp at the start of a body and its check at the end; zeros between them.
 *
 * @param len  of the body, at least SIM_STAMP_BYTES + SIM_STAMP_CHECK_BYTES
 */
void sim_stamp_write(uint8_t *body, size_t len, const struct sim_stamp *stamp);

/** Read it. @return false: not as it was written */
bool sim_stamp_read(const uint8_t *body, size_t len, struct sim_stamp *stamp);

#endif
