/*
 * The scenarios: RFC 8867's test cases and those of our goals, as data, and the running of one with
 * one seed.
 */
#ifndef IRIS_BENCH_BWE_SCENARIO_H
#define IRIS_BENCH_BWE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/bwe/flow.h"
#include "bench/bwe/tcp.h"

#define BWE_SIM_TCP_MAX   10
#define BWE_SIM_GOALS_MAX 6

/* What a run is judged by. */
#define BWE_SIM_METRICS(X)                                                                         \
    X(P50, "p50_ms", "queue p50", "ms")                                                            \
    X(P95, "p95_ms", "queue p95", "ms")                                                            \
    X(P99, "p99_ms", "queue p99", "ms")                                                            \
    X(LOSS, "loss_percent", "loss", "%")                                                           \
    X(USE, "utilisation", "utilisation", "")                                                       \
    X(WORST, "worst_stage", "worst stage", "")                                                     \
    X(CONVERGED, "converged_s", "converged, slowest event", "s")                                   \
    X(T90, "t90_s", "90 % after", "s")                                                             \
    X(ABOVE, "above_100ms_s", "last above 100 ms", "s")                                            \
    X(JAIN, "jain", "Jain", "")                                                                    \
    X(JAIN_1S, "jain_1s", "Jain over 1 s", "")                                                     \
    X(JAIN_5S, "jain_5s", "Jain over 5 s", "")                                                     \
    X(JAIN_20S, "jain_20s", "Jain over 20 s", "")                                                  \
    X(ESTIMATE, "estimate_s", "estimate covers all", "s")                                          \
    X(FULL, "full_quality_s", "full quality", "s")                                                 \
    X(RETURN, "return_s", "video again", "s")                                                      \
    X(UPS, "up_switches", "switches up again", "")                                                 \
    X(OVERHEAD, "padding_percent", "padding", "%")                                                 \
    X(REPAIRS, "repair_percent", "repairs", "%")                                                   \
    X(SHARE, "media_share", "of fair share", "")                                                   \
    X(LEAST, "least_kbps", "least over 5 s", "kbit/s")                                             \
    X(FEEDBACK, "feedback_kbps", "feedback", "kbit/s")                                             \
    X(REPORTING, "feedback_percent", "feedback", "% of media")                                     \
    X(LOST, "lost_percent", "lost, at random too", "%")                                            \
    X(UNREPAIRED, "unrepaired_percent", "video lost after repair", "%")                            \
    X(TURNS, "turns_per_minute", "turns by a fifth", "a minute")

enum bwe_sim_metric {
#define X(id, key, title, unit) BWE_SIM_##id,
    BWE_SIM_METRICS(X)
#undef X
        BWE_SIM_METRIC_COUNT
};

/* A line of bwe.md's goals. */
struct bwe_sim_goal {
    unsigned number; /* in bwe.md; 0: none */
    enum bwe_sim_metric metric;
    bool is_least; /* at least the value, otherwise at most */
    double value;
    const char *known; /* the best figure published, or NULL */
};

struct bwe_sim_scenario {
    const char *name, *about;
    double seconds;
    struct bwe_sim_capacity capacity, back_capacity; /* back without steps: unimpaired */
    double queue_ms, loss, jitter_ms;
    unsigned flow_count, tcp_count;
    unsigned back_flow; /* index of the first flow that goes the other way; 0: none */
    struct bwe_sim_flow_config flows[BWE_SIM_FLOWS_MAX];
    struct bwe_sim_tcp_config tcp;
    unsigned tcp_started;              /* short ones that start with a file */
    double event_s;                    /* what T90 and ABOVE count from */
    double window_from_s, window_to_s; /* of queue delay and loss; 0, 0: all */
    double share_from_s;               /* of Jain and shares; 0: from the last start + 10 s */
    struct bwe_sim_goal goals[BWE_SIM_GOALS_MAX];
    struct bwe_sim_goal gcc_goals[BWE_SIM_GOALS_MAX]; /* what Google's congestion control is known
                                                         for, within reason */
};

/* What runs through the scenarios. */
struct bwe_sim_subject {
    struct bwe_tuning tuning;
    bool is_gcc;    /* judged by gcc_goals */
    bool is_smooth; /* no jitter, as where the figures of others were measured */
};

struct bwe_sim_result {
    double values[BWE_SIM_METRIC_COUNT];   /* NAN where the scenario has no such thing */
    unsigned stage_count;                  /* of the capacity */
    double stages[BWE_SIM_STEPS_MAX];      /* used of what could be, in each */
    double converged_s[BWE_SIM_STEPS_MAX]; /* from its beginning until 600 ms fit it: 90 % used, and
                                              no more aimed at than 105 % of it */
    struct bwe_sim_delays delays;
};

/* Everything of one run; large: keep it off the stack. */
struct bwe_sim_run {
    const struct bwe_sim_scenario *scenario;
    struct bwe_sim_link link, back;
    struct bwe_sim_measure measure, back_measure;
    struct bwe_sim_flow flows[BWE_SIM_FLOWS_MAX];
    struct bwe_sim_tcp tcp[BWE_SIM_TCP_MAX];
};

extern const struct bwe_sim_scenario bwe_sim_scenarios[];
extern const size_t bwe_sim_scenario_count;

/** Run a scenario with a seed. The run holds its state and measurements until the next one. */
void bwe_sim_run(struct bwe_sim_run *run, const struct bwe_sim_scenario *scenario,
                 const struct bwe_sim_subject *subject, uint64_t seed);

/** Judge a finished run. */
void bwe_sim_judge(const struct bwe_sim_run *run, struct bwe_sim_result *result);

/** The flow-seconds of a scenario, for the speed of the simulator. */
double bwe_sim_flow_seconds(const struct bwe_sim_scenario *scenario);

#endif
