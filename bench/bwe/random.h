/* Seeded randomness of the simulator: the same seed gives the same run, on every machine. */
#ifndef IRIS_BENCH_BWE_RANDOM_H
#define IRIS_BENCH_BWE_RANDOM_H

#include <stdint.h>

struct bwe_sim_random {
    uint64_t state;
};

/** In [0, 1). */
double bwe_sim_uniform(struct bwe_sim_random *random);

/** Normal, mean 0, deviation 1. */
double bwe_sim_normal(struct bwe_sim_random *random);

/** Exponential, mean 1. */
double bwe_sim_exponential(struct bwe_sim_random *random);

#endif
