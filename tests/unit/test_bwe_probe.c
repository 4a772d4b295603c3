/* When probes are sent, how high, and when no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/probe.h"

#define MS     INT64_C(1000)
#define TUNING (&bwe_tuning_iris)
#define LIMIT  3e6

static const struct bwe_probe_input idle = {
    .target_bps = 1e6, .limit_bps = LIMIT, .is_clear = true, .is_beyond = true};

/* Take what there is: the rate, or 0. */
static uint32_t take(struct bwe_prober *prober, int64_t now_us)
{
    struct bwe_probe probe;
    return bwe_prober_take(prober, TUNING, &probe, now_us) ? probe.rate_bps / 1000 : 0;
}

/* Poll every 25 ms until a probe comes. Returns when [ms], or -1. */
static int64_t wait_for(struct bwe_prober *prober, const struct bwe_probe_input *input,
                        int64_t from_ms, int64_t to_ms)
{
    for (int64_t ms = from_ms; ms < to_ms; ms += 25) {
        bwe_prober_update(prober, TUNING, input, ms * MS);
        if (prober->count > 0)
            return ms;
    }
    return -1;
}

static void show(struct bwe_prober *prober, double kbps, double target_kbps, double believed_kbps)
{
    const struct bwe_probe_shown shown = {prober->last_id, false, 1000 * kbps, 1000 * target_kbps};
    assert_true(bwe_prober_on_result(prober, TUNING, &shown, LIMIT) == 1000 * believed_kbps);
}

/* Past the start: its probes are sent and forgotten. */
static void start(struct bwe_prober *prober)
{
    bwe_prober_start(prober, TUNING, 300e3, LIMIT);
    take(prober, 0);
    take(prober, 0);
    bwe_prober_update(prober, TUNING, &idle, 1000 * MS);
    assert_false(prober->is_waiting);
}

static void test_start(void **state)
{
    (void)state;
    struct bwe_prober prober;
    bwe_prober_start(&prober, TUNING, 300e3, LIMIT);
    assert_int_equal(take(&prober, 0), 900);
    assert_int_equal(take(&prober, 0), 1800);
    assert_int_equal(take(&prober, 0), 0);
    const struct bwe_probe_shown first = {1, true, 900e3, 300e3}, second = {2, true, 1.7e6, 900e3};
    assert_true(bwe_prober_on_result(&prober, TUNING, &first, LIMIT) == 0); /* the second counts */
    assert_true(bwe_prober_on_result(&prober, TUNING, &second, LIMIT) == 1.7e6);
    assert_int_equal(take(&prober, 0), 3150); /* twice that, within 1.05 of the limit */
}

static void test_explore(void **state)
{
    (void)state;
    struct bwe_prober prober;
    start(&prober);
    int64_t at_ms = wait_for(&prober, &idle, 1000, 5000);
    assert_in_range(at_ms, 1000, 2100);
    assert_int_equal(take(&prober, at_ms * MS), 2000);
    show(&prober, 1900, 1000, 0); /* to be confirmed */
    assert_int_equal(take(&prober, at_ms * MS), 2850);
    show(&prober, 2500, 1000, 1900);
    assert_int_equal(take(&prober, at_ms * MS), 3150);
    show(&prober, 900, 1900, 900); /* no more: the series ends */
    assert_int_equal(take(&prober, at_ms * MS), 0);
}

static void test_no_probe(void **state)
{
    (void)state;
    struct bwe_probe_input table[4] = {idle, idle, idle, idle};
    static const char *const what[] = {"a queue", "below the capacity met last",
                                       "the contract is reached", "a goal that is reached"};
    table[0].is_clear = false;
    table[1].is_beyond = false;
    table[2].target_bps = LIMIT;
    table[3].goal_bps = 0.9e6;
    for (size_t i = 0; i < 4; i++) {
        struct bwe_prober prober;
        print_message("%s\n", what[i]);
        start(&prober);
        assert_int_equal(wait_for(&prober, &table[i], 1000, 20000), -1);
    }
}

static void test_queue_ends_series(void **state)
{
    (void)state;
    struct bwe_prober prober;
    struct bwe_probe_input queue = idle;
    queue.is_clear = false;
    start(&prober);
    int64_t at_ms = wait_for(&prober, &idle, 1000, 5000);
    take(&prober, at_ms * MS);
    show(&prober, 1900, 1000, 0);
    bwe_prober_update(&prober, TUNING, &queue, at_ms * MS);
    assert_int_equal(take(&prober, at_ms * MS), 0);
}

static void test_goal(void **state)
{
    (void)state;
    struct bwe_prober prober;
    struct bwe_probe_input goal = idle;
    int64_t last_ms = 1000, wait_ms = 0;
    goal.goal_bps = 1.3e6;
    goal.is_beyond = false;
    start(&prober);
    for (unsigned i = 0; i < 12; i++) { /* each failure waits longer, up to two minutes */
        int64_t at_ms = wait_for(&prober, &goal, last_ms, last_ms + 200000);
        assert_true(at_ms >= 0);
        assert_int_equal(take(&prober, at_ms * MS), 1360); /* 1.2 x 300 above */
        show(&prober, 1000, 1000, 1000);
        assert_true(at_ms - last_ms >= wait_ms);
        assert_true(at_ms - last_ms <= 121000);
        wait_ms = at_ms - last_ms;
        last_ms = at_ms;
    }
    assert_in_range(wait_ms, 110000, 121000);
}

/* If there is no more than the target, what a probe sends above it waits in the network: for 0.1 s
   at most, or half of the short ones. */
static void test_goal_is_short_where_it_would_queue(void **state)
{
    (void)state;
    static const struct {
        double target_bps, goal_bps;
        unsigned kbps, ms;
    } table[] = {
        {1e6, 1.1e6, 1200, 200},  /* 40 ms at worst */
        {400e3, 500e3, 600, 200}, /* 100 ms */
        {180e3, 250e3, 380, 90},  /* 100 ms */
        {80e3, 150e3, 280, 50},   /* 125 ms: five packets are needed */
        {300e3, 1.3e6, 1500, 50}, /* 200 ms: so large a step */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_prober prober;
        struct bwe_probe probe;
        struct bwe_probe_input goal = idle;
        goal.target_bps = table[i].target_bps;
        goal.goal_bps = table[i].goal_bps;
        goal.is_beyond = false;
        start(&prober);
        int64_t at_ms = wait_for(&prober, &goal, 1000, 5000);
        print_message("row %zu\n", i);
        assert_true(bwe_prober_take(&prober, TUNING, &probe, at_ms * MS));
        assert_int_equal(probe.rate_bps / 1000, table[i].kbps);
        assert_in_range(probe.bytes * 8 / table[i].kbps, table[i].ms - 1, table[i].ms);
    }
}

/* While a layer is wanted the path is explored as well: goals that fail wait for minutes. */
static void test_explore_beside_goal(void **state)
{
    (void)state;
    struct bwe_prober prober;
    struct bwe_probe_input goal = idle;
    goal.goal_bps = 1.3e6;
    start(&prober);
    int64_t at_ms = wait_for(&prober, &goal, 1000, 5000);
    assert_int_equal(take(&prober, at_ms * MS), 1360);
    show(&prober, 1000, 1000, 1000);
    at_ms = wait_for(&prober, &goal, at_ms, at_ms + 1100);
    assert_true(at_ms >= 0);
    assert_int_equal(take(&prober, at_ms * MS), 2000);
    show(&prober, 1900, 1000, 0); /* to be confirmed */
    assert_int_equal(take(&prober, at_ms * MS), 2850);
}

/* The allocator's goals come step by step: one that was carried is followed by a large probe at the
 * start, later only if it showed much more than the target. */
static void test_goal_at_the_start(void **state)
{
    (void)state;
    for (int is_starting = 0; is_starting < 2; is_starting++) {
        struct bwe_prober prober;
        struct bwe_probe_input goal = idle;
        goal.goal_bps = 1.1e6;
        goal.is_beyond = false;
        start(&prober);
        int64_t at_ms = wait_for(&prober, &goal, 1000, 5000);
        assert_int_equal(take(&prober, at_ms * MS), 1200);
        const struct bwe_probe_shown shown = {prober.last_id, is_starting, 1.15e6, 1e6};
        assert_true(bwe_prober_on_result(&prober, TUNING, &shown, LIMIT) == 1.15e6);
        goal.target_bps = 1.15e6;
        goal.goal_bps = 1.25e6;
        assert_int_equal(wait_for(&prober, &goal, at_ms, at_ms + 1000), at_ms);
        assert_int_equal(take(&prober, at_ms * MS), is_starting ? 2300 : 1350);
    }
}

static void test_paused(void **state)
{
    (void)state;
    struct bwe_prober prober;
    struct bwe_probe_input goal = idle;
    int64_t last_ms = 1000;
    goal.target_bps = 300e3;
    goal.goal_bps = 400e3;
    goal.is_paused = true;
    start(&prober);
    for (unsigned i = 0; i < 20; i++) { /* it goes on probing */
        int64_t at_ms = wait_for(&prober, &goal, last_ms, last_ms + 10000);
        assert_in_range(at_ms - last_ms, 0, 1600);
        assert_int_equal(take(&prober, at_ms * MS), 500);
        show(&prober, 300, 300, 300);
        last_ms = at_ms;
    }
    int64_t at_ms = wait_for(&prober, &goal, last_ms, last_ms + 10000);
    take(&prober, at_ms * MS);
    show(&prober, 480, 300, 480); /* carried: the next one at once, and further */
    goal.target_bps = 480e3;
    goal.goal_bps = 600e3;
    assert_int_equal(wait_for(&prober, &goal, at_ms, at_ms + 1000), at_ms);
    assert_int_equal(take(&prober, at_ms * MS), 960);
}

static void test_ids_go_round(void **state)
{
    (void)state;
    struct bwe_prober prober;
    struct bwe_probe probe;
    for (unsigned i = 0; i < 600; i++) {
        bwe_prober_start(&prober, TUNING, 300e3, LIMIT);
        prober.last_id = (uint8_t)i;
        assert_true(bwe_prober_take(&prober, TUNING, &probe, 0));
        assert_int_not_equal(probe.id, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_explore),
        cmocka_unit_test(test_no_probe),
        cmocka_unit_test(test_queue_ends_series),
        cmocka_unit_test(test_goal),
        cmocka_unit_test(test_goal_is_short_where_it_would_queue),
        cmocka_unit_test(test_explore_beside_goal),
        cmocka_unit_test(test_goal_at_the_start),
        cmocka_unit_test(test_paused),
        cmocka_unit_test(test_ids_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
