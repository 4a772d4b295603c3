/* What the command lines of iris-sim and sim-verdicts have in common: a wrong number ends the
 * program. */
#ifndef IRIS_SIM_ARGUMENTS_H
#define IRIS_SIM_ARGUMENTS_H

#include <stdint.h>

/** How many, from 0 to max; exits with 2 if the text is no such number. */
unsigned sim_arguments_count(const char *text, unsigned max);

/** A seed; likewise. */
uint64_t sim_arguments_seed(const char *text);

#endif
