/* Groups of packets and the delay between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/interarrival.h"

/* Times in ms; a sample is expected where has_sample. */
struct step {
    int64_t sent_ms, arrival_ms;
    bool has_sample;
    double send_delta_ms, arrival_delta_ms;
};

static void run(const struct step *steps, size_t count)
{
    struct bwe_interarrival interarrival = {0};
    for (size_t i = 0; i < count; i++) {
        struct bwe_delay_sample sample = {0};
        print_message("step %zu\n", i);
        bool has_sample = bwe_interarrival_add(&interarrival, steps[i].sent_ms * 1000,
                                               steps[i].arrival_ms * 1000, &sample);
        assert_int_equal(has_sample, steps[i].has_sample);
        assert_true(sample.send_delta_ms == steps[i].send_delta_ms);
        assert_true(sample.arrival_delta_ms == steps[i].arrival_delta_ms);
    }
}

static void test_groups(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, 100, false, 0, 0},   {4, 104, false, 0, 0}, /* one group of 5 ms */
        {20, 125, false, 0, 0},                         /* the first group has ended: no pair yet */
        {40, 150, true, 16, 21},                        /* last packets: 4 -> 20, 104 -> 125 */
        {41, 158, false, 0, 0},                         /* same group */
        {60, 170, true, 21, 33},                        /* 20 -> 41, 125 -> 158 */
        {39, 171, false, 0, 0},                         /* before the group that runs: left out */
    };
    run(steps, sizeof(steps) / sizeof(*steps));
}

static void test_burst(void **state)
{
    (void)state;
    /* Held back by the network and let go together: they belong to one group, up to 100 ms. */
    static const struct step steps[] = {
        {0, 0, false, 0, 0},    {20, 100, false, 0, 0},    {40, 101, false, 0, 0},
        {60, 102, false, 0, 0}, {100, 160, true, 60, 102},
    };
    run(steps, sizeof(steps) / sizeof(*steps));
}

static void test_clock_jump(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, 0, false, 0, 0},     {20, 20, false, 0, 0},     {40, 5000, true, 20, 20},
        {60, 5020, false, 0, 0}, /* 20 -> 40 took five seconds: begin again */
        {80, 5040, false, 0, 0}, {100, 5060, true, 20, 20},
    };
    run(steps, sizeof(steps) / sizeof(*steps));
}

static void test_late_report(void **state)
{
    (void)state;
    /* Reported only now, it was sent before the end of the group that runs and came before it. */
    static const struct step steps[] = {
        {0, 0, false, 0, 0},     {20, 100, false, 0, 0}, {40, 101, false, 0, 0},
        {30, 95, true, 40, 101}, {60, 130, false, 0, 0}, /* 101 -> 95: not compared */
        {80, 150, true, 30, 35},
    };
    run(steps, sizeof(steps) / sizeof(*steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_clock_jump),
        cmocka_unit_test(test_late_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
