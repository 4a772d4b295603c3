/*
 * Reading RTCP (RFC 3550, section 6). Every packet begins with
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |V=2|P|  count  |      type     |   length [words less one]     |
 */
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/rtcp.h"

#define SENDER_INFO_BYTES  24 /* SSRC, NTP, RTP timestamp, two counts */
#define REPORT_BLOCK_BYTES 24
#define FEEDBACK_BYTES     8 /* the two SSRCs */

void rtcp_reader_init(struct rtcp_reader *reader, const uint8_t *data, size_t len)
{
    reader->next = data;
    reader->left = len;
}

/* The length of the packet at the reader, its header included, or an error. */
static int packet_len(const struct rtcp_reader *reader)
{
    if (reader->left < 4)
        return IRIS_E_TRUNCATED;
    if (reader->next[0] >> 6 != 2)
        return IRIS_E_MALFORMED;
    size_t len = 4 * ((size_t)rtp_bytes_get16(reader->next + 2) + 1);
    return len > reader->left ? IRIS_E_TRUNCATED : (int)len;
}

/*
 * The padding of a packet of len bytes, or an error. RFC 3550 wants a multiple of four on the last
 * packet only; libwebrtc's transport feedback has one to three bytes, anywhere. Both are taken.
 */
static int padding_len(const uint8_t *data, size_t len)
{
    if (!(data[0] & 0x20))
        return 0;
    uint8_t padding = data[len - 1];
    return len == 4 || padding == 0 || padding > len - 4 ? IRIS_E_MALFORMED : padding;
}

int rtcp_reader_next(struct rtcp_reader *reader, struct rtcp_packet *packet)
{
    if (reader->left == 0)
        return 0;
    int len = packet_len(reader);
    int padding = len < 0 ? len : padding_len(reader->next, (size_t)len);
    if (padding < 0) {
        reader->left = 0; /* where the next one would begin is not known */
        return padding;
    }
    packet->type = reader->next[1];
    packet->count = reader->next[0] & 0x1F;
    packet->body = reader->next + 4;
    packet->body_len = (size_t)(len - 4 - padding);
    reader->next += len;
    reader->left -= (size_t)len;
    return 1;
}

int rtcp_sender_report_parse(struct rtcp_sender_report *report, const struct rtcp_packet *packet)
{
    if (packet->body_len < SENDER_INFO_BYTES)
        return IRIS_E_TRUNCATED;
    report->ssrc = rtp_bytes_get32(packet->body);
    report->ntp = rtp_bytes_get64(packet->body + 4);
    report->rtp_timestamp = rtp_bytes_get32(packet->body + 12);
    report->packet_count = rtp_bytes_get32(packet->body + 16);
    report->octet_count = rtp_bytes_get32(packet->body + 20);
    return 0;
}

int rtcp_report_block_at(struct rtcp_report_block *block, const struct rtcp_packet *packet,
                         unsigned index)
{
    bool is_report = packet->type == RTCP_SENDER_REPORT || packet->type == RTCP_RECEIVER_REPORT;
    if (!is_report || index >= packet->count)
        return IRIS_E_NOT_FOUND;
    size_t first = packet->type == RTCP_SENDER_REPORT ? SENDER_INFO_BYTES : 4;
    size_t offset = first + (size_t)index * REPORT_BLOCK_BYTES;
    if (packet->body_len < offset + REPORT_BLOCK_BYTES)
        return IRIS_E_TRUNCATED;
    const uint8_t *at = packet->body + offset;
    uint32_t lost = rtp_bytes_get24(at + 5);
    block->ssrc = rtp_bytes_get32(at);
    block->fraction_lost = at[4];
    block->cumulative_lost = (int32_t)(lost ^ 0x800000) - 0x800000; /* sign of 24 bits */
    block->highest_seq = rtp_bytes_get32(at + 8);
    block->jitter = rtp_bytes_get32(at + 12);
    block->last_sr = rtp_bytes_get32(at + 16);
    block->delay_since_last_sr = rtp_bytes_get32(at + 20);
    return 0;
}

int rtcp_feedback_ssrcs(const struct rtcp_packet *packet, uint32_t *sender_ssrc,
                        uint32_t *media_ssrc)
{
    if (packet->body_len < FEEDBACK_BYTES)
        return IRIS_E_TRUNCATED;
    *sender_ssrc = rtp_bytes_get32(packet->body);
    *media_ssrc = rtp_bytes_get32(packet->body + 4);
    return 0;
}

int rtcp_nack_parse(const struct rtcp_packet *packet, uint16_t *seqs, size_t cap)
{
    if (packet->body_len < FEEDBACK_BYTES + 4 || packet->body_len % 4 != 0)
        return IRIS_E_TRUNCATED;
    const uint8_t *end = packet->body + packet->body_len;
    size_t count = 0;
    for (const uint8_t *at = packet->body + FEEDBACK_BYTES; at < end; at += 4) {
        uint16_t seq = rtp_bytes_get16(at);
        /* The PID itself as bit 0, before the 16 of the mask. */
        uint32_t mask = (uint32_t)rtp_bytes_get16(at + 2) << 1 | 1;
        for (; mask && count < cap; mask >>= 1, seq++) {
            if (mask & 1)
                seqs[count++] = seq;
        }
    }
    return (int)count;
}

/*
 *  | "REMB"                                                        |
 *  |  count of SSRC | exp (6) |  mantissa (18)                     |
 *  | SSRC ...                                                      |
 */
int rtcp_remb_parse(struct rtcp_remb *remb, const struct rtcp_packet *packet)
{
    const uint8_t *at = packet->body + FEEDBACK_BYTES;
    if (packet->body_len < FEEDBACK_BYTES + 8)
        return IRIS_E_TRUNCATED;
    if (memcmp(at, "REMB", 4) != 0)
        return IRIS_E_MALFORMED;
    if (packet->body_len < FEEDBACK_BYTES + 8 + 4 * (size_t)at[4])
        return IRIS_E_TRUNCATED;
    unsigned exponent = at[5] >> 2;
    uint64_t mantissa = rtp_bytes_get24(at + 5) & 0x3FFFF;
    if (mantissa > (UINT64_C(1) << 63) >> exponent)
        return IRIS_E_MALFORMED;
    remb->bitrate_bps = mantissa << exponent;
    remb->ssrc_count = at[4];
    remb->ssrcs = at + 8;
    return 0;
}
