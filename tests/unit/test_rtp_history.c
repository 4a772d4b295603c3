/*
 * What is kept of a stream and for how long. The module is compiled into the test, so that its
 * allocations can be made to fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int calls_until_failure; /* -1: allocations succeed */

static void *failing_calloc(size_t count, size_t size)
{
    if (calls_until_failure == 0)
        return NULL;
    if (calls_until_failure > 0)
        calls_until_failure--;
    return calloc(count, size);
}

#define calloc failing_calloc
#include "rtp/history.c" // NOLINT(bugprone-suspicious-include): see above
#undef calloc

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A payload that tells its packet. */
static void add(struct rtp_history *history, uint64_t ext_seq, uint16_t len, int64_t now_us)
{
    uint8_t payload[2000];
    memset(payload, (int)(ext_seq & 0xFF), sizeof(payload));
    const struct rtp_history_packet packet = {.ext_seq = ext_seq,
                                              .received_us = now_us,
                                              .payload = payload,
                                              .payload_len = len,
                                              .timestamp = (uint32_t)ext_seq * 3,
                                              .marker = ext_seq & 1};
    rtp_history_add(history, &packet);
}

/* The packet is there, whole; or it is not. */
static bool has(const struct rtp_history *history, uint64_t ext_seq, uint16_t len, int64_t now_us)
{
    struct rtp_history_packet packet;
    if (!rtp_history_find(history, ext_seq, now_us, &packet))
        return false;
    assert_int_equal(packet.ext_seq, ext_seq);
    assert_int_equal(packet.payload_len, len);
    assert_int_equal(packet.timestamp, (uint32_t)ext_seq * 3);
    assert_int_equal(packet.marker, ext_seq & 1);
    assert_true(packet.payload + len <= history->bytes + history->byte_count);
    for (unsigned i = 0; i < len; i++)
        assert_int_equal(packet.payload[i], ext_seq & 0xFF);
    return true;
}

static void test_init(void **state)
{
    (void)state;
    static const struct {
        uint32_t wanted, got;
    } table[] = {{0, 1}, {1, 1}, {2, 2}, {3, 3}, {600, 600}};
    struct rtp_history history;
    calls_until_failure = -1;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(rtp_history_init(&history, table[i].wanted, 100), 0);
        assert_int_equal(history.entry_count, table[i].got);
        rtp_history_dispose(&history);
        rtp_history_dispose(&history);
    }
    assert_int_equal(rtp_history_init(&history, UINT32_MAX, 100), IRIS_E_NO_MEMORY);
    assert_null(history.entries);
}

static void test_allocation_failure(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rtp_history history;
        struct rtp_history_packet packet;
        calls_until_failure = i;
        assert_int_equal(rtp_history_init(&history, 8, 100), IRIS_E_NO_MEMORY);
        assert_true(history.entries == NULL && history.bytes == NULL);
        add(&history, 1, 10, 0);
        assert_false(rtp_history_find(&history, 1, 0, &packet));
        rtp_history_dispose(&history);
    }
    calls_until_failure = -1;
}

static void test_packets_bound(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 8; count++) {
        struct rtp_history history;
        const uint64_t first = 65536 + 1, end = first + 20;
        assert_int_equal(rtp_history_init(&history, count, 10000), 0);
        assert_false(has(&history, 0, 0, 0));
        for (uint64_t seq = first; seq < end; seq++)
            add(&history, seq, 10, 0);
        for (uint64_t seq = first; seq < end + 5; seq++)
            assert_int_equal(has(&history, seq, 10, 0), seq >= end - count && seq < end);
        rtp_history_dispose(&history);
    }
}

/* 100 bytes: the newest packets whose bytes, padding included, fit are there, the others are not.
 */
static void test_bytes_bound(void **state)
{
    (void)state;
    struct rtp_history history;
    assert_int_equal(rtp_history_init(&history, 64, 100), 0);
    add(&history, 1001, 40, 0); /*  0- 39 */
    add(&history, 1002, 40, 0); /* 40- 79 */
    assert_true(has(&history, 1001, 40, 0) && has(&history, 1002, 40, 0));
    add(&history, 1003, 20, 0); /* 80- 99, full to the byte */
    assert_true(has(&history, 1001, 40, 0));
    add(&history, 1004, 1, 0); /* 0 */
    assert_false(has(&history, 1001, 40, 0));
    assert_true(has(&history, 1002, 40, 0));
    add(&history, 1005, 39, 0); /* 1-39, up to the next one's first byte */
    assert_true(has(&history, 1002, 40, 0) && has(&history, 1004, 1, 0));
    add(&history, 1006, 35, 0); /* 40-74 */
    assert_false(has(&history, 1002, 40, 0));
    assert_true(has(&history, 1003, 20, 0));
    add(&history, 1007, 30, 0);               /* would straddle: 0-29 */
    assert_false(has(&history, 1003, 20, 0)); /* given up with the padding 75-99 */
    assert_false(has(&history, 1004, 1, 0));
    assert_false(has(&history, 1005, 39, 0));
    assert_true(has(&history, 1006, 35, 0) && has(&history, 1007, 30, 0));
    rtp_history_dispose(&history);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        uint16_t len;
        bool is_kept;
    } table[] = {{0, true}, {1, true}, {50, true}, {51, false}, {100, false}, {1500, false}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_history history;
        assert_int_equal(rtp_history_init(&history, 8, 100), 0);
        add(&history, 7, 13, 0);
        add(&history, 8, table[i].len, 0);
        assert_int_equal(has(&history, 8, table[i].len, 0), table[i].is_kept);
        assert_true(has(&history, 7, 13, 0));
        rtp_history_dispose(&history);
    }
}

static void test_age(void **state)
{
    (void)state;
    struct rtp_history history;
    assert_int_equal(rtp_history_init(&history, 8, 100), 0);
    add(&history, 7, 10, 5000);
    assert_true(has(&history, 7, 10, 5000 + RTP_HISTORY_AGE_US));
    assert_false(has(&history, 7, 10, 5000 + RTP_HISTORY_AGE_US + 1));
    rtp_history_dispose(&history);
}

static void test_late(void **state)
{
    (void)state;
    struct rtp_history history;
    assert_int_equal(rtp_history_init(&history, 8, 1000), 0);
    add(&history, 100, 10, 0);
    add(&history, 110, 10, 0);
    add(&history, 103, 10, 0); /* 7 behind: within reach */
    assert_true(has(&history, 103, 10, 0));
    add(&history, 102, 10, 0); /* its slot is the newest one's */
    assert_true(has(&history, 110, 10, 0));
    assert_false(has(&history, 102, 10, 0));
    add(&history, 101, 10, 0); /* its slot is empty, but it is out of reach */
    assert_false(has(&history, 101, 10, 0));
    uint64_t written = history.written;
    add(&history, 103, 10, 9); /* the original after its repair */
    assert_int_equal(history.written, written);
    rtp_history_dispose(&history);
}

/* Every packet that is found is whole, and the newest ones are found, for random sizes and losses.
 */
static void test_random(void **state)
{
    (void)state;
    enum { PACKETS = 3000, BYTES = 5000, LONGEST = 600 };
    static uint16_t lengths[PACKETS + 1];
    struct rtp_history history;
    uint32_t random = 3;
    assert_int_equal(rtp_history_init(&history, 32, BYTES), 0);
    for (unsigned i = 1; i <= PACKETS; i++) {
        random = random * 1664525 + 1013904223;
        lengths[i] = (uint16_t)((random >> 16) % (LONGEST + 1));
        if (random >> 28 == 0) { /* lost */
            lengths[i] = UINT16_MAX;
            continue;
        }
        add(&history, 65536 + i, lengths[i], 0);
        size_t newer = 0;
        for (unsigned j = i; j > 0 && j + 60 > i; j--) {
            bool was_lost = lengths[j] == UINT16_MAX;
            newer += was_lost ? 0 : lengths[j];
            bool is_there = has(&history, 65536 + j, lengths[j], 0);
            /* At most one stretch below LONGEST is passed over in a turn of the ring. */
            if (!was_lost && j + 32 > i && newer <= BYTES - LONGEST)
                assert_true(is_there);
            if (was_lost || newer > BYTES || j + 32 <= i)
                assert_false(is_there);
        }
    }
    rtp_history_dispose(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),          cmocka_unit_test(test_allocation_failure),
        cmocka_unit_test(test_packets_bound), cmocka_unit_test(test_bytes_bound),
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_age),
        cmocka_unit_test(test_late),          cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
