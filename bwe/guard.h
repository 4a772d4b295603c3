/*
 * The absolute queue-delay guard: a cap on the rate while there is a queue, which a gradient does
 * not see when it is full and stable.
 *
 * It looks ahead: what is in flight beyond what the path drains in the meantime is queue already,
 * so neither is the queue drained twice nor does it grow for a round trip after it was seen. A
 * queue that stands for seconds although the rate is well below what arrives is somebody else's (a
 * TCP flow), or the path has become longer: then the guard yields and measures against the last
 * seconds only, until the long base is seen again.
 */
#ifndef IRIS_BWE_GUARD_H
#define IRIS_BWE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/tuning.h"

/* What one feedback message says. */
struct bwe_guard_input {
    double queue_ms;       /* above the long base */
    double short_queue_ms; /* above the base of the last seconds */
    double received_bps;   /* over the last two messages or so */
    double outstanding_bits;
    double rtt_ms; /* since the newest acknowledged packet was sent */
    bool is_overuse;
};

struct bwe_guard {
    bool is_active, is_yielding;
    bool has_left; /* just now: the rate may return */
    int64_t since_us;
    int64_t exit_us;     /* of the last exit, 0: none */
    double capacity_bps; /* received while there was a queue: what the path carries */
    double cap_bps;      /* while active */
    double predicted_ms; /* queue that a packet sent now would meet */
};

/** Take feedback in; decides is_active, has_left and cap_bps. Zero-initialised before the first. */
void bwe_guard_update(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                      const struct bwe_guard_input *input, int64_t now_us);

#endif
