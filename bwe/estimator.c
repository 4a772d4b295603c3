/* The parts put together: see the header. */
#include "bwe/estimator.h"

#include <math.h>
#include <string.h>

#define CLOCK_PERIOD_US  (INT64_C(64000) << 24) /* of the reference time of 24 bits */
#define RTT_WEIGHT       0.1
#define SILENCE_US       500000 /* without feedback although packets are outstanding */
#define SILENCE_STEP_US  250000
#define SILENCE_FACTOR   0.8
#define FEEDBACK_GONE_US 5000000 /* then REMB counts */
#define HOLD_FACTOR      2.0     /* no estimate beyond this times the demand */
#define START_US         3000000
#define BURST_FACTOR     2.0     /* times the rate: less is shown by the next probe as well */
#define MET_US           5000000 /* a capacity met longer ago is no limit for probes */
#define FORGET_FACTOR    1.5     /* over what losses have bounded */
#define LOSS_MADE_UP     0.5
#define REPORT_PACKETS   20
#define DRAIN_PACING     1.1
/* A key frame that is faster than what the receiver allows makes a queue, and of that it takes what
   has come in a second, little or much, for the capacity. */
#define FALLBACK_PACING 1.0
#define DEADLINE_US     25000

/* What one message adds up to. */
struct summary {
    int64_t newest_sent_us, least_delay_us, last_arrival_us, last_delay_us;
    uint64_t newest_seq;
    uint32_t bytes;
    struct bwe_probe_shown shown;
    bool has_packet, has_arrival, has_loss;
};

void bwe_estimator_init(struct bwe_estimator *estimator, const struct bwe_estimator_config *config,
                        int64_t now_us)
{
    memset(estimator, 0, sizeof(*estimator));
    estimator->tuning = config->tuning;
    bwe_history_init(&estimator->history, config->history, config->history_count);
    bwe_trendline_init(&estimator->trendline, config->tuning);
    bwe_rate_control_init(&estimator->rate_control, config->start_bps, config->min_bps,
                          config->max_bps);
    bwe_app_limited_init(&estimator->app_limited, now_us);
    bwe_fallback_init(&estimator->fallback);
    estimator->max_bps = config->max_bps;
    estimator->target_bps = estimator->stable_bps = estimator->rate_control.rate_bps;
    estimator->now_us = estimator->begin_us = now_us;
    bwe_app_limited_set_target(&estimator->app_limited, estimator->target_bps);
}

/* The most that is of use: everything wanted, within the contract. */
static double limit_bps(const struct bwe_estimator *estimator)
{
    const struct bwe_demand *demand = &estimator->demand;
    double limit = estimator->max_bps;
    if (demand->max_bps > 0)
        limit = fmin(limit, demand->max_bps);
    if (demand->ideal_bps > 0)
        limit = fmin(limit, demand->ideal_bps);
    return fmax(limit, estimator->rate_control.min_bps);
}

static void set_target(struct bwe_estimator *estimator)
{
    const struct bwe_rate_control *control = &estimator->rate_control;
    double least = control->min_bps;
    double target = control->rate_bps;
    if (estimator->loss.estimate_bps > 0)
        target = fmin(target, estimator->loss.estimate_bps);
    target = fmin(target, HOLD_FACTOR * limit_bps(estimator));
    double sustained = target;
    if (estimator->guard.is_active) {
        target = fmin(target, estimator->guard.cap_bps);
        sustained =
            fmin(sustained, estimator->tuning->guard_return * estimator->guard.capacity_bps);
    }
    estimator->target_bps = fmax(target, least);
    estimator->stable_bps = fmax(sustained, estimator->target_bps);
    bwe_app_limited_set_target(&estimator->app_limited, estimator->target_bps);
}

/* Numbered or not: a receiver that could give transport feedback may send REMB only. */
static void count_for_remb(struct bwe_estimator *estimator, uint16_t bytes, int64_t now_us)
{
    bwe_fallback_on_sent(&estimator->fallback, bytes, now_us);
    bwe_remb_probe_on_sent(&estimator->remb_probe, bytes);
}

void bwe_estimator_on_sent(struct bwe_estimator *estimator, uint16_t seq, uint16_t bytes,
                           uint8_t cluster, int64_t now_us)
{
    if (bytes == 0)
        return;
    bwe_history_add(&estimator->history, seq, (struct bwe_sent){.bytes = bytes, .cluster = cluster},
                    now_us);
    bwe_app_limited_on_sent(&estimator->app_limited, bytes, now_us);
    count_for_remb(estimator, bytes, now_us);
}

/* The first seconds are those in which somebody tells of what is sent, if anybody ever does. */
void bwe_estimator_on_unnumbered(struct bwe_estimator *estimator, uint16_t bytes, int64_t now_us)
{
    if (!estimator->history.started)
        estimator->begin_us = now_us;
    count_for_remb(estimator, bytes, now_us);
}

/* The reference time wraps after twelve days, and a receiver's clock may start anywhere. */
static int64_t unwrap(const struct bwe_estimator *estimator, int64_t arrival_us)
{
    int64_t delta_us = (arrival_us - estimator->arrival_us) % CLOCK_PERIOD_US;
    if (delta_us > CLOCK_PERIOD_US / 2)
        delta_us -= CLOCK_PERIOD_US;
    else if (delta_us < -CLOCK_PERIOD_US / 2)
        delta_us += CLOCK_PERIOD_US;
    return estimator->arrival_us + delta_us;
}

/* In the first seconds, until a capacity is met. */
static bool is_starting(const struct bwe_estimator *estimator)
{
    return estimator->now_us - estimator->begin_us < START_US &&
           estimator->rate_control.capacity_bps <= 0;
}

static void on_received(struct bwe_estimator *estimator, struct summary *summary,
                        const struct bwe_sent *packet, int64_t arrival_us, int64_t now_us)
{
    struct bwe_delay_sample sample;
    int64_t sent_us = bwe_history_sent_us(packet, now_us);
    bwe_acked_rate_add(&estimator->acked, arrival_us, packet->bytes,
                       estimator->app_limited.is_limited);
    if (bwe_interarrival_add(&estimator->interarrival, sent_us, arrival_us, &sample))
        bwe_trendline_add(&estimator->trendline, estimator->tuning, &sample);
    if (packet->cluster != 0) {
        const struct bwe_probe_packet probe = {packet->cluster, packet->bytes, sent_us, arrival_us};
        double bps = bwe_probe_results_add(&estimator->probe_results, estimator->tuning, &probe);
        if (bps > 0)
            summary->shown = (struct bwe_probe_shown){packet->cluster, is_starting(estimator), bps,
                                                      estimator->target_bps};
    }
    if (!summary->has_arrival || arrival_us - sent_us < summary->least_delay_us)
        summary->least_delay_us = arrival_us - sent_us;
    if (!summary->has_arrival || arrival_us > summary->last_arrival_us) {
        summary->last_arrival_us = arrival_us;
        summary->last_delay_us = arrival_us - sent_us;
    }
    if (!summary->has_arrival || sent_us > summary->newest_sent_us)
        summary->newest_sent_us = sent_us;
    summary->has_arrival = true;
    summary->bytes += packet->bytes;
}

static void take_entry(struct bwe_estimator *estimator, struct summary *summary,
                       const struct bwe_feedback_entry *entry, int64_t now_us)
{
    uint64_t ext_seq;
    struct bwe_sent *packet = bwe_history_find(&estimator->history, entry->seq, now_us, &ext_seq);
    if (!packet || packet->fate == BWE_PACKET_RECEIVED)
        return;
    if (!summary->has_packet || ext_seq > summary->newest_seq)
        summary->newest_seq = ext_seq;
    summary->has_packet = true;
    if (packet->fate == BWE_PACKET_OUTSTANDING)
        bwe_loss_add(&estimator->loss, bwe_history_sent_us(packet, now_us), packet->bytes,
                     !entry->is_received);
    else if (entry->is_received)
        bwe_loss_restore(&estimator->loss);
    packet->fate = entry->is_received ? BWE_PACKET_RECEIVED : BWE_PACKET_LOST;
    summary->has_loss |= !entry->is_received;
    if (!entry->is_received)
        return;
    int64_t arrival_us = unwrap(estimator, entry->arrival_us);
    estimator->arrival_us = arrival_us;
    on_received(estimator, summary, packet, arrival_us, now_us);
}

static void measure_received(struct bwe_estimator *estimator, const struct summary *summary)
{
    double least_ms = estimator->queue_delay.queue_ms;
    double more_ms = (double)(summary->last_delay_us - summary->least_delay_us) / 1000;
    bwe_received_rate_add(&estimator->received,
                          &(struct bwe_mark){.arrival_us = summary->last_arrival_us,
                                             .sent_us = summary->newest_sent_us,
                                             .bytes = summary->bytes,
                                             .queue_ms = (float)(least_ms + more_ms),
                                             .least_ms = (float)least_ms});
}

/* While there is a queue, what arrives is what the path carries of ours. In the short time in which
 * that is measured a source may just have sent less than it may: so rather the share of what was
 * sent. All flows of a link see the same share, hence give way alike. Where less is sent than could
 * be, it was a burst that made the queue, and what arrived before it shows nothing: as long as
 * nothing shows the contrary, the path carries what it did. */
static double capacity_bps(const struct bwe_estimator *estimator)
{
    const struct bwe_received_rate *received = &estimator->received;
    double rate_bps = estimator->rate_control.rate_bps;
    if (!estimator->app_limited.is_limited)
        return fmax(received->estimate_bps, received->carried * rate_bps);
    return received->busy_bps > 0 ? received->busy_bps : fmax(received->estimate_bps, rate_bps);
}

/* The queue above the long base. That may be too low, by the jitter of minutes ago or by drift:
 * what was lowest in the last seconds was no great queue, or the guard has yielded to it. */
static double queue_ms(const struct bwe_estimator *estimator)
{
    const struct bwe_queue_delay *delay = &estimator->queue_delay;
    return fmin(delay->queue_ms, delay->short_queue_ms + estimator->tuning->queue_margin_ms);
}

static void update_guard(struct bwe_estimator *estimator, const struct summary *summary,
                         int64_t now_us)
{
    struct bwe_guard *guard = &estimator->guard;
    struct bwe_rate_control *control = &estimator->rate_control;
    const struct bwe_guard_input input = {
        .queue_ms = queue_ms(estimator),
        .long_queue_ms = estimator->queue_delay.queue_ms,
        .short_queue_ms = estimator->queue_delay.short_queue_ms,
        .received_bps = estimator->received.estimate_bps,
        .capacity_bps = capacity_bps(estimator),
        .busy_bps = estimator->received.busy_bps,
        .is_limited = estimator->app_limited.is_limited,
        .carried = estimator->received.carried,
        .outstanding_bits = 8.0 * estimator->history.outstanding_bytes,
        .rtt_ms = (double)(now_us - summary->newest_sent_us) / 1000,
        .sent_us = summary->newest_sent_us,
        .is_overuse = estimator->trendline.usage == BWE_USAGE_OVER,
    };
    if (estimator->tuning->guard <= 0 || estimator->received.estimate_bps <= 0)
        return;
    bwe_guard_update(guard, estimator->tuning, &input, now_us);
    /* The queue of the first burst has shown the bottleneck's rate, before any probe has. */
    double shown_bps = estimator->tuning->guard_return * estimator->received.busy_bps;
    if (guard->is_active && is_starting(estimator) && shown_bps > BURST_FACTOR * control->rate_bps)
        bwe_rate_control_set(control, shown_bps, now_us);
    if (guard->is_new_path)
        bwe_queue_delay_reset(&estimator->queue_delay);
    if (guard->has_left && !guard->was_moment) {
        double return_bps = estimator->tuning->guard_return * guard->capacity_bps;
        bwe_rate_control_met(control, guard->capacity_bps, now_us);
        bwe_rate_control_set(control, fmin(control->rate_bps, return_bps), now_us);
    }
    /* What the rate was before the guard capped it is nothing to go back to. */
    if (guard->has_yielded) {
        double share_bps = fmax(guard->capacity_bps, input.received_bps);
        bwe_rate_control_set(control, fmin(control->rate_bps, share_bps), now_us);
    }
}

/* The trendline's word, where it counts: not while the guard works, and without a queue a rise is
 * jitter. */
static enum bwe_usage usage_of(const struct bwe_estimator *estimator)
{
    enum bwe_usage usage = estimator->trendline.usage;
    if (estimator->guard.is_active ||
        (usage == BWE_USAGE_OVER && queue_ms(estimator) < estimator->tuning->trend_queue_ms))
        return BWE_USAGE_NORMAL;
    if (usage == BWE_USAGE_OVER && estimator->received.busy_bps <= 0 &&
        estimator->tuning->guard > 0)
        return BWE_USAGE_UNDER;
    return usage;
}

/* What arrives; at overuse, with a queue, what the path carries. What is lost without a queue was
 * not too much for the path. */
static double arriving_bps(const struct bwe_estimator *estimator)
{
    double acked_bps = estimator->acked.estimate_bps;
    if (estimator->tuning->guard <= 0)
        return acked_bps;
    if (usage_of(estimator) == BWE_USAGE_OVER)
        return fmax(acked_bps, capacity_bps(estimator));
    if (queue_ms(estimator) < estimator->tuning->guard_exit_ms)
        acked_bps /= 1 - fmin(estimator->loss.average, LOSS_MADE_UP);
    return acked_bps;
}

static void update_rate(struct bwe_estimator *estimator, const struct summary *summary,
                        int64_t now_us)
{
    struct bwe_rate_control *control = &estimator->rate_control;
    const struct bwe_rate_input input = {
        .usage = usage_of(estimator),
        .is_held = estimator->guard.is_active ||
                   (estimator->app_limited.is_limited && estimator->tuning->guard > 0),
        .is_yielding = estimator->guard.is_yielding,
        .has_loss = summary->has_loss,
        .acked_bps = arriving_bps(estimator),
        .rtt_ms = estimator->rtt_ms,
    };
    if (summary->shown.rate_bps > 0) {
        bool is_clear = input.usage != BWE_USAGE_OVER && !estimator->guard.is_active;
        double shown_bps = bwe_prober_on_result(&estimator->prober, estimator->tuning,
                                                &summary->shown, limit_bps(estimator));
        if (is_clear && shown_bps > control->rate_bps) {
            bwe_rate_control_set(control, shown_bps, now_us);
            estimator->is_probed = true;
        }
        if (is_clear && !summary->has_loss &&
            shown_bps > FORGET_FACTOR * estimator->loss.estimate_bps)
            bwe_loss_forget(&estimator->loss);
    }
    bwe_rate_control_update(control, estimator->tuning, &input, now_us);
}

static void update_loss(struct bwe_estimator *estimator)
{
    const struct bwe_loss_input input = {
        .delay_bps = estimator->rate_control.rate_bps,
        .acked_bps = estimator->acked.estimate_bps,
        .queue_ms = estimator->guard.is_yielding ? 0 : queue_ms(estimator),
        .min_bps = estimator->rate_control.min_bps,
    };
    bwe_loss_update(&estimator->loss, estimator->tuning, &input);
}

void bwe_estimator_on_feedback(struct bwe_estimator *estimator,
                               const struct bwe_feedback_entry *entries, size_t count,
                               int64_t now_us)
{
    struct summary summary = {0};
    estimator->now_us = now_us;
    for (size_t i = 0; i < count; i++)
        take_entry(estimator, &summary, &entries[i], now_us);
    if (!summary.has_packet)
        return;
    bwe_history_resolve(&estimator->history, summary.newest_seq);
    estimator->feedback_us = estimator->silence_us = now_us;
    if (!summary.has_arrival)
        return;
    double rtt_ms = (double)(now_us - summary.newest_sent_us) / 1000;
    estimator->rtt_ms += (estimator->rtt_ms > 0 ? RTT_WEIGHT : 1) * (rtt_ms - estimator->rtt_ms);
    bwe_queue_delay_add(&estimator->queue_delay, summary.least_delay_us, now_us);
    measure_received(estimator, &summary);
    update_guard(estimator, &summary, now_us);
    update_rate(estimator, &summary, now_us);
    update_loss(estimator);
    set_target(estimator);
}

static bool is_fallback(const struct bwe_estimator *estimator, int64_t now_us)
{
    bool has_feedback =
        estimator->feedback_us != 0 && now_us - estimator->feedback_us < FEEDBACK_GONE_US;
    return !has_feedback && bwe_fallback_is_usable(&estimator->fallback, now_us);
}

static void apply_fallback(struct bwe_estimator *estimator, int64_t now_us)
{
    if (!is_fallback(estimator, now_us))
        return;
    double allowed_bps = bwe_fallback_bps(&estimator->fallback, now_us);
    bwe_rate_control_set(&estimator->rate_control, allowed_bps, now_us);
    set_target(estimator);
}

void bwe_estimator_on_remb(struct bwe_estimator *estimator, uint64_t bitrate_bps, int64_t now_us)
{
    estimator->now_us = now_us;
    bwe_fallback_on_remb(&estimator->fallback, (double)bitrate_bps, now_us);
    apply_fallback(estimator, now_us);
}

void bwe_estimator_on_rr(struct bwe_estimator *estimator, const struct bwe_report *report,
                         int64_t now_us)
{
    estimator->now_us = now_us;
    bwe_receiver_reports_add(&estimator->reports, report, now_us);
    if (report->rtt_us > 0)
        bwe_fallback_on_rtt(&estimator->fallback, report->rtt_us, now_us);
    double share = bwe_receiver_reports_take_loss(&estimator->reports, REPORT_PACKETS);
    if (share < 0)
        return;
    bwe_fallback_on_loss(&estimator->fallback, share, now_us);
    apply_fallback(estimator, now_us);
}

void bwe_estimator_set_demand(struct bwe_estimator *estimator, const struct bwe_demand *demand)
{
    estimator->demand = *demand;
}

void bwe_estimator_set_pending(struct bwe_estimator *estimator, uint32_t bytes)
{
    estimator->pending_bytes = bytes;
}

/* Packets are outstanding and nothing is heard: the path has become very slow, or is gone. */
static bool is_silent(const struct bwe_estimator *estimator, int64_t now_us)
{
    return estimator->feedback_us != 0 && estimator->history.outstanding_bytes > 0 &&
           now_us - estimator->feedback_us > SILENCE_US + (int64_t)(1000 * estimator->rtt_ms);
}

static void step_down_in_silence(struct bwe_estimator *estimator, int64_t now_us)
{
    if (!is_silent(estimator, now_us) || now_us - estimator->silence_us < SILENCE_STEP_US)
        return;
    estimator->silence_us = now_us;
    bwe_rate_control_set(&estimator->rate_control,
                         SILENCE_FACTOR * estimator->rate_control.rate_bps, now_us);
    set_target(estimator);
}

/* Nobody tells what became of one: the receiver's estimate grows, or does not. */
static void update_remb_probe(struct bwe_estimator *estimator, struct bwe_probe *probe,
                              int64_t now_us)
{
    const struct bwe_remb_probe_input input = {
        .remb_bps = estimator->fallback.remb_bps,
        .target_bps = estimator->target_bps,
        .goal_bps = estimator->demand.target_bps,
        .limit_bps = limit_bps(estimator),
        .pending_bytes = estimator->pending_bytes,
        .loss_share = bwe_fallback_loss_share(&estimator->fallback, now_us),
        .is_queued = bwe_fallback_is_queued(&estimator->fallback, now_us),
        .is_paused = estimator->demand.is_paused,
    };
    bwe_remb_probe_update(&estimator->remb_probe, &input, probe, now_us);
}

static void update_probes(struct bwe_estimator *estimator, struct bwe_probe *probe, int64_t now_us)
{
    const struct bwe_tuning *tuning = estimator->tuning;
    const struct bwe_rate_control *control = &estimator->rate_control;
    double limit = limit_bps(estimator);
    const struct bwe_probe_input input = {
        .target_bps = estimator->target_bps,
        .limit_bps = limit,
        .goal_bps = estimator->demand.target_bps,
        .is_clear = !estimator->guard.is_active && usage_of(estimator) != BWE_USAGE_OVER &&
                    !is_silent(estimator, now_us) &&
                    (tuning->guard <= 0 || queue_ms(estimator) < tuning->guard_exit_ms),
        .is_beyond = control->met_bps <= 0 || now_us - control->met_us > MET_US ||
                     control->rate_bps > tuning->probe_beyond * control->met_bps,
        .is_app_limited = estimator->app_limited.is_limited,
        .is_starting = is_starting(estimator),
        .is_paused = estimator->demand.is_paused,
    };
    if (!estimator->has_started) {
        estimator->has_started = true;
        bwe_prober_start(&estimator->prober, tuning, estimator->target_bps, limit);
    }
    bwe_prober_update(&estimator->prober, tuning, &input, now_us);
    if (bwe_prober_take(&estimator->prober, tuning, probe, now_us))
        bwe_probe_results_begin(&estimator->probe_results, probe->id, probe->bytes, probe->packets);
}

static enum bwe_state state_of(const struct bwe_estimator *estimator, int64_t now_us)
{
    if (is_fallback(estimator, now_us))
        return BWE_STATE_FALLBACK;
    if (estimator->feedback_us == 0)
        return BWE_STATE_STARTING;
    if (is_silent(estimator, now_us))
        return BWE_STATE_SILENT;
    if (estimator->guard.is_active)
        return BWE_STATE_DRAINING;
    if (!estimator->rate_control.is_increasing)
        return BWE_STATE_HOLDING;
    return estimator->app_limited.is_limited ? BWE_STATE_APP_LIMITED : BWE_STATE_INCREASING;
}

static uint32_t to_bps(double rate_bps)
{
    return rate_bps < UINT32_MAX ? (uint32_t)rate_bps : UINT32_MAX;
}

struct bwe_decision bwe_estimator_poll(struct bwe_estimator *estimator, int64_t now_us)
{
    struct bwe_decision decision = {0};
    estimator->now_us = now_us;
    bwe_app_limited_on_sent(&estimator->app_limited, 0, now_us);
    apply_fallback(estimator, now_us);
    step_down_in_silence(estimator, now_us);
    bool has_remb = is_fallback(estimator, now_us);
    if (has_remb)
        update_remb_probe(estimator, &decision.probe, now_us);
    else
        update_probes(estimator, &decision.probe, now_us);
    double gain = has_remb                     ? FALLBACK_PACING
                  : estimator->guard.is_active ? DRAIN_PACING
                                               : estimator->tuning->pacing_gain;
    decision.target_bps = to_bps(estimator->target_bps);
    decision.stable_bps = to_bps(estimator->stable_bps);
    decision.pacing_bps = to_bps(gain * estimator->target_bps);
    decision.burst_us = (uint32_t)(1000 * estimator->tuning->pacing_burst_ms);
    decision.state = state_of(estimator, now_us);
    decision.is_lasting = has_remb && estimator->remb_probe.is_running;
    decision.is_probed = estimator->is_probed;
    estimator->is_probed = false;
    return decision;
}

int64_t bwe_estimator_next_deadline(const struct bwe_estimator *estimator)
{
    return estimator->prober.count > 0 ? estimator->now_us : estimator->now_us + DEADLINE_US;
}
