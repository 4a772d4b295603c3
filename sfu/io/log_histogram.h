/*
 * Where a value lies in a histogram with logarithmic buckets, and where its percentiles do: below
 * 2^bits each value has a bucket of its own, above, each power of two has 2^bits of them. So a
 * bucket is 2^-bits of a value wide.
 */
#ifndef IRIS_IO_LOG_HISTOGRAM_H
#define IRIS_IO_LOG_HISTOGRAM_H

#include <stdint.h>

/** The bucket of a value; what lies above them all counts as the last. */
static inline unsigned io_log_bucket(uint64_t value, unsigned bits, unsigned bucket_count)
{
    uint64_t sub = UINT64_C(1) << bits;
    if (value < sub)
        return (unsigned)value < bucket_count ? (unsigned)value : bucket_count - 1;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - bits;
    uint64_t bucket = (shift + 1) * sub + ((value >> shift) - sub);
    return bucket < bucket_count ? (unsigned)bucket : bucket_count - 1;
}

/** The largest value of a bucket. */
static inline int64_t io_log_bucket_top(unsigned bucket, unsigned bits)
{
    unsigned sub = 1U << bits;
    if (bucket < sub)
        return bucket;
    return (int64_t)(((uint64_t)(bucket % sub + sub + 1) << (bucket / sub - 1)) - 1);
}

/**
 * The bucket with the smallest value that a share of all do not exceed (nearest rank, at least the
 * first value).
 *
 * @param counts  of the buckets; count is their sum
 * @param share   0-1
 * @return        bucket_count: there are no values
 */
static inline unsigned io_log_percentile(const uint64_t *counts, unsigned bucket_count,
                                         uint64_t count, double share)
{
    double wanted = share * (double)count;
    uint64_t seen = 0;
    for (unsigned i = 0; i < bucket_count; i++) {
        seen += counts[i];
        if (seen > 0 && (double)seen >= wanted)
            return i;
    }
    return bucket_count;
}

#endif
