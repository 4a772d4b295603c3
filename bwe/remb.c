/* A formula and a rule with reasons: see the header. */
#include "bwe/remb.h"

bool bwe_remb_note(struct bwe_remb *remb, int64_t over_us, int64_t now_us)
{
    bool was_lowered = remb->is_lowered;
    remb->is_lowered = over_us > 0 && now_us - over_us < BWE_REMB_RAISE_US;
    return remb->is_lowered != was_lowered;
}

uint64_t bwe_remb_limit_bps(const struct bwe_remb *remb, uint64_t contracts_bps)
{
    if (remb->is_lowered)
        return contracts_bps * 100 / BWE_REMB_PACING_PERCENT;
    return contracts_bps + contracts_bps / 4 + BWE_REMB_HEADROOM_BPS;
}
