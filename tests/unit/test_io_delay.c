/* Which datagrams are sampled, when a sample ends, and what the histogram makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/io/statistics.h"

static void test_buckets(void **state)
{
    (void)state;
    static const struct {
        int64_t value_us, upper_us;
    } rows[] = {{-5, 0},
                {0, 0},
                {7, 7},
                {8, 8},
                {15, 15},
                {16, 17},
                {17, 17},
                {18, 19},
                {100, 103},
                {1000, 1023},
                {1024, 1151},
                {15000, 15359},
                {16777215, 16777215},
                {INT64_MAX, 16777215}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct io_delay_histogram histogram = {.count = 0};
        io_delay_histogram_add(&histogram, rows[i].value_us);
        assert_int_equal(io_delay_percentile_us(&histogram, 0.5), rows[i].upper_us);
    }
    for (unsigned i = 1; i < IO_DELAY_BUCKETS; i++)
        assert_true(io_delay_bucket_us(i) > io_delay_bucket_us(i - 1));
}

static void test_percentiles(void **state)
{
    (void)state;
    struct io_delay_histogram histogram = {.count = 0};
    assert_int_equal(io_delay_percentile_us(&histogram, 0.99), -1);
    for (int64_t i = 1; i <= 1000; i++)
        io_delay_histogram_add(&histogram, i * 10);
    assert_int_equal(histogram.count, 1000);
    assert_in_range(io_delay_percentile_us(&histogram, 0.50), 5000, 5000 * 9 / 8);
    assert_in_range(io_delay_percentile_us(&histogram, 0.95), 9500, 9500 * 9 / 8);
    assert_in_range(io_delay_percentile_us(&histogram, 0.0), 10, 11);
    assert_in_range(io_delay_percentile_us(&histogram, 1.0), 10000, 10000 * 9 / 8);
}

/* In batches of any size, every 64th datagram is a sample. */
static void test_one_of_64(void **state)
{
    (void)state;
    static const unsigned batches[] = {1, 2, 7, 32, 63, 64};
    for (unsigned i = 0; i < sizeof(batches) / sizeof(*batches); i++) {
        struct io_delay delay = {.skip = 0};
        unsigned batch = batches[i], total = 0, samples = 0;
        for (; total < 64 * 63 * 32; total += batch) {
            unsigned at = io_delay_sample(&delay);
            if (at < batch) {
                assert_int_equal((total + at) % IO_DELAY_ONE_OF, 0);
                samples++;
            }
            io_delay_pass(&delay, batch);
        }
        assert_int_equal(samples, total / IO_DELAY_ONE_OF);
    }
}

static void test_samples_end_with_their_flush(void **state)
{
    (void)state;
    struct io_delay delay = {.skip = 0};
    struct io_delay_histogram histogram = {.count = 0};
    io_delay_open(&delay, 1000000);
    io_delay_open(&delay, 1050000);
    io_delay_close(&delay, &histogram, 1200000);
    assert_int_equal(histogram.count, 2);
    assert_in_range(io_delay_percentile_us(&histogram, 1), 200, 207);
    assert_in_range(io_delay_percentile_us(&histogram, 0), 150, 159);
    io_delay_close(&delay, &histogram, 1300000); /* nothing is open */
    assert_int_equal(histogram.count, 2);
    io_delay_open(&delay, 1000000);
    io_delay_close(&delay, NULL, 0); /* was not carried on */
    io_delay_close(&delay, &histogram, 1300000);
    assert_int_equal(histogram.count, 2);
    for (unsigned i = 0; i < 2 * IO_DELAY_OPEN; i++)
        io_delay_open(&delay, 1000000);
    io_delay_close(&delay, &histogram, 1300000);
    assert_int_equal(histogram.count, 2 + IO_DELAY_OPEN);
}

static void test_media(void **state)
{
    (void)state;
    static const struct {
        uint8_t first, second;
        size_t len;
        bool is_media;
    } rows[] = {
        {0x80, 96, 100, true},   {0x90, 0xE0, 12, true}, {0x80, 96, 11, false}, /* too short */
        {0x80, 200, 100, false},                                                /* SR */
        {0x81, 205, 100, false},                                                /* feedback */
        {0, 1, 100, false},      {22, 254, 100, false},  {0x80, 0, 0, false},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint8_t data[100] = {rows[i].first, rows[i].second};
        assert_int_equal(io_is_media(data, rows[i].len), rows[i].is_media);
    }
}

static void test_sends(void **state)
{
    (void)state;
    static struct io_statistics statistics;
    io_statistics_on_send(&statistics, 1, 100);
    io_statistics_on_send(&statistics, 1, 110);
    io_statistics_on_send(&statistics, 3, 3000);
    io_statistics_on_send(&statistics, IO_SEGMENTS_MAX, IO_SEGMENTS_MAX * 9000u);
    assert_int_equal(statistics.sends[0][100 / IO_SEND_BYTES].count, 2);
    assert_int_equal(statistics.sends[0][100 / IO_SEND_BYTES].bytes, 210);
    assert_int_equal(statistics.sends[2][1000 / IO_SEND_BYTES].count, 1);
    assert_int_equal(statistics.sends[2][1000 / IO_SEND_BYTES].bytes, 3000);
    assert_int_equal(statistics.sends[IO_SEGMENTS_MAX - 1][IO_SEND_SIZES - 1].count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),   cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_one_of_64), cmocka_unit_test(test_samples_end_with_their_flush),
        cmocka_unit_test(test_media),     cmocka_unit_test(test_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
