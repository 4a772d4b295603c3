/*
 * The VP8 payload descriptor (RFC 7741, 4.2; the figure stands in the header), and of a frame's
 * first bytes what a forwarder must know (RFC 6386, 9.1):
 *
 *  |size0|H| ver |P|  size 1  |  size 2  |                P = 0: key frame, then
 *  |  0x9d  |  0x01  |  0x2a  | width (14), scale (2) | height (14), scale (2) |   little-endian
 */
#include "rtp/vp8.h"

#include <string.h>

#include "rtp/bytes.h"
#include "rtp/error.h"

#define KEYFRAME_HEADER_BYTES 10
#define SIZE_MASK             0x3FFF

/* The optional bytes, after the X bit. Returns the descriptor's length or an error. */
static int parse_extension(struct rtp_vp8 *vp8, const uint8_t *payload, size_t len)
{
    size_t at = 2;
    if (len < at)
        return IRIS_E_TRUNCATED;
    uint8_t flags = payload[1];
    vp8->has_picture_id = flags & 0x80;
    vp8->has_tl0_picture_index = flags & 0x40;
    vp8->has_temporal_id = flags & 0x20;
    vp8->has_key_index = flags & 0x10;

    if (vp8->has_picture_id) {
        vp8->is_picture_id_15_bits = at < len && payload[at] & 0x80;
        size_t bytes = vp8->is_picture_id_15_bits ? 2 : 1;
        if (len - at < bytes)
            return IRIS_E_TRUNCATED;
        vp8->picture_id = bytes == 2 ? rtp_bytes_get16(payload + at) & 0x7FFF : payload[at];
        at += bytes;
    }
    if (vp8->has_tl0_picture_index) {
        if (at == len)
            return IRIS_E_TRUNCATED;
        vp8->tl0_picture_index = payload[at++];
    }
    if (vp8->has_temporal_id || vp8->has_key_index) {
        if (at == len)
            return IRIS_E_TRUNCATED;
        /* Each half is to be ignored without its flag. */
        vp8->temporal_id = vp8->has_temporal_id ? payload[at] >> 6 : 0;
        vp8->is_layer_sync = vp8->has_temporal_id && payload[at] & 0x20;
        vp8->key_index = vp8->has_key_index ? payload[at] & 0x1F : 0;
        at++;
    }
    return (int)at;
}

/* The first bytes of a frame. */
static int parse_frame_header(struct rtp_vp8 *vp8, const uint8_t *frame, size_t len)
{
    vp8->is_keyframe = !(frame[0] & 0x01);
    if (!vp8->is_keyframe)
        return 0;
    if (len < KEYFRAME_HEADER_BYTES)
        return IRIS_E_TRUNCATED;
    if (rtp_bytes_get24(frame + 3) != 0x9D012A)
        return IRIS_E_MALFORMED;
    vp8->width = (frame[6] | frame[7] << 8) & SIZE_MASK;
    vp8->height = (frame[8] | frame[9] << 8) & SIZE_MASK;
    return 0;
}

int rtp_vp8_parse(struct rtp_vp8 *vp8, const uint8_t *payload, size_t len)
{
    struct rtp_vp8 parsed;
    memset(&parsed, 0, sizeof(parsed));
    if (len < 1)
        return IRIS_E_TRUNCATED;
    parsed.is_non_reference = payload[0] & 0x20;
    parsed.is_partition_start = payload[0] & 0x10;
    parsed.partition = payload[0] & 0x07;
    parsed.is_frame_start = parsed.is_partition_start && parsed.partition == 0;

    int descriptor_len = payload[0] & 0x80 ? parse_extension(&parsed, payload, len) : 1;
    if (descriptor_len < 0)
        return descriptor_len;
    parsed.descriptor_len = (uint8_t)descriptor_len;
    if (len == (size_t)descriptor_len)
        return IRIS_E_TRUNCATED;
    if (parsed.is_frame_start) {
        int error =
            parse_frame_header(&parsed, payload + descriptor_len, len - (size_t)descriptor_len);
        if (error)
            return error;
    }
    *vp8 = parsed;
    return 0;
}

void rtp_vp8_write_descriptor(uint8_t *out, const struct rtp_vp8 *vp8)
{
    out[0] = (uint8_t)(0x80 | (vp8->is_non_reference ? 0x20 : 0) |
                       (vp8->is_partition_start ? 0x10 : 0) | (vp8->partition & 0x07));
    out[1] = 0xF0;
    rtp_bytes_put16(out + 2, 0x8000 | (vp8->picture_id & 0x7FFF));
    out[4] = vp8->tl0_picture_index;
    out[5] = (uint8_t)((vp8->temporal_id & 0x03) << 6 | (vp8->is_layer_sync ? 0x20 : 0) |
                       (vp8->key_index & 0x1F));
}
