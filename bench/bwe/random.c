/* Distributions of the simulator: see the header. */
#include "bench/bwe/random.h"

#include <math.h>

#include "bench/random.h"

double bwe_sim_uniform(struct bwe_sim_random *random)
{
    return bench_random_unit(&random->state);
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
