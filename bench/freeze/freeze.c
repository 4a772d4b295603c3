/* A moving average over a ring. */
#include "bench/freeze/freeze.h"

#define LATE_US 150000

static bool is_freeze(const struct freeze *freeze, int64_t interval_us)
{
    if (freeze->filled < FREEZE_SAMPLES)
        return false;
    int64_t average_us = freeze->sum_us / freeze->filled;
    return interval_us > 3 * average_us && interval_us > average_us + LATE_US;
}

static void remember(struct freeze *freeze, int64_t interval_us)
{
    if (freeze->filled == FREEZE_WINDOW)
        freeze->sum_us -= freeze->intervals_us[freeze->at];
    else
        freeze->filled++;
    freeze->intervals_us[freeze->at] = (int32_t)interval_us;
    freeze->sum_us += interval_us;
    freeze->at = (freeze->at + 1) % FREEZE_WINDOW;
}

bool freeze_on_frame(struct freeze *freeze, int64_t now_us)
{
    int64_t interval_us = freeze->last_us ? now_us - freeze->last_us : -1;
    freeze->last_us = now_us;
    if (interval_us < 0 || interval_us > INT32_MAX)
        return false;
    bool is_frozen = is_freeze(freeze, interval_us);
    if (is_frozen) {
        freeze->freezes++;
        freeze->frozen_us += interval_us;
    }
    remember(freeze, interval_us);
    return is_frozen;
}

void freeze_break(struct freeze *freeze)
{
    freeze->last_us = 0;
    freeze->sum_us = 0;
    freeze->at = freeze->filled = 0;
}
