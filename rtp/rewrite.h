/*
 * One outgoing RTP stream made of changing sources: sequence numbers, timestamps and VP8 indices
 * that go on without a break (RFC 3550, section 5.1; RFC 7667, section 3.7, a selective forwarding
 * middlebox that rewrites; protocol.md, "What a slot's stream looks like").
 *
 * A segment is a stretch of one source forwarded with constant offsets. Invariant: within a segment
 * out = in + offset for every field; between segments the first packet goes on where the last
 * ended: sequence + 1, timestamp advanced by wall clock and by one tick at least, picture id + 1.
 * Segments are remembered, so that a NACK for an old packet finds the mapping that it was sent
 * with.
 */
#ifndef IRIS_RTP_REWRITE_H
#define IRIS_RTP_REWRITE_H

#include "rtp/vp8.h"

#define RTP_REWRITE_SEGMENTS 16

/* A packet as it came in and, rewritten, as it goes out. */
struct rtp_rewrite_fields {
    uint64_t ext_seq;
    uint32_t timestamp;
    uint16_t picture_id; /* 15 bits */
    uint8_t tl0_picture_index;
    uint8_t key_index; /* 5 bits */
};

struct rtp_rewrite_segment {
    uint64_t source;        /* the caller's name of the source (never reused), 0: empty */
    uint64_t first_out_seq; /* first outgoing sequence number */
    uint64_t first_in_seq;  /* nothing older belongs to the segment */
    uint64_t seq_offset;    /* out - in, modulo 2^64 */
    uint32_t timestamp_offset;
    uint16_t picture_id_offset; /* modulo 2^15 */
    uint8_t tl0_offset;         /* modulo 2^8 */
    uint8_t key_offset;         /* modulo 2^5 */
};

struct rtp_rewrite {
    uint32_t clock_rate_hz;
    bool started;
    uint64_t highest_out_seq;
    uint32_t last_timestamp; /* of the newest packet sent */
    int64_t last_sent_us;    /* when a packet with it was first sent */
    uint16_t last_picture_id;
    uint8_t last_tl0, last_key_index;
    unsigned current; /* index of the newest segment */
    struct rtp_rewrite_segment segments[RTP_REWRITE_SEGMENTS];
};

/**
 * Nothing sent yet.
 *
 * @param first_seq        where the stream starts, random (RFC 3550, 5.1), below 2^15 so that
 * libsrtp2's receivers guess the roll-over counter right (RFC 3711, 3.3.1)
 * @param first_timestamp  random
 */
void rtp_rewrite_init(struct rtp_rewrite *rewrite, uint32_t clock_rate_hz, uint16_t first_seq,
                      uint32_t first_timestamp, uint16_t first_picture_id);

/**
 * Begin a segment: packets of this source follow, the first with these fields.
 *
 * @param source  not 0; never reused for another stream
 * @param first   fields of the first packet to be forwarded (a key frame's start, for video)
 * @param now_us  when it is sent [us]; timestamps advance by the time since the last packet
 */
void rtp_rewrite_start(struct rtp_rewrite *rewrite, uint64_t source,
                       const struct rtp_rewrite_fields *first, int64_t now_us);

/**
 * Rewrite a packet of the current segment.
 *
 * @param fields  in: as received; out: as to be sent
 * @return        false if it is older than the segment's first packet: not to be forwarded
 */
bool rtp_rewrite_apply(struct rtp_rewrite *rewrite, struct rtp_rewrite_fields *fields,
                       int64_t now_us);

/**
 * The newest segment is of this source, and ext_seq comes right after its newest packet sent: it
 * can go on without a new segment.
 */
bool rtp_rewrite_continues(const struct rtp_rewrite *rewrite, uint64_t source, uint64_t ext_seq);

/**
 * Add a segment's offsets: what rtp_rewrite_apply() does to the current one. For retransmissions,
 * with the segment that rtp_rewrite_find() gave.
 */
void rtp_rewrite_map(const struct rtp_rewrite_segment *segment, struct rtp_rewrite_fields *fields);

/*
 * The pictures of one received stream, counted: what its VP8 descriptors leave out is made up from
 * them, once for all receivers and for retransmissions. A picture is counted at each new timestamp,
 * TL0PICIDX with it, KEYIDX at each key frame. Zero-initialised.
 */
struct rtp_rewrite_pictures {
    bool has_any;
    uint32_t timestamp; /* of the newest picture */
    uint32_t keyframe_timestamp;
    uint16_t picture_id;
    uint8_t key_index;
};

/**
 * Give a VP8 packet the fields that its descriptor leaves out, in its stream's terms: PictureID,
 * TL0PICIDX, KEYIDX (protocol.md, section 1).
 *
 * Call once for each packet received, in order of arrival; a packet with an older timestamp than
 * the newest changes no state. A 7-bit PictureID is widened; without TL0PICIDX all pictures are of
 * the base layer and count as such.
 */
void rtp_rewrite_complete_vp8(struct rtp_rewrite_pictures *pictures, const struct rtp_vp8 *vp8,
                              uint32_t timestamp, struct rtp_rewrite_fields *fields);

/**
 * The source and the offsets with which an outgoing sequence number was sent.
 *
 * @param out_seq  16 bits, as a NACK names it; taken as the nearest not above the highest sent
 * @return         the segment (valid until the next start), or NULL if it was forgotten or never
 * sent
 * @param in_seq   written: the source's unwrapped sequence number
 * @param out_ext_seq written: the outgoing unwrapped sequence number
 */
const struct rtp_rewrite_segment *rtp_rewrite_find(const struct rtp_rewrite *rewrite,
                                                   uint16_t out_seq, uint64_t *in_seq,
                                                   uint64_t *out_ext_seq);

/** The outgoing timestamp that stands for now, for sender reports; the stream must have started. */
uint32_t rtp_rewrite_timestamp_at(const struct rtp_rewrite *rewrite, int64_t now_us);

#endif
