/*
 * The absolute queue-delay guard: a cap on the rate while there is a queue, which a gradient does
 * not see when it is full and stable.
 *
 * It looks ahead: what is in flight beyond what the path drains in the meantime is queue already,
 * so neither is the queue drained twice nor does it grow for a round trip after it was seen.
 *
 * A queue that does not shrink although the rate is well below what arrives is somebody else's (a
 * TCP flow): then the guard yields for a while, in which losses decide about the rate, and tries
 * again, shortly and not below a share of what arrived then. If meanwhile there was no queue above
 * the base of the last seconds, the path has become longer.
 */
#ifndef IRIS_BWE_GUARD_H
#define IRIS_BWE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/tuning.h"

/* What one feedback message says. */
struct bwe_guard_input {
    double queue_ms;       /* that the guard goes by */
    double long_queue_ms;  /* above the long base */
    double short_queue_ms; /* above the base of the last seconds */
    double received_bps;   /* over the last messages */
    double capacity_bps;   /* with the queue: what the path carries of ours */
    double busy_bps;       /* the rate of arrival while the queue was never empty; 0: not known */
    bool is_limited;       /* less is sent than could be: capacity_bps is a guess */
    double carried;        /* the rate at which they came over that at which they left, 0 to 1 */
    double outstanding_bits;
    double rtt_ms;   /* since the newest acknowledged packet was sent */
    int64_t sent_us; /* when that was */
    bool is_overuse;
};

struct bwe_guard {
    bool is_active, is_yielding;
    bool has_left;       /* just now: the rate may return */
    bool has_yielded;    /* just now: the cap is gone, not what it was for */
    bool is_new_path;    /* just now: the long base does not hold any more */
    bool is_guessing;    /* the capacity, until busy_bps shows it */
    bool was_moment;     /* the queue that it has left was seen in one message only */
    double queue_ms;     /* the most since it last became clearly less */
    int64_t progress_us; /* when that was */
    int64_t since_us;    /* active */
    double floor_bps;    /* of the cap, where it tries again */
    int64_t yield_us;    /* since when it yields */
    int64_t queue_us;    /* when there was a queue last, while yielding */
    double yield_for_ms; /* until it tries again */
    double capacity_bps; /* what the path carries, of several flows the share before the first of
                            them gave way: from packets sent before the guard acted */
    double cap_bps;      /* while active */
    double predicted_ms; /* queue that a packet sent now would meet */
};

/** Take feedback in; decides is_active, has_left and cap_bps. Zero-initialised before the first. */
void bwe_guard_update(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                      const struct bwe_guard_input *input, int64_t now_us);

#endif
