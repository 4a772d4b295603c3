/*
 * One outgoing RTP stream made of changing sources: sequence numbers, timestamps and VP8 indices
 * that go on without a break (RFC 3550, section 5.1; RFC 7667, section 3.7, a selective forwarding
 * middlebox that rewrites; protocol.md, "What a slot's stream looks like").
 *
 * A segment is a stretch of one source forwarded with constant offsets. Invariant: within a segment
 * out = in + offset for every field. Segments change in three ways: another source begins (sequence
 * + 1, timestamp advanced by wall clock and by one tick at least, picture id + 1); a packet is
 * skipped, whose numbers are closed, so that what is left out on purpose leaves no gap; or the same
 * source goes on at another time (packets replayed from a history), or after padding that was sent
 * between its packets. A number that was never seen stays reserved: its packet may come late, and
 * is then sent with the offsets of its segment, or, if its picture was skipped, filled by padding.
 * One above the newest number sent (what came after it was skipped) becomes the newest when it is
 * sent; another source takes its picture's numbers, so that then it is closed.
 *
 * Segments are remembered, so that a NACK for an old packet finds the mapping that it was sent
 * with.
 */
#ifndef IRIS_RTP_REWRITE_H
#define IRIS_RTP_REWRITE_H

#include "rtp/vp8.h"

/* What comes later than so many numbers is not sent: SRTP's replay windows are as wide in some
   receivers (RFC 3711, 3.3.2: 64 at least; libwebrtc's: 1024). */
#define RTP_REWRITE_LATE_MAX 960

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
    uint64_t first_in_seq;  /* the packet that has it */
    uint32_t timestamp_offset;
    uint16_t picture_id_offset; /* modulo 2^15 */
    uint8_t tl0_offset;         /* modulo 2^8 */
    uint8_t key_offset;         /* modulo 2^5 */
    bool is_start;              /* nothing of before belongs to what follows */
    bool is_after_skip;         /* these pictures, in the source's terms, were skipped before it */
    uint16_t first_skipped_id, last_skipped_id;
    uint16_t closed_count; /* numbers just below the first that were kept and never will be sent */
};

/* What is to be done with a packet. */
enum rtp_rewrite_verdict {
    RTP_REWRITE_NOTHING, /* no number is kept for it */
    RTP_REWRITE_SEND,
    RTP_REWRITE_FILL, /* its number is reserved, its picture is not wanted: send padding */
};

/* Where segments are remembered: the caller's, which must outlive the stream. */
struct rtp_rewrite_memory {
    struct rtp_rewrite_segment *segments;
    unsigned count; /* at least 2 */
};

struct rtp_rewrite {
    struct rtp_rewrite_memory memory;
    unsigned current; /* index of the newest segment */
    uint32_t clock_rate_hz;
    bool started;
    uint64_t highest_out_seq; /* sent or reserved */
    uint64_t newest_out_seq;  /* sent; its picture is: */
    uint32_t last_timestamp;
    int64_t last_sent_us; /* when a packet with it was first sent */
    uint16_t last_picture_id;
    uint8_t last_tl0, last_key_index;
};

/**
 * Nothing sent yet.
 *
 * @param memory           all zero; the oldest segment makes room for the newest
 * @param first_seq        where the stream starts, random (RFC 3550, 5.1), below 2^15 so that
 * libsrtp2's receivers guess the roll-over counter right (RFC 3711, 3.3.1)
 * @param first_timestamp  random
 */
void rtp_rewrite_init(struct rtp_rewrite *rewrite, struct rtp_rewrite_memory memory,
                      uint32_t clock_rate_hz, uint16_t first_seq, uint32_t first_timestamp,
                      uint16_t first_picture_id);

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
 * The same source goes on, but what follows is sent at another time than its timestamps say: they
 * advance by the time since the last packet.
 *
 * @param first  fields of the first packet of a picture, newer than any of before
 */
void rtp_rewrite_retime(struct rtp_rewrite *rewrite, const struct rtp_rewrite_fields *first,
                        int64_t now_us);

/**
 * Rewrite a packet of the current segment, or a late one of those before.
 *
 * @param fields  in: as received; out: as to be sent, unless the result is RTP_REWRITE_NOTHING
 * @return        RTP_REWRITE_NOTHING if it is older than all that the source's first key frame
 * begins, or its number was closed
 */
enum rtp_rewrite_verdict rtp_rewrite_apply(struct rtp_rewrite *rewrite,
                                           struct rtp_rewrite_fields *fields, int64_t now_us);

/* What a packet that is left out belongs to. */
enum rtp_rewrite_skipped {
    RTP_REWRITE_PADDING, /* no picture */
    RTP_REWRITE_PICTURE,
    RTP_REWRITE_BASE_PICTURE, /* of temporal layer 0: TL0PICIDX counts it */
};

/**
 * Leave a packet of the current source out. In order, its number and (once for all its packets) its
 * picture's are closed.
 *
 * @param fields  in: as received; out: as to be sent, if the result is RTP_REWRITE_FILL
 * @return        RTP_REWRITE_FILL if it comes late and its number is reserved, else
 * RTP_REWRITE_NOTHING
 */
enum rtp_rewrite_verdict rtp_rewrite_skip(struct rtp_rewrite *rewrite,
                                          struct rtp_rewrite_fields *fields,
                                          enum rtp_rewrite_skipped skipped);

/**
 * Leave numbers out: others may have been sent under them. What follows begins a new segment
 * (rtp_rewrite_start()); nothing of before can be sent late any more.
 */
void rtp_rewrite_leave_out(struct rtp_rewrite *rewrite, uint32_t count);

/**
 * Take the next number for a packet of padding alone (RFC 3550, 5.1). It is closed: what the source
 * sends next follows it, and nothing is ever sent again under it. Not within a frame: a receiver
 * would miss a piece of it there.
 *
 * @param fields  written: number, and the timestamp of the last packet (of the first to come,
 * before there was one)
 */
void rtp_rewrite_pad(struct rtp_rewrite *rewrite, struct rtp_rewrite_fields *fields);

/** The newest segment; NULL before the first. */
const struct rtp_rewrite_segment *rtp_rewrite_current(const struct rtp_rewrite *rewrite);

/** The source's packet after the newest one sent, skipped or reserved; of the newest segment. */
uint64_t rtp_rewrite_next_in_seq(const struct rtp_rewrite *rewrite);

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

/* Pictures of two seconds, so that what is repaired late finds its own. */
#define RTP_REWRITE_PICTURES 64

/* What was made up for a picture. */
struct rtp_rewrite_picture {
    uint32_t timestamp;
    uint16_t picture_id;
    uint8_t key_index;
};

/*
 * The pictures of one received stream, counted: what its VP8 descriptors leave out is made up from
 * them, once for all receivers and for retransmissions. A picture is counted at each new timestamp,
 * TL0PICIDX with it, KEYIDX at each key frame. Zero-initialised.
 */
struct rtp_rewrite_pictures {
    uint64_t highest_seq; /* received */
    uint32_t interval;    /* of two pictures with nothing missing between, 0: not known */
    unsigned count;       /* of the ring, saturating */
    unsigned newest;      /* index */
    struct rtp_rewrite_picture ring[RTP_REWRITE_PICTURES];
};

/**
 * Give a VP8 packet the fields that its descriptor leaves out, in its stream's terms: PictureID,
 * TL0PICIDX, KEYIDX (protocol.md, section 1).
 *
 * Call once for each packet received, in order of arrival; a packet with an older timestamp than
 * the newest changes no state and gets what its picture got. Where numbers are missing between two
 * pictures, those lost whole are counted by the source's frame interval, so that they find room
 * when they are repaired. A 7-bit PictureID is widened; without TL0PICIDX all pictures are of the
 * base layer and count as such.
 *
 * @param fields  in: ext_seq; out: the indices
 */
void rtp_rewrite_complete_vp8(struct rtp_rewrite_pictures *pictures, const struct rtp_vp8 *vp8,
                              uint32_t timestamp, struct rtp_rewrite_fields *fields);

/**
 * The source and the offsets with which an outgoing sequence number was sent.
 *
 * @param out_seq  16 bits, as a NACK names it; taken as the nearest not above the highest sent
 * @return         the segment (valid until the next start), or NULL if it was forgotten, never sent
 * or closed
 * @param in_seq   written: the source's unwrapped sequence number
 * @param out_ext_seq written: the outgoing unwrapped sequence number
 */
const struct rtp_rewrite_segment *rtp_rewrite_find(const struct rtp_rewrite *rewrite,
                                                   uint16_t out_seq, uint64_t *in_seq,
                                                   uint64_t *out_ext_seq);

/** Another source has begun after a segment, or the same one anew: with a key frame, of video. */
bool rtp_rewrite_has_restarted(const struct rtp_rewrite *rewrite,
                               const struct rtp_rewrite_segment *segment);

/** A picture (in the source's terms) that a segment's packets would belong to was skipped. */
bool rtp_rewrite_is_skipped(const struct rtp_rewrite *rewrite,
                            const struct rtp_rewrite_segment *segment, uint16_t picture_id);

/** The outgoing timestamp of the instant now_us, for sender reports; the stream must have started.
 */
uint32_t rtp_rewrite_timestamp_at(const struct rtp_rewrite *rewrite, int64_t now_us);

#endif
