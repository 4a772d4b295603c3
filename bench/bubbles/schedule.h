/*
 * The course of a run: participants join one after the other, are silent for a while (if what
 * idling costs is asked for), settle for a moment, are measured, and leave. A tick each millisecond
 * does what is due; datagrams and messages come in between.
 */
#ifndef IRIS_BENCH_BUBBLES_SCHEDULE_H
#define IRIS_BENCH_BUBBLES_SCHEDULE_H

#include "bench/bubbles/participant.h"
#include "bench/bubbles/report.h"

enum bubbles_phase {
    BUBBLES_RAMP,
    BUBBLES_CALMING, /* in silence, what joins left over passes */
    BUBBLES_IDLING,  /* in silence, measured */
    BUBBLES_SETTLING,
    BUBBLES_MEASURING,
    BUBBLES_OVER,
};

/* What the last sample saw, to tell the difference. */
struct bubbles_sampled {
    uint64_t received, bytes, sent, freezes;
    struct bubbles_usage server, own;
};

struct bubbles_schedule {
    struct bubbles_run run;
    enum bubbles_phase phase;
    int64_t phase_us;  /* when it began */
    unsigned joined;   /* seats that were filled at first */
    int64_t churn_us;  /* when the next one leaves */
    int64_t second_us; /* when the next sample is due */
    struct bubbles_sampled sampled;
    struct bubbles_result result;
    struct io_statistics workers_begin;
    struct bubbles_second *seconds; /* owned */
    unsigned second_cap;
    uv_signal_t interrupt, terminate;
    bool is_stopping; /* interrupted */
    bool is_terminal;
};

/**
 * Set a run up: recordings, sockets, rooms.
 *
 * @param options  copied; its texts must outlive the schedule
 * @param dialect  static
 * @return         owned; NULL: said on stderr
 */
struct bubbles_schedule *bubbles_schedule_create(const struct bubbles_options *options,
                                                 const struct bubbles_dialect *dialect);
void bubbles_schedule_destroy(struct bubbles_schedule *schedule);

/** Run, once, from the first join until the last one has left; fills the result. */
void bubbles_schedule_run(struct bubbles_schedule *schedule);

/** Something for each participant that is there. */
typedef void (*bubbles_visit_fn)(struct bubbles_schedule *schedule,
                                 struct bubbles_participant *participant, int64_t now_us);
void bubbles_schedule_visit(struct bubbles_schedule *schedule, bubbles_visit_fn visit,
                            int64_t now_us);

/** A second has passed: a sample for the plots, and progress on a terminal. */
void bubbles_schedule_sample(struct bubbles_schedule *schedule, int64_t now_us);

#endif
