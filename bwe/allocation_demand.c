/* Two more decisions: of the budget less its margin, and of the greatest budget. */
#include "bwe/allocation_demand.h"

#include <stddef.h>

/* Paused for bandwidth, though it would fit. */
static bool is_waiting(const struct bwe_allocation *safe, const struct bwe_allocation *out,
                       unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (out->choices[i].state == BWE_ALLOCATION_BANDWIDTH && safe->choices[i].level >= 0)
            return true;
    return false;
}

static bool is_all_paused(const struct bwe_allocation *out, unsigned count)
{
    bool is_paused = false;
    for (unsigned i = 0; i < count; i++) {
        if (out->choices[i].state == BWE_ALLOCATION_LIVE)
            return false;
        is_paused |= out->choices[i].state == BWE_ALLOCATION_BANDWIDTH;
    }
    return is_paused;
}

void bwe_allocation_demand_update(struct bwe_allocation_demand *demand,
                                  const struct bwe_hysteresis_input *input, uint64_t most_bps,
                                  const struct bwe_allocation *out, int64_t now_us)
{
    struct bwe_allocation ideal, safe;
    uint64_t safe_bps = input->budget_bps / BWE_HYSTERESIS_MARGIN_PERCENT * 100;
    bwe_allocation_decide_on(input->ladders, NULL, most_bps, &ideal);
    bwe_allocation_decide_on(input->ladders, NULL, safe_bps, &safe);
    uint64_t goal_bps = safe.next_budget_bps;
    if (goal_bps <= input->budget_bps) /* only the margin is missing */
        goal_bps = goal_bps * BWE_HYSTERESIS_MARGIN_PERCENT / 100;
    demand->goal_bps = goal_bps <= most_bps ? goal_bps : 0;
    demand->ideal_bps = ideal.total_bps * BWE_HYSTERESIS_MARGIN_PERCENT / 100;
    demand->is_all_paused = is_all_paused(out, input->count);
    bool waits = is_waiting(&safe, out, input->count);
    if (!waits || demand->waits_us == 0)
        demand->waits_us = waits ? now_us : 0;
    demand->is_proven = waits && now_us - demand->waits_us >= BWE_HYSTERESIS_FITS_US;
    if (demand->is_proven)
        demand->waits_us = 0;
}
