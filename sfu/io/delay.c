/* Below 8 us each value has its bucket; above, 8 buckets for each power of two. */
#include "sfu/io/delay.h"

#define SUB        8
#define SUB_BITS   3
#define LONGEST_US 16000000

static unsigned bucket_of(uint64_t value_us)
{
    if (value_us < SUB)
        return (unsigned)value_us;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value_us) - SUB_BITS;
    unsigned bucket = (shift + 1) * SUB + (unsigned)((value_us >> shift) - SUB);
    return bucket < IO_DELAY_BUCKETS ? bucket : IO_DELAY_BUCKETS - 1;
}

int64_t io_delay_bucket_us(unsigned bucket)
{
    if (bucket < SUB)
        return bucket;
    unsigned shift = bucket / SUB - 1;
    return (int64_t)(((uint64_t)(bucket % SUB + SUB + 1) << shift) - 1);
}

void io_delay_histogram_add(struct io_delay_histogram *histogram, int64_t value_us)
{
    uint64_t time_us = value_us > 0 ? (uint64_t)value_us : 0;
    histogram->buckets[bucket_of(time_us)]++;
    histogram->count++;
    histogram->sum_us += time_us < LONGEST_US ? time_us : LONGEST_US;
}

int64_t io_delay_percentile_us(const struct io_delay_histogram *histogram, double share)
{
    double wanted = share * (double)histogram->count;
    uint64_t seen = 0;
    for (unsigned i = 0; i < IO_DELAY_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return io_delay_bucket_us(i);
    }
    return -1;
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
