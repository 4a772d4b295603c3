/*
 * RTP headers in and out.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *  |                           timestamp                           |
 *  |           synchronization source (SSRC) identifier            |
 *  |            contributing source (CSRC) identifiers ...         |
 *  |      defined by profile       |  length of extension [words]  |   if X
 */
#include "rtp/packet.h"

#include <assert.h>
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/error.h"

#define PADDING_BIT           0x20
#define EXTENSION_BIT         0x10
#define ONE_BYTE_PROFILE      0xBEDE /* RFC 8285, 4.2 */
#define TWO_BYTE_PROFILE      0x1000 /* RFC 8285, 4.3: 0x100 and four bits for the application */
#define TWO_BYTE_PROFILE_MASK 0xFFF0
#define EXTENSION_HEADER      4

bool rtp_packet_is_rtcp(const uint8_t *data, size_t len)
{
    return len >= 2 && (data[1] & 0xE0) == 0xC0; /* 192-223 */
}

int rtp_packet_header_len(const uint8_t *data, size_t len)
{
    if (len < RTP_HEADER_BYTES)
        return IRIS_E_TRUNCATED;
    if (data[0] >> 6 != 2)
        return IRIS_E_MALFORMED;
    size_t header = RTP_HEADER_BYTES + 4 * (size_t)(data[0] & 0x0F);
    if (data[0] & EXTENSION_BIT) {
        if (len < header + EXTENSION_HEADER)
            return IRIS_E_TRUNCATED;
        header += EXTENSION_HEADER + 4 * (size_t)rtp_bytes_get16(data + header + 2);
    }
    return len < header ? IRIS_E_TRUNCATED : (int)header;
}

/* The padding count (RFC 3550, 5.1: the last octet, itself included), 0 without the P bit. */
static int padding_len(const uint8_t *data, size_t len, size_t header)
{
    if (!(data[0] & PADDING_BIT))
        return 0;
    if (len == header || data[len - 1] == 0 || data[len - 1] > len - header)
        return IRIS_E_MALFORMED;
    return data[len - 1];
}

int rtp_packet_parse(struct rtp_packet *packet, uint8_t *data, size_t len)
{
    if (len > UINT16_MAX)
        return IRIS_E_MALFORMED;
    int header = rtp_packet_header_len(data, len);
    if (header < 0)
        return header;
    int padding = padding_len(data, len, (size_t)header);
    if (padding < 0)
        return padding;

    memset(packet, 0, sizeof(*packet));
    packet->data = data;
    packet->payload = data + header;
    packet->header_len = (uint16_t)header;
    packet->payload_len = (uint16_t)(len - (size_t)header - (size_t)padding);
    packet->padding_len = (uint16_t)padding;
    packet->csrc_count = data[0] & 0x0F;
    packet->marker = data[1] >> 7;
    packet->payload_type = data[1] & 0x7F;
    packet->seq = rtp_bytes_get16(data + 2);
    packet->timestamp = rtp_bytes_get32(data + 4);
    packet->ssrc = rtp_bytes_get32(data + 8);
    if (data[0] & EXTENSION_BIT) {
        const uint8_t *block = data + RTP_HEADER_BYTES + 4 * (size_t)packet->csrc_count;
        packet->extension_profile = rtp_bytes_get16(block);
        packet->extension = block + EXTENSION_HEADER;
        packet->extension_len = (uint16_t)(4 * rtp_bytes_get16(block + 2));
    }
    return 0;
}

/* A name that can be used at all: not empty, and no longer than what we could send on. */
static void read_name(const uint8_t *at, size_t len, const uint8_t **name, uint8_t *name_len)
{
    if (len == 0 || len > RTP_MID_MAX_BYTES)
        return;
    *name = at;
    *name_len = (uint8_t)len;
}

/* One element; of a fixed-size kind only the size that its specification gives counts. */
static void read_element(enum rtp_extension kind, const uint8_t *at, size_t len,
                         struct rtp_extension_values *values)
{
    switch (kind) {
    case RTP_EXTENSION_MID:
        read_name(at, len, &values->mid, &values->mid_len);
        break;
    case RTP_EXTENSION_RID:
        read_name(at, len, &values->rid, &values->rid_len);
        break;
    case RTP_EXTENSION_REPAIRED_RID:
        read_name(at, len, &values->repaired_rid, &values->repaired_rid_len);
        break;
    case RTP_EXTENSION_AUDIO_LEVEL:
        if (len != 1)
            break;
        values->has_audio_level = true;
        values->voice_activity = at[0] >> 7;
        values->audio_level = at[0] & 0x7F;
        break;
    case RTP_EXTENSION_TRANSPORT_SEQ:
        if (len != 2)
            break;
        values->has_transport_seq = true;
        values->transport_seq = rtp_bytes_get16(at);
        break;
    case RTP_EXTENSION_ABS_SEND_TIME:
        if (len != 3)
            break;
        values->has_abs_send_time = true;
        values->abs_send_time = rtp_bytes_get24(at);
        break;
    case RTP_EXTENSION_NONE:
    case RTP_EXTENSION_COUNT:
        break;
    }
}

/* RFC 8285, 4.2: four bits of id, four bits of length less one. */
static void read_one_byte(const struct rtp_packet *packet, const struct rtp_extension_map *map,
                          struct rtp_extension_values *values)
{
    const uint8_t *at = packet->extension;
    const uint8_t *end = at + packet->extension_len;
    while (at < end) {
        if (*at == 0) { /* padding */
            at++;
            continue;
        }
        unsigned id = *at >> 4;
        size_t len = (*at & 0x0Fu) + 1;
        at++;
        /* Id 15, and id 0 with a length, end the processing of the whole block. */
        if (id == 0 || id == 15 || len > (size_t)(end - at))
            return;
        read_element(map->kind[id], at, len, values);
        at += len;
    }
}

/* RFC 8285, 4.3: a byte of id, a byte of length; ids that the one-byte form lacks are unknown. */
static void read_two_byte(const struct rtp_packet *packet, const struct rtp_extension_map *map,
                          struct rtp_extension_values *values)
{
    const uint8_t *at = packet->extension;
    const uint8_t *end = at + packet->extension_len;
    while (at < end) {
        unsigned id = *at++;
        if (id == 0) /* padding, without a length byte */
            continue;
        if (at == end)
            return;
        size_t len = *at++;
        if (len > (size_t)(end - at))
            return;
        if (id < RTP_EXTENSION_IDS)
            read_element(map->kind[id], at, len, values);
        at += len;
    }
}

void rtp_packet_read_extensions(const struct rtp_packet *packet,
                                const struct rtp_extension_map *map,
                                struct rtp_extension_values *values)
{
    memset(values, 0, sizeof(*values));
    if (packet->extension_len == 0)
        return;
    if (packet->extension_profile == ONE_BYTE_PROFILE)
        read_one_byte(packet, map, values);
    else if ((packet->extension_profile & TWO_BYTE_PROFILE_MASK) == TWO_BYTE_PROFILE)
        read_two_byte(packet, map, values);
}

/* The elements that few packets have. Of fixed size, they are always written and kept by moving on,
   which costs no branch. */
static uint8_t *write_rare_elements(uint8_t *at, const struct rtp_header_fields *fields)
{
    at[0] = (uint8_t)(fields->abs_send_time_id << 4 | 2);
    rtp_bytes_put24(at + 1, fields->abs_send_time);
    at += fields->abs_send_time_id ? 4 : 0;
    at[0] = (uint8_t)(fields->audio_level_id << 4);
    at[1] = (uint8_t)((fields->voice_activity ? 0x80 : 0) | (fields->audio_level & 0x7F));
    at += fields->audio_level_id ? 2 : 0;
    return at;
}

/* The transport-wide sequence number comes first, so that its place depends on the CSRC alone. */
static uint8_t *write_elements(uint8_t *at, const struct rtp_header_fields *fields)
{
    at[0] = (uint8_t)(fields->transport_seq_id << 4 | 1);
    rtp_bytes_put16(at + 1, fields->transport_seq);
    at += fields->transport_seq_id ? 3 : 0;
    if (fields->abs_send_time_id | fields->audio_level_id)
        at = write_rare_elements(at, fields);
    if (fields->mid_id && fields->mid) {
        size_t len = strnlen(fields->mid, RTP_MID_MAX_BYTES + 1);
        assert(len <= RTP_MID_MAX_BYTES);
        if (len > 0 && len <= RTP_MID_MAX_BYTES) { /* half a name would be another's */
            *at = (uint8_t)(fields->mid_id << 4 | (len - 1));
            memcpy(at + 1, fields->mid, len);
            at += 1 + len;
        }
    }
    return at;
}

size_t rtp_packet_write_header(uint8_t *out, const struct rtp_header_fields *fields)
{
    assert(fields->mid_id < RTP_EXTENSION_IDS && fields->audio_level_id < RTP_EXTENSION_IDS);
    assert(fields->transport_seq_id < RTP_EXTENSION_IDS &&
           fields->abs_send_time_id < RTP_EXTENSION_IDS);

    out[0] = (uint8_t)(0x80 | (fields->has_padding ? PADDING_BIT : 0) | (fields->has_csrc ? 1 : 0));
    out[1] = (uint8_t)((fields->marker ? 0x80 : 0) | (fields->payload_type & 0x7F));
    rtp_bytes_put16(out + 2, fields->seq);
    rtp_bytes_put32(out + 4, fields->timestamp);
    rtp_bytes_put32(out + 8, fields->ssrc);
    rtp_bytes_put32(out + 12, fields->csrc);
    size_t len = RTP_HEADER_BYTES + (fields->has_csrc ? 4 : 0);

    uint8_t *elements = out + len + EXTENSION_HEADER;
    uint8_t *end = write_elements(elements, fields);
    if (end == elements)
        return len;
    memset(end, 0, 3); /* up to three bytes of padding */
    size_t words = ((size_t)(end - elements) + 3) / 4;
    out[0] |= EXTENSION_BIT;
    rtp_bytes_put16(out + len, ONE_BYTE_PROFILE);
    rtp_bytes_put16(out + len + 2, (uint16_t)words);
    return len + EXTENSION_HEADER + 4 * words;
}

size_t rtp_packet_transport_seq_offset(const struct rtp_header_fields *fields)
{
    if (!fields->transport_seq_id)
        return 0;
    return RTP_HEADER_BYTES + (fields->has_csrc ? 4 : 0) + EXTENSION_HEADER + 1;
}
