/*
 * Beside the load generator, in a thread of its own: reads the rooms of a running server each
 * second and judges what it says of them; stops the server now and then, if that is the impairment.
 */
#ifndef IRIS_BENCH_VERDICTS_WATCH_H
#define IRIS_BENCH_VERDICTS_WATCH_H

#include <stdatomic.h>
#include <uv.h>

#include "bench/bubbles/options.h"
#include "bench/bubbles/server_process.h"
#include "bench/verdicts/judge.h"

#define VERDICTS_ROOMS_MAX   16
#define VERDICTS_MEMORY_S    6 /* a number stays in what is smoothed, and a verdict holds */
#define VERDICTS_ROOM_PREFIX "bubble"

struct verdicts_watch_params {
    struct bubbles_url operations;
    pid_t server;
    unsigned rooms;            /* VERDICTS_ROOM_PREFIX-1 and so on, or one VERDICTS_ROOM_PREFIX */
    int64_t first_us, last_us; /* first and last sample, after the start [us] */
};

/* Embedded; begins with zeroes. */
struct verdicts_watch {
    struct verdicts_watch_params params;
    struct verdicts_tally tallies[VERDICTS_ROOMS_MAX];
    unsigned unanswered;   /* requests; a stopped server answers late, not never */
    double waited_most_ms; /* of any second */
    uv_thread_t thread;
    atomic_bool is_over;
    int64_t began_us;
    struct bubbles_usage own, server; /* a second ago */
    double waited_ms[VERDICTS_MEMORY_S];
    unsigned seconds;
};

/**
 * Begin, now: the impairment is one of IMPAIRMENT_ONSET_US from now on.
 *
 * @return 0, or -1: no thread
 */
int verdicts_watch_start(struct verdicts_watch *watch, const struct verdicts_watch_params *params,
                         enum impairment impairment, bool is_verbose);

/** The load is over: no more samples. A server that was stopped goes on. sum: written. */
void verdicts_watch_finish(struct verdicts_watch *watch, struct verdicts_tally *sum);

#endif
