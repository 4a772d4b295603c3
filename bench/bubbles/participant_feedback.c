/* RTCP: what a browser tells about what it receives, and what it does when told. */
#include "bench/bubbles/clock.h"
#include "bench/bubbles/participant.h"

#define FEEDBACK_PERIOD_US 100000
#define REPORT_PERIOD_US   1000000
#define REPAIR_PERIOD_US   10000
#define RTCP_BYTES         1200
#define NACKS_MAX          64
#define NTP_UNIX_OFFSET_S  UINT64_C(2208988800) /* RFC 868 */

_Static_assert(RTCP_BYTES + TRANSPORT_SRTP_TRAILER_BYTES <= BUBBLES_DATAGRAM_BYTES, "fits");

static void begin(struct bubbles_participant *participant, struct rtcp_writer *writer)
{
    rtcp_writer_init(writer, bubbles_net_reserve(participant->run->net), RTCP_BYTES);
}

/* Seal in the reserved buffer and send. */
static void post(struct bubbles_participant *participant, const struct rtcp_writer *writer)
{
    if (writer->len == 0)
        return;
    int len = transport_srtp_seal_rtcp(participant->sender, writer->data, writer->len);
    if (len > 0)
        bubbles_participant_commit(participant, (size_t)len);
}

static uint64_t ntp_at(const struct bubbles_participant *participant, int64_t now_us)
{
    uint64_t us = (uint64_t)now_us + participant->ntp_offset_us;
    return ((us / BUBBLES_US_PER_S + NTP_UNIX_OFFSET_S) << 32) |
           (us % BUBBLES_US_PER_S << 32) / BUBBLES_US_PER_S;
}

/* ---- out ---- */

static void send_transport_feedback(struct bubbles_participant *participant, int64_t now_us)
{
    struct rtcp_writer writer;
    participant->due.feedback_us = now_us + FEEDBACK_PERIOD_US;
    while (rtp_arrival_log_has_news(&participant->arrivals)) {
        begin(participant, &writer);
        if (rtp_arrival_log_write(&participant->arrivals, &writer, participant->feedback_ssrc,
                                  participant->slots[0].line.ssrc, now_us))
            return;
        post(participant, &writer);
    }
}

static void repair(struct bubbles_participant *participant, struct bubbles_slot *slot,
                   int64_t now_us)
{
    uint16_t seqs[NACKS_MAX];
    struct rtcp_writer writer;
    size_t count = rtp_nack_deadline(&slot->nack) <= now_us
                       ? rtp_nack_collect(&slot->nack, now_us, 0, RTP_NACK_TRIES, seqs, NACKS_MAX)
                       : 0;
    bool wants_key = bubbles_slot_wants_key(slot, now_us);
    if (count == 0 && !wants_key)
        return;
    slot->counters.nacks += (unsigned)count;
    begin(participant, &writer);
    rtcp_write_nack(&writer, participant->feedback_ssrc, slot->line.ssrc, seqs, count);
    if (wants_key)
        rtcp_write_pli(&writer, participant->feedback_ssrc, slot->line.ssrc);
    post(participant, &writer);
}

static void send_sender_reports(struct bubbles_participant *participant, int64_t now_us)
{
    struct rtcp_writer writer;
    begin(participant, &writer);
    for (unsigned i = 0; i < participant->stream_count; i++) {
        struct rtcp_sender_report report;
        if (participant->streams[i].packets == 0)
            continue;
        bubbles_stream_report(&participant->streams[i], now_us, ntp_at(participant, now_us),
                              &report);
        rtcp_write_sender_report(&writer, &report, NULL, 0);
        rtcp_write_cname(&writer, report.ssrc, "bubbles");
    }
    post(participant, &writer);
}

static void send_receiver_report(struct bubbles_participant *participant, int64_t now_us)
{
    struct rtcp_writer writer;
    struct rtcp_report_block blocks[BUBBLES_SLOTS];
    unsigned count = 0;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++) {
        struct bubbles_slot *slot = &participant->slots[i];
        count += rtp_reception_report(&slot->reception, slot->line.ssrc, now_us, &blocks[count]);
    }
    begin(participant, &writer);
    rtcp_write_receiver_report(&writer, participant->feedback_ssrc, blocks, count);
    rtcp_write_cname(&writer, participant->feedback_ssrc, "bubbles");
    post(participant, &writer);
}

void bubbles_participant_send_feedback(struct bubbles_participant *participant, int64_t now_us)
{
    struct bubbles_due *due = &participant->due;
    if (due->feedback_us <= now_us)
        send_transport_feedback(participant, now_us);
    if (due->repair_us <= now_us) {
        for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
            if (participant->slots[i].kind != BUBBLES_VOICE)
                repair(participant, &participant->slots[i], now_us);
        due->repair_us = now_us + REPAIR_PERIOD_US;
    }
    if (due->report_us <= now_us) {
        send_sender_reports(participant, now_us);
        send_receiver_report(participant, now_us);
        due->report_us = now_us + REPORT_PERIOD_US;
    }
}

/* ---- in ---- */

static struct bubbles_stream *find_stream(struct bubbles_participant *participant, uint32_t ssrc)
{
    for (unsigned i = 0; i < participant->stream_count; i++)
        if (participant->streams[i].ssrc == ssrc)
            return &participant->streams[i];
    return NULL;
}

static void retransmit(struct bubbles_participant *participant, struct bubbles_stream *stream,
                       const struct rtcp_packet *packet)
{
    uint16_t seqs[NACKS_MAX];
    int count = rtcp_nack_parse(packet, seqs, NACKS_MAX);
    for (int i = 0; i < count; i++) {
        struct bubbles_rtp rtp = {.data = bubbles_net_reserve(participant->run->net)};
        if (!bubbles_stream_retransmit(stream, seqs[i], &participant->transport_seq, &rtp))
            continue;
        int len = transport_srtp_seal_rtp(participant->sender, rtp.data, rtp.len, rtp.header_len,
                                          rtp.index);
        if (len > 0)
            bubbles_participant_commit(participant, (size_t)len);
    }
}

/* A simulcast encoder makes a key frame in every layer. */
static void make_key_frame(struct bubbles_participant *participant,
                           const struct bubbles_stream *stream)
{
    for (unsigned i = 0; i < participant->stream_count; i++)
        if (participant->streams[i].kind == stream->kind)
            participant->streams[i].is_key_due = true;
}

static void take_feedback(struct bubbles_participant *participant, const struct rtcp_packet *packet)
{
    uint32_t sender_ssrc, media_ssrc;
    struct rtcp_remb remb;
    if (rtcp_feedback_ssrcs(packet, &sender_ssrc, &media_ssrc))
        return;
    struct bubbles_stream *stream = find_stream(participant, media_ssrc);
    if (packet->type == RTCP_TRANSPORT_LAYER_FEEDBACK && packet->count == RTCP_FORMAT_NACK &&
        stream)
        retransmit(participant, stream, packet);
    else if (packet->type == RTCP_PAYLOAD_FEEDBACK && packet->count == RTCP_FORMAT_PLI && stream)
        make_key_frame(participant, stream);
    else if (packet->type == RTCP_PAYLOAD_FEEDBACK &&
             packet->count == RTCP_FORMAT_APPLICATION_LAYER && rtcp_remb_parse(&remb, packet) == 0)
        participant->remb_bps = remb.bitrate_bps;
}

static void take_sender_report(struct bubbles_participant *participant,
                               const struct rtcp_packet *packet, int64_t now_us)
{
    struct rtcp_sender_report report;
    if (rtcp_sender_report_parse(&report, packet))
        return;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
        if (participant->slots[i].line.ssrc == report.ssrc)
            rtp_reception_on_sender_report(&participant->slots[i].reception, &report, now_us);
}

void bubbles_participant_take_rtcp(struct bubbles_participant *participant, const uint8_t *data,
                                   size_t len, int64_t now_us)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    rtcp_reader_init(&reader, data, len);
    while (rtcp_reader_next(&reader, &packet) > 0) {
        if (packet.type == RTCP_SENDER_REPORT)
            take_sender_report(participant, &packet, now_us);
        else if (packet.type == RTCP_TRANSPORT_LAYER_FEEDBACK ||
                 packet.type == RTCP_PAYLOAD_FEEDBACK)
            take_feedback(participant, &packet);
    }
}
