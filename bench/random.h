/*
 * Seeded chance of the load generator and of the simulators: splitmix64 (an algorithm that S. Vigna
 * put into the public domain). The same seed gives the same numbers on every machine; none of them
 * is secret. The state is any seed.
 */
#ifndef IRIS_BENCH_RANDOM_H
#define IRIS_BENCH_RANDOM_H

#include <stdint.h>

/** The next 64 bits. */
static inline uint64_t bench_random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/** 0 <= result < 1. */
static inline double bench_random_unit(uint64_t *state)
{
    return (double)(bench_random_next(state) >> 11) * 0x1p-53;
}

#endif
