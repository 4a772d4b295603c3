/*
 * Every number of the estimator that is tuned, in one list: what Iris uses, and what makes it
 * behave like Google's congestion control (libwebrtc's constants, without the queue-delay guard).
 *
 * The list expands to the struct, to the two sets and to the names that `iris-bench bwe --sweep`
 * knows. Constants of wire formats and of mechanisms that are not tuned stay with their mechanism.
 */
#ifndef IRIS_BWE_TUNING_H
#define IRIS_BWE_TUNING_H

/* X(name, Iris, GCC, what it is) */
#define BWE_TUNING_LIST(X)                                                                         \
    X(trend_gain, 4, 4, "factor of the trend before it is compared")                               \
    X(trend_smoothing, 0.9, 0.9, "weight of the past in the smoothed delay")                       \
    X(trend_threshold_ms, 12.5, 12.5, "threshold at the start")                                    \
    X(trend_up, 0.0087, 0.0087, "how fast the threshold rises [1/ms]")                             \
    X(trend_down, 0.039, 0.039, "how fast it falls [1/ms]")                                        \
    X(trend_overuse_ms, 10, 10, "time above the threshold before it counts")                       \
    X(trend_queue_ms, 10, 0, "queue delay below which overuse is taken for jitter")                \
    X(beta, 0.95, 0.85, "factor on the acknowledged rate at overuse")                              \
    X(far_growth, 1.08, 1.08, "growth far from the known capacity [factor a second]")              \
    X(near_growth, 1.0, 2.0, "growth near it [half packets a response time]")                      \
    X(near_floor_bps, 65000, 4000, "growth near it, at least [bit/s a second]")                    \
    X(acked_factor, 1.2, 1.5, "no growth beyond the acknowledged rate by more")                    \
    X(near_rtt, 0.5, 0, "exponent of the response time in that least growth")                      \
    X(near_rate, 1, 0, "exponent of the rate in it: the smaller flow grows faster")                \
    X(guard, 1, 0, "1: the absolute queue-delay guard works")                                      \
    X(queue_margin_ms, 14, 1e9, "no more queue than this above the base of the last seconds")      \
    X(guard_enter_ms, 30, 60, "queue delay that makes it cap the rate")                            \
    X(guard_exit_ms, 16, 30, "queue delay at which it lets go")                                    \
    X(guard_drain_ms, 250, 500, "time in which a queue is to be drained")                          \
    X(guard_floor, 0.4, 0.5, "least share of the received rate that it leaves")                    \
    X(guard_return, 0.96, 1.0, "share of the drain rate's capacity taken up again")                \
    X(guard_yield_ms, 1500, 3000, "a queue that stands for so long is somebody else's")            \
    X(guard_retry_ms, 10000, 10000, "how long it yields before it tries again, at first")          \
    X(yield_beta, 0.85, 0.85, "factor on the rate at a loss while it yields")                      \
    X(guard_quiet_ms, 3000, 3000, "until there has been none for so long")                         \
    X(loss_offset, 0.25, 0.05, "inherent loss believed at any rate")                               \
    X(loss_balance_bps, 25000, 100000, "and this over the rate on top")                            \
    X(loss_queue_ms, 25, 1e9, "queue delay above which only the smaller bound holds")              \
    X(loss_queue_offset, 0.02, 0.05, "inherent loss believed while there is a queue")              \
    X(probe_first, 3, 3, "first probe, times the start rate")                                      \
    X(probe_second, 6, 6, "second probe, times the start rate")                                    \
    X(probe_further, 2, 2, "further probes, times the result")                                     \
    X(probe_series, 1.5, 2, "the same after the first seconds: a false result costs less queue")   \
    X(probe_ratio, 10, 2, "arrived faster than sent by more: no result")                           \
    X(probe_ms, 25, 15, "length of a probe")                                                       \
    X(probe_packets, 5, 5, "packets of a probe, at least")                                         \
    X(probe_received, 0.6, 0.8, "share of a probe that must arrive")                               \
    X(probe_start_ms, 200, 5000, "that period in the first seconds")                               \
    X(probe_confirm, 1, 0, "1: a probe counts for no more than the one before it showed")          \
    X(probe_progress, 1.15, 1e9, "result over the target with which to probe on")                  \
    X(probe_alr_ms, 5000, 5000, "period of probes while application-limited")                      \
    X(probe_explore_ms, 800, 5000, "period of probes while the queue is empty; 0: none")           \
    X(probe_beyond, 1.03, 0, "it must exceed the capacity met last by this factor")                \
    X(probe_explore_max_ms, 800, 5000, "that period after failures")                               \
    X(probe_explore_gain, 2, 2, "those, times the target")                                         \
    X(pacing_gain, 1.5, 2.5, "pacing rate over the target")                                        \
    X(pacing_burst_ms, 5, 5, "what leaves at once, at the pacing rate")

struct bwe_tuning {
#define X(name, iris, gcc, about) double name;
    BWE_TUNING_LIST(X)
#undef X
};

extern const struct bwe_tuning bwe_tuning_iris; /* what the server uses */
extern const struct bwe_tuning bwe_tuning_gcc;  /* what is reproduced before it is beaten */

#endif
