/*
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01,
 * section 3.1): the log of arrivals that a receiver keeps, and the message made of it; and the
 * reading of a message into one entry a packet.
 *
 * Invariant of the log: feedback covers consecutive transport sequence numbers without a gap
 * between messages; when a packet arrives after its number was reported lost, the next message
 * starts from it again. Both as far as the log reaches (RTP_ARRIVAL_LOG numbers): what fell out is
 * not reported.
 */
#ifndef IRIS_RTP_TRANSPORT_FEEDBACK_H
#define IRIS_RTP_TRANSPORT_FEEDBACK_H

#include "rtp/rtcp.h"
#include "rtp/sequence.h"

#define RTP_ARRIVAL_LOG 1024 /* transport sequence numbers; a power of two */

/* Arrival times of the transport-wide sequence numbers of one peer. Embedded; zero-initialised. */
struct rtp_arrival_log {
    struct rtp_sequence sequence;
    uint64_t next_base;    /* first number that the next message reports */
    uint64_t end;          /* one past the highest number seen */
    uint8_t message_count; /* fb pkt count */
    bool has_news;         /* something arrived since the last message: next_base < end */
    uint32_t
        arrival_us[RTP_ARRIVAL_LOG]; /* low 32 bits of now_us, offset by 1: 0 is "not arrived" */
};

/**
 * Record the arrival of a packet with this transport-wide sequence number.
 *
 * @param log     of one peer
 * @param seq     from the header extension
 * @param now_us  arrival, monotonic [us]
 */
void rtp_arrival_log_add(struct rtp_arrival_log *log, uint16_t seq, int64_t now_us);

/** Something has arrived that no message has reported. */
bool rtp_arrival_log_has_news(const struct rtp_arrival_log *log);

/**
 * Append one feedback message about what arrived since the last one. A delta of more than 8 s, or
 * more than the writer has room for, needs several messages: call again while
 * rtp_arrival_log_has_news(), with an empty writer after IRIS_E_FULL.
 *
 * @param media_ssrc  any SSRC of the peer's media, never 0 (Chromium ignores feedback for SSRC 0)
 * @param now_us      the time that arrivals were recorded with [us]
 * @return            0, IRIS_E_NOT_FOUND (nothing to report) or IRIS_E_FULL (nothing written)
 */
int rtp_arrival_log_write(struct rtp_arrival_log *log, struct rtcp_writer *writer,
                          uint32_t sender_ssrc, uint32_t media_ssrc, int64_t now_us);

/* What a message says of one packet. */
struct rtp_feedback_entry {
    uint16_t seq;
    bool is_received;
    int64_t arrival_us; /* receiver's clock: reference time (64 ms units, 24 bits) plus deltas [us];
                           0 if not received */
};

struct rtp_transport_feedback {
    uint32_t sender_ssrc, media_ssrc;
    uint16_t base_seq;
    uint16_t status_count;
    uint8_t message_count;
    int32_t reference_time; /* 64 ms */
};

/** How many packets a feedback message announces that it speaks of, which is what reading it costs.
 * @return 0-65535 or IRIS_E_TRUNCATED */
int rtp_transport_feedback_count(const struct rtcp_packet *packet);

/**
 * Take a feedback message apart.
 *
 * @param feedback  written only on success
 * @param entries   caller's array of cap entries, in sequence order
 * @return          entries written, IRIS_E_TRUNCATED, IRIS_E_MALFORMED (no status, or the reserved
 * one), or IRIS_E_FULL when the message has more than cap statuses
 */
int rtp_transport_feedback_parse(struct rtp_transport_feedback *feedback,
                                 const struct rtcp_packet *packet,
                                 struct rtp_feedback_entry *entries, size_t cap);

#endif
