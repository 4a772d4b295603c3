/* Distributions and freezes of the load generator: iris-bench bubbles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bubbles/histogram.h"
#include "bench/bubbles/plot.h"
#include "bench/freeze/freeze.h"
#include "sfu/io/delay.h"

static void assert_near(int64_t value, int64_t expected)
{
    assert_in_range(value, expected - expected / 32, expected + expected / 32);
}

static void percentiles_are_close(void **state)
{
    (void)state;
    static struct bubbles_histogram histogram;
    for (int64_t value = 1; value <= 100000; value++)
        bubbles_histogram_add(&histogram, value);
    assert_int_equal(histogram.count, 100000);
    assert_near(bubbles_histogram_percentile(&histogram, 0.5), 50000);
    assert_near(bubbles_histogram_percentile(&histogram, 0.95), 95000);
    assert_near(bubbles_histogram_percentile(&histogram, 0.99), 99000);
    assert_int_equal(bubbles_histogram_percentile(&histogram, 1), 100000);
    assert_int_equal(histogram.min_us, 1);
    assert_true(bubbles_histogram_mean(&histogram) == 50000.5);
}

/* What the two histograms say stands side by side in reports: both take the nearest rank. */
static void percentiles_are_the_servers(void **state)
{
    (void)state;
    struct bubbles_histogram ours = {.count = 0};
    struct io_delay_histogram servers = {.count = 0};
    for (int64_t value = 1; value <= 6; value++) {
        bubbles_histogram_add(&ours, value);
        io_delay_histogram_add(&servers, value);
        for (unsigned percent = 0; percent <= 100; percent++) {
            int64_t rank = (value * percent + 99) / 100; /* up; of one to so many, the value */
            rank = rank > 0 ? rank : 1;
            if (value * percent % 100 == 0)
                continue; /* whole in decimals, not in binary */
            assert_int_equal(bubbles_histogram_percentile(&ours, percent / 100.0), rank);
            assert_int_equal(io_delay_percentile_us(&servers, percent / 100.0), rank);
        }
    }
}

static void edges_of_a_histogram(void **state)
{
    (void)state;
    static const struct {
        int64_t value, percentile;
    } table[] = {{0, 0}, {-5, 0}, {31, 31}, {32, 32}, {1000000, 1000000}, {INT64_MAX, INT64_MAX}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        static struct bubbles_histogram empty;
        struct bubbles_histogram histogram = empty;
        assert_int_equal(bubbles_histogram_percentile(&histogram, 0.5), -1);
        bubbles_histogram_add(&histogram, table[i].value);
        if (table[i].value < INT64_MAX)
            assert_int_equal(bubbles_histogram_percentile(&histogram, 0.5), table[i].percentile);
        assert_true(bubbles_histogram_percentile(&histogram, 0.5) >= 0);
    }
}

/* Time as a column: when a frame is shown, and whether it ends a freeze. */
static void freezes_are_libwebrtcs(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t period_us, gap_us;
        unsigned frames_before;
        bool is_freeze;
    } table[] = {
        {"30 a second, 100 ms late", 33333, 133333, 30, false},
        {"30 a second, just below average + 150 ms", 33333, 183000, 30, false},
        {"30 a second, just above", 33333, 183700, 30, true},
        {"5 a second, below three times the average", 200000, 590000, 30, false},
        {"5 a second, above three times the average", 200000, 610000, 30, true},
        {"too few frames to know the average", 33333, 900000, 5, false},
        {"just enough", 33333, 900000, 6, true},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct freeze freeze = {.last_us = 0};
        int64_t now_us = 1000000;
        print_message("%s\n", table[i].what);
        for (unsigned k = 0; k < table[i].frames_before; k++, now_us += table[i].period_us)
            assert_false(freeze_on_frame(&freeze, now_us));
        now_us += table[i].gap_us - table[i].period_us;
        assert_int_equal(freeze_on_frame(&freeze, now_us), table[i].is_freeze);
        assert_int_equal(freeze.freezes, table[i].is_freeze);
        assert_int_equal(freeze.frozen_us, table[i].is_freeze ? table[i].gap_us : 0);
    }
}

static void a_break_is_no_freeze(void **state)
{
    (void)state;
    struct freeze freeze = {.last_us = 0};
    for (int64_t now_us = 1; now_us < 1000000; now_us += 33333)
        freeze_on_frame(&freeze, now_us);
    freeze_break(&freeze);
    assert_false(freeze_on_frame(&freeze, 9000000));
    assert_false(freeze_on_frame(&freeze, 9033333));
}

static void axes_end_round(void **state)
{
    (void)state;
    static const struct {
        double value, ceiling;
    } table[] = {{0.9, 1}, {1, 1},   {1.01, 2}, {3, 4},
                 {57, 60}, {61, 80}, {99, 100}, {0.003, 0.004}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        double ceiling = bubbles_plot_ceiling(table[i].value);
        assert_true(ceiling > table[i].ceiling * 0.999 && ceiling < table[i].ceiling * 1.001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_close), cmocka_unit_test(percentiles_are_the_servers),
        cmocka_unit_test(edges_of_a_histogram),  cmocka_unit_test(freezes_are_libwebrtcs),
        cmocka_unit_test(a_break_is_no_freeze),  cmocka_unit_test(axes_end_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
