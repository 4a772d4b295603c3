/*
 * Whether a worker has more to do than it can: judged on each of its snapshots, one a second, from
 * what it did since the one before, with hysteresis, so that a burst is no overload and a pause
 * does not end one. A worker that makes no snapshot is judged by that. Pure.
 */
#ifndef IRIS_CONTROL_OVERLOAD_H
#define IRIS_CONTROL_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

/* Silence of a worker with participants that is a cause: longer than three seconds' snapshots. */
#define CONTROL_OVERLOAD_SILENCE_US 3000000

/* What one worker did between two snapshots, about a second. */
struct control_load {
    int64_t silent_us;        /* since the snapshot before, or since it had nobody to tell of */
    int64_t delay_p99_us;     /* from the receive timestamp to the return of the send call */
    uint64_t delay_samples;   /* that this percentile is of */
    uint64_t would_block;     /* datagrams dropped: the send buffer was full */
    uint64_t receive_drops;   /* datagrams dropped: the receive buffer was full */
    uint64_t missing_buffers; /* packets not sent: all buffers were in use */
    uint64_t lost_events;     /* not told: control was behind */
    bool is_queue_full;       /* commands wait: the worker does not take them */
};

/* Which of them decided, the gravest first. */
enum control_overload_cause {
    CONTROL_OVERLOAD_NONE,
    CONTROL_OVERLOAD_SILENCE,
    CONTROL_OVERLOAD_BUFFERS,
    CONTROL_OVERLOAD_SEND_BUFFER,
    CONTROL_OVERLOAD_RECEIVE_BUFFER,
    CONTROL_OVERLOAD_DELAY,
    CONTROL_OVERLOAD_COMMANDS,
    CONTROL_OVERLOAD_EVENTS,
};

/* State of one worker; zero-initialised: not overloaded. */
struct control_overload {
    bool is_overloaded;
    unsigned contrary_s; /* seconds in a row that say otherwise */
};

/** The number that a cause is about: its name (static text) and value in this time. */
struct control_evidence {
    const char *name; /* "delay_p99_us"; "none" */
    int64_t value;
};

/** What is wrong with this time. */
enum control_overload_cause control_overload_judge(const struct control_load *load);

/**
 * Some more seconds have passed, all alike. Three bad ones in a row begin an overload, ten good
 * ones end it.
 *
 * @param silent_us  as in the load; less than a second counts as one
 * @return           whether is_overloaded has changed
 */
bool control_overload_follow(struct control_overload *overload, enum control_overload_cause cause,
                             int64_t silent_us);

struct control_evidence control_overload_evidence(enum control_overload_cause cause,
                                                  const struct control_load *load);

#endif
