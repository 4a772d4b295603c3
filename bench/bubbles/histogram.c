/* Below 32 each value has its bucket; above, 32 buckets for each power of two. */
#include "bench/bubbles/histogram.h"

#define SUB      32
#define SUB_BITS 5

static unsigned bucket_of(uint64_t value)
{
    if (value < SUB)
        return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - SUB_BITS;
    unsigned bucket = (shift + 1) * SUB + (unsigned)((value >> shift) - SUB);
    return bucket < BUBBLES_HISTOGRAM_BUCKETS ? bucket : BUBBLES_HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket. */
static int64_t upper_of(unsigned bucket)
{
    if (bucket < SUB)
        return bucket;
    unsigned shift = bucket / SUB - 1;
    return (int64_t)(((uint64_t)(bucket % SUB + SUB + 1) << shift) - 1);
}

void bubbles_histogram_add(struct bubbles_histogram *histogram, int64_t value_us)
{
    int64_t value = value_us > 0 ? value_us : 0;
    if (histogram->count == 0 || value < histogram->min_us)
        histogram->min_us = value;
    if (value > histogram->max_us)
        histogram->max_us = value;
    histogram->count++;
    histogram->sum_us += (double)value;
    histogram->buckets[bucket_of((uint64_t)value)]++;
}

int64_t bubbles_histogram_percentile(const struct bubbles_histogram *histogram, double share)
{
    uint64_t seen = 0, wanted = (uint64_t)(share * (double)histogram->count + 0.5);
    if (histogram->count == 0)
        return -1;
    if (wanted < 1)
        wanted = 1;
    for (unsigned i = 0; i < BUBBLES_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted)
            return upper_of(i) < histogram->max_us ? upper_of(i) : histogram->max_us;
    }
    return histogram->max_us;
}

double bubbles_histogram_mean(const struct bubbles_histogram *histogram)
{
    return histogram->count ? histogram->sum_us / (double)histogram->count : 0;
}
