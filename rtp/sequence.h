/*
 * Sequence numbers and timestamps without wrap-around (RFC 3550, appendix A.1; RFC 1982
 * arithmetic).
 *
 * Invariant: the unwrapped value is congruent to what was received, modulo 2^16 or 2^32, and lies
 * from the highest one seen by at most half the range (exactly half: it counts as older).
 */
#ifndef IRIS_RTP_SEQUENCE_H
#define IRIS_RTP_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* What the number 0 of the wire is unwrapped to at first, so that a late packet never goes below
   zero. SRTP's roll-over counter starts at 0 there (RFC 3711, 3.3.1): its index is less by this. */
#define RTP_SEQUENCE_FIRST 0x10000u

/* Unwraps a 16-bit sequence number. Zero-initialised: nothing seen yet. */
struct rtp_sequence {
    uint64_t highest; /* starts at RTP_SEQUENCE_FIRST + the first */
    bool started;
};

/** The unwrapped value of seq; does not change the state. Before the first packet: 2^16 + seq. */
uint64_t rtp_sequence_peek(const struct rtp_sequence *sequence, uint16_t seq);

/** The unwrapped value of seq; remembers the highest. */
uint64_t rtp_sequence_unwrap(struct rtp_sequence *sequence, uint16_t seq);

/** a is newer than b, modulo 2^16 (distance below half the range). */
static inline bool rtp_sequence_is_newer(uint16_t a, uint16_t b)
{
    return a != b && (uint16_t)(a - b) < 0x8000;
}

/** a is later than b, modulo 2^32. */
static inline bool rtp_timestamp_is_later(uint32_t a, uint32_t b)
{
    return a != b && (uint32_t)(a - b) < 0x80000000u;
}

#endif
