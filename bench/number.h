/* Numbers of a command line, whole and within bounds: "5x", "" and "nan" are none. */
#ifndef IRIS_BENCH_NUMBER_H
#define IRIS_BENCH_NUMBER_H

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/** A decimal number from min to max. @return 0, or -1: it is none; out is left as it was */
static inline int bench_take_number(const char *text, double min, double max, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= min && value <= max))
        return -1;
    *out = value;
    return 0;
}

/** Digits only, up to 2^64 - 1. @return 0, or -1: it is none; out is left as it was */
static inline int bench_take_seed(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno)
        return -1;
    *out = value;
    return 0;
}

/** Digits only, from min to max. @return 0, or -1: it is none; out is left as it was */
static inline int bench_take_count(const char *text, unsigned min, unsigned max, unsigned *out)
{
    uint64_t value;
    if (bench_take_seed(text, &value) || value < min || value > max)
        return -1;
    *out = (unsigned)value;
    return 0;
}

#endif
