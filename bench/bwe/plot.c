/* The picture: rates above, queue below, one pixel column a few bins. */
#include "bench/bwe/report.h"

#include <math.h>

#define WIDTH          900
#define RATE_HEIGHT    260
#define GAP            30
#define QUEUE_HEIGHT   110
#define LEFT           50
#define TOP            30
#define QUEUE_TOP      (TOP + RATE_HEIGHT + GAP)
#define QUEUE_MS_LEAST 100

static const char *const colours[BWE_SIM_FLOWS_MAX] = {"#1f6fb4", "#d9730d", "#2e8b57",
                                                       "#8e44ad", "#b03060", "#777777"};

/* The scales of a picture. */
struct plot {
    FILE *out;
    const struct bwe_sim_run *run;
    unsigned bins, step;
    double rate_max, queue_max;
};

static double x_of(const struct plot *plot, double bin)
{
    return LEFT + WIDTH * bin / plot->bins;
}

static double y_of_rate(const struct plot *plot, double bps)
{
    return TOP + RATE_HEIGHT * (1 - fmin(bps / plot->rate_max, 1));
}

static double y_of_queue(const struct plot *plot, double ms)
{
    return QUEUE_TOP + QUEUE_HEIGHT * (1 - fmin(ms / plot->queue_max, 1));
}

static unsigned flow_count(const struct plot *plot)
{
    const struct bwe_sim_scenario *scenario = plot->run->scenario;
    unsigned media = scenario->back_flow > 0 ? scenario->back_flow : scenario->flow_count;
    return media + (scenario->tcp_count > 0);
}

static void begin_line(const struct plot *plot, const char *colour, double width)
{
    fprintf(plot->out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" points=\"",
            colour, width);
}

static void draw_capacity(const struct plot *plot)
{
    const struct bwe_sim_capacity *capacity = &plot->run->link.capacity;
    begin_line(plot, "#bbbbbb", 3);
    for (unsigned i = 0; i < capacity->count; i++) {
        double end_s =
            i + 1 < capacity->count ? capacity->steps[i + 1].at_s : plot->run->scenario->seconds;
        double y = y_of_rate(plot, capacity->steps[i].mbps * 1e6);
        fprintf(plot->out, "%.1f,%.1f %.1f,%.1f ",
                x_of(plot, capacity->steps[i].at_s * 1e6 / BWE_SIM_BIN_US), y,
                x_of(plot, end_s * 1e6 / BWE_SIM_BIN_US), y);
    }
    fprintf(plot->out, "\"/>\n");
}

static void draw_rate(const struct plot *plot, unsigned flow)
{
    const struct bwe_sim_flow_measure *measure = &plot->run->measure.flows[flow];
    begin_line(plot, colours[flow], 1.2);
    for (unsigned bin = 0; bin + plot->step <= plot->bins; bin += plot->step) {
        uint64_t bytes = 0;
        for (unsigned i = bin; i < bin + plot->step; i++)
            bytes += measure->bytes[i];
        double bps = 8e6 * (double)bytes / ((double)plot->step * BWE_SIM_BIN_US);
        fprintf(plot->out, "%.1f,%.1f ", x_of(plot, bin + plot->step / 2.0), y_of_rate(plot, bps));
    }
    fprintf(plot->out, "\"/>\n");
}

static void draw_queue(const struct plot *plot)
{
    begin_line(plot, "#c0392b", 1);
    for (unsigned bin = 0; bin + plot->step <= plot->bins; bin += plot->step) {
        unsigned most = 0;
        for (unsigned i = bin; i < bin + plot->step; i++)
            most = plot->run->measure.queue_ms[i] > most ? plot->run->measure.queue_ms[i] : most;
        fprintf(plot->out, "%.1f,%.1f ", x_of(plot, bin), y_of_queue(plot, most));
    }
    fprintf(plot->out, "\"/>\n");
}

static void draw_axes(const struct plot *plot)
{
    unsigned seconds = (unsigned)plot->run->scenario->seconds;
    unsigned tick_s = seconds > 150 ? 50 : seconds > 60 ? 20 : 5;
    for (int i = 0; i <= 4; i++) {
        double bps = plot->rate_max * i / 4, y = y_of_rate(plot, bps);
        fprintf(plot->out,
                "<path d=\"M%d %.1fh%d\" stroke=\"#eee\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.2g</text>\n",
                LEFT, y, WIDTH, LEFT - 5, y + 4, bps / 1e6);
    }
    for (unsigned at_s = 0; at_s <= seconds; at_s += tick_s)
        fprintf(plot->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%u s</text>\n",
                x_of(plot, at_s * 1e6 / BWE_SIM_BIN_US), QUEUE_TOP + QUEUE_HEIGHT + 15, at_s);
    fprintf(plot->out,
            "<path d=\"M%d %dh%d\" stroke=\"#eee\"/><text x=\"%d\" y=\"%d\" "
            "text-anchor=\"end\">%.0f ms</text>\n",
            LEFT, QUEUE_TOP, WIDTH, LEFT - 2, QUEUE_TOP + 4, plot->queue_max);
}

static void find_scales(struct plot *plot)
{
    const struct bwe_sim_capacity *capacity = &plot->run->link.capacity;
    plot->rate_max = 0;
    plot->queue_max = QUEUE_MS_LEAST;
    for (unsigned i = 0; i < capacity->count; i++)
        plot->rate_max = fmax(plot->rate_max, 1.15e6 * capacity->steps[i].mbps);
    for (unsigned i = 0; i < plot->bins; i++)
        plot->queue_max = fmax(plot->queue_max, plot->run->measure.queue_ms[i]);
}

void bwe_sim_plot(FILE *out, const struct bwe_sim_run *run, const char *title)
{
    struct plot plot = {.out = out, .run = run};
    plot.bins = (unsigned)(run->scenario->seconds * 1e6 / BWE_SIM_BIN_US);
    plot.step = plot.bins / 300 + 1;
    find_scales(&plot);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<text x=\"%d\" y=\"18\" font-size=\"13\">%s (%s): Mbit/s, and queue (red)</text>\n",
            WIDTH + LEFT + 20, QUEUE_TOP + QUEUE_HEIGHT + 25, LEFT, run->scenario->about, title);
    draw_axes(&plot);
    draw_capacity(&plot);
    for (unsigned i = 0; i < flow_count(&plot); i++)
        draw_rate(&plot, i);
    draw_queue(&plot);
    fprintf(out, "</svg>\n");
}
