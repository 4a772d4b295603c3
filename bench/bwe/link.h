/*
 * A link of the simulator: a tail-drop queue whose length is given in time, drained at a capacity
 * that changes at known moments, and random loss behind it.
 *
 * Because the capacity is known in advance, a packet's departure is computed when it enters:
 * nothing happens in a link between packets. Packets must enter in the order of time.
 */
#ifndef IRIS_BENCH_BWE_LINK_H
#define IRIS_BENCH_BWE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/bwe/random.h"

#define BWE_SIM_STEPS_MAX 8

struct bwe_sim_step {
    double at_s, mbps;
};

/* Capacity over time; the first step is at 0, unused ones have no capacity at time 0. */
struct bwe_sim_capacity {
    struct bwe_sim_step steps[BWE_SIM_STEPS_MAX];
    unsigned count;
};

struct bwe_sim_link {
    struct bwe_sim_capacity capacity;
    int64_t queue_limit_us;
    double loss; /* share of the packets that left the queue */
    double busy_us;
    struct bwe_sim_random random;
};

/* What became of a packet. */
struct bwe_sim_passage {
    int64_t queue_us;  /* waited behind others */
    int64_t depart_us; /* has left the queue */
    bool is_dropped;   /* by the full queue */
    bool is_lost;      /* dropped, or lost behind the queue */
};

/** The capacity at a moment [bit/s]. */
double bwe_sim_capacity_at(const struct bwe_sim_capacity *capacity, int64_t now_us);

/** The bits that the capacity carries between two moments. */
double bwe_sim_capacity_bits(const struct bwe_sim_capacity *capacity, int64_t from_us,
                             int64_t to_us);

/** A packet enters. */
struct bwe_sim_passage bwe_sim_link_enter(struct bwe_sim_link *link, uint32_t bytes,
                                          int64_t now_us);

#endif
