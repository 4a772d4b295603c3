/*
 * One RTP stream that a test client sends: synthetic Opus or VP8 with a valid descriptor and key
 * frame header (RFC 7741, RFC 6386), its history for retransmissions (RFC 4588), its sender report.
 *
 * MID and RID stand in the first TRACK_SENDER_NAMED_PACKETS packets only, as Chromium does.
 */
#ifndef IRIS_TESTS_TRACK_SENDER_H
#define IRIS_TESTS_TRACK_SENDER_H

#include "rtp/rtcp.h"
#include "tests/integration/media_payload.h"
#include "tests/integration/offer_writer.h"
#include "tests/integration/srtp_session.h"

#define TRACK_SENDER_NAMED_PACKETS 26
#define TRACK_SENDER_HISTORY       1024 /* packets, a power of two */
#define TRACK_SENDER_PACKET_BYTES  1300

/* What the source's VP8 descriptor says. */
enum vp8_style {
    VP8_STYLE_TEMPORAL,   /* 15-bit PictureID, TL0PICIDX, TID and KEYIDX; three temporal layers */
    VP8_STYLE_PICTURE_ID, /* 15-bit PictureID only */
    VP8_STYLE_SHORT_ID,   /* 7-bit PictureID only */
    VP8_STYLE_BARE        /* one byte */
};

/* A finished plain packet; room for the SRTP trailer behind it. */
struct track_packet {
    uint32_t ssrc;
    bool is_rtx;
    size_t len;
    uint8_t data[TRACK_SENDER_PACKET_BYTES + SRTP_SESSION_TRAILER_BYTES];
};

/* Takes each packet; seals and sends it, or drops it. */
typedef void (*track_sender_emit_fn)(void *context, struct track_packet *packet);

struct track_sender_options {
    enum media_kind kind;
    uint32_t tag;
    uint8_t layer;
    uint16_t width, height;
    enum vp8_style style;
    unsigned packets_per_frame, payload_bytes;
    uint8_t payload_type, rtx_payload_type;
    struct offer_numbers extensions; /* as granted by the answer */
    bool has_two_byte_extensions;    /* RFC 8285, 4.3 */
    uint8_t audio_level;             /* -dBov */
    uint16_t *transport_seq;         /* the client's counter, one more for each packet */
    const char *mid, *rid;           /* rid: NULL without simulcast; outlive the track */
    uint32_t ssrc, rtx_ssrc;
    track_sender_emit_fn emit;
    void *context;
};

struct track_sender_history {
    uint16_t seq;
    bool is_used, marker;
    uint32_t timestamp;
    uint16_t payload_len;
    uint8_t payload[TRACK_SENDER_PACKET_BYTES];
};

/* One stream; owned by its client. */
struct track_sender {
    struct track_sender_options options;
    uint16_t seq, rtx_seq; /* next */
    uint32_t timestamp_base;
    uint32_t counter; /* of the signature */
    uint16_t picture_id;
    uint8_t tl0, key_index;
    unsigned frame_in_pattern;
    bool key_frame_due;
    uint32_t packets, octets; /* for the sender report */
    unsigned rtx_packets;
    unsigned key_frames;
    struct track_sender_history history[TRACK_SENDER_HISTORY];
};

/** @return owned by the caller, freed with free(); the first frame is a key frame */
struct track_sender *track_sender_create(const struct track_sender_options *options);

/** Emit one Opus packet. @param now_us of the event loop; timestamps follow it */
void track_sender_audio(struct track_sender *track, int64_t now_us);

/** Emit the packets of one frame. */
void track_sender_frame(struct track_sender *track, int64_t now_us);

/** Answer a NACK for seq by RTX. @return false if it is not in the history */
bool track_sender_retransmit(struct track_sender *track, uint16_t seq);

/** Fill in a sender report for now (RFC 3550, 6.4.1). @param ntp the client's clock */
void track_sender_report(const struct track_sender *track, int64_t now_us, uint64_t ntp,
                         struct rtcp_sender_report *report);

#endif
