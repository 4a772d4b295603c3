/* Base delay: offset, window, drift, and the base of the last seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/queue_delay.h"

#include <math.h>

#define STEP_US INT64_C(50000)

/* Messages every 50 ms with this delay, and the receiver's clock fast by so many ppm. */
static int64_t feed(struct bwe_queue_delay *state, int64_t from_us, double seconds, double delay_ms,
                    double ppm)
{
    int64_t now_us = from_us;
    for (; (double)(now_us - from_us) < seconds * 1e6; now_us += STEP_US) {
        double drift_us = ppm * 1e-6 * (double)now_us;
        bwe_queue_delay_add(state, INT64_C(123456789012) + (int64_t)(1000 * delay_ms + drift_us),
                            now_us);
    }
    return now_us;
}

static void test_queue(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double seconds, delay_ms, queue_ms, short_ms;
    } table[] = {
        {"the first delay is the base", 1, 40, 0, 0},
        {"a queue", 5, 90, 50, 50},
        {"gone", 1, 40, 0, 0},
        {"a queue that stands: the last seconds know nothing else", 20, 90, 50, 0},
        {"a shorter path counts once its mean does", 2, 30, 0, 0},
        {"minutes later the base still holds", 300, 45, 15, 0},
        {"it is forgotten after its window", 250, 45, 0, 0},
    };
    struct bwe_queue_delay delay = {0};
    int64_t now_us = 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        now_us = feed(&delay, now_us, table[i].seconds, table[i].delay_ms, 0);
        assert_true(fabs(delay.queue_ms - table[i].queue_ms) < 0.01);
        assert_true(fabs(delay.short_queue_ms - table[i].short_ms) < 0.01);
    }
}

static void test_drift(void **state)
{
    (void)state;
    static const double ppms[] = {-100, -30, 0, 30, 100};
    for (size_t i = 0; i < sizeof(ppms) / sizeof(*ppms); i++) {
        struct bwe_queue_delay delay = {0};
        print_message("%g ppm\n", ppms[i]);
        int64_t now_us = feed(&delay, 0, 400, 40, ppms[i]);
        assert_true(delay.queue_ms < 2); /* without it: 40 ms at 100 ppm */
        feed(&delay, now_us, 1, 90, ppms[i]);
        assert_true(fabs(delay.queue_ms - 50) < 3);
    }
}

static void test_one_early_packet(void **state)
{
    (void)state;
    struct bwe_queue_delay delay = {0};
    int64_t now_us = feed(&delay, 0, 1, 40, 0);
    now_us = feed(&delay, now_us, 0.05, 24, 0);
    feed(&delay, now_us, 1, 40, 0);
    assert_true(delay.queue_ms < 2.01); /* 16 ms early, a mean of eight messages */
}

/* The very first ones would be the base for minutes if they counted alone. */
static void test_early_packet_at_the_start(void **state)
{
    (void)state;
    struct bwe_queue_delay delay = {0};
    int64_t now_us = feed(&delay, 0, 0.2, 40, 0);
    now_us = feed(&delay, now_us, 0.05, 25, 0);
    feed(&delay, now_us, 5, 40, 0);
    assert_true(delay.queue_ms <= 3.01); /* the mean of five, the last of them 15 ms early */
}

static void test_clock_jump(void **state)
{
    (void)state;
    struct bwe_queue_delay delay = {0};
    int64_t now_us = feed(&delay, 0, 5, 40, 0);
    bwe_queue_delay_add(&delay, INT64_MAX / 4, now_us);
    assert_true(delay.queue_ms == 0);
    bwe_queue_delay_add(&delay, INT64_MIN / 4, now_us + STEP_US);
    assert_true(delay.queue_ms == 0);
}

static void test_long_silence(void **state)
{
    (void)state;
    struct bwe_queue_delay delay = {0};
    int64_t now_us = feed(&delay, 0, 30, 40, 0);
    feed(&delay, now_us + INT64_C(3600000000), 1, 60, 0);
    assert_true(delay.queue_ms == 0); /* nothing of an hour ago counts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_one_early_packet),
        cmocka_unit_test(test_early_packet_at_the_start),
        cmocka_unit_test(test_clock_jump),
        cmocka_unit_test(test_long_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
