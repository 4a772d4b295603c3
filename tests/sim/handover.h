/*
 * A hand-over of the engine in the middle of a conference: exported, imported, and the old one
 * destroyed. Nobody may notice: the run's digest is that of the same run without
 * (SIM_CHECK_HANDOVER).
 */
#ifndef IRIS_SIM_HANDOVER_H
#define IRIS_SIM_HANDOVER_H

#include "tests/sim/random.h"

struct sim_world;

struct sim_handover {
    struct sim_random random; /* its own: the run draws the same with and without */
    unsigned left;            /* to be done */
    int64_t next_us;          /* INT64_MAX: no more */
};

/** Draw count times within the run. */
void sim_handover_begin(struct sim_world *world, unsigned count);

/** Export the engine, import it into another, and go on with that one. */
void sim_handover_now(struct sim_world *world);

/** sim_handover_now(), if it is time. */
void sim_handover_advance(struct sim_world *world);

#endif
