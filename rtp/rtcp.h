/*
 * RTCP compound and reduced-size packets (RFC 3550, section 6; RFC 4585; RFC 5506): reading them
 * one by one, and appending them to a buffer.
 *
 * Reading keeps views into the caller's buffer. Writing goes through a writer that never overflows:
 * a packet that does not fit is not written at all.
 */
#ifndef IRIS_RTP_RTCP_H
#define IRIS_RTP_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rtcp_type {
    RTCP_SENDER_REPORT = 200,
    RTCP_RECEIVER_REPORT = 201,
    RTCP_SOURCE_DESCRIPTION = 202,
    RTCP_BYE = 203,
    RTCP_APPLICATION = 204,
    RTCP_TRANSPORT_LAYER_FEEDBACK = 205,
    RTCP_PAYLOAD_FEEDBACK = 206,
    RTCP_EXTENDED_REPORT = 207,
};

/* Formats of transport-layer (205) and payload-specific (206) feedback. */
enum rtcp_format {
    RTCP_FORMAT_NACK = 1,                /* 205, RFC 4585, 6.2.1 */
    RTCP_FORMAT_TRANSPORT_FEEDBACK = 15, /* 205, draft-holmer-rmcat-transport-wide-cc */
    RTCP_FORMAT_PLI = 1,                 /* 206, RFC 4585, 6.3.1 */
    RTCP_FORMAT_FIR = 4,                 /* 206, RFC 5104, 4.3.1 */
    RTCP_FORMAT_APPLICATION_LAYER = 15,  /* 206, REMB (draft-alvestrand-rmcat-remb) */
};

/* One packet of a compound: the 4-byte common header is taken apart, body follows it. */
struct rtcp_packet {
    uint8_t type;
    uint8_t count; /* report count or feedback format */
    const uint8_t *body;
    size_t body_len; /* without padding */
};

/* Walks a compound packet. */
struct rtcp_reader {
    const uint8_t *next;
    size_t left;
};

/* One report block (RFC 3550, 6.4.1). */
struct rtcp_report_block {
    uint32_t ssrc;
    uint8_t fraction_lost;        /* 1/256 */
    int32_t cumulative_lost;      /* packets, 24 bits on the wire */
    uint32_t highest_seq;         /* extended, cycles in the upper 16 bits */
    uint32_t jitter;              /* RTP timestamp units */
    uint32_t last_sr;             /* middle 32 bits of the NTP time of the last sender report */
    uint32_t delay_since_last_sr; /* 1/65536 s */
};

struct rtcp_sender_report {
    uint32_t ssrc;
    uint64_t ntp; /* 32.32 fixed-point seconds since 1900 */
    uint32_t rtp_timestamp;
    uint32_t packet_count;
    uint32_t octet_count;
};

struct rtcp_remb {
    uint64_t bitrate_bps;
    uint8_t ssrc_count;
    const uint8_t *ssrcs; /* 4 bytes each */
};

/* Appends packets to the caller's buffer. */
struct rtcp_writer {
    uint8_t *data;
    size_t cap;
    size_t len;
};

/** Start reading a compound (or reduced-size) packet of len bytes. */
void rtcp_reader_init(struct rtcp_reader *reader, const uint8_t *data, size_t len);

/**
 * The next packet of the compound.
 *
 * @param packet  written only on success; points into the data
 * @return        1, 0 at the end, IRIS_E_TRUNCATED or IRIS_E_MALFORMED (then the rest is lost)
 */
int rtcp_reader_next(struct rtcp_reader *reader, struct rtcp_packet *packet);

/**
 * Take apart a sender report (RFC 3550, 6.4.1). Its report blocks follow: rtcp_report_block_at().
 *
 * @return  0 or IRIS_E_TRUNCATED
 */
int rtcp_sender_report_parse(struct rtcp_sender_report *report, const struct rtcp_packet *packet);

/**
 * The index-th report block of a sender or receiver report.
 *
 * @return  0, IRIS_E_NOT_FOUND past the count, IRIS_E_TRUNCATED
 */
int rtcp_report_block_at(struct rtcp_report_block *block, const struct rtcp_packet *packet,
                         unsigned index);

/**
 * SSRCs of a feedback packet (RFC 4585, 6.1).
 *
 * @return  0 or IRIS_E_TRUNCATED
 */
int rtcp_feedback_ssrcs(const struct rtcp_packet *packet, uint32_t *sender_ssrc,
                        uint32_t *media_ssrc);

/**
 * The sequence numbers that a generic NACK asks for (RFC 4585, 6.2.1), PID and bitmask expanded.
 *
 * @param seqs  caller's array of cap entries
 * @return      entries written (those past cap are left out) or IRIS_E_TRUNCATED
 */
int rtcp_nack_parse(const struct rtcp_packet *packet, uint16_t *seqs, size_t cap);

/**
 * A REMB message (draft-alvestrand-rmcat-remb-03, section 2.2).
 *
 * @return  0, IRIS_E_TRUNCATED or IRIS_E_MALFORMED (no "REMB", mantissa << exponent above 2^63)
 */
int rtcp_remb_parse(struct rtcp_remb *remb, const struct rtcp_packet *packet);

/** Start writing into data. */
void rtcp_writer_init(struct rtcp_writer *writer, uint8_t *data, size_t cap);

/**
 * Append a packet. Each writes whole or not at all. More than 31 report blocks or 255 SSRCs do not
 * fit.
 *
 * @return  0 or IRIS_E_FULL
 */
int rtcp_write_sender_report(struct rtcp_writer *writer, const struct rtcp_sender_report *report,
                             const struct rtcp_report_block *blocks, unsigned count);
int rtcp_write_receiver_report(struct rtcp_writer *writer, uint32_t sender_ssrc,
                               const struct rtcp_report_block *blocks, unsigned count);
/** Source description with one chunk and a CNAME (RFC 3550, 6.5.1); of more than 255 bytes:
 * IRIS_E_FULL. */
int rtcp_write_cname(struct rtcp_writer *writer, uint32_t ssrc, const char *cname);
int rtcp_write_pli(struct rtcp_writer *writer, uint32_t sender_ssrc, uint32_t media_ssrc);
/** Generic NACK; seqs in increasing order (modulo 2^16) are packed into PID and bitmask pairs.
   Without any, nothing is written and the result is 0. */
int rtcp_write_nack(struct rtcp_writer *writer, uint32_t sender_ssrc, uint32_t media_ssrc,
                    const uint16_t *seqs, size_t count);
/** REMB for these SSRCs; the rate is rounded down to its 18-bit mantissa. */
int rtcp_write_remb(struct rtcp_writer *writer, uint32_t sender_ssrc, uint64_t bitrate_bps,
                    const uint32_t *ssrcs, unsigned count);

#endif
