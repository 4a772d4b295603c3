/*
 * The sets of paths that RFC 8868 names (bwe.md: delays, random losses, lengths of the queue), each
 * with each, and one flow over the capacities of RFC 8867's 5.1.
 */
#ifndef IRIS_BENCH_BWE_GRID_H
#define IRIS_BENCH_BWE_GRID_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/bwe/suite.h"

#define BWE_SIM_GRID_DELAYS 4
#define BWE_SIM_GRID_LOSSES 5
#define BWE_SIM_GRID_QUEUES 3

/* A path: where it stands in the sets. */
struct bwe_sim_grid_cell {
    unsigned delay, loss, queue;
};

/** The scenario of a path: 5.1's with that delay, loss and queue. */
struct bwe_sim_scenario bwe_sim_grid_scenario(const struct bwe_sim_grid_cell *cell);

/**
 * Run every path with each of the seeds, and print what was used, the queue and what it dropped.
 *
 * @param run      work space
 * @param is_json  one JSON array instead of the tables
 */
void bwe_sim_grid_report(FILE *out, struct bwe_sim_run *run, const struct bwe_sim_subject *subject,
                         struct bwe_sim_seeds seeds, bool is_json);

#endif
