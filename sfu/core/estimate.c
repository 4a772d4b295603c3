/* From packets and reports to a budget: see the header. */
#include "sfu/core/estimate.h"

#include "bwe/remb.h"
#include "rtp/transport_feedback.h"
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define START_BPS  300000
#define MIN_BPS    50000 /* three voices at their lowest */
#define VOICES_BPS (3 * BWE_CONTRACT_AUDIO_BPS)
#define OPEN_US    1000000
#define USABLE_PCT 95 /* bwe_allocation_budget_bps() takes so much of an estimate */
/* While the contract holds, video is spread no thinner than this: it must not wait for an estimate
   that is still low. */
#define PROBED_US     1000000
#define PROBED_PACE   1.1  /* so soon after a probe: what it showed may be all that there is */
#define MET_SHARE     1.05 /* beyond that capacity it has become another one */
#define OPEN_PACE_BPS (3 * BWE_CONTRACT_DOWN_BPS / 2)
/* A receiver that estimates by itself takes key frames that come at once for a queue, and what has
   come so far for the capacity. */
#define UNNUMBERED_PACE_BPS (BWE_CONTRACT_DOWN_BPS + VOICES_BPS)

_Static_assert(CORE_ESTIMATE_HISTORY <= RTP_ARRIVAL_LOG,
               "a message never says more than is remembered");

static uint64_t capped(uint64_t rate_bps)
{
    return rate_bps < UINT32_MAX ? rate_bps : UINT32_MAX;
}

/* What an estimate must be for so much video beside what is reserved. */
static uint64_t estimate_for(uint64_t video_bps, uint64_t reserved_bps)
{
    return (video_bps + reserved_bps) * 100 / USABLE_PCT + 1;
}

static uint64_t reserved_bps(struct core_estimate *estimate, int64_t now_us)
{
    return (uint64_t)bwe_rate_meter_peak_cost_bps(&estimate->audio, now_us) +
           bwe_rate_meter_mean(&estimate->repairs, now_us).cost_bps;
}

void core_estimate_init(struct core_estimate *estimate)
{
    estimate->video_bps = estimate->sustained_bps = UINT64_MAX;
}

/* From the first packet on, so that what is known of the first seconds is of these. */
static void begin(struct core_participant *participant, int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    const struct bwe_estimator_config config = {
        .tuning = &bwe_tuning_iris,
        .history = estimate->history,
        .history_count = CORE_ESTIMATE_HISTORY,
        .min_bps = MIN_BPS,
        .start_bps = START_BPS,
        .max_bps = (uint32_t)estimate_for(bwe_allocation_budget_bps(UINT64_MAX, 0, 0), VOICES_BPS),
    };
    bwe_estimator_init(&estimate->estimator, &config, now_us);
    estimate->has_begun = true;
}

void core_estimate_on_sent(struct core_participant *participant, uint16_t seq, uint16_t bytes,
                           uint8_t cluster)
{
    int64_t now_us = participant->engine->now_us;
    if (!participant->estimate.has_begun)
        begin(participant, now_us);
    bwe_estimator_on_sent(&participant->estimate.estimator, seq, bytes, cluster, now_us);
}

void core_estimate_on_unnumbered(struct core_participant *participant, uint16_t bytes)
{
    int64_t now_us = participant->engine->now_us;
    if (!participant->estimate.has_begun)
        begin(participant, now_us);
    bwe_estimator_on_unnumbered(&participant->estimate.estimator, bytes, now_us);
}

void core_estimate_set_early_pace(struct core_participant *participant)
{
    if (participant->pace.is_pacing)
        return;
    participant->pace.is_pacing = true;
    core_pace_set_rate(participant, UNNUMBERED_PACE_BPS,
                       (uint32_t)(1000 * bwe_tuning_iris.pacing_burst_ms),
                       participant->engine->now_us);
}

static void activate(struct core_participant *participant, int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    if (estimate->is_active)
        return;
    estimate->is_active = estimate->is_open = true;
    estimate->active_us = now_us;
    participant->pace.is_pacing = true;
    core_allocate(participant, now_us); /* what is wanted becomes known */
}

void core_estimate_on_feedback(struct core_participant *participant,
                               const struct rtcp_packet *packet, int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    struct rtp_transport_feedback feedback;
    struct rtp_feedback_entry parsed[CORE_ESTIMATE_HISTORY];
    struct bwe_feedback_entry entries[CORE_ESTIMATE_HISTORY];
    int count = rtp_transport_feedback_parse(&feedback, packet, parsed, CORE_ESTIMATE_HISTORY);
    if (count <= 0 || !estimate->has_begun)
        return;
    for (int i = 0; i < count; i++)
        entries[i] = (struct bwe_feedback_entry){.seq = parsed[i].seq,
                                                 .is_received = parsed[i].is_received,
                                                 .arrival_us = parsed[i].arrival_us};
    bwe_estimator_on_feedback(&estimate->estimator, entries, (size_t)count, now_us);
    if (estimate->estimator.feedback_us == 0) /* of nothing that was sent */
        return;
    activate(participant, now_us);
    core_estimate_advance(participant, now_us);
}

void core_estimate_on_remb(struct core_participant *participant, const struct rtcp_packet *packet,
                           int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    struct rtcp_remb remb;
    if (rtcp_remb_parse(&remb, packet) || remb.bitrate_bps == 0)
        return;
    if (!estimate->has_begun)
        begin(participant, now_us);
    bwe_estimator_on_remb(&estimate->estimator, remb.bitrate_bps, now_us);
    activate(participant, now_us);
    core_estimate_advance(participant, now_us);
}

void core_estimate_on_report(struct core_participant *participant,
                             const struct rtcp_report_block *block, int64_t rtt_us, int64_t now_us)
{
    if (!participant->estimate.has_begun)
        return;
    const struct bwe_report report = {.ssrc = block->ssrc,
                                      .highest_seq = block->highest_seq,
                                      .cumulative_lost = block->cumulative_lost,
                                      .rtt_us = rtt_us};
    bwe_estimator_on_rr(&participant->estimate.estimator, &report, now_us);
}

/* Until the second is over, or the path is seen to carry less. */
static void close_when_known(struct core_estimate *estimate, enum bwe_state state, int64_t now_us)
{
    bool is_met = state == BWE_STATE_HOLDING || state == BWE_STATE_DRAINING ||
                  state == BWE_STATE_SILENT || state == BWE_STATE_FALLBACK ||
                  estimate->estimator.rate_control.capacity_bps > 0;
    if (is_met || now_us - estimate->active_us >= OPEN_US)
        estimate->is_open = false;
}

static void set_pace(struct core_participant *participant, const struct bwe_decision *decision,
                     int64_t now_us)
{
    uint32_t pacing_bps = decision->pacing_bps;
    if (participant->estimate.is_open && pacing_bps < OPEN_PACE_BPS)
        pacing_bps = OPEN_PACE_BPS;
    /* Video that waits uses all of the pace: above the target no queue would be drained. */
    if (decision->state == BWE_STATE_DRAINING)
        pacing_bps = decision->target_bps;
    struct core_estimate *estimate = &participant->estimate;
    if (decision->is_probed)
        estimate->probed_us = now_us;
    if (!estimate->is_open && now_us - estimate->probed_us < PROBED_US &&
        pacing_bps > PROBED_PACE * decision->target_bps)
        pacing_bps = (uint32_t)(PROBED_PACE * decision->target_bps);
    /* Nor is there room for it in the network above the capacity that was met: it would wait there
       instead, before the voices. */
    double met_bps = participant->estimate.estimator.rate_control.met_bps;
    if (pacing_bps > met_bps && decision->target_bps < MET_SHARE * met_bps)
        pacing_bps = decision->target_bps > met_bps ? decision->target_bps : (uint32_t)met_bps;
    core_pace_set_rate(participant, pacing_bps, decision->burst_us, now_us);
    struct bwe_probe probe = decision->probe;
    if (probe.rate_bps <= decision->target_bps)
        return;
    /* Video that waits is not held up by a probe that is slower than its pace; nor is one faster
       than what the contract can use. */
    uint32_t most_bps = (uint32_t)participant->estimate.estimator.max_bps;
    uint32_t least_bps = pacing_bps < most_bps ? pacing_bps : most_bps;
    if (participant->pace.pacer.count > 0 && probe.rate_bps < least_bps)
        probe.rate_bps = least_bps;
    bwe_pacer_begin_probe(&participant->pace.pacer, &probe, now_us);
}

/* Of one that lasts, the first piece, and its end with neither rate nor bytes. */
static void record_probe(struct core_participant *participant, const struct bwe_decision *decision,
                         int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    const struct bwe_probe *probe = &decision->probe;
    bool has_begun = probe->id && !estimate->is_filled;
    bool has_ended = estimate->is_filled && !decision->is_lasting;
    if (!has_begun && !has_ended)
        return;
    estimate->is_filled = decision->is_lasting;
    core_record(
        participant,
        &(struct core_decision){.kind = CORE_DECISION_PROBE,
                                .numbers = {probe->rate_bps, probe->bytes, decision->target_bps}},
        now_us);
}

static void record(struct core_participant *participant, const struct bwe_decision *decision,
                   int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    struct core_decision now = {
        .kind = CORE_DECISION_ESTIMATE,
        .cause = decision->is_probed ? CORE_TRIGGER_PROBE : CORE_TRIGGER_NONE,
        .numbers = {decision->target_bps, (uint32_t)capped(estimate->video_bps),
                    participant->pace.pacer.rate_bps},
    };
    if (decision->state != estimate->state || decision->is_probed)
        core_record(participant, &now, now_us);
    estimate->state = decision->state;
    record_probe(participant, decision, now_us);
}

void core_estimate_advance(struct core_participant *participant, int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    if (!estimate->is_active)
        return;
    bwe_estimator_set_pending(&estimate->estimator,
                              bwe_pacer_probe_bytes(&participant->pace.pacer));
    struct bwe_decision decision = bwe_estimator_poll(&estimate->estimator, now_us);
    close_when_known(estimate, decision.state, now_us);
    set_pace(participant, &decision, now_us);
    uint64_t reserved = reserved_bps(estimate, now_us);
    /* A dip that makes video wait lowers layers, but pauses nothing. */
    uint32_t now_bps = core_pace_is_behind(participant) ? decision.target_bps : decision.stable_bps;
    estimate->is_probed |= decision.is_probed;
    estimate->video_bps =
        estimate->is_open ? UINT64_MAX : bwe_allocation_budget_bps(now_bps, reserved, 0);
    estimate->sustained_bps = estimate->is_open
                                  ? UINT64_MAX
                                  : bwe_allocation_budget_bps(decision.stable_bps, reserved, 0);
    record(participant, &decision, now_us);
    core_pace_behind_us(participant, now_us);
    if (decision.is_probed || estimate->video_bps < estimate->allocated_bps)
        core_allocate(participant, now_us);
    core_pace_run(participant, now_us);
    core_participant_wake_estimator(participant, bwe_estimator_next_deadline(&estimate->estimator));
}

void core_estimate_on_allocation(struct core_participant *participant,
                                 const struct bwe_hysteresis_input *input,
                                 const struct bwe_allocation *out, int64_t now_us)
{
    struct core_estimate *estimate = &participant->estimate;
    struct bwe_allocation_demand *wanted = &estimate->wanted;
    estimate->allocated_bps = out->total_bps;
    if (!estimate->is_active)
        return;
    uint64_t reserved = reserved_bps(estimate, now_us), most = core_allocate_most_bps(participant);
    bwe_allocation_demand_update(wanted, input, most, out, now_us);
    estimate->is_probed |= wanted->is_proven;
    struct bwe_demand demand = {
        .max_bps = (uint32_t)capped(estimate_for(most, reserved)),
        .is_paused = wanted->is_all_paused,
    };
    if (wanted->goal_bps > 0)
        demand.target_bps = (uint32_t)capped(estimate_for(wanted->goal_bps, reserved));
    /* Nobody sends yet, or what they send is not measured yet: all may come. */
    if (wanted->ideal_bps > 0 && !estimate->is_open)
        demand.ideal_bps = (uint32_t)capped(estimate_for(wanted->ideal_bps, reserved));
    bwe_estimator_set_demand(&estimate->estimator, &demand);
}
