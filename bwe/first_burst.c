/* A packet train (RFC 6928 has TCP begin with as much): see the header. */
#include "bwe/first_burst.h"

#define LONG_US  100000 /* so long there was not more to send */
#define QUEUE_US 15000  /* more than jitter makes of a few packets, mostly */

bool bwe_first_burst_is_over(const struct bwe_first_burst *burst)
{
    return burst->is_over;
}

static void begin(struct bwe_first_burst *burst, uint32_t bytes, int64_t sent_us,
                  int64_t arrival_us)
{
    burst->has_begun = true;
    burst->first_bytes = bytes;
    burst->first_arrival_us = arrival_us;
    burst->first_sent_us = sent_us;
    burst->least_delay_us = arrival_us - sent_us;
}

void bwe_first_burst_add(struct bwe_first_burst *burst, uint32_t bytes, int64_t sent_us,
                         int64_t arrival_us)
{
    int64_t delay_us = arrival_us - sent_us;
    if (bwe_first_burst_is_over(burst))
        return;
    if (!burst->has_begun)
        begin(burst, bytes, sent_us, arrival_us);
    burst->bytes += bytes;
    burst->is_over = burst->bytes >= BWE_FIRST_BURST_BYTES;
    if (delay_us < burst->least_delay_us)
        burst->least_delay_us = delay_us;
    if (delay_us - burst->least_delay_us < burst->queue_us)
        return;
    burst->queue_us = delay_us - burst->least_delay_us;
    burst->queued_bytes = burst->bytes;
    burst->queued_arrival_us = arrival_us;
}

uint32_t bwe_first_burst_bps(const struct bwe_first_burst *burst)
{
    int64_t span_us = burst->queued_arrival_us - burst->first_arrival_us;
    if (burst->queue_us < QUEUE_US || span_us <= 0)
        return UINT32_MAX;
    uint64_t bps =
        (uint64_t)(burst->queued_bytes - burst->first_bytes) * 8000000 / (uint64_t)span_us;
    return bps < UINT32_MAX ? (uint32_t)bps : UINT32_MAX;
}
