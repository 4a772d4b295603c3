/*
 * RTCP of a participant: reports on what it receives and sends, requests for repair. Each packet of
 * a compound stands alone; a malformed one ends the reading and is counted.
 *
 * What costs the server more to answer than its sender to say is bounded for each compound, however
 * many messages it is spread over: the rest is counted and ignored. Browsers send one transport
 * feedback, NACK, PLI and REMB in a compound, the NACK of one stream.
 */
#include "rtp/error.h"
#include "rtp/transport_feedback.h"
#include "sfu/core/engine_internal.h"

#define NACK_MAX     128  /* sequence numbers honoured of one compound */
#define STATUSES_MAX 2048 /* and packets that its transport feedback speaks of */
#define FEEDBACK_MAX 32   /* and messages of RTCP 205 and 206: two for each slot, twice */
#define RTT_WEIGHT   8    /* smoothing as in RFC 6298: 1/8 */

/* What the rest of a compound may still ask for. */
struct allowance {
    unsigned nacks, statuses, messages;
};

static struct core_slot *find_slot(struct core_participant *participant, uint32_t ssrc)
{
    for (unsigned i = 0; i < participant->slot_count; i++)
        if (participant->slots[i].params.ssrc == ssrc)
            return &participant->slots[i];
    return NULL;
}

/* What idle and paused slots are asked for reaches no source (protocol.md, section 1). */
static struct core_slot *find_live_slot(struct core_participant *participant, uint32_t ssrc,
                                        int64_t now_us)
{
    struct core_slot *slot = find_slot(participant, ssrc);
    if (!slot || core_slot_is_live(slot, now_us))
        return slot;
    slot->statistics.unanswered_requests++;
    return NULL;
}

static struct core_layer *find_layer(struct core_participant *participant, uint32_t ssrc)
{
    struct core_binding *binding = core_participant_binding(participant, ssrc);
    return binding && !binding->is_rtx ? &participant->tracks[binding->track].layers[binding->layer]
                                       : NULL;
}

static void on_report_blocks(struct core_participant *participant, const struct rtcp_packet *packet,
                             int64_t now_us)
{
    struct rtcp_report_block block;
    uint32_t ntp_mid = (uint32_t)(core_engine_ntp(participant->engine, now_us) >> 16);
    for (unsigned i = 0; rtcp_report_block_at(&block, packet, i) == 0; i++) {
        int64_t rtt_us = rtp_reception_rtt_us(&block, ntp_mid);
        struct core_slot *slot = find_slot(participant, block.ssrc);
        if (!slot)
            continue;
        bool is_measured = rtt_us >= 0 && block.last_sr != slot->reported.last_sr;
        core_slot_on_report(slot, &block);
        core_estimate_on_report(participant, &block, is_measured ? rtt_us : 0, now_us);
        if (rtt_us < 0)
            continue;
        participant->rtt_us =
            participant->rtt_us == 0
                ? rtt_us
                : participant->rtt_us + (rtt_us - participant->rtt_us) / RTT_WEIGHT;
    }
}

/* The same packet sealed anew would repeat a nonce (RFC 7714, section 8.4): without RTX a loss is
   repaired by a key frame, if anything needs it. */
static void on_loss(struct core_slot *slot, const uint16_t *seqs, int count, int64_t now_us)
{
    for (int i = 0; i < count; i++)
        if (core_slot_needs(slot, seqs[i], now_us)) {
            core_slot_on_request(slot, now_us);
            return;
        }
}

static void on_nack(struct core_participant *participant, const struct rtcp_packet *packet,
                    struct allowance *left, int64_t now_us)
{
    uint32_t sender_ssrc, media_ssrc;
    uint16_t seqs[NACK_MAX + 1]; /* one more shows that there are more */
    if (rtcp_feedback_ssrcs(packet, &sender_ssrc, &media_ssrc))
        return;
    struct core_slot *slot = find_live_slot(participant, media_ssrc, now_us);
    int count = slot ? rtcp_nack_parse(packet, seqs, left->nacks + 1) : 0;
    if (count <= 0)
        return;
    if ((unsigned)count > left->nacks) {
        slot->statistics.unanswered_requests++;
        count = (int)left->nacks;
    }
    left->nacks -= (unsigned)count;
    slot->statistics.nacks += (unsigned)count;
    if (!slot->params.rtx_ssrc && slot->params.kind != CORE_KIND_AUDIO) {
        on_loss(slot, seqs, count, now_us);
        return;
    }
    for (int i = 0; i < count; i++)
        core_slot_retransmit(slot, seqs[i], now_us);
}

/* What it announces counts, whether or not it can be read. */
static void on_transport_feedback(struct core_participant *participant,
                                  const struct rtcp_packet *packet, struct allowance *left,
                                  int64_t now_us)
{
    int count = rtp_transport_feedback_count(packet);
    if (count < 0 || (unsigned)count > left->statuses) {
        participant->uplink.malformed++;
        return;
    }
    left->statuses -= (unsigned)count;
    core_estimate_on_feedback(participant, packet, now_us);
}

static void on_pli(struct core_participant *participant, const struct rtcp_packet *packet,
                   int64_t now_us)
{
    uint32_t sender_ssrc, media_ssrc;
    if (rtcp_feedback_ssrcs(packet, &sender_ssrc, &media_ssrc))
        return;
    struct core_slot *slot = find_live_slot(participant, media_ssrc, now_us);
    if (!slot || slot->params.kind == CORE_KIND_AUDIO)
        return;
    slot->statistics.plis++;
    core_slot_on_request(slot, now_us);
}

static void on_sender_report(struct core_participant *participant, const struct rtcp_packet *packet,
                             int64_t now_us)
{
    struct rtcp_sender_report report;
    if (rtcp_sender_report_parse(&report, packet))
        return;
    on_report_blocks(participant, packet, now_us);
    struct core_layer *layer = find_layer(participant, report.ssrc);
    if (layer)
        rtp_reception_on_sender_report(&layer->reception, &report, now_us);
}

static void on_feedback(struct core_participant *participant, const struct rtcp_packet *packet,
                        struct allowance *left, int64_t now_us)
{
    if (left->messages == 0) {
        participant->uplink.malformed++;
        return;
    }
    left->messages--;
    if (packet->type == RTCP_TRANSPORT_LAYER_FEEDBACK) {
        if (packet->count == RTCP_FORMAT_NACK)
            on_nack(participant, packet, left, now_us);
        else if (packet->count == RTCP_FORMAT_TRANSPORT_FEEDBACK)
            on_transport_feedback(participant, packet, left, now_us);
    } else if (packet->count == RTCP_FORMAT_PLI) {
        on_pli(participant, packet, now_us);
    } else if (packet->count == RTCP_FORMAT_APPLICATION_LAYER) {
        core_estimate_on_remb(participant, packet, now_us);
    }
}

static void on_packet(struct core_participant *participant, const struct rtcp_packet *packet,
                      struct allowance *left, int64_t now_us)
{
    switch (packet->type) {
    case RTCP_SENDER_REPORT:
        on_sender_report(participant, packet, now_us);
        break;
    case RTCP_RECEIVER_REPORT:
        on_report_blocks(participant, packet, now_us);
        break;
    case RTCP_TRANSPORT_LAYER_FEEDBACK:
    case RTCP_PAYLOAD_FEEDBACK:
        on_feedback(participant, packet, left, now_us);
        break;
    default: /* SDES, BYE, APP, XR: nothing depends on them; a source is gone when it is silent */
        break;
    }
}

void core_rtcp_receive(struct core_participant *participant, const uint8_t *data, size_t len,
                       int64_t now_us)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    struct allowance left = {NACK_MAX, STATUSES_MAX, FEEDBACK_MAX};
    int result;
    core_recorder_on_rtcp(participant->recorder, participant->id, false, data, len, now_us);
    rtcp_reader_init(&reader, data, len);
    while ((result = rtcp_reader_next(&reader, &packet)) > 0)
        on_packet(participant, &packet, &left, now_us);
    if (result < 0)
        participant->uplink.malformed++;
}
