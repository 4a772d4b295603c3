/* The rate that a cluster of packets shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/probe_result.h"

#include <math.h>

/* Five packets of 1000 bytes, sent and received at even distances. */
struct row {
    const char *what;
    int64_t sent_step_us, arrival_step_us;
    unsigned packets; /* that arrive, of five */
    double kbps;      /* 0: nothing to say */
};

static double run(const struct row *row, const struct bwe_tuning *tuning)
{
    struct bwe_probe_results results = {0};
    double bps = 0;
    bwe_probe_results_begin(&results, 7, 5000, 5);
    for (unsigned i = 0; i < row->packets; i++) {
        const struct bwe_probe_packet packet = {7, 1000, 1000 + i * row->sent_step_us,
                                                INT64_C(-5000000) + i * row->arrival_step_us};
        bps = bwe_probe_results_add(&results, tuning, &packet);
    }
    return bps;
}

static void test_rates(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"carried", 4000, 4000, 5, 2000},
        {"a little slower is carried too", 4000, 4200, 5, 1904.76},
        {"slower: a little less than what arrived", 4000, 8000, 5, 950},
        {"faster: as sent", 4000, 3000, 5, 2000},
        {"sent at once", 0, 4000, 5, 0},
        {"arrived at once", 4000, 0, 5, 0},
        {"too long", 300000, 4000, 5, 0},
        {"one lost", 4000, 4000, 4, 2000},
        {"two lost", 4000, 4000, 3, 2000},
        {"three lost", 4000, 4000, 2, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        assert_true(fabs(run(&table[i], &bwe_tuning_iris) / 1000 - table[i].kbps) < 0.01);
    }
    /* GCC wants four fifths and believes nothing that was held back. */
    assert_true(run(&table[8], &bwe_tuning_gcc) == 0);
    const struct row held_back = {"", 4000, 1900, 5, 0};
    assert_true(run(&held_back, &bwe_tuning_gcc) == 0);
}

static void test_which_cluster(void **state)
{
    (void)state;
    struct bwe_probe_results results = {0};
    bwe_probe_results_begin(&results, 1, 100, 1);
    bwe_probe_results_begin(&results, 1 + BWE_PROBE_CLUSTERS, 100, 1);
    for (int64_t i = 0; i < 5; i++) {
        const struct bwe_probe_packet none = {0, 100, i * 1000, i * 1000};
        const struct bwe_probe_packet old = {1, 100, i * 1000, i * 1000};
        const struct bwe_probe_packet unknown = {200, 100, i * 1000, i * 1000};
        const struct bwe_probe_packet known = {1 + BWE_PROBE_CLUSTERS, 100, i * 1000, i * 1000};
        assert_true(bwe_probe_results_add(&results, &bwe_tuning_iris, &none) == 0);
        assert_true(bwe_probe_results_add(&results, &bwe_tuning_iris, &old) == 0);
        assert_true(bwe_probe_results_add(&results, &bwe_tuning_iris, &unknown) == 0);
        double bps = bwe_probe_results_add(&results, &bwe_tuning_iris, &known);
        assert_true(i == 0 ? bps == 0 : fabs(bps - 800e3) < 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_which_cluster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
