/*
 * A replay window over 48-bit SRTP or 31-bit SRTCP indices (RFC 3711, section 3.3.2).
 *
 * Invariant: bit (index modulo TRANSPORT_REPLAY_BITS) tells of every index in
 * (highest - TRANSPORT_REPLAY_BITS, highest] whether it was accepted.
 */
#ifndef IRIS_TRANSPORT_REPLAY_H
#define IRIS_TRANSPORT_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

/* A repaired packet may come 1 s late: 1000 packets at 2 Mbps. */
#define TRANSPORT_REPLAY_BITS 1024

struct transport_replay {
    uint64_t highest;
    bool started;
    uint64_t bits[TRANSPORT_REPLAY_BITS / 64];
};

/** 0, or IRIS_E_REPLAY if index was accepted before or is older than the window. Changes nothing.
 */
int transport_replay_check(const struct transport_replay *replay, uint64_t index);

/** Mark index as accepted, after authentication; transport_replay_check() was 0. */
void transport_replay_accept(struct transport_replay *replay, uint64_t index);

#endif
