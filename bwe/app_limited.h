/*
 * Whether the sender has less to send than it may (application-limited region): a budget that fills
 * at 65 % of the target and is emptied by what is sent.
 *
 * Nearly full: limited; nearly half: not. While limited, feedback says nothing about more than what
 * was sent, so only probes raise the estimate.
 */
#ifndef IRIS_BWE_APP_LIMITED_H
#define IRIS_BWE_APP_LIMITED_H

#include <stdbool.h>
#include <stdint.h>

struct bwe_app_limited {
    int64_t last_us;
    int64_t level_bits; /* within +-500 ms of the budget's rate */
    uint32_t rate_bps;  /* at which it fills */
    bool is_limited;
};

/** Start with nothing known: not limited. */
void bwe_app_limited_init(struct bwe_app_limited *state, int64_t now_us);

/** The target has changed. */
void bwe_app_limited_set_target(struct bwe_app_limited *state, double target_bps);

/** Bytes were sent (0: time has passed). O(1), integers only. */
void bwe_app_limited_on_sent(struct bwe_app_limited *state, uint32_t bytes, int64_t now_us);

#endif
