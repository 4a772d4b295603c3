/* See the header. The numbers that are not in the draft are libwebrtc's. */
#include "tests/sim/remb.h"

#include <math.h>
#include <string.h>

#define MIN_BPS       30000
#define MAX_BPS       30000000
#define FIRST_US      5000000 /* so long nothing is said, unless there is too much at once */
#define UPDATE_US     500000
#define TELL_US       1000000
#define FALLEN        0.97
#define SILENCE_US    2000000 /* after it groups and line begin anew */
#define WINDOW_US     1000000
#define OFFSET_NOISE  1e-3 /* q: how much the change itself changes */
#define ERROR_START   0.1
#define NOISE_START   50
#define NOISE_SHARE   0.01 /* chi, of a 30th of a second */
#define GROUPS_MAX    60   /* a young estimate is not trusted */
#define THRESHOLD_MS  12.5
#define THRESHOLD_MIN 6
#define THRESHOLD_MAX 600
#define RISE          0.0087
#define FALL          0.039
#define SPIKE_MS      15 /* this far above it the threshold does not follow */
#define OVER_MS       10
#define TIME_BITS     18 /* of abs-send-time: a fraction of a second */
#define TIME_SIGN_BIT 0x800000
#define TIME_PERIOD   0x1000000

static const struct sim_remb_filter fresh_filter = {
    .error = ERROR_START, .noise = NOISE_START, .threshold_ms = THRESHOLD_MS, .over_ms = -1};

void sim_remb_init(struct sim_remb *remb, int64_t rtt_us)
{
    memset(remb, 0, sizeof(*remb));
    remb->rtt_ms = (double)rtt_us / 1000;
    remb->filter = fresh_filter;
    bwe_rate_control_init(&remb->control, MIN_BPS, MIN_BPS, MAX_BPS);
}

static double arrived_bps(struct sim_remb *remb, unsigned bytes, int64_t now_us)
{
    int64_t step_us = WINDOW_US / SIM_WINDOW_STEPS;
    return 8.0 * (double)sim_window_add(&remb->arrived, step_us, now_us, bytes);
}

static void unwrap(struct sim_remb *remb, uint32_t send_time)
{
    int32_t delta = (int32_t)((send_time - remb->send_time) & (TIME_PERIOD - 1));
    if (delta & TIME_SIGN_BIT)
        delta -= TIME_PERIOD;
    remb->sent_us += ((int64_t)delta * 1000000) >> TIME_BITS;
    remb->send_time = send_time;
}

static void adapt(struct sim_remb_filter *filter, double size_ms, double elapsed_ms)
{
    if (size_ms > filter->threshold_ms + SPIKE_MS)
        return;
    double rate = size_ms < filter->threshold_ms ? FALL : RISE;
    filter->threshold_ms += rate * (size_ms - filter->threshold_ms) * fmin(elapsed_ms, 100);
    filter->threshold_ms = fmin(fmax(filter->threshold_ms, THRESHOLD_MIN), THRESHOLD_MAX);
}

/* Overuse lasts, is seen twice, and does not become less. */
static void detect(struct sim_remb_filter *filter, double change_ms, bool is_growing,
                   double elapsed_ms)
{
    filter->usage = change_ms < -filter->threshold_ms  ? BWE_USAGE_UNDER
                    : change_ms > filter->threshold_ms ? filter->usage
                                                       : BWE_USAGE_NORMAL;
    if (change_ms <= filter->threshold_ms) {
        filter->over_ms = -1;
        filter->over_count = 0;
        return;
    }
    filter->over_ms = filter->over_ms < 0 ? elapsed_ms / 2 : filter->over_ms + elapsed_ms;
    if (++filter->over_count < 2 || filter->over_ms <= OVER_MS || !is_growing)
        return;
    filter->over_ms = 0;
    filter->over_count = 0;
    filter->usage = BWE_USAGE_OVER;
}

static void filter_sample(struct sim_remb_filter *filter, const struct bwe_delay_sample *sample)
{
    double elapsed_ms = fmax(sample->send_delta_ms, 0), before_ms = filter->offset_ms;
    double residual = sample->arrival_delta_ms - sample->send_delta_ms - filter->offset_ms;
    double most = 3 * sqrt(filter->noise);
    double seen = fmin(fmax(residual, -most), most);
    double kept = pow(1 - NOISE_SHARE, elapsed_ms * 30 / 1000);
    if (filter->usage == BWE_USAGE_NORMAL)
        filter->noise = fmax(kept * filter->noise + (1 - kept) * seen * seen, 1);
    double error = filter->error + OFFSET_NOISE;
    double gain = error / (filter->noise + error);
    filter->offset_ms += gain * residual;
    filter->error = (1 - gain) * error;
    if (filter->groups < GROUPS_MAX)
        filter->groups++;
    double change_ms = filter->groups * filter->offset_ms;
    detect(filter, change_ms, filter->offset_ms >= before_ms, elapsed_ms);
    adapt(filter, fabs(change_ms), elapsed_ms);
}

static void update(struct sim_remb *remb, double bps, int64_t now_us)
{
    const struct bwe_rate_input input = {
        .usage = remb->filter.usage, .acked_bps = bps, .rtt_ms = remb->rtt_ms};
    bool is_over = remb->filter.usage == BWE_USAGE_OVER;
    if (!remb->is_known && !is_over && now_us - remb->begin_us < FIRST_US)
        return;
    if (!remb->is_known)
        bwe_rate_control_set(&remb->control, bps, now_us);
    remb->is_known = true;
    remb->updated_us = now_us;
    bwe_rate_control_update(&remb->control, &bwe_tuning_gcc, &input, now_us);
}

void sim_remb_on_packet(struct sim_remb *remb, uint32_t send_time, unsigned bytes, int64_t now_us)
{
    struct bwe_delay_sample sample;
    if (!remb->has_begun) {
        remb->has_begun = true;
        remb->begin_us = remb->heard_us = remb->updated_us = now_us;
        remb->send_time = send_time;
    }
    if (now_us - remb->heard_us > SILENCE_US) {
        memset(&remb->interarrival, 0, sizeof(remb->interarrival));
        remb->filter = fresh_filter;
    }
    remb->heard_us = now_us;
    unwrap(remb, send_time);
    double bps = arrived_bps(remb, bytes, now_us);
    bool has_sample = bwe_interarrival_add(&remb->interarrival, remb->sent_us, now_us, &sample);
    if (has_sample)
        filter_sample(&remb->filter, &sample);
    if ((has_sample && remb->filter.usage == BWE_USAGE_OVER) ||
        now_us - remb->updated_us >= UPDATE_US)
        update(remb, bps, now_us);
}

uint64_t sim_remb_take(struct sim_remb *remb, int64_t now_us)
{
    uint64_t bps = (uint64_t)remb->control.rate_bps;
    bool has_fallen = (double)bps < FALLEN * (double)remb->told_bps;
    if (!remb->is_known || (!has_fallen && remb->told_bps && now_us - remb->told_us < TELL_US))
        return 0;
    remb->told_bps = bps;
    remb->told_us = now_us;
    return bps;
}
