/* The results of a run, in three forms. */
#ifndef IRIS_BENCH_BUBBLES_REPORT_H
#define IRIS_BENCH_BUBBLES_REPORT_H

#include <stdio.h>

#include "bench/bubbles/run.h"
#include "bench/bubbles/server_process.h"
#include "sfu/io/statistics.h"

/* One second of a run, for the plots. */
struct bubbles_second {
    double at_s; /* since the start */
    unsigned live;
    double received_bps, received_pps, sent_pps;
    double server_cpu, own_cpu; /* of one core; server_cpu -1: unknown */
    double server_rss_bytes;
    double transit_p50_ms, transit_p99_ms; /* -1: nothing came */
    double freezes;                        /* in this second */
};

/* What was measured. */
struct bubbles_result {
    const struct bubbles_options *options;
    const struct bubbles_totals *totals;
    const struct bubbles_net_counters *net;
    const char *aead;
    double duration_s;
    unsigned live; /* participants at the end */
    bool has_server;
    struct bubbles_usage server_idle, server_begin, server_end; /* idle: before the first join */
    struct bubbles_usage idle_begin, idle_end;                  /* everybody is in, no media */
    struct bubbles_usage own_begin, own_end;
    bool has_workers;                     /* its operations listener was reached */
    struct io_statistics workers;         /* what all of them did while measured */
    const struct bubbles_second *seconds; /* of the whole run */
    unsigned second_count;
    bool is_right; /* nobody failed, nothing wrong was seen */
};

/** RTP packets that the server forwarded to us while measured. */
uint64_t bubbles_result_forwarded(const struct bubbles_result *result);

/** CPU time of the server while everybody was in and silent, of a core; 0: not measured. */
double bubbles_result_idle_share(const struct bubbles_result *result);

/** CPU time of the server for a forwarded packet, that of idling subtracted [us]; -1: unknown. */
double bubbles_result_cpu_us(const struct bubbles_result *result);

/**
 * Memory that one participant costs the server [bytes]; that before the first join is subtracted.
 * Below 0 for a server that has carried more people before: it keeps what they needed.
 */
double bubbles_result_rss_bytes(const struct bubbles_result *result);

/** A table for people. */
void bubbles_report_text(FILE *out, const struct bubbles_result *result);

/** One JSON object. @return 0, or -1: no memory, or the file cannot be written */
int bubbles_report_json(FILE *out, const struct bubbles_result *result);

/** One page with plots, without any other file. */
void bubbles_report_html(FILE *out, const struct bubbles_result *result);

#endif
