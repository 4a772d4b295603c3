/*
 * What the files of GET /metrics share. metrics.c: the text format; metrics_levels.c: what there is
 * of each level; metrics_verdicts.c: verdicts.
 */
#ifndef IRIS_CONTROL_METRICS_H
#define IRIS_CONTROL_METRICS_H

#include <stdio.h>

#include "sfu/control/control_internal.h"

#define CONTROL_METRICS_LABELS_BYTES 512
#define CONTROL_METRICS_NAME_BYTES   128

/* What the functions that write one answer to a scrape hand each other. */
struct control_metrics {
    FILE *out;
    const struct control *control;
    char node[256]; /* label value, escaped */
    int64_t now_us; /* monotonic */
    struct control_node_statistics node_statistics;
    struct control_room_statistics *rooms; /* owned; in the registry's order */
    /* The metric that is being written. */
    char name[CONTROL_METRICS_NAME_BYTES];
    const struct core_statistic *statistic;
};

/** Write a sample of the metric, if it is known. @param labels besides the node's:
 * ",kind=\"audio\"" */
void control_metrics_put(const struct control_metrics *metrics, const char *labels,
                         const struct core_interval *interval);

/** Write what stands before a metric's samples. @param type counter, gauge, histogram */
void control_metrics_head(const struct control_metrics *metrics, const char *name, const char *type,
                          const char *help);

/** metrics_verdicts.c: how many participants have which verdict, on the node and, with
 * metrics_detail room or more, in each room. */
void control_metrics_verdicts(struct control_metrics *metrics);

/* Puts every sample that the metric has. */
typedef void (*control_metrics_visit_fn)(const struct control_metrics *metrics);

/* A level as it is exported: iris_PREFIX_... */
struct control_metrics_level {
    const char *prefix;
    const struct core_statistic_table *table;
    bool is_sum; /* counters only */
    enum core_scope scope;
    enum control_metrics_detail detail; /* from which on it is there */
    control_metrics_visit_fn visit;
};

/* metrics_levels.c; ends with a prefix NULL. */
extern const struct control_metrics_level control_metrics_levels[];

#endif
