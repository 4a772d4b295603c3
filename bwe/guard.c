/* The queue-delay guard: see the header. */
#include "bwe/guard.h"

#include <math.h>

#define CAPACITY_WEIGHT  0.3 /* of a new measurement */
#define PREDICTED_MAX_MS 10000

static double predict(const struct bwe_guard_input *input, double queue_ms)
{
    if (input->received_bps <= 0)
        return queue_ms;
    double drain_ms = 1000 * input->outstanding_bits / input->received_bps;
    return fmin(fmax(queue_ms + drain_ms - input->rtt_ms, 0), PREDICTED_MAX_MS);
}

static void enter(struct bwe_guard *guard, const struct bwe_guard_input *input, int64_t now_us)
{
    guard->is_active = true;
    guard->since_us = now_us;
    guard->capacity_bps = input->received_bps;
}

static void leave(struct bwe_guard *guard, int64_t now_us)
{
    guard->is_active = false;
    guard->has_left = true;
    guard->exit_us = now_us;
}

void bwe_guard_update(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                      const struct bwe_guard_input *input, int64_t now_us)
{
    guard->has_left = false;
    if (guard->is_yielding && input->queue_ms < tuning->guard_exit_ms)
        guard->is_yielding = false;
    double queue_ms = guard->is_yielding ? input->short_queue_ms : input->queue_ms;
    guard->predicted_ms = predict(input, queue_ms);

    bool is_rising = input->is_overuse && guard->predicted_ms > tuning->guard_enter_ms &&
                     queue_ms > tuning->guard_exit_ms;
    if (!guard->is_active && (queue_ms > tuning->guard_enter_ms || is_rising))
        enter(guard, input, now_us);
    if (!guard->is_active)
        return;
    if (queue_ms > tuning->guard_exit_ms)
        guard->capacity_bps += CAPACITY_WEIGHT * (input->received_bps - guard->capacity_bps);
    if (queue_ms < tuning->guard_exit_ms) {
        leave(guard, now_us);
        return;
    }
    if (now_us - guard->since_us > (int64_t)(1000 * tuning->guard_yield_ms)) {
        guard->is_yielding = true;
        leave(guard, now_us);
        return;
    }
    double excess_ms = fmax(guard->predicted_ms - tuning->guard_exit_ms, 0);
    double share = fmax(1 - excess_ms / tuning->guard_drain_ms, tuning->guard_floor);
    guard->cap_bps = share * input->received_bps;
}
