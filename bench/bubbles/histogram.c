/* Below 32 each value has its bucket; above, 32 buckets for each power of two. */
#include "bench/bubbles/histogram.h"

#include "sfu/io/log_histogram.h"

#define BITS 5

void bubbles_histogram_add(struct bubbles_histogram *histogram, int64_t value_us)
{
    int64_t value = value_us > 0 ? value_us : 0;
    if (histogram->count == 0 || value < histogram->min_us)
        histogram->min_us = value;
    if (value > histogram->max_us)
        histogram->max_us = value;
    histogram->count++;
    histogram->sum_us += (double)value;
    histogram->buckets[io_log_bucket((uint64_t)value, BITS, BUBBLES_HISTOGRAM_BUCKETS)]++;
}

int64_t bubbles_histogram_percentile(const struct bubbles_histogram *histogram, double share)
{
    unsigned bucket =
        io_log_percentile(histogram->buckets, BUBBLES_HISTOGRAM_BUCKETS, histogram->count, share);
    if (bucket == BUBBLES_HISTOGRAM_BUCKETS)
        return -1;
    int64_t top_us = io_log_bucket_top(bucket, BITS);
    return top_us < histogram->max_us ? top_us : histogram->max_us;
}

double bubbles_histogram_mean(const struct bubbles_histogram *histogram)
{
    return histogram->count ? histogram->sum_us / (double)histogram->count : 0;
}
