/* The packets of a client: in, out, and what is due every 20 ms. */
#include <string.h>

#include "rtp/bytes.h"
#include "tests/integration/event_loop.h"
#include "tests/integration/media_client_internal.h"

#define DATAGRAM_BYTES    2048
#define RTCP_BYTES        1200
#define NACKS_AT_ONCE     64
#define REPORT_EVERY_US   1000000
#define FEEDBACK_EVERY_US 80000
#define VIDEO_EVERY_TICKS 2
#define NTP_UNIX_OFFSET_S 2208988800u
#define OUR_SSRC          0x0C11E47u /* sender of our feedback */

void media_client_on_dtls_datagram(void *context, const uint8_t *data, size_t len)
{
    struct media_client *client = context;
    client_path_send(client->path, data, len);
}

void media_client_send_datagram(struct media_client *client, const uint8_t *data, size_t len)
{
    client_path_send(client->path, data, len);
}

void media_client_send_rtp(struct media_client *client, uint8_t *data, size_t len)
{
    if (!client->srtp)
        return;
    int sealed = srtp_session_seal_rtp(client->srtp, data, len);
    if (sealed < 0)
        media_client_note(client, "libsrtp2 refuses to seal an RTP packet");
    else
        client_path_send(client->path, data, (size_t)sealed);
}

void media_client_send_rtcp(struct media_client *client, uint8_t *data, size_t len)
{
    if (!client->srtp)
        return;
    int sealed = srtp_session_seal_rtcp(client->srtp, data, len);
    if (sealed < 0)
        media_client_note(client, "libsrtp2 refuses to seal an RTCP packet");
    else
        client_path_send(client->path, data, (size_t)sealed);
}

/* A video packet that the network is to lose. Names and first key frame get through. */
static bool is_to_be_lost(struct media_client *client, const struct track_packet *packet)
{
    if (packet->is_rtx || client->drop_sent_every == 0)
        return false;
    for (unsigned i = 0; i < client->track_count; i++) {
        const struct track_sender *track = client->tracks[i];
        if (track->options.ssrc == packet->ssrc)
            return track->options.kind != MEDIA_AUDIO &&
                   track->packets > TRACK_SENDER_NAMED_PACKETS &&
                   ++client->video_packets_made % client->drop_sent_every == 0;
    }
    return false;
}

void media_client_on_track_packet(void *context, struct track_packet *packet)
{
    struct media_client *client = context;
    int sealed = srtp_session_seal_rtp(client->srtp, packet->data, packet->len);
    if (sealed < 0) {
        media_client_note(client, "libsrtp2 refuses to seal a track's packet");
        return;
    }
    if (is_to_be_lost(client, packet)) {
        client->dropped_before_server++;
        return;
    }
    memcpy(client->last_datagram, packet->data, (size_t)sealed);
    client->last_datagram_len = (size_t)sealed;
    client_path_send(client->path, packet->data, (size_t)sealed);
}

static struct track_sender *track_of(struct media_client *client, uint32_t ssrc)
{
    for (unsigned i = 0; i < client->track_count; i++) {
        if (client->tracks[i]->options.ssrc == ssrc)
            return client->tracks[i];
    }
    return NULL;
}

static void on_nack(void *context, uint32_t ssrc, uint16_t seq)
{
    struct media_client *client = context;
    struct track_sender *track = track_of(client, ssrc);
    if (!track)
        media_client_note(client, "a NACK for an SSRC that we do not send");
    else if (client->answers_nacks && client->srtp)
        track_sender_retransmit(track, seq);
}

static void on_pli(void *context, uint32_t ssrc)
{
    struct media_client *client = context;
    struct track_sender *track = track_of(client, ssrc);
    if (!track)
        media_client_note(client, "a PLI for an SSRC that we do not send");
    else if (!client->ignores_plis)
        track->key_frame_due = true;
}

static void on_rtcp(struct media_client *client, uint8_t *data, size_t len, int64_t now_us)
{
    const struct feedback_handlers handlers = {on_nack, on_pli, client};
    int opened = srtp_session_open_rtcp(client->srtp, data, len);
    if (opened < 0) {
        client->failed_openings++;
        return;
    }
    feedback_log_take(&client->feedback, data, (size_t)opened, now_us, &handlers);
}

static void on_rtp(struct media_client *client, uint8_t *data, size_t len, int64_t now_us)
{
    struct rtp_packet packet;
    struct rtp_extension_values values;
    int opened = srtp_session_open_rtp(client->srtp, data, len);
    if (opened < 0 || rtp_packet_parse(&packet, data, (size_t)opened) != 0) {
        client->failed_openings++;
        return;
    }
    client->newest_media_us = now_us;
    if (client->first_media_us == 0)
        client->first_media_us = now_us;
    for (unsigned i = 0; i < client->slot_count; i++) {
        struct slot_receiver *slot = client->slot_list[i];
        if (packet.ssrc != slot->ssrc && (packet.ssrc != slot->rtx_ssrc || slot->rtx_ssrc == 0))
            continue;
        rtp_packet_read_extensions(&packet, &slot->extensions, &values);
        if (values.has_transport_seq)
            rtp_arrival_log_add(&client->arrivals, values.transport_seq, now_us);
        slot_receiver_take(slot, &packet, now_us);
        return;
    }
    media_client_note(client, "RTP with an SSRC that the answer does not name");
}

static void advance_handshake(struct media_client *client)
{
    uint8_t fingerprint[32];
    if (client->srtp || !client_path_is_connected(client->path))
        return;
    dtls_client_start(client->dtls);
    if (dtls_client_state(client->dtls) == DTLS_CLIENT_FAILED)
        media_client_note(client, "the DTLS handshake failed");
    if (dtls_client_state(client->dtls) != DTLS_CLIENT_CONNECTED)
        return;
    if (dtls_client_server_fingerprint(client->dtls, fingerprint) != 0 ||
        memcmp(fingerprint, client->answer.fingerprint, sizeof(fingerprint)) != 0) {
        media_client_note(client, "the server's certificate is not the answer's");
        return;
    }
    client->srtp = dtls_client_create_srtp(client->dtls);
    if (!client->srtp)
        media_client_note(client, "no SRTP profile was negotiated");
}

void media_client_on_datagram(void *context, const uint8_t *data, size_t len)
{
    struct media_client *client = context;
    uint8_t copy[DATAGRAM_BYTES + SRTP_SESSION_TRAILER_BYTES];
    if (len < 2 || len > DATAGRAM_BYTES)
        return;
    client->received_datagrams++;
    if (data[0] >= 20 && data[0] <= 63) { /* RFC 7983 */
        dtls_client_receive(client->dtls, data, len);
        advance_handshake(client); /* the first media may be the next datagram */
        return;
    }
    if (data[0] < 128 || data[0] > 191 || !client->srtp)
        return; /* media may come before we have computed the keys: it is asked for again */
    memcpy(copy, data, len);
    if (rtp_packet_is_rtcp(copy, len))
        on_rtcp(client, copy, len, event_loop_now_us());
    else
        on_rtp(client, copy, len, event_loop_now_us());
}

static void send_media(struct media_client *client, int64_t now_us)
{
    bool is_frame_due = (client->ticks + client->tag) % VIDEO_EVERY_TICKS == 0;
    for (unsigned i = 0; i < client->track_count; i++) {
        struct track_sender *track = client->tracks[i];
        bool is_audio = track->options.kind == MEDIA_AUDIO;
        if (is_audio && client->is_sending_audio)
            track_sender_audio(track, now_us);
        else if (!is_audio && client->is_sending_video && is_frame_due)
            track_sender_frame(track, now_us);
    }
}

void media_client_send_nack(struct media_client *client, uint32_t ssrc, const uint16_t *seqs,
                            size_t count)
{
    uint8_t data[RTCP_BYTES + SRTP_SESSION_TRAILER_BYTES];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, RTCP_BYTES);
    rtcp_write_nack(&writer, OUR_SSRC, ssrc, seqs, count);
    media_client_send_rtcp(client, data, writer.len);
}

void media_client_send_pli(struct media_client *client, uint32_t ssrc)
{
    uint8_t data[RTCP_BYTES + SRTP_SESSION_TRAILER_BYTES];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, RTCP_BYTES);
    rtcp_write_pli(&writer, OUR_SSRC, ssrc);
    media_client_send_rtcp(client, data, writer.len);
}

static void send_nacks(struct media_client *client, int64_t now_us)
{
    uint16_t seqs[NACKS_AT_ONCE];
    for (unsigned i = 0; i < client->slot_count; i++) {
        struct slot_receiver *slot = client->slot_list[i];
        if (slot->is_audio)
            continue;
        size_t count = slot_receiver_collect_nacks(slot, now_us, seqs, NACKS_AT_ONCE);
        if (count > 0)
            media_client_send_nack(client, slot->ssrc, seqs, count);
    }
}

static uint64_t ntp_at(const struct media_client *client, int64_t now_us)
{
    uint64_t us = (uint64_t)(now_us + client->clock_offset_us);
    uint64_t seconds = us / 1000000 + NTP_UNIX_OFFSET_S;
    return seconds << 32 | (us % 1000000 << 32) / 1000000;
}

static void send_reports(struct media_client *client, int64_t now_us)
{
    uint8_t data[RTCP_BYTES + SRTP_SESSION_TRAILER_BYTES];
    struct rtcp_writer writer;
    for (unsigned i = 0; i < client->track_count; i++) {
        struct rtcp_sender_report report;
        if (client->tracks[i]->packets == 0)
            continue;
        track_sender_report(client->tracks[i], now_us, ntp_at(client, now_us), &report);
        rtcp_writer_init(&writer, data, RTCP_BYTES);
        rtcp_write_sender_report(&writer, &report, NULL, 0);
        rtcp_write_cname(&writer, report.ssrc, "client");
        media_client_send_rtcp(client, data, writer.len);
    }
    struct rtcp_report_block blocks[MEDIA_CLIENT_SLOTS];
    unsigned count = 0;
    for (unsigned i = 0; i < client->slot_count; i++) {
        const struct slot_receiver *slot = client->slot_list[i];
        if (slot->sequence.started)
            blocks[count++] = (struct rtcp_report_block){
                .ssrc = slot->ssrc, .highest_seq = (uint32_t)(slot->sequence.highest - 0x10000)};
    }
    rtcp_writer_init(&writer, data, RTCP_BYTES);
    rtcp_write_receiver_report(&writer, OUR_SSRC, blocks, count);
    media_client_send_rtcp(client, data, writer.len);
}

static void send_transport_feedback(struct media_client *client, int64_t now_us)
{
    uint8_t data[RTCP_BYTES + SRTP_SESSION_TRAILER_BYTES];
    struct rtcp_writer writer;
    if (client->slot_count == 0)
        return;
    rtcp_writer_init(&writer, data, RTCP_BYTES);
    if (rtp_arrival_log_write(&client->arrivals, &writer, OUR_SSRC, client->slot_list[0]->ssrc,
                              now_us) == 0)
        media_client_send_rtcp(client, data, writer.len);
}

void media_client_tick(struct media_client *client, int64_t now_us)
{
    client->ticks++;
    if (client->id[0] == '\0')
        return;
    advance_handshake(client);
    if (!client->srtp)
        return;
    send_media(client, now_us);
    if (client->sends_nacks)
        send_nacks(client, now_us);
    if (now_us - client->last_report_us >= REPORT_EVERY_US) {
        client->last_report_us = now_us;
        send_reports(client, now_us);
    }
    if (client->options.reports_arrivals &&
        now_us - client->last_feedback_us >= FEEDBACK_EVERY_US) {
        client->last_feedback_us = now_us;
        send_transport_feedback(client, now_us);
    }
}
