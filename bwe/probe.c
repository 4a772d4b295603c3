/* The probe controller: see the header. */
#include "bwe/probe.h"

#include <math.h>
#include <string.h>

#define RESULT_WAIT_US   1000000
#define FURTHER_SHARE    0.7 /* of the probe's rate shown: probe on */
#define LIMIT_MARGIN     1.05
#define BACKOFF          1.5
#define GOAL_MS          200
#define GOAL_SHORT_MS    50  /* where a long one would delay audio, or more is to come */
#define GOAL_QUEUE_MS    100 /* that one may add, if there is no more than the target */
#define GOAL_FACTOR      1.2
#define GOAL_PROGRESS    1.2 /* over the target: the path carries more, perhaps much more */
#define GOAL_STEP_BPS    200000
#define GOAL_WAIT_MS     3000
#define GOAL_WAIT_MAX_MS 120000
#define PAUSED_WAIT_US   1500000 /* with everything paused there is nothing to lose */

static void enqueue(struct bwe_prober *prober, double rate_bps, double limit_bps, double length_ms)
{
    rate_bps = fmin(rate_bps, LIMIT_MARGIN * limit_bps);
    if (prober->count == BWE_PROBE_QUEUE || !(rate_bps > 0))
        return;
    prober->queue_bps[prober->count] = (uint32_t)rate_bps;
    prober->queue_ms[prober->count++] = (uint16_t)length_ms;
}

void bwe_prober_start(struct bwe_prober *prober, const struct bwe_tuning *tuning, double start_bps,
                      double limit_bps)
{
    memset(prober, 0, sizeof(*prober));
    prober->explore_wait_ms = tuning->probe_explore_ms;
    prober->goal_wait_ms = GOAL_WAIT_MS;
    enqueue(prober, tuning->probe_first * start_bps, limit_bps, tuning->probe_ms);
    enqueue(prober, tuning->probe_second * start_bps, limit_bps, tuning->probe_ms);
}

static void wait_longer(double *wait_ms, double limit_ms)
{
    *wait_ms = fmin(BACKOFF * *wait_ms, limit_ms);
}

/* The result that is awaited did not come, or showed nothing. */
static void expire(struct bwe_prober *prober, const struct bwe_tuning *tuning, int64_t now_us)
{
    if (!prober->is_waiting || now_us - prober->sent_us < RESULT_WAIT_US)
        return;
    prober->is_waiting = false;
    if (prober->is_goal)
        wait_longer(&prober->goal_wait_ms, GOAL_WAIT_MAX_MS);
    else
        wait_longer(&prober->explore_wait_ms, tuning->probe_explore_max_ms);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool probe_for_goal(struct bwe_prober *prober, const struct bwe_probe_input *input,
                           int64_t now_us)
{
    int64_t due_us = prober->goal_us;
    if (input->is_paused != prober->is_paused) /* failures of the other state mean little */
        prober->goal_wait_ms = GOAL_WAIT_MS;
    if (input->is_paused || prober->is_paused)
        due_us = least(due_us, prober->sent_us + PAUSED_WAIT_US);
    if (input->goal_bps <= input->target_bps || now_us < due_us)
        return false;
    double step_bps = fmax(GOAL_FACTOR * (input->goal_bps - input->target_bps), GOAL_STEP_BPS);
    if (prober->is_good_goal)
        step_bps = fmax(step_bps, input->target_bps);
    double length_ms = fmin(GOAL_MS, GOAL_QUEUE_MS * input->target_bps / step_bps);
    if (input->is_paused || prober->is_good_goal || length_ms < GOAL_SHORT_MS)
        length_ms = GOAL_SHORT_MS;
    enqueue(prober, input->target_bps + step_bps, input->limit_bps, length_ms);
    prober->goal_us = now_us + (int64_t)(1000 * prober->goal_wait_ms);
    prober->is_goal = true;
    prober->is_paused = input->is_paused;
    prober->goal_bps = (uint32_t)input->goal_bps;
    return true;
}

static void explore(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                    const struct bwe_probe_input *input, int64_t now_us)
{
    double wait_ms = prober->explore_wait_ms;
    if (input->is_starting)
        wait_ms = fmin(wait_ms, tuning->probe_start_ms);
    else if (input->is_app_limited)
        wait_ms = tuning->probe_alr_ms;
    else if (tuning->probe_explore_ms <= 0)
        return;
    /* With what has been shown a layer may come: that is waited for. */
    bool is_enough = input->goal_bps > 0 && input->goal_bps <= input->target_bps;
    if (is_enough || input->is_paused || !input->is_beyond ||
        now_us < prober->explore_us + (int64_t)(1000 * wait_ms))
        return;
    prober->shown_bps = 0;
    prober->explore_us = now_us;
    enqueue(prober, tuning->probe_explore_gain * input->target_bps, input->limit_bps,
            tuning->probe_ms);
    prober->is_goal = false;
}

void bwe_prober_update(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                       const struct bwe_probe_input *input, int64_t now_us)
{
    expire(prober, tuning, now_us);
    if (prober->explore_us == 0)
        prober->explore_us = now_us;
    if (!input->is_clear) { /* the period counts from the end of the queue */
        prober->explore_us = now_us;
        prober->count = 0;
        return;
    }
    if (prober->is_waiting || prober->count > 0 || input->target_bps >= input->limit_bps)
        return;
    if (!probe_for_goal(prober, input, now_us))
        explore(prober, tuning, input, now_us);
}

/* A series goes on while it shows more than is sent. Returns whether it does. */
static bool follow_up(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                      const struct bwe_probe_shown *shown, double limit_bps)
{
    bool is_good = shown->rate_bps > FURTHER_SHARE * prober->last_bps ||
                   shown->rate_bps > tuning->probe_progress * shown->target_bps;
    if (!is_good) {
        wait_longer(&prober->explore_wait_ms, tuning->probe_explore_max_ms);
        return false;
    }
    prober->explore_wait_ms = tuning->probe_explore_ms;
    double factor = shown->is_starting ? tuning->probe_further : tuning->probe_series;
    if (shown->rate_bps < limit_bps || shown->target_bps < limit_bps)
        enqueue(prober, factor * shown->rate_bps, limit_bps, tuning->probe_ms);
    return true;
}

/* One that was carried: the next one goes at once, and further. */
static void follow_goal(struct bwe_prober *prober, const struct bwe_probe_shown *shown)
{
    prober->is_good_goal =
        shown->rate_bps > FURTHER_SHARE * prober->last_bps &&
        (shown->is_starting || shown->rate_bps > GOAL_PROGRESS * shown->target_bps);
    if (!prober->is_good_goal && shown->rate_bps < prober->goal_bps) {
        wait_longer(&prober->goal_wait_ms, GOAL_WAIT_MAX_MS);
        return;
    }
    prober->goal_wait_ms = GOAL_WAIT_MS;
    prober->goal_us = 0;
}

double bwe_prober_on_result(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                            const struct bwe_probe_shown *shown, double limit_bps)
{
    if (!prober->is_waiting || shown->id != prober->last_id)
        return 0; /* of two that were sent together the second one counts */
    prober->is_waiting = false;
    if (prober->is_goal) {
        follow_goal(prober, shown);
        return shown->rate_bps;
    }
    double before_bps = prober->shown_bps;
    prober->shown_bps = follow_up(prober, tuning, shown, limit_bps) ? shown->rate_bps : 0;
    if (tuning->probe_confirm <= 0 || shown->is_starting)
        return shown->rate_bps;
    return fmin(before_bps, shown->rate_bps);
}

bool bwe_prober_take(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                     struct bwe_probe *probe, int64_t now_us)
{
    memset(probe, 0, sizeof(*probe));
    if (prober->count == 0)
        return false;
    prober->last_id = prober->last_id == UINT8_MAX ? 1 : prober->last_id + 1;
    probe->id = prober->last_id;
    probe->rate_bps = prober->queue_bps[0];
    probe->bytes = (uint32_t)((double)probe->rate_bps * prober->queue_ms[0] / 8000);
    probe->packets = (uint16_t)tuning->probe_packets;
    prober->last_bps = probe->rate_bps;
    prober->sent_us = now_us;
    prober->is_waiting = true;
    prober->count--;
    memmove(prober->queue_bps, prober->queue_bps + 1, prober->count * sizeof(uint32_t));
    memmove(prober->queue_ms, prober->queue_ms + 1, prober->count * sizeof(uint16_t));
    return true;
}
