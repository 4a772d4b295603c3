/* AIMD: see the header. */
#include "bwe/rate_control.h"

#include <math.h>
#include <string.h>

#define CAPACITY_WEIGHT   0.05
#define VARIANCE_MIN      0.4
#define VARIANCE_MAX      2.5
#define ACKED_OFFSET_BPS  10000
#define FRAMES_PER_SECOND 30
#define PACKET_BITS       (8 * 1200)
#define RESPONSE_S        0.2 /* at which the least growth is as the tuning says */
#define NEAR_BPS          1e6 /* and the rate */
#define NEAR_FACTOR_MIN   0.5
#define NEAR_SMALL_BPS    350e3 /* below it growth does not rise: it would be all of its queue */
#define DECREASE_MIN_MS   10
#define DECREASE_MAX_MS   200
#define STEP_MAX_S        1.0

void bwe_rate_control_init(struct bwe_rate_control *control, double start_bps, double min_bps,
                           double max_bps)
{
    memset(control, 0, sizeof(*control));
    control->min_bps = min_bps;
    control->max_bps = max_bps;
    control->rate_bps = fmin(fmax(start_bps, min_bps), max_bps);
    control->capacity_variance = VARIANCE_MIN;
    control->is_increasing = true;
}

void bwe_rate_control_set(struct bwe_rate_control *control, double rate_bps, int64_t now_us)
{
    if (!(rate_bps > 0))
        return;
    control->rate_bps = fmin(fmax(rate_bps, control->min_bps), control->max_bps);
    control->changed_us = now_us;
}

/* Three standard deviations of the capacity, whose variance is kept relative to it. */
static double bound_bps(const struct bwe_rate_control *control)
{
    return 3 * 1000 * sqrt(control->capacity_variance * control->capacity_bps / 1000);
}

void bwe_rate_control_met(struct bwe_rate_control *control, double capacity_bps, int64_t now_us)
{
    if (!(capacity_bps > 0))
        return;
    control->met_bps = capacity_bps;
    control->met_us = now_us;
    if (control->capacity_bps > 0 &&
        fabs(capacity_bps - control->capacity_bps) < bound_bps(control))
        control->capacity_bps += CAPACITY_WEIGHT * (capacity_bps - control->capacity_bps);
    else
        control->capacity_bps = capacity_bps;
    double error_kbps = (control->capacity_bps - capacity_bps) / 1000;
    double variance = error_kbps * error_kbps / fmax(control->capacity_bps / 1000, 1);
    control->capacity_variance += CAPACITY_WEIGHT * (variance - control->capacity_variance);
    control->capacity_variance = fmin(fmax(control->capacity_variance, VARIANCE_MIN), VARIANCE_MAX);
}

/* About half a packet per response time [bit/s a second]. The least of it is less for whoever hears
   late of a queue, since he gives way less often; and less for who has more: where all grow alike,
   shares go like the time between two decreases, and a flow whose base delay is 5 ms too low gives
   way alone, time and again. So they go only with the root of it. */
static double near_growth(const struct bwe_rate_control *control, const struct bwe_tuning *tuning,
                          double rtt_ms)
{
    double frame_bits = control->rate_bps / FRAMES_PER_SECOND;
    double packet_bits = frame_bits / ceil(frame_bits / PACKET_BITS);
    double response_s = (rtt_ms + 100) / 1000;
    double most = fmax(control->rate_bps / NEAR_SMALL_BPS, 1);
    double factor = fmin(fmax(NEAR_BPS / control->rate_bps, NEAR_FACTOR_MIN), most);
    double least = tuning->near_floor_bps * pow(RESPONSE_S / response_s, tuning->near_rtt) *
                   pow(factor, tuning->near_rate);
    return fmax(tuning->near_growth * packet_bits / 2 / response_s, least);
}

static void increase(struct bwe_rate_control *control, const struct bwe_tuning *tuning,
                     const struct bwe_rate_input *input, int64_t now_us)
{
    double elapsed_s = (double)(now_us - control->changed_us) / 1e6;
    elapsed_s = fmin(fmax(elapsed_s, 0), STEP_MAX_S);
    if (control->capacity_bps > 0 && input->acked_bps > control->capacity_bps + bound_bps(control))
        control->capacity_bps = 0; /* more has arrived: it is no limit any more */
    /* Far from it too by as much as near it: of several flows the small ones must catch up. */
    double rate_bps = control->rate_bps + near_growth(control, tuning, input->rtt_ms) * elapsed_s;
    if (control->capacity_bps <= 0)
        rate_bps = fmax(rate_bps, control->rate_bps * pow(tuning->far_growth, elapsed_s));
    if (input->acked_bps > 0) {
        double limit_bps = tuning->acked_factor * input->acked_bps + ACKED_OFFSET_BPS;
        rate_bps = fmin(rate_bps, fmax(limit_bps, control->rate_bps));
    }
    bwe_rate_control_set(control, rate_bps, now_us);
}

static bool may_decrease(const struct bwe_rate_control *control, const struct bwe_rate_input *input,
                         int64_t now_us)
{
    double wait_ms = fmin(fmax(input->rtt_ms, DECREASE_MIN_MS), DECREASE_MAX_MS);
    return (double)(now_us - control->decreased_us) / 1000 >= wait_ms ||
           input->acked_bps < control->rate_bps / 2;
}

static void decrease(struct bwe_rate_control *control, const struct bwe_tuning *tuning,
                     const struct bwe_rate_input *input, int64_t now_us)
{
    double rate_bps = tuning->beta * (input->acked_bps > 0 ? input->acked_bps : control->rate_bps);
    control->is_increasing = false;
    if (!may_decrease(control, input, now_us))
        return;
    if (rate_bps > control->rate_bps && control->capacity_bps > 0)
        rate_bps = tuning->beta * control->capacity_bps;
    if (control->capacity_bps > 0 && input->acked_bps < control->capacity_bps - bound_bps(control))
        control->capacity_bps = 0;
    bwe_rate_control_met(control, input->acked_bps, now_us);
    if (rate_bps < control->rate_bps)
        bwe_rate_control_set(control, rate_bps, now_us);
    control->decreased_us = now_us;
}

/* Beside a flow that fills the queue: one step down for the losses of a round trip. */
static void yield(struct bwe_rate_control *control, const struct bwe_tuning *tuning,
                  const struct bwe_rate_input *input, int64_t now_us)
{
    double wait_us = 1000 * (input->rtt_ms + DECREASE_MAX_MS);
    control->is_increasing = true;
    if (!input->has_loss) {
        increase(control, tuning, input, now_us);
    } else if ((double)(now_us - control->decreased_us) > wait_us) {
        control->decreased_us = now_us;
        bwe_rate_control_set(control, tuning->yield_beta * control->rate_bps, now_us);
        control->capacity_bps = control->rate_bps;
    }
}

void bwe_rate_control_update(struct bwe_rate_control *control, const struct bwe_tuning *tuning,
                             const struct bwe_rate_input *input, int64_t now_us)
{
    if (input->is_yielding) {
        yield(control, tuning, input, now_us);
        return;
    }
    switch (input->usage) {
    case BWE_USAGE_OVER:
        decrease(control, tuning, input, now_us);
        break;
    case BWE_USAGE_UNDER: /* a queue drains: wait for its end */
        control->is_increasing = false;
        break;
    case BWE_USAGE_NORMAL:
        if (control->is_increasing && !input->is_held)
            increase(control, tuning, input, now_us);
        control->is_increasing = true;
        break;
    }
    if (!control->is_increasing || input->is_held)
        control->changed_us = now_us;
}
