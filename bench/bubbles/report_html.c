/* One page: what was run, the verdict, plots over time, distributions, and the whole table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/plot.h"
#include "bench/bubbles/report.h"

#define PERCENTILES 100 /* points of a distribution */

static const char head[] =
    "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
    "<meta name='viewport' content='width=device-width'><title>iris-bench bubbles</title><style>\n"
    ":root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1180px;margin:2em auto;padding:0 1em}"
    "main{display:grid;grid-template-columns:repeat(auto-fit,minmax(460px,1fr));gap:8px 20px}"
    "figure{margin:0}svg{width:100%;height:auto}"
    "polyline{fill:none;stroke-width:1.6}.grid{stroke:#8885;stroke-width:.7}"
    ".tick{font-size:11px;fill:currentColor;opacity:.7}"
    ".title{font-size:13px;fill:currentColor;font-weight:600}"
    ".card{display:inline-block;margin:0 2em 1em 0}.card b{display:block;font-size:1.7em}"
    "pre{overflow-x:auto;border-top:1px solid #8885;padding-top:1em}"
    ".wrong{color:#c0392b}.right{color:#2e7d32}\n</style></head><body>\n";

/* Text of other people: a URL, a server's error message. */
static void write_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                                            : NULL;
        if (entity)
            fputs(entity, out);
        else
            fputc(*text, out);
    }
}

static void write_card(FILE *out, const char *name, double value, const char *unit)
{
    if (value >= 0)
        fprintf(out, "<span class='card'><b>%.4g %s</b>%s</span>\n", value, unit, name);
}

static double p99_ms(const struct bubbles_histogram *histogram)
{
    int64_t value_us = bubbles_histogram_percentile(histogram, 0.99);
    return value_us < 0 ? -1 : (double)value_us / 1000;
}

static void write_summary(FILE *out, const struct bubbles_result *result)
{
    const struct bubbles_totals *totals = result->totals;
    uint64_t freezes = 0;
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++)
        freezes += totals->received[kind].freezes;
    fprintf(out, "<h1>%u participants in %u rooms, %s</h1>\n", result->live, result->options->rooms,
            bubbles_profile_name(result->options->profile));
    fprintf(out, "<p class='%s'>%s</p>\n", result->is_right ? "right" : "wrong",
            result->is_right ? "Everybody joined; every frame was its sender's."
                             : "Something went wrong: see the table.");
    if (totals->joins.problem[0]) {
        fputs("<p class='wrong'>", out);
        write_escaped(out, totals->joins.problem);
        fputs("</p>\n", out);
    }
    write_card(out, "forwarded a second",
               (double)bubbles_result_forwarded(result) / result->duration_s / 1000, "k packets");
    write_card(out, "CPU of the server for each", bubbles_result_cpu_us(result), "&micro;s");
    write_card(out, "p99 through the server", p99_ms(&totals->transit), "ms");
    write_card(out, "p99 of a join (media keyed)", p99_ms(&totals->joins.whole), "ms");
    write_card(out, "freezes", (double)freezes, "");
}

/* ---- over time ---- */

typedef double (*second_value_fn)(const struct bubbles_second *second);

static double value_live(const struct bubbles_second *second)
{
    return second->live;
}

static double value_mbps(const struct bubbles_second *second)
{
    return second->received_bps / 1e6;
}

static double value_received_kpps(const struct bubbles_second *second)
{
    return second->received_pps / 1000;
}

static double value_sent_kpps(const struct bubbles_second *second)
{
    return second->sent_pps / 1000;
}

static double value_server_cpu(const struct bubbles_second *second)
{
    return second->server_cpu < 0 ? -1 : 100 * second->server_cpu;
}

static double value_own_cpu(const struct bubbles_second *second)
{
    return 100 * second->own_cpu;
}

static double value_rss(const struct bubbles_second *second)
{
    return second->server_cpu < 0 ? -1 : second->server_rss_bytes / 1e6;
}

static double value_p50(const struct bubbles_second *second)
{
    return second->transit_p50_ms;
}

static double value_p99(const struct bubbles_second *second)
{
    return second->transit_p99_ms;
}

static double value_freezes(const struct bubbles_second *second)
{
    return second->freezes;
}

static const struct {
    const char *title, *unit;
    unsigned count;
    struct {
        const char *name;
        second_value_fn value;
    } lines[2];
} time_plots[] = {
    {"Participants", "live", 1, {{"live", value_live}}},
    {"Received by all", "Mbit/s", 1, {{"received", value_mbps}}},
    {"Packets", "1000/s", 2, {{"forwarded", value_received_kpps}, {"sent", value_sent_kpps}}},
    {"CPU", "% of a core", 2, {{"server", value_server_cpu}, {"generator", value_own_cpu}}},
    {"Server's memory (RSS)", "MB", 1, {{"RSS", value_rss}}},
    {"Through the server", "ms", 2, {{"p50", value_p50}, {"p99", value_p99}}},
    {"Freezes", "a second", 1, {{"freezes", value_freezes}}},
};

static void write_time_plots(FILE *out, const struct bubbles_result *result)
{
    unsigned count = result->second_count;
    double *x = calloc(count + 1, sizeof(*x)), *y = calloc(2 * (size_t)count + 1, sizeof(*y));
    for (unsigned p = 0; x && y && p < sizeof(time_plots) / sizeof(*time_plots); p++) {
        struct bubbles_plot plot = {.title = time_plots[p].title,
                                    .x_unit = " s",
                                    .y_unit = time_plots[p].unit,
                                    .x = x,
                                    .count = count,
                                    .line_count = time_plots[p].count};
        for (unsigned l = 0; l < time_plots[p].count; l++) {
            plot.lines[l] = (struct bubbles_plot_line){time_plots[p].lines[l].name, y + l * count};
            for (unsigned i = 0; i < count; i++)
                y[l * count + i] = time_plots[p].lines[l].value(&result->seconds[i]);
        }
        for (unsigned i = 0; i < count; i++)
            x[i] = result->seconds[i].at_s;
        bubbles_plot_write(out, &plot);
    }
    free(x);
    free(y);
}

/* ---- distributions ---- */

static void write_distributions(FILE *out, const char *title,
                                const struct bubbles_histogram *const *histograms,
                                const char *const *names, unsigned count)
{
    double x[PERCENTILES], y[BUBBLES_PLOT_LINES][PERCENTILES];
    struct bubbles_plot plot = {.title = title, .x_unit = " %", .y_unit = "ms", .x = x};
    for (unsigned h = 0; h < count; h++) {
        if (histograms[h]->count == 0)
            continue;
        double *values = y[plot.line_count];
        for (unsigned i = 0; i < PERCENTILES; i++) {
            x[i] = i + 1 == PERCENTILES ? 99.9 : i + 1;
            values[i] = (double)bubbles_histogram_percentile(histograms[h], x[i] / 100) / 1000;
        }
        plot.count = PERCENTILES;
        plot.lines[plot.line_count++] = (struct bubbles_plot_line){names[h], values};
    }
    bubbles_plot_write(out, &plot);
}

static void write_all_distributions(FILE *out, const struct bubbles_totals *totals)
{
    const struct bubbles_joins *joins = &totals->joins;
    const struct bubbles_histogram *const join[] = {&joins->signalling, &joins->ice, &joins->dtls,
                                                    &joins->first_picture};
    const char *const join_names[] = {"signalling", "ICE", "DTLS", "to first picture"};
    const struct bubbles_histogram *const delay[] = {&totals->transit, &totals->verdicts.delay,
                                                     &totals->lateness};
    const char *const delay_names[] = {"server", "decoded picture", "generator's lateness"};
    write_distributions(out, "Joins by percentile", join, join_names, 4);
    write_distributions(out, "Delays by percentile", delay, delay_names, 3);
}

static void write_table(FILE *out, const struct bubbles_result *result)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    if (!memory)
        return;
    bubbles_report_text(memory, result);
    if (fclose(memory) == 0) {
        fputs("<pre>", out);
        write_escaped(out, text);
        fputs("</pre>\n", out);
    }
    free(text);
}

void bubbles_report_html(FILE *out, const struct bubbles_result *result)
{
    fputs(head, out);
    write_summary(out, result);
    fputs("<main>\n", out);
    write_time_plots(out, result);
    write_all_distributions(out, result->totals);
    fputs("</main>\n", out);
    write_table(out, result);
    fputs("</body></html>\n", out);
}
