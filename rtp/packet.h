/*
 * The RTP header (RFC 3550, section 5.1) and its header extensions (RFC 8285), parsed into a view
 * and written in one form.
 *
 * Invariant of a parsed packet: header_len + payload_len + padding_len equals the datagram's
 * length, and every pointer of the view lies inside the caller's buffer. Nothing is copied; the
 * view lives as long as the buffer.
 */
#ifndef IRIS_RTP_PACKET_H
#define IRIS_RTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_BYTES     12
#define RTP_MID_MAX_BYTES    16 /* what a one-byte extension element can hold (RFC 8285, 4.2) */
#define RTP_EXTENSION_IDS    15 /* ids 1-14 are known; 0 is padding, 15 is reserved */
#define RTP_HEADER_MAX_BYTES 72 /* the largest header rtp_packet_write_header() makes */

/* The header extensions that Iris reads or writes (protocol.md, section 1). */
enum rtp_extension {
    RTP_EXTENSION_NONE = 0,
    RTP_EXTENSION_MID,           /* RFC 9143 */
    RTP_EXTENSION_RID,           /* RFC 8852, rtp-stream-id */
    RTP_EXTENSION_REPAIRED_RID,  /* RFC 8852, repaired-rtp-stream-id */
    RTP_EXTENSION_AUDIO_LEVEL,   /* RFC 6464 */
    RTP_EXTENSION_TRANSPORT_SEQ, /* draft-holmer-rmcat-transport-wide-cc-extensions-01 */
    RTP_EXTENSION_ABS_SEND_TIME,
    RTP_EXTENSION_COUNT
};

/* Which extension an id stands for on one transport: kind[id] is an enum rtp_extension. */
struct rtp_extension_map {
    uint8_t kind[RTP_EXTENSION_IDS];
};

/* What the known extensions of one packet said. Strings point into the packet, not terminated. */
struct rtp_extension_values {
    const uint8_t *mid;
    const uint8_t *rid;
    const uint8_t *repaired_rid;
    uint8_t mid_len, rid_len, repaired_rid_len;
    bool has_audio_level;
    bool voice_activity;
    uint8_t audio_level; /* 0 (loudest) - 127 (silence) [-dBov] */
    bool has_transport_seq;
    uint16_t transport_seq;
    bool has_abs_send_time;
    uint32_t abs_send_time; /* 6.18 fixed-point seconds, 24 bits */
};

/* A view of one RTP packet in the caller's buffer. */
struct rtp_packet {
    uint8_t *data;
    uint8_t *payload;
    const uint8_t *extension; /* elements, after the 4-byte profile header; NULL if none */
    uint16_t extension_len;
    uint16_t extension_profile;
    uint16_t header_len;  /* fixed header, CSRCs and extension block */
    uint16_t payload_len; /* without padding */
    uint16_t padding_len; /* the padding count octet included */
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t payload_type;
    uint8_t csrc_count;
    bool marker;
};

/* What goes into a header that is sent. Extension ids are 1-14; those of 0 are left out. */
struct rtp_header_fields {
    uint32_t ssrc;
    uint32_t timestamp;
    uint32_t csrc; /* the one contributing source, written when has_csrc */
    uint16_t seq;
    uint8_t payload_type;
    bool marker;
    bool has_csrc;
    bool has_padding; /* the caller appends the padding octets (RFC 3550, 5.1, P bit) */
    uint8_t mid_id, audio_level_id, transport_seq_id, abs_send_time_id;
    const char *mid; /* terminated, at most RTP_MID_MAX_BYTES */
    bool voice_activity;
    uint8_t audio_level;
    uint16_t transport_seq;
    uint32_t abs_send_time;
};

/**
 * Tell RTP from RTCP in a multiplexed datagram (RFC 5761, section 4): packet types 192-223 are
 * RTCP.
 *
 * @param data  a datagram whose first byte is 128-191 (RFC 7983)
 * @param len   its length; below 2 it is not RTCP [bytes]
 */
bool rtp_packet_is_rtcp(const uint8_t *data, size_t len);

/**
 * Parse the fixed header, CSRC list, extension block and padding (RFC 3550, section 5.1).
 *
 * @param packet  written only on success; points into data
 * @param data    the decrypted packet (before decryption the padding count is noise:
 *                rtp_packet_header_len())
 * @param len     its length [bytes], at most 65535
 * @return        0, IRIS_E_TRUNCATED or IRIS_E_MALFORMED (version, padding count)
 */
int rtp_packet_parse(struct rtp_packet *packet, uint8_t *data, size_t len);

/**
 * Length of the header alone, for SRTP, which authenticates before it trusts the padding.
 *
 * @return  bytes up to the payload, IRIS_E_TRUNCATED or IRIS_E_MALFORMED
 */
int rtp_packet_header_len(const uint8_t *data, size_t len);

/**
 * Read the known extensions, one-byte and two-byte form (RFC 8285, sections 4.2 and 4.3).
 *
 * An element that is malformed ends the reading, as id 15 of the one-byte form does (4.2); what was
 * read before it is kept. Passed over are unknown ids, names of no length or of more than
 * RTP_MID_MAX_BYTES, and values of another size than their specification gives.
 *
 * @param packet  a parsed packet
 * @param map     the ids of this transport
 * @param values  always written: what is absent is false, NULL or 0
 */
void rtp_packet_read_extensions(const struct rtp_packet *packet,
                                const struct rtp_extension_map *map,
                                struct rtp_extension_values *values);

/**
 * Write a header with the extensions in one-byte form (RFC 3550, 5.1; RFC 8285, 4.2).
 *
 * @param out     at least RTP_HEADER_MAX_BYTES
 * @param fields  what to write
 * @return        bytes written, a multiple of 4; cannot fail
 */
size_t rtp_packet_write_header(uint8_t *out, const struct rtp_header_fields *fields);

/**
 * Offset of the transport-wide sequence number in a header that rtp_packet_write_header() makes of
 * these fields, so that a retransmission or a prepared header can be given a new one in place.
 *
 * @return  offset [bytes] of the 16-bit number, 0 if the fields have none
 */
size_t rtp_packet_transport_seq_offset(const struct rtp_header_fields *fields);

#endif
