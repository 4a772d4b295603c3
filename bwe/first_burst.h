/*
 * The first packets to a receiver as a measure of its path: they leave in one burst, before
 * anything is known. If they queue up at a bottleneck, they come out of it at its rate: that of all
 * that came until the one that waited longest.
 */
#ifndef IRIS_BWE_FIRST_BURST_H
#define IRIS_BWE_FIRST_BURST_H

#include <stdbool.h>
#include <stdint.h>

/* Six packets: at 300 kbit/s a queue of 210 ms, at 5 Mbit/s enough to see that there is none. */
#define BWE_FIRST_BURST_BYTES 6000

struct bwe_first_burst {
    bool has_begun, is_over;
    uint32_t first_bytes, bytes; /* of the first packet; of all so far */
    int64_t first_sent_us;
    int64_t first_arrival_us;  /* receiver's clock, as arrivals are given */
    int64_t least_delay_us;    /* of all so far */
    int64_t queue_us;          /* most that one has met above that */
    uint32_t queued_bytes;     /* what had come until then, it included, */
    int64_t queued_arrival_us; /* and when it came */
};

/**
 * A packet that has arrived. Later ones than those of the burst are left out.
 *
 * @param sent_us     on our clock
 * @param arrival_us  on the receiver's
 */
void bwe_first_burst_add(struct bwe_first_burst *burst, uint32_t bytes, int64_t sent_us,
                         int64_t arrival_us);

/** All of it has arrived. */
bool bwe_first_burst_is_over(const struct bwe_first_burst *burst);

/** The bottleneck's rate [bit/s]; UINT32_MAX: no queue was seen that jitter would not make. */
uint32_t bwe_first_burst_bps(const struct bwe_first_burst *burst);

#endif
