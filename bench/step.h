/*
 * One measurement of a server with so many participants: what iris-bench capacity, scale and memory
 * are made of.
 */
#ifndef IRIS_BENCH_STEP_H
#define IRIS_BENCH_STEP_H

#include "bench/bubbles/schedule.h"
#include "bench/server.h"

struct bench_step {
    unsigned participants, joined; /* joined: of them, live at the end */
    double cpu_us;                 /* of the server, a forwarded packet; -1: unknown */
    double cpu_share;              /* of the server, of one core; -1: unknown */
    double inside_p99_ms;          /* kernel to kernel in the server; -1: unknown */
    double transit_p99_ms;         /* as the receivers see it */
    double lost_percent;
    double forwarded_pps, forwarded_mbps; /* RTP payload */
    uint64_t refused_sends;               /* by the server's kernel: buffer full, or an error */
    uint64_t rss_bytes, rss_before_bytes; /* of the server, at the end and before the joins */
    double idle_share;                    /* of one core: of the server, all in and silent */
    unsigned threads;                     /* of the server */
    double own_share;                     /* of one core, this generator */
    double lateness_p99_ms;               /* of this generator */
    uint64_t own_dropped;                 /* by the kernel: this generator read too slowly */
    bool is_right;                        /* everybody joined, and got what was sent */
    bool is_interrupted;
};

/** Fill a step from a run that is over. */
void bench_step_take(struct bench_step *step, const struct bubbles_result *result);

/**
 * Run participants against a server and measure.
 *
 * @return 0, or -1: it cannot be set up (said on stderr)
 */
int bench_step_run(struct bench_step *step, const struct bubbles_options *options);

/** Options of a step: nothing is printed, nobody decodes. */
void bench_step_options(struct bubbles_options *options);

/** Where the server is. */
void bench_step_aim(struct bubbles_options *options, const struct bench_server *server);

/** One line about it, for people who wait. */
void bench_step_print(FILE *out, const struct bench_step *step);

/** As JSON. New reference. */
json_t *bench_step_json(const struct bench_step *step);

/** Print whether a goal is met, to stderr. @return 1 if it is missed, else 0 */
unsigned bench_judge(const char *goal, double value, double bound, bool is_known);

#endif
