/* Over the seeds: see the header. */
#include "bench/bwe/suite.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *key, *title, *unit;
} metrics[BWE_SIM_METRIC_COUNT] = {
#define X(id, key, title, unit) {key, title, unit},
    BWE_SIM_METRICS(X)
#undef X
};

const char *bwe_sim_metric_key(enum bwe_sim_metric metric)
{
    return metrics[metric].key;
}

const char *bwe_sim_metric_title(enum bwe_sim_metric metric)
{
    return metrics[metric].title;
}

const char *bwe_sim_metric_unit(enum bwe_sim_metric metric)
{
    return metrics[metric].unit;
}

const struct bwe_sim_scenario *bwe_sim_scenario_find(const char *name)
{
    for (size_t i = 0; i < bwe_sim_scenario_count; i++) {
        if (strcmp(bwe_sim_scenarios[i].name, name) == 0)
            return &bwe_sim_scenarios[i];
    }
    return NULL;
}

static void add(struct bwe_sim_summary *summary, const struct bwe_sim_result *result)
{
    bwe_sim_delays_merge(&summary->delays, &result->delays);
    summary->stage_count = result->stage_count;
    for (unsigned i = 0; i < result->stage_count; i++) {
        summary->stages[i] += result->stages[i] / summary->seeds;
        summary->converged_s[i] += result->converged_s[i] / summary->seeds;
    }
    for (unsigned i = 0; i < BWE_SIM_METRIC_COUNT; i++) {
        double value = result->values[i];
        summary->values[i] += value / summary->seeds;
        summary->worst_high[i] = fmax(summary->worst_high[i], value);
        summary->worst_low[i] = fmin(summary->worst_low[i], value);
    }
}

void bwe_sim_summarize(struct bwe_sim_summary *summary, struct bwe_sim_run *run,
                       const struct bwe_sim_scenario *scenario,
                       const struct bwe_sim_subject *subject, struct bwe_sim_seeds seeds)
{
    struct bwe_sim_result result;
    memset(summary, 0, sizeof(*summary));
    summary->scenario = scenario;
    summary->goals = subject->is_gcc ? scenario->gcc_goals : scenario->goals;
    summary->seeds = seeds.count;
    for (unsigned i = 0; i < BWE_SIM_METRIC_COUNT; i++) {
        summary->worst_high[i] = -INFINITY;
        summary->worst_low[i] = INFINITY;
    }
    for (unsigned seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
        bwe_sim_run(run, scenario, subject, seed);
        bwe_sim_judge(run, &result);
        add(summary, &result);
    }
    summary->values[BWE_SIM_P50] = bwe_sim_delays_quantile(&summary->delays, 0.50);
    summary->values[BWE_SIM_P95] = bwe_sim_delays_quantile(&summary->delays, 0.95);
    summary->values[BWE_SIM_P99] = bwe_sim_delays_quantile(&summary->delays, 0.99);
}

bool bwe_sim_goal_is_reached(const struct bwe_sim_goal *goal, const struct bwe_sim_summary *summary)
{
    double value = summary->values[goal->metric];
    return goal->is_least ? value >= goal->value : value <= goal->value;
}
