/* Report blocks, jitter and the sender's clock (RFC 3550, 6.4.1, A.3, A.8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/reception.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           1000
#define S            INT64_C(1000000)

static void test_nothing_received(void **state)
{
    (void)state;
    struct rtp_reception reception;
    struct rtcp_report_block block;
    const struct rtcp_sender_report report = {.ntp = UINT64_C(5) << 32, .rtp_timestamp = 1};
    rtp_reception_init(&reception, 90000);
    assert_false(rtp_reception_report(&reception, 1, 0, &block));
    rtp_reception_on_sender_report(&reception, &report, 0);
    assert_true(rtp_reception_capture_us(&reception, 1) == INT64_MIN);
}

/* Reports after so many packets each: the interval's fraction, the total, the highest. */
static void test_loss(void **state)
{
    (void)state;
    /* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of reading */
    static const struct {
        uint16_t seqs[6];
        size_t count;
        uint8_t fraction;
        int32_t cumulative;
        uint32_t highest;
    } table[] = {
        {{65530, 65531, 65532}, 3, 0, 0, 65532},
        {{65533, 65535, 1}, 3, 2 * 256 / 5, 2, 0x10001}, /* 65534 and 0 are lost */
        {{0}, 1, 0, 1, 0x10001},                         /* late: more received than expected */
        {{2, 2, 2}, 3, 0, -1, 0x10002},                  /* duplicates */
        {{10}, 1, 7 * 256 / 8, 6, 0x1000A},
        {{0}, 0, 0, 6, 0x1000A}, /* nothing at all */
        {{0x8009}, 1, 255, 6 + 0x7FFE, 0x18009},
    };
    struct rtp_reception reception;
    struct rtcp_report_block block;
    rtp_reception_init(&reception, 8000);
    for (size_t i = 0; i < COUNT(table); i++) {
        for (size_t j = 0; j < table[i].count; j++)
            rtp_reception_on_packet(&reception, table[i].seqs[j], 0, 100, 0);
        memset(&block, 0xFF, sizeof(block));
        assert_true(rtp_reception_report(&reception, 77, 0, &block));
        assert_int_equal(block.ssrc, 77);
        assert_int_equal(block.fraction_lost, table[i].fraction);
        assert_int_equal(block.cumulative_lost, table[i].cumulative);
        assert_int_equal(block.highest_seq, table[i].highest);
        assert_int_equal(block.last_sr, 0);
        assert_int_equal(block.delay_since_last_sr, 0);
    }
    assert_int_equal(reception.packets, 12);
    assert_int_equal(reception.bytes, 1200);
}

static void test_cumulative_is_clamped(void **state)
{
    (void)state;
    struct rtp_reception reception;
    struct rtcp_report_block block;
    rtp_reception_init(&reception, 8000);
    for (uint32_t i = 0; i <= 300; i++)
        rtp_reception_on_packet(&reception, (uint16_t)(i * 32767), 0, 0, 0);
    assert_true(rtp_reception_report(&reception, 1, 0, &block));
    assert_int_equal(block.cumulative_lost, 0x7FFFFF);
    assert_int_equal(block.highest_seq, 300 * 32767);
}

/* As many duplicates, which only a source without SRTP's replay protection can get in. */
static void test_gain_is_clamped(void **state)
{
    (void)state;
    static const struct {
        uint64_t packets;
        int32_t cumulative;
    } table[] = {{1, 0}, {0x800001, -0x800000}, {0x800002, -0x800000}, {0x800000, -0x7FFFFF}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_reception reception;
        struct rtcp_report_block block;
        rtp_reception_init(&reception, 8000);
        rtp_reception_on_packet(&reception, 1, 0, 0, 0);
        reception.packets = table[i].packets;
        assert_true(rtp_reception_report(&reception, 1, 0, &block));
        assert_int_equal(block.cumulative_lost, table[i].cumulative);
        assert_int_equal(block.fraction_lost, 0);
    }
}

static void test_unwrapped_seq(void **state)
{
    (void)state;
    struct rtp_reception reception;
    rtp_reception_init(&reception, 8000);
    assert_int_equal(rtp_reception_on_packet(&reception, 65535, 0, 0, 0), 0x1FFFF);
    assert_int_equal(rtp_reception_on_packet(&reception, 1, 0, 0, 0), 0x20001);
    assert_int_equal(rtp_reception_on_packet(&reception, 0, 0, 0, 0), 0x20000);
}

/* J += (|D| - J) / 16, at 8 kHz; timestamps wrap between the rows. */
static void test_jitter(void **state)
{
    (void)state;
    static const struct {
        int64_t at_us;
        uint32_t timestamp;
        uint32_t jitter;
    } table[] = {
        {1000000, UINT32_MAX - 159, 0},
        {1020000, 0, 0},    /* on time */
        {1050000, 160, 5},  /* 10 ms late: 80 / 16 */
        {1060000, 320, 9},  /* 10 ms early: 5 + 75 / 16 = 9.69 */
        {1080000, 480, 9},  /* 9.08 */
        {1080000, 640, 18}, /* 20 ms early: 9.08 + 150.92 / 16 = 18.51 */
        {1100000, 320, 47}, /* 20 ms later, 40 ms older: 18.51 + (480 - 18.51) / 16 = 47.35 */
    };
    struct rtp_reception reception;
    struct rtcp_report_block block;
    rtp_reception_init(&reception, 8000);
    for (size_t i = 0; i < COUNT(table); i++) {
        rtp_reception_on_packet(&reception, (uint16_t)i, table[i].timestamp, 0, table[i].at_us);
        assert_true(rtp_reception_report(&reception, 1, 0, &block));
        assert_int_equal(block.jitter, table[i].jitter);
    }
}

/* A hostile source's timestamps cannot make the conversion overflow. */
static void test_jitter_is_bounded(void **state)
{
    (void)state;
    struct rtp_reception reception;
    struct rtcp_report_block block;
    rtp_reception_init(&reception, 90000);
    for (int64_t i = 0; i < 200; i++)
        rtp_reception_on_packet(&reception, (uint16_t)i, (uint32_t)(i % 2) << 31, 0,
                                i * 100000 * S);
    assert_true(rtp_reception_report(&reception, 1, 0, &block));
    assert_int_equal(block.jitter, UINT32_MAX);
}

static void test_last_sender_report(void **state)
{
    (void)state;
    static const struct {
        uint64_t ntp;
        int64_t received_us, now_us;
        uint32_t last_sr, delay;
    } table[] = {
        {0, 0, 5 * S, 0, 0}, /* the source has no clock */
        {0xE102030480000001, 10 * S, 10 * S, 0x03048000, 0},
        {0xE102030480000001, 10 * S, 11 * S + 500 * MS, 0x03048000, 0x18000},
        {0xE1020304FFFFFFFF, 10 * S, 10 * S + 1, 0x0304FFFF, 0},
        {0xE102030400000000, 10 * S, 10 * S + 16, 0x03040000, 1},
        {0xE102030400000000, 10 * S, 9 * S, 0x03040000, 0},
        {0xE102030400000000, 0, 65535 * S, 0x03040000, 0xFFFF0000},
        {0xE102030400000000, 0, 65536 * S, 0x03040000, UINT32_MAX},
        {0xE102030400000000, 0, 1000000 * S, 0x03040000, UINT32_MAX},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_reception reception;
        struct rtcp_report_block block;
        const struct rtcp_sender_report report = {.ntp = table[i].ntp};
        rtp_reception_init(&reception, 48000);
        rtp_reception_on_packet(&reception, 1, 0, 0, 0);
        rtp_reception_on_sender_report(&reception, &report, table[i].received_us);
        assert_true(rtp_reception_report(&reception, 1, table[i].now_us, &block));
        assert_int_equal(block.last_sr, table[i].last_sr);
        assert_int_equal(block.delay_since_last_sr, table[i].delay);
    }
}

static void test_capture_without_reports(void **state)
{
    (void)state;
    struct rtp_reception reception;
    rtp_reception_init(&reception, 90000);
    rtp_reception_on_packet(&reception, 1, UINT32_MAX, 0, 7 * S);
    assert_int_equal(rtp_reception_capture_us(&reception, UINT32_MAX), 7 * S);
    assert_int_equal(rtp_reception_capture_us(&reception, 89999), 8 * S);
    assert_int_equal(rtp_reception_capture_us(&reception, UINT32_MAX - 45000), 7 * S - S / 2);
    rtp_reception_on_packet(&reception, 2, 89999, 0, 9 * S);
    assert_int_equal(rtp_reception_capture_us(&reception, 89999), 9 * S);
}

/* The source's NTP clock reads 1000 s when ours reads 0; reports come with these delays. */
static void test_capture_by_reports(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t source_us; /* time at the source, on its own clock */
        int64_t arrival_us;
        int64_t offset_us; /* what is then held to be our clock less the source's */
    } table[] = {
        {"50 ms on the way", 1001 * S, 1 * S + 50 * MS, -1000 * S + 50 * MS},
        {"20 ms: better", 1002 * S, 2 * S + 20 * MS, -1000 * S + 20 * MS},
        {"300 ms: grows by drift only", 1003 * S, 3 * S + 300 * MS, -1000 * S + 20 * MS + 128},
        {"900 ms: likewise", 1004 * S, 4 * S + 900 * MS, -1000 * S + 20 * MS + 128 + 160},
        {"25 ms: not better", 1005 * S, 5 * S + 25 * MS, -1000 * S + 20 * MS + 288 + 12},
        {"clock set back by an hour", 1006 * S - 3600 * S, 6 * S + 30 * MS,
         -1000 * S + 3600 * S + 30 * MS},
        {"20 ms: better", 1007 * S - 3600 * S, 7 * S + 20 * MS, -1000 * S + 3600 * S + 20 * MS},
        {"clock set ahead by a day", 1008 * S + 86400 * S, 8 * S + 40 * MS,
         -1000 * S - 86400 * S + 40 * MS},
    };
    struct rtp_reception reception;
    rtp_reception_init(&reception, 90000);
    rtp_reception_on_packet(&reception, 1, 12345, 0, 0);
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t ntp = rtp_ntp_from_us(table[i].source_us, 0);
        uint32_t timestamp = (uint32_t)(0xFFFFFF00u + i * 90000);
        const struct rtcp_sender_report report = {.ntp = ntp, .rtp_timestamp = timestamp};
        print_message("%s\n", table[i].what);
        rtp_reception_on_sender_report(&reception, &report, table[i].arrival_us);
        /* Half a second after the report's own time; NTP's fraction rounds by a microsecond. */
        int64_t got_us = rtp_reception_capture_us(&reception, timestamp + 45000);
        int64_t expected_us = table[i].source_us + table[i].offset_us + S / 2;
        assert_in_range(got_us - expected_us + 10, 8, 12);
    }
}

/* A source whose clock runs slow: what is held of it follows, and never lies after arrival. */
static void test_capture_follows_drift(void **state)
{
    (void)state;
    struct rtp_reception reception;
    rtp_reception_init(&reception, 90000);
    rtp_reception_on_packet(&reception, 1, 0, 0, 0);
    for (int64_t i = 1; i <= 3600; i++) {
        int64_t now_us = i * S;
        int64_t source_us = 1000 * S + i * (S - 50); /* 50 ppm slow */
        const struct rtcp_sender_report report = {.ntp = rtp_ntp_from_us(source_us, 0),
                                                  .rtp_timestamp = (uint32_t)i * 90000};
        rtp_reception_on_sender_report(&reception, &report, now_us);
        int64_t behind_us = now_us - rtp_reception_capture_us(&reception, (uint32_t)i * 90000);
        assert_in_range(behind_us + 10, 0, 1000);
    }
}

static void test_rtt(void **state)
{
    (void)state;
    static const struct {
        uint32_t last_sr, delay, now;
        int64_t rtt_us;
    } table[] = {
        {0, 0, 5, -1},                                   /* no sender report */
        {0xB7052000, 0x00054000, 0xB7108000, 6125 * MS}, /* RFC 3550, figure 2: 6.125 s */
        {0xFFFFFF00, 0x100, 0x8000, S / 2},              /* over the wrap */
        {0x10000, 0x10000, 0x20000, 0},
        {0x10000, 0x10001, 0x20000, -1},
        {0x10000, 0, 0x10001, 15},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct rtcp_report_block block = {.last_sr = table[i].last_sr,
                                                .delay_since_last_sr = table[i].delay};
        assert_int_equal(rtp_reception_rtt_us(&block, table[i].now), table[i].rtt_us);
    }
}

static void test_ntp_from_us(void **state)
{
    (void)state;
    static const struct {
        int64_t now_us;
        uint64_t epoch, ntp;
    } table[] = {
        {0, 0xE000000000000000, 0xE000000000000000},
        {1500000, 0xE000000000000000, 0xE000000180000000},
        {250000, 0xE0000000C0000000, 0xE000000100000000},
        {-500000, 0xE000000000000000, 0xDFFFFFFF80000000},
        {-2000000, 0xE000000000000000, 0xDFFFFFFE00000000},
        {1, 0, 4294},
        {3000000, UINT64_C(0xFFFFFFFF) << 32, UINT64_C(2) << 32}, /* the era ends */
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_true(rtp_ntp_from_us(table[i].now_us, table[i].epoch) == table[i].ntp);
}

/* What came by retransmission was lost all the same, and says nothing of the network's jitter. */
static void test_repairs(void **state)
{
    (void)state;
    struct rtp_reception reception;
    struct rtcp_report_block block;
    rtp_reception_init(&reception, 90000);
    uint64_t first = rtp_reception_on_packet(&reception, 10, 0, 100, 0);
    rtp_reception_on_packet(&reception, 12, 6000, 100, 66667);
    double jitter = reception.jitter;
    assert_int_equal(rtp_reception_on_repair(&reception, 11), first + 1);
    assert_int_equal(rtp_reception_on_repair(&reception, 13), first + 3); /* newer than any */
    assert_true(reception.jitter == jitter);
    assert_int_equal(reception.last_timestamp, 6000);
    assert_true(rtp_reception_report(&reception, 1, S, &block));
    assert_int_equal(block.cumulative_lost, 2);
    assert_int_equal(block.fraction_lost, 128);
    assert_int_equal(block.highest_seq, 13);
    rtp_reception_init(&reception, 90000); /* the very first one may be a repair */
    rtp_reception_on_repair(&reception, 500);
    rtp_reception_on_packet(&reception, 501, 0, 100, 0);
    assert_true(rtp_reception_report(&reception, 1, S, &block));
    assert_int_equal(block.cumulative_lost, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_received),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_cumulative_is_clamped),
        cmocka_unit_test(test_gain_is_clamped),
        cmocka_unit_test(test_unwrapped_seq),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_jitter_is_bounded),
        cmocka_unit_test(test_last_sender_report),
        cmocka_unit_test(test_capture_without_reports),
        cmocka_unit_test(test_capture_by_reports),
        cmocka_unit_test(test_capture_follows_drift),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_rtt),
        cmocka_unit_test(test_ntp_from_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
