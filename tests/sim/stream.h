/*
 * One RTP stream that a participant sends, as libwebrtc does: MID and RID until the first report on
 * it, a transport-wide sequence number in each, RTX on a stream of its own (RFC 4588). What was
 * sent is remembered as what it was made of, not as bytes. Sans-IO.
 */
#ifndef IRIS_SIM_STREAM_H
#define IRIS_SIM_STREAM_H

#include "rtp/rtcp.h"
#include "tests/sim/stamp.h"

#define SIM_DATAGRAM_BYTES 1536
#define SIM_NAMED_PACKETS  26
#define SIM_SENT_PACKETS   512 /* a power of two */
#define SIM_DELIVERIES     256 /* frames; a power of two */
#define SIM_PIECES_MAX     128 /* packets of a frame */

/* Extension ids and payload types of every client here. */
enum sim_numbers {
    SIM_ID_LEVEL = 1,
    SIM_ID_SEQ = 3,
    SIM_ID_MID = 4,
    SIM_ID_RID = 10,
    SIM_ID_RRID = 11,
    SIM_PT_OPUS = 111,
    SIM_PT_VP8 = 96,
    SIM_PT_RTX = 97,
};

/* What a media packet is made of. */
struct sim_content {
    bool is_used, marker;
    uint8_t descriptor_len; /* VP8 payload descriptor; 0: audio */
    uint8_t descriptor[6];
    uint16_t width, height; /* of the first packet of a key frame; else 0 */
    uint16_t body_len;      /* stamp to check */
    uint16_t seq;
    int8_t level; /* -dBov (RFC 6464); -1: without */
    uint32_t timestamp;
    struct sim_stamp stamp;
};

/* Which packets of a frame have reached the server. */
struct sim_delivery {
    uint32_t frame;
    uint16_t piece_count, delivered_count;
    uint64_t delivered[SIM_PIECES_MAX / 64];
    int64_t delivered_us; /* when the newest of them did */
    bool is_policed;      /* some of it was dropped there, for its sender's contract */
    bool is_policed_late; /* when what may refer to it had passed */
};

/* Owned by its participant. */
struct sim_stream {
    uint32_t ssrc, rtx_ssrc; /* rtx 0: none */
    uint8_t payload_type;
    const char *mid, *rid;     /* static text; rid NULL: no simulcast */
    uint64_t index, rtx_index; /* SRTP indices of the next packets */
    uint32_t packet;           /* number of the last packet: never jumps */
    bool is_acknowledged;      /* the server has reported on it: it is known by its SSRC */
    bool is_rtx_acknowledged;  /* the same of its RTX: libwebrtc names that until then */
    uint32_t packets, octets;  /* of sender reports */
    uint32_t timestamp_base, clock_hz;
    struct sim_content *sent;        /* SIM_SENT_PACKETS, owned; NULL: no retransmission */
    struct sim_delivery *deliveries; /* SIM_DELIVERIES, owned */
    uint32_t delivered_frame;        /* newest frame that a packet was delivered of */
    uint32_t delivered_packet;       /* the newest packet that was */
    int64_t overtaken_us;            /* when one last came before or after its turn */
};

/* A finished plain packet. */
struct sim_rtp {
    uint8_t *data; /* the caller's, SIM_DATAGRAM_BYTES */
    size_t len, header_len;
    uint64_t index; /* for sealing */
};

/** @param index  of the first packet, below 2^16 */
void sim_stream_init(struct sim_stream *stream, uint32_t ssrc, uint32_t rtx_ssrc, uint64_t index);
void sim_stream_dispose(struct sim_stream *stream);

/** The RTP timestamp of a time [us]. */
uint32_t sim_stream_timestamp(const struct sim_stream *stream, int64_t now_us);

/**
 * Write the next packet.
 *
 * @param content        seq, timestamp of its stamp's captured_us and stamp.packet are filled in
 * @param transport_seq  of the transport; counted on
 */
void sim_stream_send(struct sim_stream *stream, struct sim_content *content,
                     uint16_t *transport_seq, struct sim_rtp *rtp);

/**
 * Answer a NACK.
 *
 * @param content  written: what is retransmitted
 * @return         false: not remembered, or no RTX
 */
bool sim_stream_retransmit(struct sim_stream *stream, uint16_t seq, uint16_t *transport_seq,
                           struct sim_content *content, struct sim_rtp *rtp);

/** A packet with this stamp has reached the server. */
void sim_stream_delivered(struct sim_stream *stream, const struct sim_stamp *stamp, int64_t now_us);

/** When the newest packet of a frame reached the server; of one that is forgotten, its capture. */
int64_t sim_stream_arrived_us(struct sim_stream *stream, const struct sim_stamp *stamp);

/** The server dropped the packet for its sender's contract. */
void sim_stream_policed(struct sim_stream *stream, const struct sim_stamp *stamp);

/** What is known of a frame; NULL: it is too old. */
const struct sim_delivery *sim_stream_delivery(const struct sim_stream *stream, uint32_t frame);

/** Every packet of a frame has reached the server; a frame too old to know counts as complete. */
bool sim_stream_is_delivered(const struct sim_stream *stream, uint32_t frame);

/** The sender report (RFC 3550, 6.4.1). @param ntp of now */
void sim_stream_report(const struct sim_stream *stream, int64_t now_us, uint64_t ntp,
                       struct rtcp_sender_report *report);

#endif
