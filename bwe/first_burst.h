/*
 * The first packets to a receiver as a measure of its path: they leave in one burst, before
 * anything is known. If they queue up at a bottleneck, they come out of it at its rate, more slowly
 * than they left. What a receiver that was busy has stamped late came no more slowly than it left.
 */
#ifndef IRIS_BWE_FIRST_BURST_H
#define IRIS_BWE_FIRST_BURST_H

#include <stdbool.h>
#include <stdint.h>

/* Five packets: at 300 kbit/s a queue of 160 ms, at 5 Mbit/s enough to see that there is none. */
#define BWE_FIRST_BURST_BYTES 6000

/* From a packet that met a queue on: what has come while there was one. */
struct bwe_first_queue {
    int64_t sent_us, arrival_us;         /* of that packet; on our clock, on the receiver's */
    int64_t end_sent_us, end_arrival_us; /* of the last one that met at least half of the queue */
    int64_t queue_us;                    /* the most that one has met */
    uint32_t bytes, end_bytes;           /* since that packet; until the last one */
};

struct bwe_first_burst {
    bool has_begun;
    uint32_t bytes;
    int64_t least_delay_us;
    struct bwe_first_queue now, longest;
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

/** The bottleneck's rate [bit/s]; UINT32_MAX: none was seen. */
uint32_t bwe_first_burst_bps(const struct bwe_first_burst *burst);

#endif
