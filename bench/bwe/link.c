/* The link: see the header. */
#include "bench/bwe/link.h"

#include <math.h>

#define NEVER_US 1e15

/* The step that holds at a moment. */
static unsigned step_at(const struct bwe_sim_capacity *capacity, double at_us)
{
    unsigned i = 0;
    while (i + 1 < capacity->count && capacity->steps[i + 1].at_s * 1e6 <= at_us)
        i++;
    return i;
}

static double end_of(const struct bwe_sim_capacity *capacity, unsigned step)
{
    return step + 1 < capacity->count ? capacity->steps[step + 1].at_s * 1e6 : NEVER_US;
}

double bwe_sim_capacity_at(const struct bwe_sim_capacity *capacity, int64_t now_us)
{
    return capacity->steps[step_at(capacity, (double)now_us)].mbps * 1e6;
}

double bwe_sim_capacity_bits(const struct bwe_sim_capacity *capacity, int64_t from_us,
                             int64_t to_us)
{
    double bits = 0, at_us = (double)from_us;
    while (at_us < (double)to_us) {
        unsigned step = step_at(capacity, at_us);
        double end_us = fmin(end_of(capacity, step), (double)to_us);
        bits += (end_us - at_us) * capacity->steps[step].mbps;
        at_us = end_us;
    }
    return bits;
}

/* When so many bits have been carried, from a moment on. */
static double carry(const struct bwe_sim_capacity *capacity, double at_us, double bits)
{
    for (unsigned step = step_at(capacity, at_us); step < capacity->count; step++) {
        double mbps = capacity->steps[step].mbps; /* bits per us */
        double end_us = end_of(capacity, step);
        if (mbps > 0 && bits <= (end_us - at_us) * mbps)
            return at_us + bits / mbps;
        bits -= (end_us - at_us) * mbps;
        at_us = end_us;
    }
    return NEVER_US;
}

struct bwe_sim_passage bwe_sim_link_enter(struct bwe_sim_link *link, uint32_t bytes, int64_t now_us)
{
    struct bwe_sim_passage passage = {0};
    double begin_us = fmax(link->busy_us, (double)now_us);
    passage.queue_us = (int64_t)(begin_us - (double)now_us);
    if (passage.queue_us > link->queue_limit_us) {
        passage.is_dropped = passage.is_lost = true;
        return passage;
    }
    link->busy_us = carry(&link->capacity, begin_us, 8.0 * bytes);
    passage.depart_us = (int64_t)link->busy_us;
    passage.is_lost = link->loss > 0 && bwe_sim_uniform(&link->random) < link->loss;
    return passage;
}
