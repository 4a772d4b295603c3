/* Rising, falling and level delay, and the threshold that adapts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/trendline.h"

/* Feed groups 20 ms apart whose delay changes by step_ms each. */
static void feed(struct bwe_trendline *trendline, double *arrival_ms, unsigned groups,
                 double step_ms)
{
    for (unsigned i = 0; i < groups; i++) {
        *arrival_ms += 20 + step_ms;
        const struct bwe_delay_sample sample = {20, 20 + step_ms, *arrival_ms};
        bwe_trendline_add(trendline, &bwe_tuning_gcc, &sample);
    }
}

static void test_usage(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned groups;
        double step_ms;
        enum bwe_usage usage;
    } table[] = {
        {"level", 60, 0, BWE_USAGE_NORMAL},
        {"rising by 5 ms each", 30, 5, BWE_USAGE_OVER},
        {"high, but level: the gradient sees nothing", 100, 0, BWE_USAGE_NORMAL},
        {"falling", 30, -5, BWE_USAGE_UNDER},
        {"level again", 100, 0, BWE_USAGE_NORMAL},
    };
    struct bwe_trendline trendline;
    double arrival_ms = 0;
    bwe_trendline_init(&trendline, &bwe_tuning_gcc);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        feed(&trendline, &arrival_ms, table[i].groups, table[i].step_ms);
        assert_int_equal(trendline.usage, table[i].usage);
    }
}

static void test_threshold(void **state)
{
    (void)state;
    struct bwe_trendline trendline;
    double arrival_ms = 0;
    bwe_trendline_init(&trendline, &bwe_tuning_gcc);
    assert_true(trendline.threshold_ms == 12.5);
    feed(&trendline, &arrival_ms, 100, 0);
    assert_true(trendline.threshold_ms == 6); /* quiet: down to the least */
    double most_ms = 0;                       /* slow jitter: up */
    for (unsigned i = 0; i < 40; i++) {
        feed(&trendline, &arrival_ms, 40, i % 2 ? 1.5 : -1.5);
        most_ms = trendline.threshold_ms > most_ms ? trendline.threshold_ms : most_ms;
    }
    assert_true(most_ms > 8);
}

static void test_extremes_stay_finite(void **state)
{
    (void)state;
    static const double deltas_ms[] = {0, 1e9, -1e9, 1e-9, 3000, 1e308};
    struct bwe_trendline trendline;
    bwe_trendline_init(&trendline, &bwe_tuning_gcc);
    for (unsigned i = 0; i < 200; i++) {
        double delta_ms = deltas_ms[i % 6];
        const struct bwe_delay_sample sample = {20, delta_ms, i % 7 ? 20.0 * i : -1e12};
        bwe_trendline_add(&trendline, &bwe_tuning_gcc, &sample);
        assert_true(trendline.trend == trendline.trend);
        assert_true(trendline.threshold_ms >= 6 && trendline.threshold_ms <= 600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_extremes_stay_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
