/*
 * The simulator's only source of chance: one generator for each thing that draws, all
 * seeded from the run's seed, so that the same seed gives the same run.
 */
#ifndef IRIS_SIM_RANDOM_H
#define IRIS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/random.h"

struct sim_random {
    uint64_t state;
};

/** The next 64 bits. */
static inline uint64_t sim_random_next(struct sim_random *random)
{
    return bench_random_next(&random->state);
}

/** A generator of its own, whose numbers do not depend on how often the parent is asked later. */
static inline struct sim_random sim_random_fork(struct sim_random *parent)
{
    return (struct sim_random){sim_random_next(parent)};
}

/** 0 <= result < 1. */
static inline double sim_random_unit(struct sim_random *random)
{
    return bench_random_unit(&random->state);
}

/** True with this probability. A probability of 0 draws nothing. */
static inline bool sim_random_chance(struct sim_random *random, double probability)
{
    return probability > 0 && sim_random_unit(random) < probability;
}

/** low <= result <= high. */
static inline int64_t sim_random_between(struct sim_random *random, int64_t low, int64_t high)
{
    return high <= low ? low
                       : low + (int64_t)(sim_random_next(random) % (uint64_t)(high - low + 1));
}

/**
 * A time until something that happens every mean_us on average: uniform in (0.1, 1.9) of it.
 * Not exponential: a scenario of some seconds needs no tail.
 */
static inline int64_t sim_random_interval(struct sim_random *random, int64_t mean_us)
{
    return sim_random_between(random, mean_us / 10, mean_us * 19 / 10);
}

#endif
