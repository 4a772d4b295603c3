/* What a layer costs: means over a second, the highest of five (bwe.md, allocation 2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bwe/rate_meter.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A source of packets from one time to another. */
struct stretch {
    int64_t from_ms, to_ms;
    uint32_t interval_ms, bytes;
};

/* The rates at a time, within a percentage of what they should be [kbit/s]. */
struct reading {
    int64_t at_ms;
    uint32_t payload_kbps, cost_kbps, peak_kbps; /* the peak's cost */
    uint32_t percent;
};

static const struct {
    const char *what;
    struct stretch stretches[4];
    struct reading readings[6];
} table[] = {
    {"nothing", {{0}}, {{1000, 0, 0, 0, 0}, {20000, 0, 0, 0, 0}}},
    {"steady: 100 packets of 1000 bytes",
     {{0, 10000, 10, 1000}},
     {{500, 800, 848, 848, 3},
      {1000, 800, 848, 848, 2},
      {1050, 800, 848, 848, 2},
      {5000, 800, 848, 848, 2},
      {9990, 800, 848, 848, 2}}},
    {"young: a key frame is no rate",
     {{0, 1, 1, 20000}, {33, 10000, 33, 2000}},
     {{1, 320, 321, 321, 1},
      {250, 544, 552, 552, 2},
      {500, 800, 816, 816, 2},
      {2000, 485, 499, 640, 5}}},
    {"stopped: the mean falls, the peak stays for five seconds",
     {{0, 2000, 10, 1000}},
     {{2500, 400, 424, 848, 12},
      {3200, 0, 0, 848, 2},
      {6500, 0, 0, 848, 2},
      {8200, 0, 0, 0, 0},
      {60000, 0, 0, 0, 0}}},
    {"up: at once within a second",
     {{0, 5000, 10, 125}, {5000, 10000, 10, 1250}},
     {{4990, 100, 148, 148, 3}, {5500, 550, 600, 600, 15}, {6100, 1000, 1048, 1048, 2}}},
    {"down: the peak follows after five seconds",
     {{0, 5000, 10, 1250}, {5000, 20000, 10, 125}},
     {{6200, 100, 148, 1048, 3}, {9500, 100, 148, 1048, 3}, {11500, 100, 148, 148, 3}}},
    {"small packets cost more than they carry", {{0, 3000, 1, 10}}, {{2000, 80, 560, 560, 2}}},
    {"a frame in two seconds",
     {{0, 20000, 2000, 12500}},
     {{14050, 100, 100, 100, 6}, {15500, 0, 0, 100, 6}}},
    {"far from the start of time",
     {{86400000, 86410000, 10, 1000}},
     {{86405000, 800, 848, 848, 2}, {86420000, 0, 0, 0, 0}}},
    {"again after a long silence",
     {{0, 2000, 10, 1000}, {100000, 110000, 10, 500}},
     {{99999, 0, 0, 0, 0}, {103000, 400, 448, 448, 2}}},
};

static void assert_near(uint32_t bps, uint32_t kbps, uint32_t percent)
{
    uint32_t slack_bps = kbps * 10 * percent;
    assert_in_range(bps, kbps * 1000 - slack_bps, kbps * 1000 + slack_bps);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_rate_meter meter;
        size_t next = 0;
        print_message("%s\n", table[i].what);
        bwe_rate_meter_init(&meter);
        for (int64_t ms = 0; next < COUNT(table[i].readings) && table[i].readings[next].at_ms > 0;
             ms++) {
            if (ms == 200000)
                ms = 86400000; /* nothing happens before */
            for (size_t k = 0; k < COUNT(table[i].stretches); k++) {
                const struct stretch *stretch = &table[i].stretches[k];
                if (ms >= stretch->from_ms && ms < stretch->to_ms &&
                    (ms - stretch->from_ms) % stretch->interval_ms == 0)
                    bwe_rate_meter_on_packet(&meter, stretch->bytes, ms * 1000);
            }
            const struct reading *reading = &table[i].readings[next];
            if (ms != reading->at_ms)
                continue;
            struct bwe_rate mean = bwe_rate_meter_mean(&meter, ms * 1000);
            uint32_t peak_bps = bwe_rate_meter_peak_cost_bps(&meter, ms * 1000);
            print_message("  %u ms: %u %u %u\n", (unsigned)ms, mean.payload_bps, mean.cost_bps,
                          peak_bps);
            assert_near(mean.payload_bps, reading->payload_kbps, reading->percent);
            assert_near(mean.cost_bps, reading->cost_kbps, reading->percent);
            assert_near(peak_bps, reading->peak_kbps, reading->percent);
            assert_true(peak_bps >= mean.cost_bps);
            next++;
        }
        assert_true(next > 0);
    }
}

/* A slide of 40 packets of 1000 bytes within a second, at 10 s: of five to six seconds its mean,
   and then nothing. */
static void test_long_mean(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        uint32_t least_kbps, most_kbps; /* of the cost */
    } steps[] = {{9000, 0, 0},    {11000, 66, 70}, {14900, 56, 70},
                 {15900, 56, 60}, {16100, 0, 0},   {100000, 0, 0}};
    struct bwe_rate_meter meter = {0};
    bwe_rate_meter_on_packet(&meter, 0, 1000);
    bool is_sent = false;
    for (size_t i = 0; i < COUNT(steps); i++) {
        for (unsigned k = 0; k < 40 && !is_sent && steps[i].at_ms > 10000; k++)
            bwe_rate_meter_on_packet(&meter, 1000, 10000000 + k * 20000);
        is_sent = steps[i].at_ms > 10000;
        uint32_t cost_bps = bwe_rate_meter_long_cost_bps(&meter, steps[i].at_ms * 1000);
        print_message("%u ms: %u bit/s\n", (unsigned)steps[i].at_ms, cost_bps);
        assert_in_range(cost_bps / 1000, steps[i].least_kbps, steps[i].most_kbps);
    }
}

/* A flood and time that stands still or goes back break nothing. */
static void test_hostile(void **state)
{
    (void)state;
    struct bwe_rate_meter meter;
    bwe_rate_meter_init(&meter);
    for (unsigned i = 0; i < 200000; i++)
        bwe_rate_meter_on_packet(&meter, 1200, 5000000);
    assert_int_equal(bwe_rate_meter_mean(&meter, 5000000).payload_bps, 65535u * 1200 * 16);
    bwe_rate_meter_on_packet(&meter, 1200, 1000000);
    assert_true(bwe_rate_meter_mean(&meter, 1000000).payload_bps > 0);
    assert_int_equal(bwe_rate_meter_mean(&meter, 7000000).payload_bps, 0);
    assert_int_equal(bwe_rate_meter_peak_cost_bps(&meter, INT64_MAX / 2), 0);
}

/* Nine of them belong to a camera. */
static void test_size(void **state)
{
    (void)state;
    print_message("%u bytes\n", (unsigned)sizeof(struct bwe_rate_meter));
    assert_true(sizeof(struct bwe_rate_meter) <= 136);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_long_mean),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
