/* The queue-delay guard: see the header. */
#include "bwe/guard.h"

#include <math.h>

#define CAPACITY_WEIGHT  0.3 /* of a new measurement */
#define SLOWER_QUEUES    3
#define SLOWER_SHARE     0.6
#define TRIAL_FLOOR      0.5
#define PROGRESS_SHARE   0.8
#define YIELD_BACKOFF    2
#define YIELD_MAX_MS     40000
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
    guard->is_active = guard->was_moment = true;
    guard->queue_ms = 0;
    guard->progress_us = guard->since_us = now_us;
    guard->floor_bps = guard->yield_for_ms > 0 ? TRIAL_FLOOR * input->received_bps : 0;
    guard->capacity_bps = input->capacity_bps;
    guard->is_guessing = input->is_limited;
}

static void leave(struct bwe_guard *guard)
{
    guard->is_active = false;
    guard->has_left = true;
    guard->yield_for_ms = 0; /* it drained: it was ours */
}

static void yield(struct bwe_guard *guard, const struct bwe_tuning *tuning, int64_t now_us)
{
    guard->is_active = false;
    guard->is_yielding = guard->has_yielded = true;
    guard->yield_us = guard->queue_us = now_us;
    guard->yield_for_ms =
        fmin(fmax(YIELD_BACKOFF * guard->yield_for_ms, tuning->guard_retry_ms), YIELD_MAX_MS);
}

/* While yielding: until there has been no queue for long enough, or it is time to try again. */
static void wait_for_the_end(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                             const struct bwe_guard_input *input, int64_t now_us)
{
    if (fmin(input->queue_ms, input->short_queue_ms) > tuning->guard_exit_ms)
        guard->queue_us = now_us;
    bool is_quiet = (double)(now_us - guard->queue_us) > 1000 * tuning->guard_quiet_ms;
    if (!is_quiet && (double)(now_us - guard->yield_us) < 1000 * guard->yield_for_ms)
        return;
    guard->is_yielding = false;
    guard->is_new_path = is_quiet && input->long_queue_ms > tuning->guard_exit_ms;
    if (is_quiet)
        guard->yield_for_ms = 0;
}

/* Whether the queue has not become less for longer than an own one would stay. */
static bool is_stuck(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                     const struct bwe_guard_input *input, int64_t now_us)
{
    if (input->queue_ms < PROGRESS_SHARE * guard->queue_ms) {
        guard->queue_ms = input->queue_ms;
        guard->progress_us = now_us;
    }
    guard->queue_ms = fmax(guard->queue_ms, input->queue_ms);
    bool is_trial = guard->yield_for_ms > 0;
    int64_t stuck_us = now_us - (is_trial ? guard->since_us : guard->progress_us);
    return (double)stuck_us > 1000 * (tuning->guard_yield_ms + input->rtt_ms);
}

/* From what was sent before the guard acted; later packets come at the rate that it allowed. Unless
 * they show that the path has become slower meanwhile: they come much more slowly than they left,
 * into a queue. Where less was sent than could be, a burst (a key frame, a probe) has made the
 * queue: only what arrives out of that is a measure. */
static void measure_capacity(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                             const struct bwe_guard_input *input)
{
    if (guard->is_guessing && input->busy_bps > 0)
        guard->capacity_bps = input->busy_bps;
    else if (guard->is_guessing)
        return;
    else if (input->sent_us <= guard->since_us)
        guard->capacity_bps += CAPACITY_WEIGHT * (input->capacity_bps - guard->capacity_bps);
    else if (guard->predicted_ms > SLOWER_QUEUES * tuning->guard_enter_ms &&
             input->carried < SLOWER_SHARE)
        guard->capacity_bps = input->received_bps;
}

void bwe_guard_update(struct bwe_guard *guard, const struct bwe_tuning *tuning,
                      const struct bwe_guard_input *input, int64_t now_us)
{
    double queue_ms = input->queue_ms;
    guard->has_left = guard->has_yielded = guard->is_new_path = false;
    guard->predicted_ms = predict(input, queue_ms);
    if (guard->is_yielding) {
        wait_for_the_end(guard, tuning, input, now_us);
        if (guard->is_yielding || guard->is_new_path)
            return;
    }
    bool is_rising = input->is_overuse && guard->predicted_ms > tuning->guard_enter_ms &&
                     queue_ms > tuning->guard_exit_ms;
    if (!guard->is_active && (queue_ms > tuning->guard_enter_ms || is_rising))
        enter(guard, input, now_us);
    if (!guard->is_active)
        return;
    measure_capacity(guard, tuning, input);
    if (queue_ms <= tuning->guard_exit_ms)
        leave(guard);
    else if (now_us > guard->since_us || input->busy_bps > 0)
        guard->was_moment = false;
    if (guard->is_active && is_stuck(guard, tuning, input, now_us))
        yield(guard, tuning, now_us);
    double excess_ms = fmax(guard->predicted_ms - tuning->guard_exit_ms, 0);
    double share = fmax(1 - excess_ms / tuning->guard_drain_ms, tuning->guard_floor);
    guard->cap_bps = fmax(share * input->received_bps, guard->floor_bps);
}
