/*
 * What the server tells a participant by RTCP, each when it is due: NACK and PLI for what it sends,
 * transport feedback, receiver and sender reports, REMB.
 */
#include <stdio.h>

#include "bwe/remb.h"
#include "rtp/error.h"
#include "sfu/core/engine_internal.h"

/* Transport feedback: often while the sender's estimate rises, then as often as libwebrtc's. */
#define FEEDBACK_EARLY_US  5000000
#define FEEDBACK_FAST_US   50000
#define FEEDBACK_PERIOD_US 100000
#define REPORT_PERIOD_US   1500000 /* sender reports every 1-2 s (protocol.md, section 1) */
#define RTCP_BYTES         1200
#define NACKS_MAX          64
#define REMB_SSRCS         9

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void send(struct core_participant *participant, const struct rtcp_writer *writer)
{
    core_participant_send_rtcp(participant, writer->data, writer->len);
}

/* A lost packet of a layer that nobody sees costs nobody a picture. */
static bool is_forwarded(const struct core_track *track, const struct core_layer *layer)
{
    for (const struct core_slot *slot = track->subscribers; slot; slot = slot->next_subscriber)
        if (slot->layer == layer)
            return true;
    return false;
}

static void send_nacks(struct core_participant *participant, struct core_track *track,
                       struct core_layer *layer, int64_t now_us)
{
    uint8_t data[RTCP_BYTES];
    uint16_t seqs[NACKS_MAX];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    unsigned tries =
        track->params.rtx_payload_type < 0 ? RTP_NACK_TRIES_WITHOUT_RTX : RTP_NACK_TRIES;
    size_t count =
        rtp_nack_collect(layer->nack, now_us, participant->rtt_us, tries, seqs, NACKS_MAX);
    layer->statistics.nacks += count;
    if (count > 0)
        rtcp_write_nack(&writer, participant->feedback_ssrc, layer->ssrc, seqs, count);
    send(participant, &writer);
    if (rtp_nack_take_gave_up(layer->nack) && is_forwarded(track, layer))
        core_track_want_keyframe(track, layer, false, now_us);
}

/* A layer that is sent: the one that was asked for, or any: a request for one is answered in all.
 */
static struct core_layer *layer_to_ask(struct core_track *track, int64_t now_us)
{
    struct core_layer *asked = &track->layers[track->asked_layer];
    if (core_layer_is_alive(asked, now_us))
        return asked;
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++)
        if (core_layer_is_alive(&track->layers[i], now_us))
            return &track->layers[i];
    return NULL;
}

/* Returns when the track wants to be looked at again. */
static int64_t send_pli(struct core_participant *participant, struct core_track *track,
                        int64_t now_us)
{
    struct core_layer *layer = layer_to_ask(track, now_us);
    int64_t due_us = core_keyframe_budget_due(&track->keyframes, now_us);
    if (!layer || !track->params.has_pli)
        return INT64_MAX;
    if (due_us > now_us)
        return due_us;
    uint8_t data[32];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    rtcp_write_pli(&writer, participant->feedback_ssrc, layer->ssrc);
    send(participant, &writer);
    layer->statistics.plis++;
    core_keyframe_budget_on_request(&track->keyframes, now_us);
    core_record_track(track, &(struct core_decision){.kind = CORE_DECISION_REQUESTED}, now_us);
    return core_keyframe_budget_due(&track->keyframes, now_us);
}

/* Returns when the layer wants to be looked at again. */
static int64_t repair_layer(struct core_participant *participant, struct core_track *track,
                            struct core_layer *layer, int64_t now_us)
{
    if (!layer->id || !core_layer_is_alive(layer, now_us))
        return INT64_MAX;
    if (rtp_nack_deadline(layer->nack) <= now_us)
        send_nacks(participant, track, layer, now_us);
    return rtp_nack_deadline(layer->nack);
}

static void repair(struct core_participant *participant, int64_t now_us)
{
    participant->nack_us = INT64_MAX;
    for (unsigned t = 0; t < participant->track_count; t++) {
        struct core_track *track = &participant->tracks[t];
        int64_t next_us = INT64_MAX;
        if (track->params.kind == CORE_KIND_AUDIO)
            continue;
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
            next_us =
                earliest(next_us, repair_layer(participant, track, &track->layers[l], now_us));
        next_us = earliest(next_us, send_pli(participant, track, now_us));
        participant->nack_us = earliest(participant->nack_us, next_us);
    }
}

static void send_transport_feedback(struct core_participant *participant, int64_t now_us)
{
    uint8_t data[RTCP_BYTES];
    struct rtcp_writer writer;
    bool is_early = now_us - participant->joined_us < FEEDBACK_EARLY_US;
    participant->feedback_us =
        core_room_next(participant->room, is_early ? FEEDBACK_FAST_US : FEEDBACK_PERIOD_US, now_us);
    while (participant->arrivals && rtp_arrival_log_has_news(participant->arrivals)) {
        rtcp_writer_init(&writer, data, sizeof(data));
        if (rtp_arrival_log_write(participant->arrivals, &writer, participant->feedback_ssrc,
                                  participant->media_ssrc, now_us))
            break;
        send(participant, &writer);
    }
}

/* What the participant sends now: the sum of the contracts, and the SSRCs. */
static uint64_t sending_bps(const struct core_participant *participant, int64_t now_us,
                            uint32_t *ssrcs, unsigned *ssrc_count)
{
    uint64_t sum_bps = 0;
    *ssrc_count = 0;
    for (unsigned t = 0; t < participant->track_count; t++) {
        const struct core_track *track = &participant->tracks[t];
        bool is_sending = false;
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
            if (core_layer_is_alive(&track->layers[l], now_us)) {
                is_sending = true;
                if (*ssrc_count < REMB_SSRCS)
                    ssrcs[(*ssrc_count)++] = track->layers[l].ssrc;
            }
        if (is_sending)
            sum_bps += core_track_contract_bps(track);
    }
    return sum_bps;
}

static bool takes_remb(const struct core_participant *participant)
{
    for (unsigned i = 0; i < participant->track_count; i++)
        if (participant->tracks[i].params.has_remb)
            return true;
    return false;
}

/* When a track was last over its contract; 0: none ever. */
static int64_t last_over_us(const struct core_participant *participant)
{
    int64_t last_us = 0;
    for (unsigned i = 0; i < participant->track_count; i++) {
        int64_t over_us = bwe_policer_over_us(&participant->tracks[i].policer);
        last_us = over_us > last_us ? over_us : last_us;
    }
    return last_us;
}

static void write_remb(struct core_participant *participant, struct rtcp_writer *writer,
                       int64_t now_us)
{
    uint32_t ssrcs[REMB_SSRCS];
    unsigned ssrc_count;
    uint64_t sum_bps = sending_bps(participant, now_us, ssrcs, &ssrc_count);
    if (sum_bps == 0 || !takes_remb(participant))
        return;
    uint64_t limit_bps = bwe_remb_limit_bps(&participant->remb, sum_bps);
    rtcp_write_remb(writer, participant->feedback_ssrc, limit_bps, ssrcs, ssrc_count);
}

static void write_receiver_report(struct core_participant *participant, struct rtcp_writer *writer,
                                  int64_t now_us)
{
    struct rtcp_report_block blocks[CORE_TRACKS_MAX * CORE_LAYERS_MAX];
    unsigned count = 0;
    for (unsigned t = 0; t < participant->track_count; t++)
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++) {
            struct core_layer *layer = &participant->tracks[t].layers[l];
            if (core_layer_is_alive(layer, now_us) &&
                rtp_reception_report(&layer->reception, layer->ssrc, now_us, &blocks[count]))
                count++;
        }
    rtcp_write_receiver_report(writer, participant->feedback_ssrc, blocks, count);
}

static bool is_sending(const struct core_slot *slot, int64_t now_us)
{
    return slot->packet_count > 0 && now_us - slot->last_sent_us < CORE_LAYER_SILENCE_US;
}

static void send_sender_reports(struct core_participant *participant, int64_t now_us)
{
    participant->sender_report_us = core_room_next(participant->room, REPORT_PERIOD_US, now_us);
    uint8_t data[RTCP_BYTES];
    char cname[CORE_TOKEN_BYTES + 8];
    uint64_t ntp = core_engine_ntp(participant->engine, now_us);
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_slot *slot = &participant->slots[i];
        struct rtcp_sender_report report;
        struct rtcp_writer writer;
        if (!is_sending(slot, now_us))
            continue;
        core_slot_sender_report(slot, now_us, ntp, &report);
        rtcp_writer_init(&writer, data, sizeof(data));
        rtcp_write_sender_report(&writer, &report, NULL, 0);
        snprintf(cname, sizeof(cname), "slot-%s", slot->params.mid);
        rtcp_write_cname(&writer, slot->params.ssrc, cname);
        send(participant, &writer);
    }
}

static void send_reports(struct core_participant *participant, int64_t now_us)
{
    uint8_t data[RTCP_BYTES];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    write_receiver_report(participant, &writer, now_us);
    rtcp_write_cname(&writer, participant->feedback_ssrc, "iris");
    write_remb(participant, &writer, now_us);
    send(participant, &writer);
    participant->report_us = core_room_next(participant->room, BWE_REMB_PERIOD_US, now_us);
}

/* Who sends too much is told by REMB at once, and in words when it is policed; a layer that waits
   for a key frame which would pass now gets its request. */
static void tell_limits(struct core_participant *participant, int64_t now_us)
{
    if (bwe_remb_note(&participant->remb, last_over_us(participant), now_us))
        participant->report_us = now_us;
    for (unsigned i = 0; i < participant->track_count; i++) {
        struct core_track *track = &participant->tracks[i];
        struct bwe_policer_excess excess;
        if (!bwe_policer_is_policing(&track->policer))
            continue;
        if (bwe_policer_take_excess(&track->policer, &excess)) {
            core_events_limit(participant, track->params.kind, &excess);
            core_record_track(
                track,
                &(struct core_decision){.kind = CORE_DECISION_POLICED,
                                        .numbers = {excess.limit_bps, excess.measured_bps}},
                now_us);
            participant->report_us = now_us;
        }
        unsigned wanted = bwe_policer_wanted_keyframes(&track->policer, now_us);
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
            if (wanted >> l & 1 && is_forwarded(track, &track->layers[l]))
                core_track_want_keyframe(track, &track->layers[l], false, now_us);
    }
}

void core_feedback_advance(struct core_participant *participant, int64_t now_us)
{
    if (!transport_can_send(participant->transport))
        return;
    tell_limits(participant, now_us);
    repair(participant, now_us);
    if (participant->feedback_us <= now_us)
        send_transport_feedback(participant, now_us);
    if (participant->report_us <= now_us)
        send_reports(participant, now_us);
    if (participant->sender_report_us <= now_us)
        send_sender_reports(participant, now_us);
    core_participant_wake(participant, participant->nack_us);
    core_participant_wake(participant, participant->feedback_us);
    core_participant_wake(participant, participant->report_us);
    core_participant_wake(participant, participant->sender_report_us);
}
