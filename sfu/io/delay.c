/* Below 8 us each value has its bucket; above, 8 buckets for each power of two. */
#include "sfu/io/delay.h"

#include "sfu/io/log_histogram.h"

#define BITS       3
#define LONGEST_US 16000000

int64_t io_delay_bucket_us(unsigned bucket)
{
    return io_log_bucket_top(bucket, BITS);
}

void io_delay_histogram_add(struct io_delay_histogram *histogram, int64_t value_us)
{
    uint64_t time_us = value_us > 0 ? (uint64_t)value_us : 0;
    histogram->buckets[io_log_bucket(time_us, BITS, IO_DELAY_BUCKETS)]++;
    histogram->count++;
    histogram->sum_us += time_us < LONGEST_US ? time_us : LONGEST_US;
}

struct io_delay_histogram io_delay_histogram_since(const struct io_delay_histogram *now,
                                                   const struct io_delay_histogram *before)
{
    struct io_delay_histogram since = {.count = now->count - before->count,
                                       .sum_us = now->sum_us - before->sum_us};
    for (unsigned i = 0; i < IO_DELAY_BUCKETS; i++)
        since.buckets[i] = now->buckets[i] - before->buckets[i];
    return since;
}

int64_t io_delay_percentile_us(const struct io_delay_histogram *histogram, double share)
{
    unsigned bucket =
        io_log_percentile(histogram->buckets, IO_DELAY_BUCKETS, histogram->count, share);
    return bucket < IO_DELAY_BUCKETS ? io_log_bucket_top(bucket, BITS) : -1;
}

unsigned io_delay_sample(const struct io_delay *delay)
{
    return delay->skip;
}

void io_delay_pass(struct io_delay *delay, unsigned count)
{
    if (delay->skip < count)
        delay->skip += IO_DELAY_ONE_OF;
    delay->skip -= count;
}

void io_delay_open(struct io_delay *delay, int64_t received_ns)
{
    if (delay->open_count < IO_DELAY_OPEN)
        delay->open_ns[delay->open_count++] = received_ns;
}

void io_delay_close(struct io_delay *delay, struct io_delay_histogram *histogram, int64_t now_ns)
{
    for (unsigned i = 0; histogram && i < delay->open_count; i++)
        io_delay_histogram_add(histogram, (now_ns - delay->open_ns[i]) / 1000);
    delay->open_count = 0;
}
