/* RTCP that is read. */
#include "rtcp_packets.h"
#include "rtp/error.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compound),        cmocka_unit_test(test_reader_errors),
        cmocka_unit_test(test_reader_stops),    cmocka_unit_test(test_sender_report),
        cmocka_unit_test(test_receiver_report), cmocka_unit_test(test_cumulative_lost),
        cmocka_unit_test(test_feedback_ssrcs),  cmocka_unit_test(test_nack_parse),
        cmocka_unit_test(test_nack_full_mask),  cmocka_unit_test(test_remb_parse),
        cmocka_unit_test(test_remb_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
