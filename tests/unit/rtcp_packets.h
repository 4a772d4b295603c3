/*
 * RTCP packets as bytes written by hand from RFC 3550, 6.4-6.5, RFC 4585, 6 and the REMB draft, and
 * what they say: for the reader's tests and the writer's.
 */
#ifndef IRIS_TESTS_RTCP_PACKETS_H
#define IRIS_TESTS_RTCP_PACKETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/rtcp.h"

static const uint8_t SENDER_REPORT[] = {
    0x81, 0xC8, 0x00, 0x0C,                         /* one block, 13 words */
    0x01, 0x02, 0x03, 0x04,                         /* SSRC */
    0xE1, 0x02, 0x03, 0x04, 0x80, 0x00, 0x00, 0x01, /* NTP */
    0x11, 0x22, 0x33, 0x44,                         /* RTP timestamp */
    0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, /* packets, octets */
    0xA1, 0xA2, 0xA3, 0xA4,                         /* block: SSRC */
    0x40, 0xFF, 0xFF, 0xFE,                         /* fraction 1/4, cumulative -2 */
    0x00, 0x01, 0x00, 0x05,                         /* highest: one cycle, 5 */
    0x00, 0x00, 0x00, 0x07,                         /* jitter */
    0x03, 0x04, 0x80, 0x00,                         /* LSR */
    0x00, 0x01, 0x80, 0x00,                         /* DLSR: 1.5 s */
};

static const struct rtcp_sender_report REPORT = {.ssrc = 0x01020304,
                                                 .ntp = 0xE102030480000001,
                                                 .rtp_timestamp = 0x11223344,
                                                 .packet_count = 256,
                                                 .octet_count = 65536};
static const struct rtcp_report_block BLOCK = {.ssrc = 0xA1A2A3A4,
                                               .fraction_lost = 0x40,
                                               .cumulative_lost = -2,
                                               .highest_seq = 0x10005,
                                               .jitter = 7,
                                               .last_sr = 0x03048000,
                                               .delay_since_last_sr = 0x18000};

static const uint8_t RECEIVER_REPORT[] = {
    0x81, 0xC9, 0x00, 0x07, 0x00, 0x00, 0x00, 0x09, 0xA1, 0xA2, 0xA3, 0xA4, 0x40, 0xFF, 0xFF, 0xFE,
    0x00, 0x01, 0x00, 0x05, 0x00, 0x00, 0x00, 0x07, 0x03, 0x04, 0x80, 0x00, 0x00, 0x01, 0x80, 0x00,
};

static const uint8_t PLI[] = {0x81, 0xCE, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2};

/* 65534, 65535, 0 and 14 are within 16 of the first; 15 is not and begins the second. */
static const uint8_t NACK[] = {0x81, 0xCD, 0x00, 0x04, 0,    0,    0,    1,    0,    0,
                               0,    2,    0xFF, 0xFE, 0x80, 0x03, 0x00, 0x0F, 0x00, 0x00};
static const uint16_t NACK_SEQS[] = {65534, 65535, 0, 14, 15};

static const uint8_t REMB[] = {
    0x8F, 0xCE, 0x00, 0x06, 0,   0,    0,    1,    0,    0, 0,
    0,    'R',  'E',  'M',  'B', 0x02, 0x0B, 0xD0, 0x90, /* two SSRCs, exponent 2, mantissa 0x3D090
                                                            = 250000 */
    0,    0,    0,    5,    0,   0,    0,    6,
};

static const uint8_t CNAME[] = {0x81, 0xCA, 0x00, 0x03, 0,   0,   0,   7,
                                0x01, 0x05, 's',  'l',  'o', 't', '1', 0x00};

/* The first packet of a compound, from a copy that ends where the buffer ends. */
static inline int read_first(struct rtcp_packet *packet, uint8_t **copy, const uint8_t *data,
                             size_t len)
{
    struct rtcp_reader reader;
    *copy = malloc(len > 0 ? len : 1);
    memcpy(*copy, data, len);
    rtcp_reader_init(&reader, *copy, len);
    return rtcp_reader_next(&reader, packet);
}

static inline void assert_block(const struct rtcp_report_block *a,
                                const struct rtcp_report_block *b)
{
    assert_int_equal(a->ssrc, b->ssrc);
    assert_int_equal(a->fraction_lost, b->fraction_lost);
    assert_int_equal(a->cumulative_lost, b->cumulative_lost);
    assert_int_equal(a->highest_seq, b->highest_seq);
    assert_int_equal(a->jitter, b->jitter);
    assert_int_equal(a->last_sr, b->last_sr);
    assert_int_equal(a->delay_since_last_sr, b->delay_since_last_sr);
}

#endif
