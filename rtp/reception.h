/*
 * Statistics of one received RTP stream: loss, jitter and the report block that tells the sender
 * (RFC 3550, sections 6.4.1 and A.3, A.8), and the sender's clock.
 */
#ifndef IRIS_RTP_RECEPTION_H
#define IRIS_RTP_RECEPTION_H

#include "rtp/rtcp.h"
#include "rtp/sequence.h"

struct rtp_reception {
    struct rtp_sequence sequence;
    uint64_t first_seq;
    uint64_t packets; /* received, duplicates excluded by SRTP's replay protection */
    uint64_t bytes;   /* RTP payload, without padding (protocol.md, section 5) */
    uint64_t expected_prior, received_prior;
    uint32_t clock_rate_hz;
    double jitter; /* timestamp units */
    int64_t last_arrival_us;
    uint32_t last_timestamp;
    uint64_t last_sr_ntp; /* 0: no sender report yet */
    uint32_t last_sr_timestamp;
    int64_t last_sr_us;
    int64_t ntp_offset_us; /* our clock less the source's NTP clock; meaningful with last_sr_ntp */
};

/** @param clock_rate_hz  of the payload type, not 0 */
void rtp_reception_init(struct rtp_reception *reception, uint32_t clock_rate_hz);

/**
 * Record a packet.
 *
 * @param now_us  arrival [us]
 * @return        its unwrapped sequence number
 */
uint64_t rtp_reception_on_packet(struct rtp_reception *reception, uint16_t seq, uint32_t timestamp,
                                 size_t payload_bytes, int64_t now_us);

/**
 * A packet that was lost and came by retransmission: it stays lost in reports, and says nothing of
 * jitter and clocks (RFC 3550, 6.4.1; RFC 4588, section 6.3).
 *
 * @return  its unwrapped sequence number
 */
uint64_t rtp_reception_on_repair(struct rtp_reception *reception, uint16_t seq);

/**
 * Record a sender report of this stream. One without an NTP time (0, RFC 3550, 6.4.1) is ignored.
 *
 * @param now_us  arrival [us]
 */
void rtp_reception_on_sender_report(struct rtp_reception *reception,
                                    const struct rtcp_sender_report *report, int64_t now_us);

/**
 * The report block about this stream, and the start of the next interval.
 *
 * @param ssrc   of the stream
 * @param block  written
 * @return       false if nothing was ever received (no block then)
 */
bool rtp_reception_report(struct rtp_reception *reception, uint32_t ssrc, int64_t now_us,
                          struct rtcp_report_block *block);

/**
 * Server time at which the source captured a timestamp: from the last sender report if there is
 * one, else from arrival (protocol.md, section 1: sender reports on the server's clock).
 *
 * The source's NTP clock is mapped on the server's by the smallest (arrival - NTP) seen in its
 * reports, which may grow by 100 ppm, for drift; a report that is over a second late starts anew
 * (its clock was set).
 *
 * @return  [us], on the scale of now_us; INT64_MIN before the first packet
 */
int64_t rtp_reception_capture_us(const struct rtp_reception *reception, uint32_t timestamp);

/**
 * Round trip from a report block about a stream that we sent (RFC 3550, 6.4.1, DLSR).
 *
 * @param now_ntp_mid  middle 32 bits of our NTP clock now
 * @return             [us]; -1 if the block names no sender report or the result would be negative
 */
int64_t rtp_reception_rtt_us(const struct rtcp_report_block *block, uint32_t now_ntp_mid);

/** Map monotonic time to a 32.32 NTP time (RFC 3550, section 4), given the NTP time of now_us = 0.
 */
uint64_t rtp_ntp_from_us(int64_t now_us, uint64_t epoch_ntp);

#endif
