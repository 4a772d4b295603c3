/*
 * The delay-based rate: additive increase, multiplicative decrease (draft-ietf-rmcat-gcc-02, 5.5).
 *
 * Far from any capacity that was met the rate grows by a factor, near one by about half a packet a
 * response time; overuse sets it to a share of what arrives.
 */
#ifndef IRIS_BWE_RATE_CONTROL_H
#define IRIS_BWE_RATE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/trendline.h"
#include "bwe/tuning.h"

struct bwe_rate_control {
    double rate_bps, min_bps, max_bps;
    double capacity_bps, capacity_variance; /* met at overuse; 0: none known */
    double met_bps;                         /* the capacity met last, not averaged; 0: none yet */
    int64_t met_us;                         /* when that was */
    int64_t changed_us, decreased_us;
    bool is_increasing;
};

/* What decides about the next step. */
struct bwe_rate_input {
    enum bwe_usage usage;
    bool is_held;     /* the guard works, or the sender is limited by what it has: no growth */
    bool is_yielding; /* somebody else's queue: only losses count, as for TCP */
    bool has_loss;    /* in this message */
    double acked_bps; /* 0: unknown */
    double rtt_ms;
};

/** Start at a rate; the bounds hold from now on. */
void bwe_rate_control_init(struct bwe_rate_control *control, double start_bps, double min_bps,
                           double max_bps);

/** One step, for one feedback message. */
void bwe_rate_control_update(struct bwe_rate_control *control, const struct bwe_tuning *tuning,
                             const struct bwe_rate_input *input, int64_t now_us);

/** Another part knows better (a probe, the end of the guard). A value that is no number is refused.
 */
void bwe_rate_control_set(struct bwe_rate_control *control, double rate_bps, int64_t now_us);

/** The capacity that the guard measured: growth is slow near it. */
void bwe_rate_control_met(struct bwe_rate_control *control, double capacity_bps, int64_t now_us);

#endif
