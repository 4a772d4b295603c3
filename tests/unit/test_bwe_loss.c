/* Inherent loss against too high a rate, by the queue and by how loss follows the rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/loss.h"

#include <math.h>

#define PACKET_BYTES 1000

/* A second at this rate in which so much is lost, evenly; an observation ends every 250 ms. */
static int64_t feed(struct bwe_loss *loss, const struct bwe_tuning *tuning, int64_t now_us,
                    double kbps, double share, const struct bwe_loss_input *input)
{
    int64_t step_us = (int64_t)(8e3 * PACKET_BYTES / kbps), end_us = now_us + 1000000;
    double owed = 0;
    for (unsigned i = 0; now_us < end_us; now_us += step_us, i++) {
        owed += share;
        bwe_loss_add(loss, now_us, PACKET_BYTES, owed >= 1);
        owed -= owed >= 1;
        if (i % 8 == 7)
            bwe_loss_update(loss, tuning, input);
    }
    return now_us;
}

static void test_steady_loss(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const struct bwe_tuning *tuning;
        double share, queue_ms;
        double least_bps, most_bps; /* of the estimate; 0: no limit */
    } table[] = {
        {"none", &bwe_tuning_iris, 0, 0, 0, 0},
        {"inherent 10 %", &bwe_tuning_iris, 0.10, 5, 0, 0},
        {"inherent 20 %", &bwe_tuning_iris, 0.20, 5, 0, 0},
        {"20 % with a queue", &bwe_tuning_iris, 0.20, 100, 50e3, 1.7e6},
        {"50 %", &bwe_tuning_iris, 0.50, 5, 50e3, 1e6},
        {"GCC: 2 %", &bwe_tuning_gcc, 0.02, 0, 0, 0},
        {"GCC: 20 %", &bwe_tuning_gcc, 0.20, 0, 50e3, 0.8e6},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_loss loss = {0};
        const struct bwe_loss_input input = {.delay_bps = 2e6,
                                             .acked_bps = 2e6 * (1 - table[i].share),
                                             .queue_ms = table[i].queue_ms,
                                             .min_bps = 50e3};
        int64_t now_us = 1000000;
        print_message("%s\n", table[i].what);
        for (unsigned second = 0; second < 8; second++)
            now_us = feed(&loss, table[i].tuning, now_us, 2000, table[i].share, &input);
        print_message("  %g bit/s, inherent %g\n", loss.estimate_bps, loss.inherent);
        assert_true(fabs(loss.average - table[i].share) < 0.02);
        assert_true(loss.estimate_bps >= table[i].least_bps);
        assert_true(loss.estimate_bps <= table[i].most_bps);
    }
}

/* A policer at 1 Mbit/s: no queue, and the loss follows the rate. */
static void test_policer(void **state)
{
    (void)state;
    struct bwe_loss loss = {0};
    int64_t now_us = 1000000;
    static const double rates_kbps[] = {900, 1000, 1100, 1200, 1300, 1250, 1200};
    for (size_t i = 0; i < sizeof(rates_kbps) / sizeof(*rates_kbps); i++) {
        double kbps = rates_kbps[i];
        const struct bwe_loss_input input = {
            .delay_bps = kbps * 1000, .acked_bps = fmin(kbps, 1000) * 1000, .min_bps = 50e3};
        now_us = feed(&loss, &bwe_tuning_iris, now_us, kbps, fmax(1 - 1000 / kbps, 0), &input);
    }
    assert_true(loss.estimate_bps > 0.85e6);
    assert_true(loss.estimate_bps < 1.15e6);
}

static void test_restore(void **state)
{
    (void)state;
    struct bwe_loss loss = {0};
    bwe_loss_restore(&loss); /* nothing to restore */
    bwe_loss_add(&loss, 1000, PACKET_BYTES, true);
    bwe_loss_add(&loss, 2000, PACKET_BYTES, true);
    bwe_loss_restore(&loss);
    assert_int_equal(loss.lost, 1);
    assert_int_equal(loss.packets, 2);
}

static void test_without_rates(void **state)
{
    (void)state;
    struct bwe_loss loss = {0};
    const struct bwe_loss_input nothing = {0}, nan = {NAN, NAN, NAN, 50e3};
    int64_t now_us = feed(&loss, &bwe_tuning_iris, 1000000, 1000, 0.5, &nothing);
    feed(&loss, &bwe_tuning_iris, now_us, 1000, 0.5, &nan);
    assert_true(loss.estimate_bps == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_loss),
        cmocka_unit_test(test_policer),
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_without_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
