/*
 * Which numbers of a stream were seen lately: the replay window over 48-bit SRTP or 31-bit SRTCP
 * indices (RFC 3711, section 3.3.2), and over unwrapped sequence numbers, which a repair and its
 * original share.
 *
 * Invariant: bit (index modulo RTP_SEEN_BITS) tells of every index in
 * (highest - RTP_SEEN_BITS, highest] whether it was accepted.
 */
#ifndef IRIS_RTP_SEEN_H
#define IRIS_RTP_SEEN_H

#include <stdbool.h>
#include <stdint.h>

/* A repaired packet may come 1 s late: 1000 packets at 2 Mbps. */
#define RTP_SEEN_BITS 1024

struct rtp_seen {
    uint64_t highest;
    bool started;
    uint64_t bits[RTP_SEEN_BITS / 64];
};

/** 0, or IRIS_E_REPLAY if index was accepted before or is older than the window. Changes nothing.
 */
int rtp_seen_check(const struct rtp_seen *seen, uint64_t index);

/** Mark index as accepted, after authentication; rtp_seen_check() was 0. */
void rtp_seen_accept(struct rtp_seen *seen, uint64_t index);

#endif
