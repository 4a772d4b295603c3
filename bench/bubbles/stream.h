/*
 * One RTP stream that a participant sends: a clip or a voice replayed with numbers of its own, as
 * libwebrtc sends it. MID and RID stand in the first BUBBLES_NAMED_PACKETS only; what was sent is
 * remembered for retransmission (RFC 4588). Sans-IO.
 */
#ifndef IRIS_BENCH_BUBBLES_STREAM_H
#define IRIS_BENCH_BUBBLES_STREAM_H

#include "bench/bubbles/clip.h"
#include "bench/bubbles/description.h"
#include "bench/bubbles/voice.h"
#include "rtp/rtcp.h"

#define BUBBLES_NAMED_PACKETS 26
#define BUBBLES_HISTORY       512 /* packets, a power of two */

/* What a packet was made of. */
struct bubbles_sent {
    bool is_used, marker;
    uint16_t seq, picture_id, frame, piece;
    uint8_t tl0;
    uint32_t timestamp;
};

/* Counted since the start, or since the last reset. */
struct bubbles_stream_counters {
    uint64_t packets, bytes; /* RTP payload of media, as the contract counts */
    unsigned key_frames, retransmitted;
};

/* Owned by its participant; the clip and the voice are the library's. */
struct bubbles_stream {
    enum bubbles_kind kind;
    const struct bubbles_clip *clip;   /* of video */
    const struct bubbles_voice *voice; /* of audio */
    struct bubbles_answer_line line;
    const char *rid; /* NULL: no simulcast */
    char mid[4];
    uint32_t ssrc, rtx_ssrc;
    uint64_t index, rtx_index; /* next, unwrapped */
    uint32_t timestamp_base;
    unsigned named_left, rtx_named_left;
    uint32_t packets, octets; /* of sender reports */
    struct bubbles_stream_counters counters;
    /* The frame that is being sent. */
    unsigned next_frame, frame, piece;
    bool is_key_due;
    uint32_t timestamp;
    uint16_t picture_id;
    uint8_t tl0;
    /* Voice. */
    unsigned next_voice;
    bool is_talking;
    int64_t
        *sent_us; /* when each frame or packet of the recording was last sent; owned, 0: never */
    struct bubbles_sent *history; /* BUBBLES_HISTORY, owned; video */
};

/* A finished plain packet. */
struct bubbles_rtp {
    uint8_t *data; /* the caller's, BUBBLES_DATAGRAM_BYTES */
    size_t len, header_len;
    uint64_t index; /* for sealing */
};

struct bubbles_stream_params {
    enum bubbles_kind kind;
    const struct bubbles_clip *clip;
    const struct bubbles_voice *voice;
    const struct bubbles_answer_line *line; /* copied */
    unsigned mid;
    const char *rid; /* static text or NULL */
    uint32_t ssrc, rtx_ssrc;
    uint64_t *seed;
};

/** @return 0, or -1: no memory (dispose all the same) */
int bubbles_stream_init(struct bubbles_stream *stream, const struct bubbles_stream_params *params);
void bubbles_stream_dispose(struct bubbles_stream *stream);

/** Count anew. */
void bubbles_stream_reset(struct bubbles_stream *stream);

/**
 * When the recording's frame (of a voice: packet) with this payload was sent.
 *
 * @param payload  behind the VP8 descriptor
 * @param sent_us  written; 0: it was not sent yet [us]
 * @return         whether the recording has it
 */
bool bubbles_stream_find(const struct bubbles_stream *stream, const uint8_t *payload, size_t len,
                         int64_t *sent_us);

/** Begin the next frame of the clip, or its key frame if one is due; packets follow. */
void bubbles_stream_begin_frame(struct bubbles_stream *stream, int64_t now_us);

/**
 * The next packet of the frame.
 *
 * @param transport_seq  of the transport; counted on
 * @param rtp            data: in, the rest is written
 * @return               false: the frame is complete
 */
bool bubbles_stream_next_packet(struct bubbles_stream *stream, uint16_t *transport_seq,
                                struct bubbles_rtp *rtp);

/**
 * 20 ms of voice have passed.
 *
 * @param is_talking  else the voice pauses
 * @return            false: DTX, nothing to send
 */
bool bubbles_stream_voice(struct bubbles_stream *stream, bool is_talking, int64_t now_us,
                          uint16_t *transport_seq, struct bubbles_rtp *rtp);

/** Answer a NACK. @return false: not remembered */
bool bubbles_stream_retransmit(struct bubbles_stream *stream, uint16_t seq, uint16_t *transport_seq,
                               struct bubbles_rtp *rtp);

/** The sender report (RFC 3550, 6.4.1). @param ntp of now */
void bubbles_stream_report(const struct bubbles_stream *stream, int64_t now_us, uint64_t ntp,
                           struct rtcp_sender_report *report);

#endif
