/*
 * GET /metrics: every statistic in Prometheus' text format (version 0.0.4). A metric is named by
 * its level and its name, in base units: iris_layer_policed_bytes_total. Rates and losses are left
 * to the reader, who has rate(). Labels are bounded: node; worker or kind; room and participant
 * only where configured, and only while they are there.
 */
#include "sfu/control/metrics.h"

#include <stdlib.h>
#include <time.h>

#include "sfu/control/operations.h"

#define CONTENT_TYPE     "text/plain; version=0.0.4; charset=utf-8"
#define DELAY_FIRST_LOG2 4  /* 16 us */
#define DELAY_LAST_LOG2  20 /* 1 s */

/* How a unit that ends a name is called in Prometheus, and how many of these one is. */
struct base_unit {
    const char *ours, *base;
    double factor;
};

static struct base_unit base_unit_of(const struct core_statistic *statistic)
{
    switch (statistic->unit) {
    case CORE_UNIT_US:
        return (struct base_unit){"_us", "_seconds", 1e-6};
    case CORE_UNIT_MS:
        return (struct base_unit){"_ms", "_seconds", 1e-3};
    case CORE_UNIT_S:
        return (struct base_unit){"_s", "_seconds", 1};
    case CORE_UNIT_BPS:
        return (struct base_unit){"_bps", "_bytes_per_second", 0.125};
    case CORE_UNIT_NUMBER:
    case CORE_UNIT_BYTES:
    case CORE_UNIT_PER_S:
    case CORE_UNIT_PIXELS:
    case CORE_UNIT_SHARE:
        break;
    }
    return (struct base_unit){"", "", 1};
}

static void escape(char *out, size_t cap, const char *text)
{
    size_t len = 0;
    for (; *text && len + 3 < cap; text++) {
        if (*text == '\\' || *text == '"' || *text == '\n')
            out[len++] = '\\';
        out[len++] = *text == '\n' ? 'n' : *text;
    }
    out[len] = '\0';
}

void control_metrics_put(const struct control_metrics *metrics, const char *labels,
                         const struct core_interval *interval)
{
    double value;
    if (core_statistic_value(metrics->statistic, interval, &value))
        fprintf(metrics->out, "%s{node=\"%s\"%s} %.17g\n", metrics->name, metrics->node, labels,
                value * base_unit_of(metrics->statistic).factor);
}

void control_metrics_head(const struct control_metrics *metrics, const char *name, const char *type,
                          const char *help)
{
    fprintf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void set_metric(struct control_metrics *metrics, const struct control_metrics_level *level,
                       const struct core_statistic *statistic)
{
    const struct base_unit unit = base_unit_of(statistic);
    bool is_counter = statistic->kind == CORE_STATISTIC_COUNTER;
    metrics->statistic = statistic;
    snprintf(metrics->name, sizeof(metrics->name), "iris_%s%.*s%s%s", level->prefix,
             (int)(strlen(statistic->name) - strlen(unit.ours)), statistic->name, unit.base,
             is_counter ? "_total" : "");
    control_metrics_head(metrics, metrics->name, is_counter ? "counter" : "gauge", statistic->help);
}

static void write_level(struct control_metrics *metrics, const struct control_metrics_level *level)
{
    for (unsigned i = 0; i < level->table->count; i++) {
        const struct core_statistic *statistic = &level->table->statistics[i];
        bool is_gauge = statistic->kind == CORE_STATISTIC_GAUGE && !level->is_sum;
        if ((statistic->kind != CORE_STATISTIC_COUNTER && !is_gauge) ||
            statistic->scope < level->scope)
            continue;
        set_metric(metrics, level, statistic);
        level->visit(metrics);
    }
}

static void write_bucket(const struct control_metrics *metrics, const char *name, double bound,
                         uint64_t count)
{
    fprintf(metrics->out, "%s_bucket{node=\"%s\",le=\"%g\"} %llu\n", name, metrics->node, bound,
            (unsigned long long)count);
}

static void write_end(const struct control_metrics *metrics, const char *name, double sum,
                      uint64_t count)
{
    fprintf(metrics->out,
            "%s_bucket{node=\"%s\",le=\"+Inf\"} %llu\n"
            "%s_sum{node=\"%s\"} %.17g\n%s_count{node=\"%s\"} %llu\n",
            name, metrics->node, (unsigned long long)count, name, metrics->node, sum, name,
            metrics->node, (unsigned long long)count);
}

static void write_histogram(const struct control_metrics *metrics, const char *name,
                            const char *help, const struct control_histogram *histogram)
{
    uint64_t count = 0;
    control_metrics_head(metrics, name, "histogram", help);
    for (unsigned i = 0; i < histogram->bound_count; i++)
        write_bucket(metrics, name, histogram->bounds[i], count += histogram->counts[i]);
    write_end(metrics, name, histogram->sum, histogram->count);
}

/* A bucket of io_delay holds whole microseconds, which are cut off: up to one more is in it. */
static void write_delay(const struct control_metrics *metrics)
{
    static const char name[] = "iris_forwarding_delay_seconds";
    const struct control *control = metrics->control;
    uint64_t count = 0, total = 0, sum_us = 0;
    unsigned bucket = 0;
    control_metrics_head(
        metrics, name, "histogram",
        "from the kernel's receive timestamp to the end of sending, of one datagram in 64");
    for (unsigned log2 = DELAY_FIRST_LOG2; log2 <= DELAY_LAST_LOG2; log2++) {
        int64_t bound_us = INT64_C(1) << log2;
        for (; bucket < IO_DELAY_BUCKETS && io_delay_bucket_us(bucket) < bound_us; bucket++)
            for (unsigned w = 0; w < control->config.worker_count; w++)
                count += control->worker_snapshots[w].now.delay.buckets[bucket];
        write_bucket(metrics, name, (double)bound_us * 1e-6, count);
    }
    for (unsigned w = 0; w < control->config.worker_count; w++) {
        total += control->worker_snapshots[w].now.delay.count;
        sum_us += control->worker_snapshots[w].now.delay.sum_us;
    }
    write_end(metrics, name, (double)sum_us * 1e-6, total);
}

static void write_build(const struct control_metrics *metrics)
{
    control_metrics_head(metrics, "iris_build_info", "gauge",
                         "1; the program's version is a label");
    fprintf(metrics->out, "iris_build_info{node=\"%s\",version=\"%s\"} 1\n", metrics->node,
            metrics->control->config.version);
}

static void write_all(struct control_metrics *metrics)
{
    const struct control_statistics *statistics = &metrics->control->statistics;
    write_build(metrics);
    for (const struct control_metrics_level *level = control_metrics_levels; level->prefix; level++)
        if (level->detail <= metrics->control->config.metrics_detail)
            write_level(metrics, level);
    control_metrics_verdicts(metrics);
    write_histogram(metrics, "iris_join_seconds", "from the join request to SRTP's keys",
                    &statistics->join_time);
    write_histogram(metrics, "iris_round_trip_seconds",
                    "of every participant that reports, once a second", &statistics->round_trip);
    write_delay(metrics);
}

/* @return false: no memory */
static bool prepare(struct control_metrics *metrics)
{
    const struct control_room *room = metrics->control->registry.rooms;
    escape(metrics->node, sizeof(metrics->node), metrics->control->config.node_name);
    control_node_statistics_fill(metrics->control, &metrics->node_statistics);
    metrics->rooms = calloc(metrics->node_statistics.rooms + 1, sizeof(*metrics->rooms));
    for (size_t i = 0; metrics->rooms && room; room = room->next)
        control_room_statistics_fill(room, time(NULL), &metrics->rooms[i++]);
    return metrics->rooms != NULL;
}

void control_answer_metrics(struct control *control, const struct control_call *call,
                            struct signalling_http_response *response)
{
    struct control_metrics metrics = {.control = control, .now_us = (int64_t)(uv_hrtime() / 1000)};
    char *text = NULL;
    size_t len = 0;
    (void)call;
    if (prepare(&metrics) && (metrics.out = open_memstream(&text, &len))) {
        write_all(&metrics);
        if (fclose(metrics.out)) { /* no memory */
            free(text);
            text = NULL;
        }
    }
    free(metrics.rooms);
    control_answer_text(response, CONTENT_TYPE, text);
}
