/* A formula with a reason: see the header. */
#include "bwe/remb.h"

uint64_t bwe_remb_limit_bps(uint64_t contracts_bps)
{
    return contracts_bps + contracts_bps / 4 + BWE_REMB_HEADROOM_BPS;
}
