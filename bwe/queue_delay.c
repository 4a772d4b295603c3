/* Base delay, drift, queue delay: see the header. */
#include "bwe/queue_delay.h"

#include <math.h>
#include <string.h>

#define DRIFT_SLOTS  6      /* before so many slots no drift is believed */
#define DRIFT_MAX    200e-6 /* crystals are within 100 ppm each */
#define JUMP_US      INT64_C(1000000000)
#define DELAY_MAX_MS 60000

void bwe_queue_delay_reset(struct bwe_queue_delay *state)
{
    memset(state, 0, sizeof(*state));
}

static void start(struct bwe_queue_delay *state, int64_t delay_us, int64_t now_us)
{
    bwe_queue_delay_reset(state);
    state->started = true;
    state->origin_us = delay_us;
    state->slot_start_us = state->short_start_us = now_us;
    state->count = 1;
    state->base_us = INT32_MAX;
    for (unsigned i = 0; i < BWE_SHORT_SLOTS; i++)
        state->short_us[i] = INT32_MAX;
    state->slots_us[0] = INT32_MAX;
}

/* The slot that ended so many slots before the running one. */
static int32_t *slot_back(struct bwe_queue_delay *state, unsigned back)
{
    return &state->slots_us[(state->head + BWE_BASE_SLOTS - back) % BWE_BASE_SLOTS];
}

/* Insertion sort: there are 49 of them once in ten seconds. */
static double median(int32_t *values, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        int32_t value = values[i];
        unsigned j = i;
        for (; j > 0 && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
    unsigned middle = count / 2;
    return values[middle];
}

/* The median of finished slots; slots without packets are left out. False when there is none. */
static bool median_of_slots(struct bwe_queue_delay *state, unsigned from, unsigned count,
                            double *median_us)
{
    int32_t values_us[BWE_BASE_SLOTS];
    unsigned used = 0;
    for (unsigned back = from; back < from + count; back++) {
        if (*slot_back(state, back) != INT32_MAX)
            values_us[used++] = *slot_back(state, back);
    }
    if (used > 0)
        *median_us = median(values_us, used);
    return used > 0;
}

/* From the oldest third of the slots to the newest one. */
static void estimate_drift(struct bwe_queue_delay *state)
{
    unsigned finished = state->count - 1U, third = finished / 3;
    double newer_us, older_us;
    if (finished < DRIFT_SLOTS || !median_of_slots(state, 1, third, &newer_us) ||
        !median_of_slots(state, 1 + finished - third, third, &older_us))
        return;
    double elapsed_us = (double)(finished - third) * BWE_BASE_SLOT_US;
    double drift = (newer_us - older_us) / elapsed_us;
    state->drift = fmin(fmax(drift, -DRIFT_MAX), DRIFT_MAX);
}

/* The least finished slot, each moved to now by the drift. */
static void find_base(struct bwe_queue_delay *state)
{
    double base_us = INT32_MAX;
    for (unsigned back = 1; back < state->count; back++) {
        int32_t slot_us = *slot_back(state, back);
        if (slot_us != INT32_MAX)
            base_us = fmin(base_us, slot_us + state->drift * back * BWE_BASE_SLOT_US);
    }
    state->base_us = (int32_t)base_us;
}

static void roll_slots(struct bwe_queue_delay *state, int64_t now_us)
{
    while (now_us - state->slot_start_us >= BWE_BASE_SLOT_US) {
        state->slot_start_us += BWE_BASE_SLOT_US;
        state->head = (uint8_t)((state->head + 1) % BWE_BASE_SLOTS);
        if (state->count < BWE_BASE_SLOTS)
            state->count++;
        state->slots_us[state->head] = INT32_MAX;
        estimate_drift(state);
        find_base(state);
    }
    if (now_us - state->short_start_us >= BWE_SHORT_SLOT_US) {
        state->short_start_us = now_us;
        state->short_head = (uint8_t)((state->short_head + 1) % BWE_SHORT_SLOTS);
        state->short_us[state->short_head] = INT32_MAX;
    }
}

/* The mean of the last values; of the first ones too: an early one among them, taken alone, would
   be the base for minutes. The very first one still is; with the means of the first seven assigned
   to their slot instead, the burst of a join became the base (goal 3: 3.07 s, seeds 401-500). */
static int32_t mean_of_recent(struct bwe_queue_delay *state, int32_t value_us)
{
    int64_t sum_us = 0;
    state->recent_us[state->recent_head] = value_us;
    state->recent_head = (uint8_t)((state->recent_head + 1) % BWE_DELAY_MEAN);
    if (state->recent_count < BWE_DELAY_MEAN)
        state->recent_count++;
    for (unsigned i = 0; i < state->recent_count; i++)
        sum_us += state->recent_us[i];
    return (int32_t)(sum_us / state->recent_count);
}

static void lower(int32_t *least_us, int32_t value_us)
{
    if (value_us < *least_us)
        *least_us = value_us;
}

void bwe_queue_delay_add(struct bwe_queue_delay *state, int64_t delay_us, int64_t now_us)
{
    int64_t relative_us = delay_us - state->origin_us;
    bool is_old = now_us - state->slot_start_us > BWE_BASE_SLOTS * (int64_t)BWE_BASE_SLOT_US;
    if (!state->started || is_old || relative_us > JUMP_US || relative_us < -JUMP_US) {
        start(state, delay_us, now_us);
        relative_us = 0;
    }
    roll_slots(state, now_us);
    int32_t value_us = (int32_t)relative_us;
    int32_t mean_us = mean_of_recent(state, value_us);
    lower(&state->slots_us[state->head], mean_us);
    lower(&state->short_us[state->short_head], mean_us);

    double base_us = state->base_us;
    if (state->base_us != INT32_MAX)
        base_us += state->drift * (double)(now_us - state->slot_start_us);
    base_us = fmin(base_us, state->slots_us[state->head]);
    int32_t short_base_us = INT32_MAX;
    for (unsigned i = 0; i < BWE_SHORT_SLOTS; i++)
        lower(&short_base_us, state->short_us[i]);
    state->queue_ms = fmin(fmax((value_us - base_us) / 1000, 0), DELAY_MAX_MS);
    state->short_queue_ms = fmin(fmax((value_us - (double)short_base_us) / 1000, 0), DELAY_MAX_MS);
}
