/* The media flow: see the header. */
#include "bench/bwe/flow.h"

#include <math.h>
#include <string.h>

#define FEEDBACK_US    50000
#define AUDIO_US       20000
#define AUDIO_BYTES    50  /* 20 kbit/s */
#define VOICE_BYTES    250 /* 100 kbit/s */
#define PACKET_BYTES   1200
#define PADDING_BYTES  1200
#define GROUP          16
#define START_BPS      300000
#define MIN_BPS        50000
#define MAX_BPS        5000000
#define TICK_US        250 /* of arrival times in feedback */
#define DRIFT_MAX      50e-6
#define CLOCK_OFFSET_S 1000
#define REPAIR_US      250000 /* a jitter buffer waits no longer */
#define REPAIR_TRIES   10
#define FEEDBACK_BYTES 36 /* IP and UDP apart: RTCP with SRTCP's trailer, for a few packets */

static void init_estimator(struct bwe_sim_flow *flow, const struct bwe_tuning *tuning,
                           int64_t now_us)
{
    const struct bwe_sim_flow_config *config = &flow->config;
    const struct bwe_estimator_config estimator = {
        .tuning = tuning,
        .history = flow->history,
        .history_count = BWE_SIM_HISTORY,
        .min_bps = MIN_BPS,
        .start_bps = config->start_bps > 0 ? (uint32_t)config->start_bps : START_BPS,
        .max_bps = MAX_BPS,
    };
    bwe_estimator_init(&flow->estimator, &estimator, now_us);
    bwe_pacer_init(&flow->pacer, flow->paced, BWE_SIM_PACED);
}

void bwe_sim_flow_init(struct bwe_sim_flow *flow, const struct bwe_sim_flow_config *config,
                       const struct bwe_tuning *tuning, uint64_t seed)
{
    int64_t now_us = (int64_t)(config->start_s * 1e6);
    flow->config = *config;
    flow->random.state = seed;
    bwe_sim_source_init(&flow->source, config->kind, config->max_bps, seed ^ 0x5EED, now_us);
    init_estimator(flow, tuning, now_us);
    for (unsigned i = 0; i < BWE_SIM_VOICES; i++)
        flow->audio_us[i] = now_us + (int64_t)(AUDIO_US * bwe_sim_uniform(&flow->random));
    flow->feedback_us = now_us + (int64_t)(FEEDBACK_US * bwe_sim_uniform(&flow->random));
    flow->clock_drift = DRIFT_MAX * (2 * bwe_sim_uniform(&flow->random) - 1);
    flow->poll_us = flow->sample_us = now_us;
}

/* Into the link; the arrival is known at once. */
static void send(struct bwe_sim_flow *flow, uint16_t bytes, uint8_t cluster,
                 enum bwe_sim_purpose purpose, int64_t now_us)
{
    const struct bwe_sim_packet packet = {flow->index, bytes, purpose};
    struct bwe_sim_passage passage = bwe_sim_link_enter(flow->link, bytes, now_us);
    double jitter = fmin(fmax(bwe_sim_normal(&flow->random), -3), 3) * flow->config.jitter_ms;
    int64_t arrival_us = passage.depart_us + (int64_t)(1000 * (flow->config.one_way_ms + jitter));
    bwe_sim_measure_add(flow->measure, &packet, &passage, now_us);
    if (arrival_us < flow->last_arrival_us)
        arrival_us = flow->last_arrival_us;
    if (!passage.is_lost)
        flow->last_arrival_us = arrival_us;
    flow->arrivals_us[flow->next_seq % BWE_SIM_SENT] = passage.is_lost ? -1 : arrival_us;
    flow->sent[flow->next_seq % BWE_SIM_SENT].is_video = false;
    bwe_estimator_on_sent(&flow->estimator, (uint16_t)flow->next_seq, bytes, cluster, now_us);
    flow->next_seq++;
}

/* A packet of video, for the first time or again. */
static void send_video(struct bwe_sim_flow *flow, const struct bwe_sim_sent *video, uint8_t cluster,
                       int64_t now_us)
{
    struct bwe_sim_flow_measure *measure = &flow->measure->flows[flow->index];
    uint64_t seq = flow->next_seq;
    send(flow, video->bytes, cluster, video->tries > 0 ? BWE_SIM_REPAIR : BWE_SIM_MEDIA, now_us);
    int64_t arrival_us = flow->arrivals_us[seq % BWE_SIM_SENT];
    flow->sent[seq % BWE_SIM_SENT] = *video;
    if (video->tries == 0) {
        measure->video_packets++;
        measure->video_lost += arrival_us < 0;
    } else {
        measure->video_repaired += arrival_us >= 0 && arrival_us <= video->due_us + REPAIR_US;
    }
}

static void repair(struct bwe_sim_flow *flow, const struct bwe_sim_message *message, int64_t now_us)
{
    int64_t one_way_us = (int64_t)(1000 * flow->config.one_way_ms);
    for (unsigned i = 0; i < message->count; i++) {
        uint64_t seq = flow->next_seq - (uint16_t)(flow->next_seq - message->entries[i].seq);
        struct bwe_sim_sent again = flow->sent[seq % BWE_SIM_SENT];
        again.tries++;
        if (!message->entries[i].is_received && again.is_video && again.tries <= REPAIR_TRIES &&
            now_us + one_way_us <= again.due_us + REPAIR_US)
            send_video(flow, &again, 0, now_us);
    }
}

static void send_audio(struct bwe_sim_flow *flow, unsigned voice, int64_t now_us)
{
    uint16_t bytes = flow->config.kind == BWE_SIM_CONFERENCE ? VOICE_BYTES : AUDIO_BYTES;
    flow->audio_us[voice] += AUDIO_US;
    send(flow, bytes, 0, BWE_SIM_MEDIA, now_us);
    bwe_pacer_on_unpaced(&flow->pacer, bytes, now_us);
}

/* A frame in equal packets. A source whose last frames still wait leaves this one out. */
static void make_frame(struct bwe_sim_flow *flow, unsigned track, int64_t now_us)
{
    uint32_t bytes = bwe_sim_source_frame(&flow->source, track, now_us);
    if (flow->is_paused || bytes == 0)
        return;
    if (bwe_pacer_queue_ms(&flow->pacer) > BWE_PACER_QUEUE_MS)
        return;
    uint32_t count = (bytes + PACKET_BYTES - 1) / PACKET_BYTES;
    flow->frame++;
    for (uint32_t i = 0; i < count; i++) {
        struct bwe_paced packet = {.bytes = (uint16_t)(bytes / count), .frame = flow->frame};
        bwe_pacer_push(&flow->pacer, &packet, now_us);
    }
}

static void send_paced(struct bwe_sim_flow *flow, int64_t now_us)
{
    struct bwe_paced packets[GROUP];
    int64_t one_way_us = (int64_t)(1000 * flow->config.one_way_ms);
    uint8_t cluster;
    size_t count;
    while ((count = bwe_pacer_pop(&flow->pacer, now_us, packets, GROUP, &cluster)) > 0) {
        for (size_t i = 0; i < count; i++)
            send_video(flow,
                       &(struct bwe_sim_sent){.bytes = packets[i].bytes,
                                              .is_video = true,
                                              .due_us = now_us + one_way_us},
                       cluster, now_us);
    }
    uint16_t padding;
    while ((padding = bwe_pacer_padding(&flow->pacer, now_us, PADDING_BYTES, &cluster)) > 0) {
        send(flow, padding, cluster, BWE_SIM_PADDING, now_us);
        bwe_pacer_on_padding(&flow->pacer, padding, now_us);
    }
}

/* The receiver's clock. */
static int64_t receiver_us(const struct bwe_sim_flow *flow, int64_t at_us)
{
    double drifted_us = (double)at_us * (1 + flow->clock_drift) + CLOCK_OFFSET_S * 1e6;
    return (int64_t)drifted_us / TICK_US * TICK_US;
}

/* What has arrived since the last message, up to the last arrival; losses after it come later. */
static unsigned collect(struct bwe_sim_flow *flow, struct bwe_feedback_entry *entries,
                        int64_t now_us)
{
    unsigned count = 0, useful = 0;
    for (uint64_t seq = flow->reported; seq < flow->next_seq && count < BWE_SIM_ENTRIES; seq++) {
        int64_t arrival_us = flow->arrivals_us[seq % BWE_SIM_SENT];
        if (arrival_us > now_us)
            break;
        entries[count++] = (struct bwe_feedback_entry){
            (uint16_t)seq, arrival_us >= 0, arrival_us >= 0 ? receiver_us(flow, arrival_us) : 0};
        if (arrival_us >= 0)
            useful = count;
    }
    flow->reported += useful;
    return useful;
}

static void send_feedback(struct bwe_sim_flow *flow, int64_t now_us)
{
    flow->feedback_us += FEEDBACK_US;
    if (flow->message_count == BWE_SIM_MESSAGES)
        return;
    struct bwe_sim_message *message =
        &flow->messages[(flow->message_head + flow->message_count) % BWE_SIM_MESSAGES];
    message->count = collect(flow, message->entries, now_us);
    if (message->count == 0)
        return;
    uint32_t bytes = FEEDBACK_BYTES + message->count * 5 / 4;
    int64_t depart_us = now_us;
    flow->measure->flows[flow->index].feedback_bytes += bytes;
    if (flow->back) {
        struct bwe_sim_passage passage = bwe_sim_link_enter(flow->back, bytes, now_us);
        if (passage.is_lost)
            return;
        depart_us = passage.depart_us;
    }
    message->at_us = depart_us + (int64_t)(1000 * flow->config.one_way_ms);
    flow->message_count++;
}

static void take_feedback(struct bwe_sim_flow *flow, int64_t now_us)
{
    const struct bwe_sim_message *message = &flow->messages[flow->message_head];
    flow->message_head = (flow->message_head + 1) % BWE_SIM_MESSAGES;
    flow->message_count--;
    bwe_estimator_on_feedback(&flow->estimator, message->entries, message->count, now_us);
    if (flow->config.has_repairs)
        repair(flow, message, now_us);
    flow->poll_us = now_us;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void set_demand(struct bwe_sim_flow *flow)
{
    struct bwe_demand demand = {
        .ideal_bps = (uint32_t)(1.1 * flow->config.max_bps),
        .max_bps = (uint32_t)(1.2 * flow->config.max_bps),
    };
    if (flow->config.kind == BWE_SIM_CONFERENCE)
        demand = bwe_sim_conference_demand(&flow->source.conference);
    bwe_estimator_set_demand(&flow->estimator, &demand);
}

/* When a conference was first as one wishes. */
static void note_conference(struct bwe_sim_flow *flow, int64_t now_us)
{
    const struct bwe_sim_conference *conference = &flow->source.conference;
    if (flow->full_us == 0 && bwe_sim_conference_is_full(conference))
        flow->full_us = now_us;
    if (flow->return_us == 0 && (double)now_us > flow->config.event_s * 1e6 &&
        bwe_sim_conference_live_count(conference) == BWE_SIM_TRACKS)
        flow->return_us = now_us;
}

static void poll(struct bwe_sim_flow *flow, int64_t now_us)
{
    double audio_bps = bwe_sim_source_audio_bps(&flow->source);
    set_demand(flow);
    flow->decision = bwe_estimator_poll(&flow->estimator, now_us);
    const struct bwe_decision *decision = &flow->decision;
    bwe_pacer_set_rate(&flow->pacer, decision->pacing_bps, decision->burst_us, now_us);
    if (decision->probe.id != 0)
        bwe_pacer_begin_probe(&flow->pacer, &decision->probe, now_us);
    const struct bwe_sim_target target = {decision->target_bps - audio_bps, decision->stable_bps,
                                          decision->is_probed};
    int64_t again_us = bwe_sim_source_set_target(&flow->source, &target, now_us);
    flow->poll_us = least(again_us, bwe_estimator_next_deadline(&flow->estimator));
    note_conference(flow, now_us);
    if (flow->estimate_us == 0 && decision->target_bps >= BWE_SIM_COVERS_BPS)
        flow->estimate_us = now_us;
}

static void sample(struct bwe_sim_flow *flow, int64_t now_us)
{
    size_t bin = (size_t)(now_us / BWE_SIM_BIN_US);
    flow->sample_us += BWE_SIM_BIN_US;
    if (bin < BWE_SIM_BINS)
        flow->measure->flows[flow->index].target_kbps[bin] = flow->decision.target_bps / 1000;
}

static unsigned voices_of(const struct bwe_sim_flow *flow)
{
    return flow->config.kind == BWE_SIM_CONFERENCE ? BWE_SIM_VOICES : 1;
}

int64_t bwe_sim_flow_next(const struct bwe_sim_flow *flow)
{
    unsigned track;
    int64_t next_us = least(flow->feedback_us, flow->poll_us);
    next_us = least(next_us, flow->sample_us);
    next_us = least(next_us, bwe_sim_source_next(&flow->source, &track));
    next_us = least(next_us, bwe_pacer_deadline(&flow->pacer));
    for (unsigned i = 0; i < voices_of(flow); i++)
        next_us = least(next_us, flow->audio_us[i]);
    if (flow->message_count > 0)
        next_us = least(next_us, flow->messages[flow->message_head].at_us);
    return (double)next_us < flow->config.end_s * 1e6 ? next_us : INT64_MAX;
}

void bwe_sim_flow_run(struct bwe_sim_flow *flow, int64_t now_us)
{
    unsigned track;
    double now_s = (double)now_us / 1e6;
    flow->is_paused =
        flow->config.resume_s > 0 && now_s >= flow->config.pause_s && now_s < flow->config.resume_s;
    if (flow->message_count > 0 && flow->messages[flow->message_head].at_us <= now_us)
        take_feedback(flow, now_us);
    if (flow->feedback_us <= now_us)
        send_feedback(flow, now_us);
    if (flow->poll_us <= now_us)
        poll(flow, now_us);
    if (flow->sample_us <= now_us)
        sample(flow, now_us);
    for (unsigned i = 0; i < voices_of(flow); i++) {
        if (flow->audio_us[i] <= now_us)
            send_audio(flow, i, now_us);
    }
    if (bwe_sim_source_next(&flow->source, &track) <= now_us)
        make_frame(flow, track, now_us);
    send_paced(flow, now_us);
}
