/* What a run of feedback messages says of the rate that came, of the share, of the bottleneck. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bwe/received_rate.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BEGIN_US     5000000

static void test_runs(void **state)
{
    (void)state;
    /* So many messages, each of so many bytes, so long after the one before: as they came, and as
       they were sent. The last of each has met queue_ms, the luckiest least_ms. */
    static const struct {
        const char *what;
        unsigned messages, bytes;
        int64_t arrive_ms, sent_ms;
        float queue_ms, least_ms;
        double kbps, carried, busy_kbps; /* after it */
    } table[] = {
        {"one tells no rate", 1, 2500, 0, 0, 0, 0, 0, 0, 0},
        {"the next one does", 1, 2500, 50, 50, 0, 0, 400, 1, 0},
        {"as many as hold 80 ms and 5000 bytes", 6, 2500, 50, 50, 0, 0, 400, 1, 0},
        {"a burst: over 80 ms", 1, 10000, 50, 50, 0, 0, 1000, 1, 0},
        {"few bytes: over more messages", 8, 500, 50, 50, 0, 0, 80, 1, 0},
        {"a queue grows: they come slower than they went", 1, 5000, 100, 50, 20, 15, 400, 0.5, 0},
        {"it was never empty: that is the bottleneck", 1, 5000, 100, 50, 40, 30, 400, 0.5, 400},
        {"it was empty in between: it is not", 1, 5000, 100, 100, 40, 2, 400, 1, 0},
        {"it drains: no more than was sent is carried", 2, 5000, 100, 150, 20, 10, 400, 1, 400},
        {"it is gone", 1, 5000, 100, 100, 1, 0, 400, 1, 0},
        {"all at one time: nothing new", 1, 5000, 0, 0, 0, 0, 800, 1, 0},
    };
    struct bwe_received_rate received = {.mark_count = 0};
    int64_t arrival_us = BEGIN_US, sent_us = 0;
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        for (unsigned n = 0; n < table[i].messages; n++) {
            arrival_us += 1000 * table[i].arrive_ms;
            sent_us += 1000 * table[i].sent_ms;
            bwe_received_rate_add(&received, &(struct bwe_mark){.arrival_us = arrival_us,
                                                                .sent_us = sent_us,
                                                                .bytes = table[i].bytes,
                                                                .queue_ms = table[i].queue_ms,
                                                                .least_ms = table[i].least_ms});
        }
        print_message("  %g, %g, %g\n", received.estimate_bps, received.carried, received.busy_bps);
        assert_float_equal(received.estimate_bps, 1000 * table[i].kbps, 1);
        assert_float_equal(received.carried, table[i].carried, 0.001);
        assert_float_equal(received.busy_bps, 1000 * table[i].busy_kbps, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
