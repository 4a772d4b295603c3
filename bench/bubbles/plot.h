/* Plots as inline SVG: lines over a common axis. Pure text output. */
#ifndef IRIS_BENCH_BUBBLES_PLOT_H
#define IRIS_BENCH_BUBBLES_PLOT_H

#include <stdio.h>

#define BUBBLES_PLOT_LINES 4

/* One line; values below 0 are gaps. */
struct bubbles_plot_line {
    const char *name; /* needs no escaping */
    const double *y;
};

struct bubbles_plot {
    const char *title, *x_unit, *y_unit;
    const double *x; /* increasing */
    unsigned count;  /* points */
    unsigned line_count;
    struct bubbles_plot_line lines[BUBBLES_PLOT_LINES];
};

/** Write one <figure>. Without points it says so. */
void bubbles_plot_write(FILE *out, const struct bubbles_plot *plot);

/** A round number, at least as large as value, for the end of an axis. @param value above 0 */
double bubbles_plot_ceiling(double value);

#endif
