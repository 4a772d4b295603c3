/* RTCP that is written: the packets of test_rtp_rtcp.c again, to the byte, and where room ends. */
#include "rtcp_packets.h"
#include "rtp/error.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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
        cmocka_unit_test(test_write),         cmocka_unit_test(test_write_appends),
        cmocka_unit_test(test_write_limits),  cmocka_unit_test(test_cname_lengths),
        cmocka_unit_test(test_remb_rounding), cmocka_unit_test(test_nack_round_trip),
        cmocka_unit_test(test_nack_room),     cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
