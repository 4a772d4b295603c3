/* Axes with round ends, a grid of four, polylines that break at gaps. */
#include "bench/bubbles/plot.h"

#include <math.h>
#include <stdbool.h>

#define WIDTH  560
#define HEIGHT 220
#define LEFT   56
#define RIGHT  10
#define TOP    28
#define BOTTOM 28
#define GRID   4

static const char *const colours[BUBBLES_PLOT_LINES] = {"#1d6fb8", "#d1495b", "#3a7d44", "#8a5a9e"};

double bubbles_plot_ceiling(double value)
{
    static const double steps[] = {1, 2, 4, 6, 8, 10};
    double power = pow(10, floor(log10(value)));
    for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        if (value <= steps[i] * power * (1 + 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static double highest(const struct bubbles_plot *plot)
{
    double max = 0;
    for (unsigned l = 0; l < plot->line_count; l++)
        for (unsigned i = 0; i < plot->count; i++)
            if (plot->lines[l].y[i] > max)
                max = plot->lines[l].y[i];
    return max > 0 ? bubbles_plot_ceiling(max) : 1;
}

struct scale {
    double x_min, x_max, y_max;
};

static double x_of(const struct scale *scale, double x)
{
    double range = scale->x_max - scale->x_min;
    return LEFT + (range > 0 ? (x - scale->x_min) / range : 0) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *scale, double y)
{
    return HEIGHT - BOTTOM - y / scale->y_max * (HEIGHT - TOP - BOTTOM);
}

static void write_x_tick(FILE *out, const struct scale *scale, const char *unit, unsigned index)
{
    double at = scale->x_min + (scale->x_max - scale->x_min) * index / GRID;
    const char *anchor = index == 0 ? "start" : index == GRID ? "end" : "middle";
    fprintf(out, "<text class='tick' x='%.1f' y='%d' text-anchor='%s'>%.3g%s</text>\n",
            x_of(scale, at), HEIGHT - 9, anchor, at, index == GRID ? unit : "");
}

static void write_grid(FILE *out, const struct bubbles_plot *plot, const struct scale *scale)
{
    for (unsigned i = 0; i <= GRID; i++) {
        double value = scale->y_max * i / GRID, y = y_of(scale, value);
        fprintf(out,
                "<line class='grid' x1='%d' x2='%d' y1='%.1f' y2='%.1f'/>"
                "<text class='tick' x='%d' y='%.1f' text-anchor='end'>%.4g</text>\n",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 5, y + 4, value);
        write_x_tick(out, scale, plot->x_unit, i);
    }
}

static void write_line(FILE *out, const struct bubbles_plot *plot, const struct scale *scale,
                       unsigned index)
{
    bool is_open = false;
    for (unsigned i = 0; i < plot->count; i++) {
        double y = plot->lines[index].y[i];
        if (y < 0) {
            fputs(is_open ? "'/>\n" : "", out);
            is_open = false;
            continue;
        }
        if (!is_open)
            fprintf(out, "<polyline stroke='%s' points='", colours[index]);
        is_open = true;
        fprintf(out, "%.1f,%.1f ", x_of(scale, plot->x[i]), y_of(scale, y));
    }
    fputs(is_open ? "'/>\n" : "", out);
}

static void write_legend(FILE *out, const struct bubbles_plot *plot)
{
    fprintf(out, "<text class='title' x='%d' y='16'>%s [%s]", LEFT, plot->title, plot->y_unit);
    for (unsigned i = 0; plot->line_count > 1 && i < plot->line_count; i++)
        fprintf(out, "<tspan dx='12' fill='%s'>%s</tspan>", colours[i], plot->lines[i].name);
    fputs("</text>\n", out);
}

void bubbles_plot_write(FILE *out, const struct bubbles_plot *plot)
{
    if (plot->count == 0) {
        fprintf(out, "<figure><p>%s: nothing was measured.</p></figure>\n", plot->title);
        return;
    }
    const struct scale scale = {plot->x[0], plot->x[plot->count - 1], highest(plot)};
    fprintf(out, "<figure><svg viewBox='0 0 %d %d' role='img' aria-label='%s'>\n", WIDTH, HEIGHT,
            plot->title);
    write_grid(out, plot, &scale);
    for (unsigned i = 0; i < plot->line_count; i++)
        write_line(out, plot, &scale, i);
    write_legend(out, plot);
    fputs("</svg></figure>\n", out);
}
