/* A distribution as Prometheus wants it: how many values are at most each bound, and their sum. */
#ifndef IRIS_CONTROL_HISTOGRAM_H
#define IRIS_CONTROL_HISTOGRAM_H

#include <stdint.h>

#define CONTROL_HISTOGRAM_BOUNDS 12

struct control_histogram {
    unsigned bound_count;
    double bounds[CONTROL_HISTOGRAM_BOUNDS];   /* increasing [s] */
    uint64_t counts[CONTROL_HISTOGRAM_BOUNDS]; /* above the bound before, up to this one */
    uint64_t count;                            /* of all, above the last bound too */
    double sum;
};

/** Empty, with bounds that double from the first on. @param bound_count at most
 * CONTROL_HISTOGRAM_BOUNDS */
void control_histogram_init(struct control_histogram *histogram, double first_s,
                            unsigned bound_count);

/** Add a value [s]. */
void control_histogram_add(struct control_histogram *histogram, double value_s);

#endif
