/* Headers and payloads as they go out. */
#include "tests/sim/stream.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/packet.h"
#include "rtp/rtx.h"

#define AUDIO_HZ         48000
#define VIDEO_HZ         90000
#define EXTENSION_OFFSET (RTP_HEADER_BYTES + 4)

struct header {
    uint32_t ssrc, timestamp;
    uint16_t seq;
    uint8_t payload_type;
    bool marker, is_named, is_rtx;
    int8_t level;
};

void sim_stream_init(struct sim_stream *stream, uint32_t ssrc, uint32_t rtx_ssrc, uint64_t index)
{
    bool is_video = stream->payload_type != SIM_PT_OPUS;
    stream->ssrc = ssrc;
    stream->rtx_ssrc = rtx_ssrc;
    stream->index = index;
    stream->rtx_index = index / 2;
    stream->clock_hz = is_video ? VIDEO_HZ : AUDIO_HZ;
    stream->timestamp_base = ssrc * 2654435761u;
    stream->deliveries = calloc(SIM_DELIVERIES, sizeof(*stream->deliveries));
    stream->sent = rtx_ssrc ? calloc(SIM_SENT_PACKETS, sizeof(*stream->sent)) : NULL;
    if (!stream->deliveries || (rtx_ssrc && !stream->sent))
        abort();
}

void sim_stream_dispose(struct sim_stream *stream)
{
    free(stream->sent);
    free(stream->deliveries);
    memset(stream, 0, sizeof(*stream));
}

uint32_t sim_stream_timestamp(const struct sim_stream *stream, int64_t now_us)
{
    return stream->timestamp_base + (uint32_t)(now_us * stream->clock_hz / 1000000);
}

static uint8_t *put_element(uint8_t *at, uint8_t id, const void *bytes, size_t len)
{
    *at++ = (uint8_t)(id << 4 | (len - 1));
    memcpy(at, bytes, len);
    return at + len;
}

/* Fixed header and one-byte extensions (RFC 8285, 4.2). @return its length */
static size_t put_header(const struct sim_stream *stream, uint8_t *out, const struct header *header,
                         uint16_t transport_seq)
{
    uint8_t *at = out + EXTENSION_OFFSET, number[2], level = 0x80 | (header->level & 0x7F);
    out[0] = 0x90;
    out[1] = (uint8_t)(header->payload_type | (header->marker ? 0x80 : 0));
    rtp_bytes_put16(out + 2, header->seq);
    rtp_bytes_put32(out + 4, header->timestamp);
    rtp_bytes_put32(out + 8, header->ssrc);
    rtp_bytes_put16(out + 12, 0xBEDE);
    rtp_bytes_put16(number, transport_seq);
    at = put_element(at, SIM_ID_SEQ, number, 2);
    if (header->level >= 0)
        at = put_element(at, SIM_ID_LEVEL, &level, 1);
    if (header->is_named) {
        at = put_element(at, SIM_ID_MID, stream->mid, strlen(stream->mid));
        if (stream->rid)
            at = put_element(at, header->is_rtx ? SIM_ID_RRID : SIM_ID_RID, stream->rid,
                             strlen(stream->rid));
    }
    while ((at - out) % 4)
        *at++ = 0;
    rtp_bytes_put16(out + 14, (uint16_t)((at - out - EXTENSION_OFFSET) / 4));
    return (size_t)(at - out);
}

/* The start of a VP8 frame (RFC 6386, 9.1). @return its length */
static size_t put_frame_header(uint8_t *out, const struct sim_content *content)
{
    out[0] = content->height ? 0x10 : 0x11;
    out[1] = out[2] = 0;
    if (!content->height)
        return 3;
    memcpy(out + 3, "\x9d\x01\x2a", 3);
    out[6] = (uint8_t)content->width;
    out[7] = (uint8_t)(content->width >> 8);
    out[8] = (uint8_t)content->height;
    out[9] = (uint8_t)(content->height >> 8);
    return 10;
}

static size_t put_payload(uint8_t *out, const struct sim_content *content)
{
    size_t len = content->descriptor_len;
    memcpy(out, content->descriptor, len);
    if (content->descriptor_len && content->stamp.piece == 0)
        len += put_frame_header(out + len, content);
    sim_stamp_write(out + len, content->body_len, &content->stamp);
    return len + content->body_len;
}

static struct sim_delivery *delivery_of(const struct sim_stream *stream, uint32_t frame)
{
    return &stream->deliveries[frame % SIM_DELIVERIES];
}

static void remember(struct sim_stream *stream, const struct sim_content *content)
{
    struct sim_delivery *delivery = delivery_of(stream, content->stamp.frame);
    if (delivery->frame != content->stamp.frame)
        *delivery = (struct sim_delivery){.frame = content->stamp.frame,
                                          .piece_count = content->stamp.piece_count};
    if (stream->sent) {
        stream->sent[content->seq % SIM_SENT_PACKETS] = *content;
        stream->sent[content->seq % SIM_SENT_PACKETS].is_used = true;
    }
}

void sim_stream_send(struct sim_stream *stream, struct sim_content *content,
                     uint16_t *transport_seq, struct sim_rtp *rtp)
{
    content->seq = (uint16_t)stream->index;
    content->timestamp = sim_stream_timestamp(stream, content->stamp.captured_us);
    content->stamp.packet = ++stream->packet;
    const struct header header = {.ssrc = stream->ssrc,
                                  .timestamp = content->timestamp,
                                  .seq = content->seq,
                                  .payload_type = stream->payload_type,
                                  .marker = content->marker,
                                  .is_named = !stream->is_acknowledged,
                                  .level = content->level};
    rtp->header_len = put_header(stream, rtp->data, &header, (*transport_seq)++);
    size_t payload_len = put_payload(rtp->data + rtp->header_len, content);
    rtp->len = rtp->header_len + payload_len;
    rtp->index = stream->index++;
    stream->packets++;
    stream->octets += (uint32_t)payload_len;
    remember(stream, content);
}

bool sim_stream_retransmit(struct sim_stream *stream, uint16_t seq, uint16_t *transport_seq,
                           struct sim_content *content, struct sim_rtp *rtp)
{
    const struct sim_content *sent = stream->sent ? &stream->sent[seq % SIM_SENT_PACKETS] : NULL;
    if (!sent || !sent->is_used || sent->seq != seq)
        return false;
    *content = *sent;
    const struct header header = {.ssrc = stream->rtx_ssrc,
                                  .timestamp = content->timestamp,
                                  .seq = (uint16_t)stream->rtx_index,
                                  .payload_type = SIM_PT_RTX,
                                  .marker = content->marker,
                                  .is_named = !stream->is_rtx_acknowledged,
                                  .is_rtx = true,
                                  .level = -1};
    rtp->header_len = put_header(stream, rtp->data, &header, (*transport_seq)++);
    rtp_bytes_put16(rtp->data + rtp->header_len, seq); /* OSN (RFC 4588, section 4) */
    rtp->len = rtp->header_len + RTP_RTX_BYTES +
               put_payload(rtp->data + rtp->header_len + RTP_RTX_BYTES, content);
    rtp->index = stream->rtx_index++;
    return true;
}

void sim_stream_delivered(struct sim_stream *stream, const struct sim_stamp *stamp, int64_t now_us)
{
    struct sim_delivery *delivery = delivery_of(stream, stamp->frame);
    uint64_t bit = UINT64_C(1) << (stamp->piece % 64);
    uint64_t *word = &delivery->delivered[stamp->piece / 64];
    if (delivery->frame != stamp->frame || (*word & bit))
        return;
    *word |= bit;
    delivery->delivered_count++;
    delivery->delivered_us = now_us;
    if (stamp->frame > stream->delivered_frame)
        stream->delivered_frame = stamp->frame;
    if (stamp->packet != stream->delivered_packet + 1)
        stream->overtaken_us = now_us;
    if (stamp->packet > stream->delivered_packet)
        stream->delivered_packet = stamp->packet;
}

int64_t sim_stream_arrived_us(struct sim_stream *stream, const struct sim_stamp *stamp)
{
    const struct sim_delivery *delivery = delivery_of(stream, stamp->frame);
    return delivery->frame == stamp->frame ? delivery->delivered_us : stamp->captured_us;
}

void sim_stream_policed(struct sim_stream *stream, const struct sim_stamp *stamp)
{
    struct sim_delivery *delivery = delivery_of(stream, stamp->frame);
    if (delivery->frame != stamp->frame)
        return;
    delivery->is_policed = true;
    delivery->is_policed_late |= stamp->frame < stream->delivered_frame;
}

const struct sim_delivery *sim_stream_delivery(const struct sim_stream *stream, uint32_t frame)
{
    const struct sim_delivery *delivery = delivery_of(stream, frame);
    return delivery->frame == frame ? delivery : NULL;
}

bool sim_stream_is_delivered(const struct sim_stream *stream, uint32_t frame)
{
    const struct sim_delivery *delivery = delivery_of(stream, frame);
    return delivery->frame != frame || delivery->delivered_count == delivery->piece_count;
}

void sim_stream_report(const struct sim_stream *stream, int64_t now_us, uint64_t ntp,
                       struct rtcp_sender_report *report)
{
    *report = (struct rtcp_sender_report){.ssrc = stream->ssrc,
                                          .ntp = ntp,
                                          .rtp_timestamp = sim_stream_timestamp(stream, now_us),
                                          .packet_count = stream->packets,
                                          .octet_count = stream->octets};
}
