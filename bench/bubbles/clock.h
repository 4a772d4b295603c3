/* The one clock of the load generator, and the random numbers that need not be secret. */
#ifndef IRIS_BENCH_BUBBLES_CLOCK_H
#define IRIS_BENCH_BUBBLES_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "bench/random.h"

#define BUBBLES_US_PER_S INT64_C(1000000)

/** Monotonic time [us]. */
static inline int64_t bubbles_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * BUBBLES_US_PER_S + now.tv_nsec / 1000;
}

/** Time since 1970 [us]. */
static inline int64_t bubbles_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * BUBBLES_US_PER_S + now.tv_nsec / 1000;
}

/** The next random 64 bits; state is any seed. */
static inline uint64_t bubbles_random(uint64_t *state)
{
    return bench_random_next(state);
}

/** Evenly from 0 up to, but without, 1. */
static inline double bubbles_chance(uint64_t *state)
{
    return (double)(bubbles_random(state) >> 11) / 9007199254740992.0;
}

#endif
