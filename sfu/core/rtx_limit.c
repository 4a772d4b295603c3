/* The bucket is kept as a time: what is taken moves it towards now. */
#include "sfu/core/rtx_limit.h"

#define JUST_SENT        UINT32_MAX /* less than a millisecond ago, which was rounded up */
#define BITS_US_PER_BYTE 8000000    /* bytes to us at 1 bit/s */

/* Rounded up, so that no wait becomes shorter. */
static uint32_t to_ms(int64_t us)
{
    return (uint32_t)((us + 999) / 1000);
}

bool core_rtx_limit_allows(const struct core_rtx_limit *limit, uint16_t seq, int64_t now_us,
                           int64_t rtt_us)
{
    uint32_t sent_ms = limit->sent_ms[seq % CORE_RTX_LIMIT_ENTRIES];
    uint32_t wait_ms = to_ms(rtt_us > CORE_RTX_RTT_MIN_US ? rtt_us : CORE_RTX_RTT_MIN_US);
    uint32_t elapsed_ms = (uint32_t)(now_us / 1000) - sent_ms;
    return sent_ms == 0 || (elapsed_ms >= wait_ms && elapsed_ms != JUST_SENT);
}

void core_rtx_limit_on_sent(struct core_rtx_limit *limit, uint16_t seq, int64_t now_us)
{
    uint32_t sent_ms = to_ms(now_us);
    limit->sent_ms[seq % CORE_RTX_LIMIT_ENTRIES] = sent_ms ? sent_ms : 1;
}

bool core_rtx_bucket_take(struct core_rtx_bucket *bucket, uint32_t bytes, uint64_t budget_bps,
                          int64_t now_us)
{
    uint64_t share_bps = budget_bps * CORE_RTX_SHARE_PCT / 100;
    int64_t full_us = now_us - CORE_RTX_BURST_US;
    int64_t from_us = bucket->filled_us < full_us ? full_us : bucket->filled_us;
    if (share_bps == 0)
        return false;
    int64_t cost_us = (int64_t)((uint64_t)bytes * BITS_US_PER_BYTE / share_bps);
    /* Full, it pays for a packet of any size: its share of a small budget is less than one in
       CORE_RTX_BURST_US. */
    if (from_us + cost_us > now_us && from_us > full_us)
        return false;
    bucket->filled_us = from_us + cost_us;
    return true;
}
