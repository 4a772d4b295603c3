/* A formula and a rule with reasons: see the header. */
#include "bwe/remb.h"

uint64_t bwe_remb_limit_bps(uint64_t contracts_bps)
{
    return contracts_bps + contracts_bps / 4 + BWE_REMB_HEADROOM_BPS;
}

uint64_t bwe_remb_update(struct bwe_remb *remb, uint64_t contracts_bps, bool is_over,
                         int64_t now_us)
{
    if (is_over) {
        remb->is_lowered = true;
        remb->over_us = now_us;
    } else if (remb->is_lowered && now_us - remb->over_us >= BWE_REMB_RAISE_US) {
        remb->is_lowered = false;
    }
    return remb->is_lowered ? contracts_bps : bwe_remb_limit_bps(contracts_bps);
}
