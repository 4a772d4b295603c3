/*
 * How steady a rate is while nothing changes (RFC 8868, 3: oscillations): how often it turns by a
 * fifth, up or down.
 */
#ifndef IRIS_BENCH_BWE_OSCILLATION_H
#define IRIS_BENCH_BWE_OSCILLATION_H

#include "bench/bwe/scenario.h"

/**
 * Turns of a row of values: from falling to rising, or the other way, each by at least so much of
 * the value at which it turned.
 */
unsigned bwe_sim_turns(const uint32_t *values, unsigned count, double least);

/** Turns by a fifth of the forward flows' targets, in a minute of one flow; the first ten seconds
 * after any change (capacity; a flow that starts, ends, pauses or resumes) do not count. NAN
 * without such a time. */
double bwe_sim_oscillations(const struct bwe_sim_run *run);

#endif
