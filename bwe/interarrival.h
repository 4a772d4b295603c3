/*
 * Groups packets by the time at which they were sent and measures how the delay changes from group
 * to group (draft-ietf-rmcat-gcc-02, 5.2).
 *
 * A group is what was sent within 5 ms, or what arrived as one burst behind a pause of the
 * network. A sample exists only when a later group has begun, so that single packets of a frame do
 * not count.
 */
#ifndef IRIS_BWE_INTERARRIVAL_H
#define IRIS_BWE_INTERARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

struct bwe_group {
    int64_t first_sent_us, last_sent_us;
    int64_t first_arrival_us, last_arrival_us;
    bool is_set;
};

/* Zero-initialised. */
struct bwe_interarrival {
    struct bwe_group current, previous;
    uint8_t reorderings; /* in a row */
};

struct bwe_delay_sample {
    double send_delta_ms, arrival_delta_ms; /* between the last packets of two groups */
    double arrival_ms;                      /* of the later group, receiver's clock */
};

/**
 * One received packet, in the order of feedback.
 *
 * @param arrival_us  receiver's clock, unwrapped [us]
 * @return            true and *sample written when a group has ended
 */
bool bwe_interarrival_add(struct bwe_interarrival *state, int64_t sent_us, int64_t arrival_us,
                          struct bwe_delay_sample *sample);

#endif
