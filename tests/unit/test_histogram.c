/* Where values fall, and what is beyond the last bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/control/histogram.h"

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        double value_s;
        unsigned bucket; /* 3: none of the bounds */
    } rows[] = {{0, 0},   {0.1, 0}, {0.1000001, 1}, {0.2, 1},
                {0.3, 2}, {0.4, 2}, {0.41, 3},      {1e9, 3}};
    struct control_histogram histogram;
    double sum = 0;
    uint64_t counts[4] = {0};
    control_histogram_init(&histogram, 0.1, 3);
    assert_float_equal(histogram.bounds[2], 0.4, 1e-12);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        control_histogram_add(&histogram, rows[i].value_s);
        counts[rows[i].bucket]++;
        sum += rows[i].value_s;
        assert_int_equal(histogram.count, i + 1);
        for (unsigned b = 0; b < 3; b++)
            assert_int_equal(histogram.counts[b], counts[b]);
        assert_float_equal(histogram.sum, sum, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
