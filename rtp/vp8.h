/*
 * The VP8 payload descriptor and the first bytes of the frame (RFC 7741, sections 4.2 and 4.3).
 *
 *   0 1 2 3 4 5 6 7
 *  |X|R|N|S|R| PID |   required
 *  |I|L|T|K| RSV   |   if X
 *  |M| PictureID   |   if I; 15 bits if M
 *  |   TL0PICIDX   |   if L
 *  |TID|Y| KEYIDX  |   if T or K
 */
#ifndef IRIS_RTP_VP8_H
#define IRIS_RTP_VP8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_VP8_DESCRIPTOR_BYTES 6 /* the full form, with a 15-bit PictureID */

struct rtp_vp8 {
    uint8_t descriptor_len;  /* bytes before the VP8 payload */
    uint8_t partition;       /* PID */
    bool is_partition_start; /* S */
    bool is_non_reference;   /* N */
    bool has_picture_id, is_picture_id_15_bits;
    bool has_tl0_picture_index;
    bool has_temporal_id;
    bool has_key_index;
    bool is_layer_sync; /* Y: depends on the base layer only */
    uint8_t temporal_id;
    uint8_t tl0_picture_index;
    uint8_t key_index;
    uint16_t picture_id;
    bool is_frame_start;    /* S and PID 0: the frame header follows */
    bool is_keyframe;       /* only meaningful with is_frame_start */
    uint16_t width, height; /* of a key frame [pixels], else 0 */
};

/**
 * Parse a descriptor and, at the start of a frame, the frame header (RFC 7741, 4.2 and 4.3; RFC
 * 6386, 9.1).
 *
 * @param vp8      written only on success
 * @param payload  RTP payload without padding
 * @param len      [bytes]
 * @return         0, IRIS_E_TRUNCATED (empty VP8 payload, too) or IRIS_E_MALFORMED (key frame
 * without its start code)
 */
int rtp_vp8_parse(struct rtp_vp8 *vp8, const uint8_t *payload, size_t len);

/**
 * Write a descriptor in its full form: X, I, L, T and K set, PictureID of 15 bits.
 *
 * @param out  RTP_VP8_DESCRIPTOR_BYTES
 * @param vp8  the fields to write; the has_* flags are not looked at
 */
void rtp_vp8_write_descriptor(uint8_t *out, const struct rtp_vp8 *vp8);

#endif
