/* The bucket is kept as a time: what is taken moves it towards now. */
#include "sfu/core/rtx_limit.h"

#define BITS_US_PER_BYTE 8000000 /* bytes to us at 1 bit/s */

bool core_rtx_limit_allows(const struct core_rtx_limit *limit, uint16_t seq, int64_t now_us,
                           int64_t rtt_us)
{
    unsigned index = seq % CORE_RTX_LIMIT_ENTRIES;
    int64_t wait_us = rtt_us > CORE_RTX_RTT_MIN_US ? rtt_us : CORE_RTX_RTT_MIN_US;
    return limit->sent_us[index] == 0 || limit->seqs[index] != seq ||
           now_us - limit->sent_us[index] >= wait_us;
}

void core_rtx_limit_on_sent(struct core_rtx_limit *limit, uint16_t seq, int64_t now_us)
{
    unsigned index = seq % CORE_RTX_LIMIT_ENTRIES;
    limit->seqs[index] = seq;
    limit->sent_us[index] = now_us;
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
    if (from_us + cost_us > now_us)
        return false;
    bucket->filled_us = from_us + cost_us;
    return true;
}
