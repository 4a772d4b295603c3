/* RTCP, against bytes written by hand from RFC 3550, 6.4-6.5, RFC 4585, 6 and the REMB draft. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/error.h"
#include "rtp/rtcp.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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
static int read_first(struct rtcp_packet *packet, uint8_t **copy, const uint8_t *data, size_t len)
{
    struct rtcp_reader reader;
    *copy = malloc(len > 0 ? len : 1);
    memcpy(*copy, data, len);
    rtcp_reader_init(&reader, *copy, len);
    return rtcp_reader_next(&reader, packet);
}

static void assert_block(const struct rtcp_report_block *a, const struct rtcp_report_block *b)
{
    assert_int_equal(a->ssrc, b->ssrc);
    assert_int_equal(a->fraction_lost, b->fraction_lost);
    assert_int_equal(a->cumulative_lost, b->cumulative_lost);
    assert_int_equal(a->highest_seq, b->highest_seq);
    assert_int_equal(a->jitter, b->jitter);
    assert_int_equal(a->last_sr, b->last_sr);
    assert_int_equal(a->delay_since_last_sr, b->delay_since_last_sr);
}

static void test_compound(void **state)
{
    (void)state;
    uint8_t data[sizeof(SENDER_REPORT) + sizeof(CNAME) + sizeof(PLI)];
    static const struct {
        uint8_t type, count;
        size_t body_len;
    } table[] = {{200, 1, 48}, {202, 1, 12}, {206, 1, 8}};
    memcpy(data, SENDER_REPORT, sizeof(SENDER_REPORT));
    memcpy(data + sizeof(SENDER_REPORT), CNAME, sizeof(CNAME));
    memcpy(data + sizeof(SENDER_REPORT) + sizeof(CNAME), PLI, sizeof(PLI));
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    rtcp_reader_init(&reader, data, sizeof(data));
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(rtcp_reader_next(&reader, &packet), 1);
        assert_int_equal(packet.type, table[i].type);
        assert_int_equal(packet.count, table[i].count);
        assert_int_equal(packet.body_len, table[i].body_len);
    }
    assert_ptr_equal(packet.body + packet.body_len, data + sizeof(data));
    assert_int_equal(rtcp_reader_next(&reader, &packet), 0);
}

static void test_reader_errors(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t len;
        uint8_t bytes[12];
        int result;
        size_t body_len;
    } table[] = {
        {"empty", 0, {0}, 0, 0},
        {"header cut off", 3, {0x80, 200, 0}, IRIS_E_TRUNCATED, 0},
        {"version 1", 4, {0x40, 200, 0, 0}, IRIS_E_MALFORMED, 0},
        {"version 3", 4, {0xC0, 200, 0, 0}, IRIS_E_MALFORMED, 0},
        {"no body", 4, {0x80, 203, 0, 0}, 1, 0},
        {"a word short", 8, {0x80, 203, 0, 2}, IRIS_E_TRUNCATED, 0},
        {"a byte short", 7, {0x80, 203, 0, 1}, IRIS_E_TRUNCATED, 0},
        {"longest length", 12, {0x80, 203, 0xFF, 0xFF}, IRIS_E_TRUNCATED, 0},
        {"padding without a body", 4, {0xA0, 203, 0, 0}, IRIS_E_MALFORMED, 0},
        {"padding of 0", 8, {0xA0, 203, 0, 1, 9, 9, 9, 0}, IRIS_E_MALFORMED, 0},
        {"padding into the header", 8, {0xA0, 203, 0, 1, 9, 9, 9, 5}, IRIS_E_MALFORMED, 0},
        {"padding only", 8, {0xA0, 203, 0, 1, 9, 9, 9, 4}, 1, 0},
        {"libwebrtc's padding", 8, {0xA0, 203, 0, 1, 9, 9, 0, 2}, 1, 2},
        {"garbage behind", 6, {0x80, 203, 0, 0, 0x80, 203}, 1, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtcp_packet packet, before;
        uint8_t *data;
        memset(&packet, 0x5A, sizeof(packet));
        before = packet;
        print_message("%s\n", table[i].what);
        assert_int_equal(read_first(&packet, &data, table[i].bytes, table[i].len), table[i].result);
        if (table[i].result == 1)
            assert_int_equal(packet.body_len, table[i].body_len);
        else
            assert_memory_equal(&packet, &before, sizeof(packet));
        free(data);
    }
}

/* After an error nothing more is read, so that a loop over a compound ends. */
static void test_reader_stops(void **state)
{
    (void)state;
    const uint8_t data[] = {0x40, 203, 0, 0, 0x80, 203, 0, 0};
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    rtcp_reader_init(&reader, data, sizeof(data));
    assert_int_equal(rtcp_reader_next(&reader, &packet), IRIS_E_MALFORMED);
    assert_int_equal(rtcp_reader_next(&reader, &packet), 0);
}

static void test_sender_report(void **state)
{
    (void)state;
    struct rtcp_packet packet;
    struct rtcp_sender_report report;
    struct rtcp_report_block block;
    uint8_t *data;
    assert_int_equal(read_first(&packet, &data, SENDER_REPORT, sizeof(SENDER_REPORT)), 1);
    assert_int_equal(rtcp_sender_report_parse(&report, &packet), 0);
    assert_int_equal(report.ssrc, REPORT.ssrc);
    assert_true(report.ntp == REPORT.ntp);
    assert_int_equal(report.rtp_timestamp, REPORT.rtp_timestamp);
    assert_int_equal(report.packet_count, REPORT.packet_count);
    assert_int_equal(report.octet_count, REPORT.octet_count);
    assert_int_equal(rtcp_report_block_at(&block, &packet, 0), 0);
    assert_block(&block, &BLOCK);
    assert_int_equal(rtcp_report_block_at(&block, &packet, 1), IRIS_E_NOT_FOUND);
    for (size_t len = 0; len < packet.body_len; len++) {
        struct rtcp_packet cut = packet;
        cut.body_len = len;
        assert_int_equal(rtcp_sender_report_parse(&report, &cut), len < 24 ? IRIS_E_TRUNCATED : 0);
        assert_int_equal(rtcp_report_block_at(&block, &cut, 0), IRIS_E_TRUNCATED);
    }
    free(data);
}

static void test_receiver_report(void **state)
{
    (void)state;
    struct rtcp_packet packet;
    struct rtcp_report_block block;
    uint8_t *data;
    assert_int_equal(read_first(&packet, &data, RECEIVER_REPORT, sizeof(RECEIVER_REPORT)), 1);
    assert_int_equal(rtcp_report_block_at(&block, &packet, 0), 0);
    assert_block(&block, &BLOCK);
    packet.count = 31; /* announces more than there is */
    assert_int_equal(rtcp_report_block_at(&block, &packet, 1), IRIS_E_TRUNCATED);
    assert_int_equal(rtcp_report_block_at(&block, &packet, 31), IRIS_E_NOT_FOUND);
    packet.type = RTCP_BYE;
    assert_int_equal(rtcp_report_block_at(&block, &packet, 0), IRIS_E_NOT_FOUND);
    free(data);
}

static void test_cumulative_lost(void **state)
{
    (void)state;
    static const struct {
        int32_t written, read;
        uint8_t bytes[3];
    } table[] = {{0, 0, {0, 0, 0}},
                 {1, 1, {0, 0, 1}},
                 {-1, -1, {0xFF, 0xFF, 0xFF}},
                 {0x7FFFFF, 0x7FFFFF, {0x7F, 0xFF, 0xFF}},
                 {-0x800000, -0x800000, {0x80, 0, 0}},
                 {0x800000, 0x7FFFFF, {0x7F, 0xFF, 0xFF}},
                 {INT32_MAX, 0x7FFFFF, {0x7F, 0xFF, 0xFF}},
                 {INT32_MIN, -0x800000, {0x80, 0, 0}}};
    for (size_t i = 0; i < COUNT(table); i++) {
        uint8_t data[32], *copy;
        struct rtcp_writer writer;
        struct rtcp_packet packet;
        struct rtcp_report_block block = {.cumulative_lost = table[i].written};
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_receiver_report(&writer, 1, &block, 1), 0);
        assert_memory_equal(data + 13, table[i].bytes, 3);
        assert_int_equal(read_first(&packet, &copy, data, writer.len), 1);
        assert_int_equal(rtcp_report_block_at(&block, &packet, 0), 0);
        assert_int_equal(block.cumulative_lost, table[i].read);
        free(copy);
    }
}

static void test_feedback_ssrcs(void **state)
{
    (void)state;
    const uint8_t body[] = {0, 0, 0, 1, 0xFF, 0, 0, 2};
    struct rtcp_packet packet = {.body = body, .body_len = 8};
    uint32_t sender = 9, media = 9;
    assert_int_equal(rtcp_feedback_ssrcs(&packet, &sender, &media), 0);
    assert_int_equal(sender, 1);
    assert_int_equal(media, 0xFF000002);
    packet.body_len = 7;
    sender = media = 9;
    assert_int_equal(rtcp_feedback_ssrcs(&packet, &sender, &media), IRIS_E_TRUNCATED);
    assert_true(sender == 9 && media == 9);
}

static void test_nack_parse(void **state)
{
    (void)state;
    struct rtcp_packet packet;
    uint16_t seqs[40];
    uint8_t *data;
    assert_int_equal(read_first(&packet, &data, NACK, sizeof(NACK)), 1);
    assert_int_equal(rtcp_nack_parse(&packet, seqs, COUNT(seqs)), 5);
    assert_memory_equal(seqs, NACK_SEQS, sizeof(NACK_SEQS));
    for (size_t cap = 0; cap < 5; cap++) {
        memset(seqs, 0xEE, sizeof(seqs));
        assert_int_equal(rtcp_nack_parse(&packet, seqs, cap), cap);
        assert_memory_equal(seqs, NACK_SEQS, cap * sizeof(seqs[0]));
        assert_int_equal(seqs[cap], 0xEEEE);
    }
    for (size_t len = 0; len < packet.body_len; len++) {
        struct rtcp_packet cut = packet;
        cut.body_len = len;
        assert_int_equal(rtcp_nack_parse(&cut, seqs, COUNT(seqs)),
                         len == 12 ? 4 : IRIS_E_TRUNCATED);
    }
    free(data);
}

static void test_nack_full_mask(void **state)
{
    (void)state;
    const uint8_t body[] = {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xF8, 0xFF, 0xFF};
    const struct rtcp_packet packet = {.body = body, .body_len = sizeof(body)};
    uint16_t seqs[20];
    assert_int_equal(rtcp_nack_parse(&packet, seqs, COUNT(seqs)), 17);
    for (unsigned i = 0; i < 17; i++)
        assert_int_equal(seqs[i], (uint16_t)(0xFFF8 + i));
}

static void test_remb_parse(void **state)
{
    (void)state;
    struct rtcp_packet packet;
    struct rtcp_remb remb;
    uint8_t *data;
    assert_int_equal(read_first(&packet, &data, REMB, sizeof(REMB)), 1);
    assert_int_equal(rtcp_remb_parse(&remb, &packet), 0);
    assert_true(remb.bitrate_bps == 1000000);
    assert_int_equal(remb.ssrc_count, 2);
    assert_memory_equal(remb.ssrcs, "\0\0\0\5\0\0\0\6", 8);
    for (size_t len = 0; len < packet.body_len; len++) {
        struct rtcp_packet cut = packet;
        cut.body_len = len;
        assert_int_equal(rtcp_remb_parse(&remb, &cut), IRIS_E_TRUNCATED);
    }
    free(data);
}

static void test_remb_rates(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[4]; /* count, exponent, mantissa */
        int error;
        uint64_t bitrate_bps;
    } table[] = {
        {{0, 0x00, 0x00, 0x00}, 0, 0},
        {{0, 0x03, 0xFF, 0xFF}, 0, 0x3FFFF},
        {{0, 0xFC, 0x00, 0x00}, 0, 0},                       /* 0 << 63 */
        {{0, 0xFC, 0x00, 0x01}, 0, UINT64_C(1) << 63},       /* 1 << 63 */
        {{0, 0xFC, 0x00, 0x02}, IRIS_E_MALFORMED, 0},        /* 2 << 63 */
        {{0, 0xB7, 0xFF, 0xFF}, 0, UINT64_C(0x3FFFF) << 45}, /* 18 + 45 bits */
        {{0, 0xBB, 0xFF, 0xFF}, IRIS_E_MALFORMED, 0},        /* 18 + 46 bits */
        {{0, 0xBA, 0x00, 0x00}, 0, UINT64_C(1) << 63},       /* 2^17 << 46 */
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        uint8_t body[16] = {0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B'};
        const struct rtcp_packet packet = {.body = body, .body_len = sizeof(body)};
        struct rtcp_remb remb;
        memcpy(body + 12, table[i].bytes, 4);
        assert_int_equal(rtcp_remb_parse(&remb, &packet), table[i].error);
        if (!table[i].error)
            assert_true(remb.bitrate_bps == table[i].bitrate_bps);
        body[11] = 'b';
        assert_int_equal(rtcp_remb_parse(&remb, &packet), IRIS_E_MALFORMED);
    }
}

/* Each writer, by a number, so that all can be tried at every capacity. */
static int write_one(size_t which, struct rtcp_writer *writer)
{
    static const uint32_t ssrcs[] = {5, 6};
    switch (which) {
    case 0:
        return rtcp_write_sender_report(writer, &REPORT, &BLOCK, 1);
    case 1:
        return rtcp_write_receiver_report(writer, 9, &BLOCK, 1);
    case 2:
        return rtcp_write_cname(writer, 7, "slot1");
    case 3:
        return rtcp_write_pli(writer, 1, 2);
    case 4:
        return rtcp_write_nack(writer, 1, 2, NACK_SEQS, COUNT(NACK_SEQS));
    default:
        return rtcp_write_remb(writer, 1, 1000000, ssrcs, 2);
    }
}

static void test_write(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } table[] = {{SENDER_REPORT, sizeof(SENDER_REPORT)},
                 {RECEIVER_REPORT, sizeof(RECEIVER_REPORT)},
                 {CNAME, sizeof(CNAME)},
                 {PLI, sizeof(PLI)},
                 {NACK, sizeof(NACK)},
                 {REMB, sizeof(REMB)}};
    for (size_t i = 0; i < COUNT(table); i++) {
        for (size_t cap = 0; cap <= table[i].len; cap++) {
            uint8_t *data = malloc(cap + 1);
            struct rtcp_writer writer;
            rtcp_writer_init(&writer, data, cap);
            int expected = cap < table[i].len ? IRIS_E_FULL : 0;
            assert_int_equal(write_one(i, &writer), expected);
            assert_int_equal(writer.len, expected ? 0 : table[i].len);
            if (!expected)
                assert_memory_equal(data, table[i].bytes, table[i].len);
            free(data);
        }
    }
}

static void test_write_appends(void **state)
{
    (void)state;
    uint8_t data[sizeof(SENDER_REPORT) + sizeof(PLI) + 8];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(write_one(0, &writer), 0);
    assert_int_equal(write_one(3, &writer), 0);
    assert_int_equal(write_one(3, &writer), IRIS_E_FULL);
    assert_int_equal(writer.len, sizeof(SENDER_REPORT) + sizeof(PLI));
    assert_memory_equal(data, SENDER_REPORT, sizeof(SENDER_REPORT));
    assert_memory_equal(data + sizeof(SENDER_REPORT), PLI, sizeof(PLI));
}

static void test_write_limits(void **state)
{
    (void)state;
    static struct rtcp_report_block blocks[32];
    static uint32_t ssrcs[256];
    uint8_t data[2048];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_receiver_report(&writer, 1, blocks, 32), IRIS_E_FULL);
    assert_int_equal(rtcp_write_sender_report(&writer, &REPORT, blocks, 32), IRIS_E_FULL);
    assert_int_equal(rtcp_write_remb(&writer, 1, 1, ssrcs, 256), IRIS_E_FULL);
    assert_int_equal(rtcp_write_nack(&writer, 1, 2, NACK_SEQS, 0), 0);
    assert_int_equal(writer.len, 0);
    assert_int_equal(rtcp_write_receiver_report(&writer, 1, blocks, 31), 0);
    assert_int_equal(writer.len, 8 + 31 * 24);
    assert_int_equal(data[0], 0x80 | 31);
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_sender_report(&writer, &REPORT, blocks, 31), 0);
    assert_int_equal(writer.len, 28 + 31 * 24);
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_remb(&writer, 1, 1, ssrcs, 255), 0);
    assert_int_equal(writer.len, 20 + 255 * 4);
}

/* Behind other packets, only what is left counts. */
static void test_nack_room(void **state)
{
    (void)state;
    for (size_t cap = sizeof(PLI); cap <= sizeof(PLI) + sizeof(NACK); cap++) {
        uint8_t *data = malloc(cap);
        struct rtcp_writer writer;
        bool is_room = cap == sizeof(PLI) + sizeof(NACK);
        rtcp_writer_init(&writer, data, cap);
        assert_int_equal(write_one(3, &writer), 0);
        assert_int_equal(write_one(4, &writer), is_room ? 0 : IRIS_E_FULL);
        assert_int_equal(writer.len, is_room ? cap : sizeof(PLI));
        assert_memory_equal(data, PLI, sizeof(PLI));
        free(data);
    }
}

/* Several blocks follow each other, in both kinds of report. */
static void test_blocks(void **state)
{
    (void)state;
    struct rtcp_report_block blocks[5], read;
    for (uint32_t i = 0; i < 5; i++) {
        blocks[i] = BLOCK;
        blocks[i].ssrc = 100 + i;
        blocks[i].jitter = 200 + i;
    }
    for (unsigned is_sender = 0; is_sender < 2; is_sender++) {
        uint8_t data[256], *copy;
        struct rtcp_writer writer;
        struct rtcp_packet packet;
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(is_sender ? rtcp_write_sender_report(&writer, &REPORT, blocks, 5)
                                   : rtcp_write_receiver_report(&writer, 1, blocks, 5),
                         0);
        assert_int_equal(read_first(&packet, &copy, data, writer.len), 1);
        assert_int_equal(packet.count, 5);
        for (unsigned i = 0; i < 5; i++) {
            assert_int_equal(rtcp_report_block_at(&read, &packet, i), 0);
            assert_block(&read, &blocks[i]);
        }
        assert_int_equal(rtcp_report_block_at(&read, &packet, 5), IRIS_E_NOT_FOUND);
        free(copy);
    }
}

/* The chunk ends with one to four zero bytes, on a word boundary (RFC 3550, 6.5). */
static void test_cname_lengths(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 256; len++) {
        char cname[257] = {0};
        uint8_t data[512];
        struct rtcp_writer writer;
        memset(cname, 'x', len);
        memset(data, 0xEE, sizeof(data));
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_cname(&writer, 7, cname), len > 255 ? IRIS_E_FULL : 0);
        if (len > 255)
            break;
        size_t zeros = writer.len - 10 - len;
        assert_true(writer.len % 4 == 0 && zeros >= 1 && zeros <= 4);
        assert_int_equal((data[2] << 8 | data[3]) + 1, writer.len / 4);
        assert_int_equal(data[9], len);
        assert_memory_equal(data + 10 + len, "\0\0\0\0", zeros);
        assert_int_equal(data[writer.len], 0xEE);
    }
}

static void test_remb_rounding(void **state)
{
    (void)state;
    static const struct {
        uint64_t written, read;
    } table[] = {{0, 0},
                 {0x3FFFF, 0x3FFFF},
                 {0x40000, 0x40000},
                 {0x40001, 0x40000},
                 {3000015, 3000000},
                 {UINT64_C(1) << 63, UINT64_C(1) << 63},
                 {(UINT64_C(1) << 63) - 1, UINT64_C(0x3FFFF) << 45}};
    for (size_t i = 0; i < COUNT(table); i++) {
        uint8_t data[24], *copy;
        uint32_t ssrc = 3;
        struct rtcp_writer writer;
        struct rtcp_packet packet;
        struct rtcp_remb remb;
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_remb(&writer, 1, table[i].written, &ssrc, 1), 0);
        assert_int_equal(read_first(&packet, &copy, data, writer.len), 1);
        assert_int_equal(rtcp_remb_parse(&remb, &packet), 0);
        assert_true(remb.bitrate_bps == table[i].read);
        free(copy);
    }
}

/* Any set of numbers that is written is what is read. */
static void test_nack_round_trip(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned round = 0; round < 300; round++) {
        uint16_t seqs[64], read[64 * 17];
        uint8_t data[512], *copy;
        struct rtcp_writer writer;
        struct rtcp_packet packet;
        uint16_t seq = (uint16_t)(65500 + round);
        for (unsigned i = 0; i < 64; i++) {
            random = random * 1664525 + 1013904223;
            seq = (uint16_t)(seq + 1 + (random >> 24) % (1 + round % 40));
            seqs[i] = seq;
        }
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_nack(&writer, 1, 2, seqs, 64), 0);
        assert_int_equal(read_first(&packet, &copy, data, writer.len), 1);
        assert_int_equal(rtcp_nack_parse(&packet, read, COUNT(read)), 64);
        assert_memory_equal(read, seqs, sizeof(seqs));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compound),        cmocka_unit_test(test_reader_errors),
        cmocka_unit_test(test_reader_stops),    cmocka_unit_test(test_sender_report),
        cmocka_unit_test(test_receiver_report), cmocka_unit_test(test_cumulative_lost),
        cmocka_unit_test(test_feedback_ssrcs),  cmocka_unit_test(test_nack_parse),
        cmocka_unit_test(test_nack_full_mask),  cmocka_unit_test(test_remb_parse),
        cmocka_unit_test(test_remb_rates),      cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_appends),   cmocka_unit_test(test_write_limits),
        cmocka_unit_test(test_cname_lengths),   cmocka_unit_test(test_remb_rounding),
        cmocka_unit_test(test_nack_round_trip), cmocka_unit_test(test_nack_room),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
