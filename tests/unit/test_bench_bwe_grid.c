/* RFC 8868's paths: all of them are there, and each is used, without a queue that stands. */
#include "bench/bwe/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USE_LEAST   0.7
#define P95_MOST_MS 100

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

/* The packets of five runs together: of 1,200 single ones (60 paths, 20 seeds) five have 103-131
   ms, and had 108-121 before flows grew by their rate. */
static void test_every_path_is_used(void **state)
{
    (void)state;
    const struct bwe_sim_subject subject = {.tuning = bwe_tuning_iris};
    const struct bwe_sim_seeds seeds = {1, 5};
    struct bwe_sim_run *run = malloc(sizeof(*run));
    struct bwe_sim_summary summary;
    struct bwe_sim_grid_cell cell;
    assert_non_null(run);
    for (cell.loss = 0; cell.loss < BWE_SIM_GRID_LOSSES; cell.loss++)
        for (cell.delay = 0; cell.delay < BWE_SIM_GRID_DELAYS; cell.delay++)
            for (cell.queue = 0; cell.queue < BWE_SIM_GRID_QUEUES; cell.queue++) {
                struct bwe_sim_scenario scenario = bwe_sim_grid_scenario(&cell);
                bwe_sim_summarize(&summary, run, &scenario, &subject, seeds);
                print_message("%g ms, %g, queue %g ms: %.3f, %g ms\n", scenario.flows[0].one_way_ms,
                              scenario.loss, scenario.queue_ms, summary.values[BWE_SIM_USE],
                              summary.values[BWE_SIM_P95]);
                assert_true(summary.values[BWE_SIM_USE] >= USE_LEAST);
                assert_true(summary.values[BWE_SIM_P95] <= P95_MOST_MS);
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
