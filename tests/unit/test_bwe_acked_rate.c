/* The rate that arrives: first window, smoothing, pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/acked_rate.h"

#include <math.h>

static int64_t feed(struct bwe_acked_rate *acked, int64_t from_us, double seconds, double kbps,
                    bool is_app_limited)
{
    int64_t step_us = (int64_t)(8e3 * 500 / kbps);
    int64_t now_us = from_us;
    for (; (double)(now_us - from_us) < seconds * 1e6; now_us += step_us)
        bwe_acked_rate_add(acked, now_us, 500, is_app_limited);
    return now_us;
}

static void test_rates(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double seconds, kbps;
        bool is_app_limited;
        double least_kbps, most_kbps;
    } table[] = {
        {"too early", 0.4, 1000, false, 0, 0},
        {"after half a second", 0.2, 1000, false, 990, 1010},
        {"steady", 3, 1000, false, 990, 1010},
        {"a higher rate", 2, 2000, false, 1800, 2010},
        {"a lower one while application-limited: slowly", 0.35, 500, true, 1200, 2000},
        {"in the end it is believed", 20, 500, true, 490, 700},
    };
    struct bwe_acked_rate acked = {0};
    int64_t now_us = 5000000;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        now_us = feed(&acked, now_us, table[i].seconds, table[i].kbps, table[i].is_app_limited);
        print_message("  %g\n", acked.estimate_bps);
        assert_true(acked.estimate_bps >= 1000 * table[i].least_kbps);
        assert_true(acked.estimate_bps <= 1000 * table[i].most_kbps);
    }
}

static void test_pause(void **state)
{
    (void)state;
    struct bwe_acked_rate acked = {0};
    int64_t now_us = feed(&acked, 0, 2, 1000, false);
    feed(&acked, now_us + 3000000, 1, 1000, false); /* the pause is no low rate */
    assert_true(fabs(acked.estimate_bps - 1e6) < 2e4);
}

static void test_time_back(void **state)
{
    (void)state;
    struct bwe_acked_rate acked = {0};
    feed(&acked, 10000000, 2, 1000, false);
    feed(&acked, 0, 2, 1000, false);
    assert_true(fabs(acked.estimate_bps - 1e6) < 2e4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_time_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
