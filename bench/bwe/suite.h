/* Scenarios over many seeds: what they come to together, and whether the goals are reached. */
#ifndef IRIS_BENCH_BWE_SUITE_H
#define IRIS_BENCH_BWE_SUITE_H

#include "bench/bwe/scenario.h"

#define BWE_SIM_SEEDS_MAX 1000

/* One scenario over its seeds. */
struct bwe_sim_summary {
    const struct bwe_sim_scenario *scenario;
    const struct bwe_sim_goal *goals; /* BWE_SIM_GOALS_MAX, those without a value unused */
    unsigned seeds;
    struct bwe_sim_delays delays;        /* of all seeds */
    double values[BWE_SIM_METRIC_COUNT]; /* quantiles of queue delay over all packets, the
                                            mean over the seeds of everything else */
    unsigned stage_count;
    double stages[BWE_SIM_STEPS_MAX];        /* utilisation in each stage, mean over the seeds */
    double converged_s[BWE_SIM_STEPS_MAX];   /* likewise */
    double worst_high[BWE_SIM_METRIC_COUNT]; /* the greatest of a seed */
    double worst_low[BWE_SIM_METRIC_COUNT];  /* the least */
};

/* Seeds in a row: those that a tuning was not chosen by tell more about it. */
struct bwe_sim_seeds {
    unsigned first, count;
};

/** Run a scenario with each of the seeds. run is work space. */
void bwe_sim_summarize(struct bwe_sim_summary *summary, struct bwe_sim_run *run,
                       const struct bwe_sim_scenario *scenario,
                       const struct bwe_sim_subject *subject, struct bwe_sim_seeds seeds);

/** Whether a goal is reached by the summary's value. */
bool bwe_sim_goal_is_reached(const struct bwe_sim_goal *goal,
                             const struct bwe_sim_summary *summary);

/** The key (JSON), title and unit of a metric. */
const char *bwe_sim_metric_key(enum bwe_sim_metric metric);
const char *bwe_sim_metric_title(enum bwe_sim_metric metric);
const char *bwe_sim_metric_unit(enum bwe_sim_metric metric);

/** The scenario of a name, or NULL. */
const struct bwe_sim_scenario *bwe_sim_scenario_find(const char *name);

#endif
