/*
 * The absolute queue delay: one-way delay above the lowest that was seen, although the two clocks
 * have an unknown offset and drift apart.
 *
 * The base is the minimum over 50 slots of 10 s, each moved by the drift since. The drift is the
 * way from the median of the oldest third of the slots to that of the newest, so a queue that comes
 * once does not count.
 * What enters is the mean over the last feedback messages of the least delay in each: single early
 * packets of a jittery path would make every other one look late. A second base over the last
 * seconds only serves when the queue is somebody else's, or when the path has become longer.
 */
#ifndef IRIS_BWE_QUEUE_DELAY_H
#define IRIS_BWE_QUEUE_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#define BWE_BASE_SLOTS    50
#define BWE_BASE_SLOT_US  10000000
#define BWE_SHORT_SLOTS   8
#define BWE_SHORT_SLOT_US 1000000
#define BWE_DELAY_MEAN    8

struct bwe_queue_delay {
    int64_t origin_us; /* of the delays below, so that they fit 32 bits */
    int64_t slot_start_us, short_start_us;
    int32_t slots_us[BWE_BASE_SLOTS]; /* least delay; [head] is the slot that runs */
    int32_t short_us[BWE_SHORT_SLOTS];
    int32_t recent_us[BWE_DELAY_MEAN];
    int32_t base_us; /* of the finished slots, at the start of the running one */
    uint8_t head, count, short_head, recent_head, recent_count;
    bool started;
    double drift; /* us of delay per us */
    double queue_ms, short_queue_ms;
};

/**
 * The least one-way delay of the packets of one feedback message.
 *
 * @param delay_us  arrival on the receiver's clock - departure on ours [us]
 * @param now_us    never decreasing [us]
 */
void bwe_queue_delay_add(struct bwe_queue_delay *state, int64_t delay_us, int64_t now_us);

/** Forget the long base: the path is another one. */
void bwe_queue_delay_reset(struct bwe_queue_delay *state);

#endif
