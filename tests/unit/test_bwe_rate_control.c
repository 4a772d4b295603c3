/* AIMD: growth near and far, decrease, bounds, beside somebody else's queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/rate_control.h"

#include <math.h>

#define S INT64_C(1000000)

static struct bwe_rate_input input_of(enum bwe_usage usage, double acked_kbps)
{
    return (struct bwe_rate_input){.usage = usage, .acked_bps = acked_kbps * 1000, .rtt_ms = 100};
}

/* So many updates, 50 ms apart. */
static int64_t run(struct bwe_rate_control *control, const struct bwe_rate_input *input,
                   unsigned count, int64_t now_us)
{
    for (unsigned i = 0; i < count; i++, now_us += S / 20)
        bwe_rate_control_update(control, &bwe_tuning_iris, input, now_us);
    return now_us;
}

static void test_far_growth(void **state)
{
    (void)state;
    struct bwe_rate_control control;
    bwe_rate_control_init(&control, 1e6, 50e3, 5e6);
    const struct bwe_rate_input input = input_of(BWE_USAGE_NORMAL, 0);
    run(&control, &input, 1, S);
    double before = control.rate_bps;
    run(&control, &input, 21, S);
    assert_true(fabs(control.rate_bps / before - 1.08) < 0.005);
}

static void test_near_growth(void **state)
{
    (void)state;
    /* At a response time of 200 ms: the smaller of two flows catches up, and none grows
       by more than a third of its rate. */
    static const struct {
        double rate_bps, growth_bps;
    } table[] = {{200e3, 65e3}, {500e3, 93e3}, {800e3, 81e3},
                 {1e6, 65e3},   {1.5e6, 43e3}, {3e6, 32.5e3}};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_rate_control control;
        bwe_rate_control_init(&control, table[i].rate_bps, 50e3, 5e6);
        bwe_rate_control_met(&control, table[i].rate_bps, S);
        bwe_rate_control_set(&control, table[i].rate_bps, S);
        const struct bwe_rate_input input = input_of(BWE_USAGE_NORMAL, table[i].rate_bps / 1000);
        print_message("%g bit/s\n", table[i].rate_bps);
        double before = control.rate_bps;
        run(&control, &input, 2, S); /* one step of 50 ms after the first message */
        double growth_bps = (control.rate_bps - before) / 0.05;
        print_message("  %g\n", growth_bps);
        assert_true(fabs(growth_bps / table[i].growth_bps - 1) < 0.05);
    }
}

static void test_small_flows_grow_as_fast(void **state)
{
    (void)state;
    struct bwe_rate_control control;
    bwe_rate_control_init(&control, 200e3, 50e3, 5e6);
    const struct bwe_rate_input input = input_of(BWE_USAGE_NORMAL, 0);
    run(&control, &input, 1, S);
    double before = control.rate_bps;
    run(&control, &input, 21, S);
    assert_true(control.rate_bps - before > 64e3); /* 8 % would be 16 kbit/s */
}

static void test_limits_of_growth(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct bwe_rate_input input;
        double limit_bps;
    } table[] = {
        {"held", {.usage = BWE_USAGE_NORMAL, .is_held = true}, 1e6},
        {"a queue drains", {.usage = BWE_USAGE_UNDER}, 1e6},
        {"little arrives", {.usage = BWE_USAGE_NORMAL, .acked_bps = 400e3}, 1e6},
        {"what arrives times 1.2", {.usage = BWE_USAGE_NORMAL, .acked_bps = 1e6}, 1.21e6},
        {"the greatest rate", {.usage = BWE_USAGE_NORMAL}, 1.5e6},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_rate_control control;
        print_message("%s\n", table[i].what);
        bwe_rate_control_init(&control, 1e6, 50e3, 1.5e6);
        run(&control, &table[i].input, 400, S);
        assert_true(fabs(control.rate_bps - table[i].limit_bps) < 1);
    }
}

static void test_decrease(void **state)
{
    (void)state;
    struct bwe_rate_control control;
    bwe_rate_control_init(&control, 2e6, 50e3, 5e6);
    struct bwe_rate_input input = input_of(BWE_USAGE_OVER, 1900);
    run(&control, &input, 1, S);
    assert_true(fabs(control.rate_bps - 0.95 * 1.9e6) < 1);
    input.acked_bps = 1.7e6;
    run(&control, &input, 1, S + 50000); /* within a round trip: once is enough */
    assert_true(fabs(control.rate_bps - 0.95 * 1.9e6) < 1);
    run(&control, &input, 1, S + 110000);
    assert_true(fabs(control.rate_bps - 0.95 * 1.7e6) < 1);
    input.acked_bps = 100;
    run(&control, &input, 1, S + 120000); /* half as much arrives: at once */
    assert_true(control.rate_bps == 50e3);
}

static void test_yield(void **state)
{
    (void)state;
    struct bwe_rate_control control;
    bwe_rate_control_init(&control, 1e6, 50e3, 5e6);
    struct bwe_rate_input input = input_of(BWE_USAGE_OVER, 1000);
    input.is_yielding = true;
    run(&control, &input, 1, S);
    run(&control, &input, 20, S);
    assert_true(control.rate_bps > 1.04e6); /* overuse does not count */
    double before = control.rate_bps;
    input.has_loss = true;
    run(&control, &input, 4, 2 * S); /* losses of a round trip count once */
    assert_true(fabs(control.rate_bps - 0.85 * before) < 1);
}

static void test_refuses_what_is_no_number(void **state)
{
    (void)state;
    static const double values[] = {NAN, 0, -1, -INFINITY};
    struct bwe_rate_control control;
    bwe_rate_control_init(&control, 1e6, 50e3, 5e6);
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        bwe_rate_control_set(&control, values[i], S);
        bwe_rate_control_met(&control, values[i], S);
        assert_true(control.rate_bps == 1e6 && control.capacity_bps == 0);
    }
    bwe_rate_control_set(&control, INFINITY, S);
    assert_true(control.rate_bps == 5e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_far_growth),
        cmocka_unit_test(test_near_growth),
        cmocka_unit_test(test_small_flows_grow_as_fast),
        cmocka_unit_test(test_limits_of_growth),
        cmocka_unit_test(test_decrease),
        cmocka_unit_test(test_yield),
        cmocka_unit_test(test_refuses_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
