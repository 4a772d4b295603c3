/* Application-limited detection: see the header. */
#include "bwe/app_limited.h"

#include <string.h>

#define SHARE         0.65
#define BUDGET_MS     500
#define ENTER_PERCENT 80
#define LEAVE_PERCENT 50

void bwe_app_limited_init(struct bwe_app_limited *state, int64_t now_us)
{
    memset(state, 0, sizeof(*state));
    state->last_us = now_us;
}

void bwe_app_limited_set_target(struct bwe_app_limited *state, double target_bps)
{
    state->rate_bps = (uint32_t)(SHARE * target_bps);
}

static int64_t clamp(int64_t value, int64_t limit)
{
    if (value > limit)
        return limit;
    return value < -limit ? -limit : value;
}

void bwe_app_limited_on_sent(struct bwe_app_limited *state, uint32_t bytes, int64_t now_us)
{
    int64_t limit_bits = (int64_t)state->rate_bps * BUDGET_MS / 1000;
    int64_t elapsed_us = now_us - state->last_us;
    if (elapsed_us > 1000 * BUDGET_MS || elapsed_us < 0)
        elapsed_us = elapsed_us < 0 ? 0 : 1000 * BUDGET_MS;
    state->last_us = now_us;
    state->level_bits =
        clamp(state->level_bits + elapsed_us * state->rate_bps / 1000000 - 8 * (int64_t)bytes,
              limit_bits);
    if (state->level_bits * 100 > limit_bits * ENTER_PERCENT)
        state->is_limited = true;
    else if (state->level_bits * 100 < limit_bits * LEAVE_PERCENT)
        state->is_limited = false;
}
