/* SplitMix64 and what is made of it: see the header. */
#include "bench/bwe/random.h"

#include <math.h>

static uint64_t next(struct bwe_sim_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

double bwe_sim_uniform(struct bwe_sim_random *random)
{
    return (double)(next(random) >> 11) / (double)(UINT64_C(1) << 53);
}

/* Marsaglia's polar method; the second value is not kept, so that the state stays one number. */
double bwe_sim_normal(struct bwe_sim_random *random)
{
    for (;;) {
        double u = 2 * bwe_sim_uniform(random) - 1, v = 2 * bwe_sim_uniform(random) - 1;
        double s = u * u + v * v;
        if (s > 0 && s < 1)
            return u * sqrt(-2 * log(s) / s);
    }
}

double bwe_sim_exponential(struct bwe_sim_random *random)
{
    return -log(1 - bwe_sim_uniform(random));
}
