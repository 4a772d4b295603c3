/*
 * The rate at which packets came of late, by feedback messages: over as many as it takes for a
 * sound figure, and that of the bottleneck alone while its queue was never empty.
 */
#ifndef IRIS_BWE_RECEIVED_RATE_H
#define IRIS_BWE_RECEIVED_RATE_H

#include <stdint.h>

#define BWE_FEEDBACK_MARKS 8

/* What one message adds up to. */
struct bwe_mark {
    int64_t arrival_us; /* the last one in the message, receiver's clock, unwrapped */
    int64_t sent_us;    /* when the newest of it left */
    uint32_t bytes;     /* since the mark before, UDP payload */
    float queue_ms;     /* that the last one met, */
    float least_ms;     /* and the one that met least */
};

/* All zero: nothing came. */
struct bwe_received_rate {
    struct bwe_mark marks[BWE_FEEDBACK_MARKS]; /* oldest first */
    uint8_t mark_count;
    double estimate_bps; /* UDP payload [bit/s]; 0: unknown yet */
    double carried;      /* share of the rate sent at which they came, 0 to 1 */
    double busy_bps;     /* the same out of a queue; 0: it was not there all the time */
};

/**
 * A message was taken. The estimate is over as many marks as it takes for 80 ms of arrivals and
 * 5000 bytes, or over all; busy_bps over 40 ms at least in which every mark met a queue.
 *
 * @param mark  messages in the order in which they came. Where arrival_us does not rise from the
 *              first mark to this one, estimate_bps and carried stay as they are; nothing is
 *              divided by a time that has not passed.
 */
void bwe_received_rate_add(struct bwe_received_rate *received, const struct bwe_mark *mark);

#endif
