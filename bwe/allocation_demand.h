/*
 * What a receiver's allocation asks of its estimator: for what budget a probe is worth sending, how
 * much is wanted at all, and when a paused track needs no probe (bwe.md, "Allocation" 4 and 5).
 */
#ifndef IRIS_BWE_ALLOCATION_DEMAND_H
#define IRIS_BWE_ALLOCATION_DEMAND_H

#include "bwe/allocation_hysteresis.h"

/* All zero: nothing has been allocated yet. Budgets are of video [bit/s]. */
struct bwe_allocation_demand {
    uint64_t goal_bps;  /* with which the next level comes, the margin included; 0: none does */
    uint64_t ideal_bps; /* for all that is wanted, the margin included; 0: nothing is */
    bool is_all_paused; /* something is wanted, and nothing fits */
    bool is_proven;     /* see below */
    int64_t waits_us;   /* since when a paused track has fitted, 0: none does [us] */
};

/**
 * Call it after every bwe_hysteresis_decide().
 *
 * A track that is paused for bandwidth comes back by a passed probe, but while the estimate covers
 * all that is wanted there are none. What has fitted for BWE_HYSTERESIS_FITS_US is then proof
 * enough: is_proven is set once, and the caller's next decision has is_probe_passed.
 *
 * @param input     of that decision
 * @param most_bps  the greatest budget there can be [bit/s]
 * @param out       what it decided
 */
void bwe_allocation_demand_update(struct bwe_allocation_demand *demand,
                                  const struct bwe_hysteresis_input *input, uint64_t most_bps,
                                  const struct bwe_allocation *out, int64_t now_us);

#endif
