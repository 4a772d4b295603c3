/* Turning points: see the header. */
#include "bench/bwe/oscillation.h"

#include <math.h>

#define SETTLE_S 10
#define TURN     0.2
#define BIN_S    (BWE_SIM_BIN_US / 1e6)

unsigned bwe_sim_turns(const uint32_t *values, unsigned count, double least)
{
    double low = INFINITY, high = 0; /* since the last turn */
    int direction = 0;
    unsigned turns = 0;
    for (unsigned i = 0; i < count; i++) {
        double value = values[i];
        low = fmin(low, value);
        high = fmax(high, value);
        bool rises = direction <= 0 && value >= low * (1 + least);
        bool falls = direction >= 0 && value <= high * (1 - least);
        if (!rises && !falls)
            continue;
        turns += direction != 0;
        direction = rises ? 1 : -1;
        low = high = value;
    }
    return turns;
}

static void settle(double *from_s, double event_s, double at_s)
{
    if (event_s <= at_s && event_s + SETTLE_S > *from_s)
        *from_s = event_s + SETTLE_S;
}

/* From when on nothing has changed at a moment. */
static double settled_from(const struct bwe_sim_run *run, double at_s)
{
    const struct bwe_sim_capacity *capacity = &run->link.capacity;
    double from_s = 0;
    for (unsigned i = 0; i < capacity->count; i++)
        settle(&from_s, capacity->steps[i].at_s, at_s);
    for (unsigned i = 0; i < run->scenario->flow_count; i++) {
        const struct bwe_sim_flow_config *flow = &run->flows[i].config;
        settle(&from_s, flow->start_s, at_s);
        settle(&from_s, flow->end_s, at_s);
        if (flow->resume_s > 0) {
            settle(&from_s, flow->pause_s, at_s);
            settle(&from_s, flow->resume_s, at_s);
        }
    }
    return from_s;
}

static bool is_steady(const struct bwe_sim_run *run, unsigned flow, unsigned bin)
{
    double at_s = bin * BIN_S;
    const struct bwe_sim_flow_config *config = &run->flows[flow].config;
    return at_s >= config->start_s && at_s < config->end_s && at_s >= settled_from(run, at_s);
}

double bwe_sim_oscillations(const struct bwe_sim_run *run)
{
    const struct bwe_sim_scenario *scenario = run->scenario;
    unsigned flows = scenario->back_flow > 0 ? scenario->back_flow : scenario->flow_count;
    unsigned bins = (unsigned)(scenario->seconds / BIN_S + 0.5), turns = 0, steady = 0;
    for (unsigned f = 0; f < flows; f++)
        for (unsigned bin = 0, from = 0; bin <= bins; bin++) {
            if (bin < bins && is_steady(run, f, bin))
                continue;
            turns += bwe_sim_turns(run->measure.flows[f].target_kbps + from, bin - from, TURN);
            steady += bin - from;
            from = bin + 1;
        }
    return steady > 0 ? 60.0 * turns / (steady * BIN_S) : NAN;
}
