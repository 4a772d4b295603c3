/* RFC 8868's paths: all of them are there, and each is used, without a queue that stands. */
#include "bench/bwe/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USE_LEAST 0.7

/* The p95 of the queue by one-way delay: 1, 50, 150, 300 ms. Where feedback is 600 ms old single
   runs differ, so there are more of them. Of seeds 1-600 in blocks as long as these, all packets of
   a block together have at most 47 ms on the first three, 88 ms on the last; single runs (seeds
   1-400) at most 38, 45, 56 and 178 ms. */
static const struct {
    unsigned seeds;
    double pooled_most_ms, single_most_ms;
} bounds[BWE_SIM_GRID_DELAYS] = {{5, 60, 80}, {5, 60, 80}, {5, 60, 80}, {20, 95, 200}};

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        struct bwe_sim_grid_cell cell;
        double delay_ms, loss, queue_ms;
    } table[] = {
        {{0, 0, 0}, 1, 0, 70},
        {{1, 1, 1}, 50, 0.01, 300},
        {{3, 4, 2}, 300, 0.2, 1000},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bwe_sim_scenario scenario = bwe_sim_grid_scenario(&table[i].cell);
        assert_true(scenario.flows[0].one_way_ms == table[i].delay_ms);
        assert_true(scenario.loss == table[i].loss);
        assert_true(scenario.queue_ms == table[i].queue_ms);
        assert_int_equal(scenario.flow_count, 1);
    }
}

static void test_every_path_is_used(void **state)
{
    (void)state;
    const struct bwe_sim_subject subject = {.tuning = bwe_tuning_iris};
    struct bwe_sim_run *run = malloc(sizeof(*run));
    struct bwe_sim_summary summary;
    struct bwe_sim_grid_cell cell;
    assert_non_null(run);
    for (cell.loss = 0; cell.loss < BWE_SIM_GRID_LOSSES; cell.loss++)
        for (cell.delay = 0; cell.delay < BWE_SIM_GRID_DELAYS; cell.delay++)
            for (cell.queue = 0; cell.queue < BWE_SIM_GRID_QUEUES; cell.queue++) {
                struct bwe_sim_scenario scenario = bwe_sim_grid_scenario(&cell);
                const struct bwe_sim_seeds seeds = {1, bounds[cell.delay].seeds};
                bwe_sim_summarize(&summary, run, &scenario, &subject, seeds);
                print_message("%g ms, %g, queue %g ms: %.3f, %g ms (worst seed %g)\n",
                              scenario.flows[0].one_way_ms, scenario.loss, scenario.queue_ms,
                              summary.values[BWE_SIM_USE], summary.values[BWE_SIM_P95],
                              summary.worst_high[BWE_SIM_P95]);
                assert_true(summary.values[BWE_SIM_USE] >= USE_LEAST);
                assert_true(summary.values[BWE_SIM_P95] <= bounds[cell.delay].pooled_most_ms);
                assert_true(summary.worst_high[BWE_SIM_P95] <= bounds[cell.delay].single_most_ms);
            }
    free(run);
}

/* Each length of windows: equal only in the long run is less equal in the short one. */
static void test_fairness_over_windows(void **state)
{
    (void)state;
    const struct bwe_sim_subject subject = {.tuning = bwe_tuning_iris};
    struct bwe_sim_run *run = malloc(sizeof(*run));
    struct bwe_sim_result result;
    assert_non_null(run);
    bwe_sim_run(run, bwe_sim_scenario_find("5.4"), &subject, 1);
    bwe_sim_judge(run, &result);
    const double *values = result.values;
    assert_true(values[BWE_SIM_JAIN_1S] > 0.9 && values[BWE_SIM_JAIN_20S] <= 1);
    assert_true(values[BWE_SIM_JAIN_1S] < values[BWE_SIM_JAIN_20S]);
    bwe_sim_run(run, bwe_sim_scenario_find("5.1"), &subject, 1); /* nobody to share with */
    bwe_sim_judge(run, &result);
    assert_true(values[BWE_SIM_JAIN_5S] != values[BWE_SIM_JAIN_5S]);
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_every_path_is_used),
        cmocka_unit_test(test_fairness_over_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
