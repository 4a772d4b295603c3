/* The table, the JSON object and the picture of the simulations. */
#ifndef IRIS_BENCH_BWE_REPORT_H
#define IRIS_BENCH_BWE_REPORT_H

#include <stdio.h>

#include "bench/bwe/suite.h"

/** The heads of the table's columns. */
void bwe_sim_report_head(FILE *out);

/** A row of figures, then a line for each goal: ours, the goal, the best known. */
void bwe_sim_report_row(FILE *out, const struct bwe_sim_summary *summary);

/** One scenario as a member of a JSON object. */
void bwe_sim_report_json(FILE *out, const struct bwe_sim_summary *summary);

/** Targets and rates of a finished run in steps of 200 ms, as CSV [kbit/s]. */
void bwe_sim_report_rates(FILE *out, const struct bwe_sim_run *run);

/** Capacity, targets, rates and queue of a finished run over time, as SVG. */
void bwe_sim_plot(FILE *out, const struct bwe_sim_run *run, const char *title);

#endif
