/* Numbers of a command line, whole and within bounds: "5x", "" and "nan" are none. */
#ifndef IRIS_BENCH_NUMBER_H
#define IRIS_BENCH_NUMBER_H

#include <ctype.h>
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

/** Digits only, from min to max. @return 0, or -1: it is none; out is left as it was */
static inline int bench_take_count(const char *text, unsigned min, unsigned max, unsigned *out)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return -1;
    unsigned long value = strtoul(text, &end, 10); /* too great a one is ULONG_MAX */
    if (*end || value < min || value > max)
        return -1;
    *out = (unsigned)value;
    return 0;
}

#endif
