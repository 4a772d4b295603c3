/* A packet train: see the header. */
#include "bwe/first_burst.h"

#define EMPTY_US    2000  /* above the least delay: no queue */
#define QUEUE_US    15000 /* more than jitter makes of a few packets, mostly */
#define SLOWER      1.5   /* so many times as long as to leave it took to arrive */
#define VOICE_BYTES 400   /* and less: voices come one by one, before the burst, too */

bool bwe_first_burst_is_over(const struct bwe_first_burst *burst)
{
    return burst->bytes >= BWE_FIRST_BURST_BYTES;
}

static void meet(struct bwe_first_queue *queue, uint32_t bytes, int64_t sent_us, int64_t arrival_us,
                 int64_t queue_us)
{
    if (queue->queue_us == 0) /* what it waited for is not known: it may have been stamped late */
        *queue = (struct bwe_first_queue){.sent_us = sent_us, .arrival_us = arrival_us};
    else
        queue->bytes += bytes;
    if (queue_us > queue->queue_us)
        queue->queue_us = queue_us;
    if (2 * queue_us < queue->queue_us)
        return;
    queue->end_sent_us = sent_us;
    queue->end_arrival_us = arrival_us;
    queue->end_bytes = queue->bytes;
}

void bwe_first_burst_add(struct bwe_first_burst *burst, uint32_t bytes, int64_t sent_us,
                         int64_t arrival_us)
{
    int64_t delay_us = arrival_us - sent_us;
    if (bwe_first_burst_is_over(burst))
        return;
    burst->bytes += bytes > VOICE_BYTES ? bytes : 0;
    if (!burst->has_begun || delay_us < burst->least_delay_us)
        burst->least_delay_us = delay_us;
    if (!burst->has_begun || delay_us <= burst->least_delay_us + EMPTY_US)
        burst->now = (struct bwe_first_queue){.queue_us = 0};
    else
        meet(&burst->now, bytes, sent_us, arrival_us, delay_us - burst->least_delay_us);
    burst->has_begun = true;
    if (burst->now.queue_us >= burst->longest.queue_us)
        burst->longest = burst->now;
}

uint32_t bwe_first_burst_bps(const struct bwe_first_burst *burst)
{
    const struct bwe_first_queue *queue = &burst->longest;
    int64_t sent_us = queue->end_sent_us - queue->sent_us,
            span_us = queue->end_arrival_us - queue->arrival_us;
    if (queue->queue_us < QUEUE_US || span_us <= 0 || (double)span_us < SLOWER * (double)sent_us)
        return UINT32_MAX;
    uint64_t bps = (uint64_t)queue->end_bytes * 8000000 / (uint64_t)span_us;
    return bps < UINT32_MAX ? (uint32_t)bps : UINT32_MAX;
}
