/*
 * Writing RTCP (RFC 3550, section 6; RFC 4585, section 6). The room is checked before the first
 * byte, so a packet is whole or absent.
 */
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/rtcp.h"

#define MAX_BLOCKS         31 /* the count field has five bits */
#define REPORT_BLOCK_BYTES 24
#define CNAME_MAX          255         /* its length field has eight bits */
#define REMB_NAME          0x52454D42  /* "REMB" */
#define MAX_PACKET_BYTES   (4 * 65536) /* the length field has 16 bits */

void rtcp_writer_init(struct rtcp_writer *writer, uint8_t *data, size_t cap)
{
    writer->data = data;
    writer->cap = cap;
    writer->len = 0;
}

static void write_header(uint8_t *at, unsigned count, enum rtcp_type type, size_t bytes)
{
    at[0] = (uint8_t)(0x80 | count);
    at[1] = (uint8_t)type;
    rtp_bytes_put16(at + 2, (uint16_t)(bytes / 4 - 1));
}

/* Take room for a packet of so many bytes, a multiple of 4, and write its header. NULL: no room. */
static uint8_t *append(struct rtcp_writer *writer, unsigned count, enum rtcp_type type,
                       size_t bytes)
{
    if (writer->cap - writer->len < bytes)
        return NULL;
    uint8_t *at = writer->data + writer->len;
    write_header(at, count, type, bytes);
    writer->len += bytes;
    return at;
}

static int32_t clamp24(int32_t value)
{
    if (value > 0x7FFFFF)
        return 0x7FFFFF;
    return value < -0x800000 ? -0x800000 : value;
}

static void write_blocks(uint8_t *at, const struct rtcp_report_block *blocks, unsigned count)
{
    for (unsigned i = 0; i < count; i++, at += REPORT_BLOCK_BYTES) {
        rtp_bytes_put32(at, blocks[i].ssrc);
        at[4] = blocks[i].fraction_lost;
        rtp_bytes_put24(at + 5, (uint32_t)clamp24(blocks[i].cumulative_lost));
        rtp_bytes_put32(at + 8, blocks[i].highest_seq);
        rtp_bytes_put32(at + 12, blocks[i].jitter);
        rtp_bytes_put32(at + 16, blocks[i].last_sr);
        rtp_bytes_put32(at + 20, blocks[i].delay_since_last_sr);
    }
}

int rtcp_write_sender_report(struct rtcp_writer *writer, const struct rtcp_sender_report *report,
                             const struct rtcp_report_block *blocks, unsigned count)
{
    if (count > MAX_BLOCKS)
        return IRIS_E_FULL;
    uint8_t *at = append(writer, count, RTCP_SENDER_REPORT, 28 + REPORT_BLOCK_BYTES * count);
    if (!at)
        return IRIS_E_FULL;
    rtp_bytes_put32(at + 4, report->ssrc);
    rtp_bytes_put64(at + 8, report->ntp);
    rtp_bytes_put32(at + 16, report->rtp_timestamp);
    rtp_bytes_put32(at + 20, report->packet_count);
    rtp_bytes_put32(at + 24, report->octet_count);
    write_blocks(at + 28, blocks, count);
    return 0;
}

int rtcp_write_receiver_report(struct rtcp_writer *writer, uint32_t sender_ssrc,
                               const struct rtcp_report_block *blocks, unsigned count)
{
    if (count > MAX_BLOCKS)
        return IRIS_E_FULL;
    uint8_t *at = append(writer, count, RTCP_RECEIVER_REPORT, 8 + REPORT_BLOCK_BYTES * count);
    if (!at)
        return IRIS_E_FULL;
    rtp_bytes_put32(at + 4, sender_ssrc);
    write_blocks(at + 8, blocks, count);
    return 0;
}

int rtcp_write_cname(struct rtcp_writer *writer, uint32_t ssrc, const char *cname)
{
    size_t len = strnlen(cname, CNAME_MAX + 1);
    if (len > CNAME_MAX)
        return IRIS_E_FULL;
    /* Header, SSRC, item type, length, text; one to four zero bytes end the chunk. */
    size_t used = 4 + 4 + 2 + len;
    size_t bytes = used + 4 - used % 4;
    uint8_t *at = append(writer, 1, RTCP_SOURCE_DESCRIPTION, bytes);
    if (!at)
        return IRIS_E_FULL;
    rtp_bytes_put32(at + 4, ssrc);
    at[8] = 1; /* CNAME */
    at[9] = (uint8_t)len;
    memcpy(at + 10, cname, len);
    memset(at + used, 0, bytes - used);
    return 0;
}

int rtcp_write_pli(struct rtcp_writer *writer, uint32_t sender_ssrc, uint32_t media_ssrc)
{
    uint8_t *at = append(writer, RTCP_FORMAT_PLI, RTCP_PAYLOAD_FEEDBACK, 12);
    if (!at)
        return IRIS_E_FULL;
    rtp_bytes_put32(at + 4, sender_ssrc);
    rtp_bytes_put32(at + 8, media_ssrc);
    return 0;
}

/* The bitmask of the numbers that follow seqs[0] within 16; *used is how many it covers, seqs[0]
 * too. */
static uint16_t following_mask(const uint16_t *seqs, size_t count, size_t *used)
{
    uint16_t mask = 0;
    size_t i = 1;
    for (; i < count; i++) {
        uint16_t bit = (uint16_t)(seqs[i] - seqs[0] - 1);
        if (bit > 15)
            break;
        mask |= (uint16_t)(1u << bit);
    }
    *used = i;
    return mask;
}

int rtcp_write_nack(struct rtcp_writer *writer, uint32_t sender_ssrc, uint32_t media_ssrc,
                    const uint16_t *seqs, size_t count)
{
    size_t room = writer->cap - writer->len;
    size_t bytes = 12, used;
    uint8_t *at = writer->data + writer->len;
    if (count == 0)
        return 0; /* a NACK names one packet at least */
    for (; count > 0; seqs += used, count -= used, bytes += 4) {
        if (room < bytes + 4 || bytes == MAX_PACKET_BYTES)
            return IRIS_E_FULL;
        rtp_bytes_put16(at + bytes, seqs[0]);
        rtp_bytes_put16(at + bytes + 2, following_mask(seqs, count, &used));
    }
    at = append(writer, RTCP_FORMAT_NACK, RTCP_TRANSPORT_LAYER_FEEDBACK, bytes);
    rtp_bytes_put32(at + 4, sender_ssrc);
    rtp_bytes_put32(at + 8, media_ssrc);
    return 0;
}

int rtcp_write_remb(struct rtcp_writer *writer, uint32_t sender_ssrc, uint64_t bitrate_bps,
                    const uint32_t *ssrcs, unsigned count)
{
    if (count > 255)
        return IRIS_E_FULL;
    uint8_t *at = append(writer, RTCP_FORMAT_APPLICATION_LAYER, RTCP_PAYLOAD_FEEDBACK,
                         20 + 4 * (size_t)count);
    if (!at)
        return IRIS_E_FULL;
    unsigned exponent = 0;
    for (; bitrate_bps > 0x3FFFF; bitrate_bps >>= 1)
        exponent++;
    rtp_bytes_put32(at + 4, sender_ssrc);
    rtp_bytes_put32(at + 8, 0); /* no single media source: the list names them */
    rtp_bytes_put32(at + 12, REMB_NAME);
    at[16] = (uint8_t)count;
    rtp_bytes_put24(at + 17, exponent << 18 | (uint32_t)bitrate_bps);
    for (unsigned i = 0; i < count; i++)
        rtp_bytes_put32(at + 20 + 4 * (size_t)i, ssrcs[i]);
    return 0;
}
