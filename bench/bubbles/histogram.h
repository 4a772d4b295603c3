/*
 * Distributions of times without keeping every value: logarithmic buckets, 1/32 of a value wide, so
 * that a percentile is at most 3 % off.
 */
#ifndef IRIS_BENCH_BUBBLES_HISTOGRAM_H
#define IRIS_BENCH_BUBBLES_HISTOGRAM_H

#include <stdint.h>

#define BUBBLES_HISTOGRAM_BUCKETS 1024 /* up to 2^36 us */

struct bubbles_histogram {
    uint64_t count;
    int64_t min_us, max_us;
    double sum_us;
    uint64_t buckets[BUBBLES_HISTOGRAM_BUCKETS];
};

/** Add a value [us]; negative ones count as 0. The struct starts zeroed. */
void bubbles_histogram_add(struct bubbles_histogram *histogram, int64_t value_us);

/** The value that a share of all do not exceed [us]. @param share 0-1. @return -1: no values */
int64_t bubbles_histogram_percentile(const struct bubbles_histogram *histogram, double share);

/** Mean [us]; 0 without values. */
double bubbles_histogram_mean(const struct bubbles_histogram *histogram);

#endif
