/* When lost packets are asked for, how often, and when they are given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/nack.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           1000

enum action { ARRIVE, ASK, KEYFRAME };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of reading */
struct step {
    int64_t at_ms;
    enum action action;
    uint64_t seq;         /* ARRIVE, KEYFRAME */
    const char *expected; /* ARRIVE: "repair" or ""; ASK: the numbers */
    int64_t deadline_ms;  /* afterwards; -1: nothing missing */
    bool gave_up;         /* afterwards */
};

static void collect_text(struct rtp_nack *nack, int64_t now_us, int64_t rtt_us, char *text,
                         size_t cap)
{
    uint16_t seqs[RTP_NACK_MAX];
    size_t count = rtp_nack_collect(nack, now_us, rtt_us, RTP_NACK_TRIES, seqs, COUNT(seqs));
    size_t len = 0;
    text[0] = 0;
    for (size_t i = 0; i < count && len < cap; i++)
        len += (size_t)snprintf(text + len, cap - len, "%s%u", i ? " " : "", seqs[i]);
}

static void run(const struct step *steps, size_t count, int64_t rtt_us)
{
    struct rtp_nack nack;
    rtp_nack_init(&nack);
    for (size_t i = 0; i < count; i++) {
        char text[2048] = "";
        int64_t now_us = steps[i].at_ms * MS;
        print_message("step %zu\n", i);
        if (steps[i].action == ASK)
            collect_text(&nack, now_us, rtt_us, text, sizeof(text));
        else if (steps[i].action == KEYFRAME)
            rtp_nack_on_keyframe(&nack, steps[i].seq);
        else if (rtp_nack_on_packet(&nack, steps[i].seq, now_us))
            strcpy(text, "repair");
        assert_string_equal(text, steps[i].expected ? steps[i].expected : "");
        int64_t deadline_us = steps[i].deadline_ms < 0 ? INT64_MAX : steps[i].deadline_ms * MS;
        assert_int_equal(rtp_nack_deadline(&nack), deadline_us);
        assert_int_equal(rtp_nack_take_gave_up(&nack), steps[i].gave_up);
    }
}

static void test_life_of_a_gap(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, ARRIVE, 65534, "", -1, false},  /* opens no gap */
        {1, ARRIVE, 65530, "", -1, false},  /* before the first: nothing */
        {2, ARRIVE, 65534, "", -1, false},  /* duplicate */
        {5, ARRIVE, 65538, "", 15, false},  /* 65535, 0 and 1 are missing */
        {7, ARRIVE, 65536, "", 15, false},  /* merely reordered */
        {14, ASK, 0, "", 15, false},        /* too early */
        {15, ASK, 0, "65535 1", 65, false}, /* RTT of 50 ms */
        {64, ASK, 0, "", 65, false},        {64, ARRIVE, 65537, "repair", 65, false},
        {64, ARRIVE, 65537, "", 65, false}, /* the repair, twice */
        {70, ASK, 0, "65535", 120, false},  {71, ARRIVE, 65540, "", 81, false},
        {81, ASK, 0, "3", 120, false},      {90, KEYFRAME, 65539, "", 131, false},
        {131, ASK, 0, "3", 181, false},     {132, ARRIVE, 65539, "repair", -1, false},
        {200, ASK, 0, "", -1, false},
    };
    run(steps, COUNT(steps), 50 * MS);
}

static void test_tries(void **state)
{
    (void)state;
    static const struct {
        int64_t rtt_us, retry_us;
    } table[] = {{0, 100000}, {1, 20000}, {20000, 20000}, {33333, 33333}, {900000, 500000}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_nack nack;
        uint16_t seq;
        int64_t now_us = 0;
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, 70000, now_us);
        rtp_nack_on_packet(&nack, 70002, now_us);
        now_us += RTP_NACK_REORDER_US;
        for (unsigned tries = 0; tries < RTP_NACK_TRIES; tries++, now_us += table[i].retry_us) {
            assert_int_equal(
                rtp_nack_collect(&nack, now_us - 1, table[i].rtt_us, RTP_NACK_TRIES, &seq, 1), 0);
            assert_int_equal(rtp_nack_deadline(&nack), now_us);
            assert_int_equal(
                rtp_nack_collect(&nack, now_us, table[i].rtt_us, RTP_NACK_TRIES, &seq, 1), 1);
            assert_int_equal(seq, (uint16_t)70001);
            assert_false(rtp_nack_take_gave_up(&nack));
        }
        assert_int_equal(rtp_nack_collect(&nack, now_us, table[i].rtt_us, RTP_NACK_TRIES, &seq, 1),
                         0);
        assert_int_equal(rtp_nack_deadline(&nack), INT64_MAX);
        assert_true(rtp_nack_take_gave_up(&nack));
        assert_false(rtp_nack_take_gave_up(&nack));
        assert_false(rtp_nack_on_packet(&nack, 70001, now_us)); /* too late to be a repair */
    }
}

/* A packet is missing from the gap until it comes or is given up. */
static void test_missing(void **state)
{
    (void)state;
    struct rtp_nack nack;
    uint16_t seqs[2];
    rtp_nack_init(&nack);
    rtp_nack_on_packet(&nack, 100, 0);
    rtp_nack_on_packet(&nack, 103, 0);
    static const bool expected[] = {false, false, true, true, false, false};
    for (uint64_t seq = 99; seq < 105; seq++)
        assert_int_equal(rtp_nack_is_missing(&nack, seq), expected[seq - 99]);
    rtp_nack_on_packet(&nack, 101, 5 * MS);
    assert_false(rtp_nack_is_missing(&nack, 101));
    for (int i = 0; i < 3; i++) {
        assert_true(rtp_nack_is_missing(&nack, 102));
        assert_int_equal(rtp_nack_collect(&nack, (10 + 100 * i) * MS, 0, 2, seqs, 2), i < 2);
    }
    assert_false(rtp_nack_is_missing(&nack, 102));
    assert_true(rtp_nack_take_gave_up(&nack));
}

static void test_jump(void **state)
{
    (void)state;
    static const struct {
        uint64_t gap;
        size_t missing;
        bool gave_up;
    } table[] = {{0, 1, false},
                 {1, 2, false},
                 {RTP_NACK_MAX - 1, RTP_NACK_MAX, false},
                 {RTP_NACK_MAX, RTP_NACK_MAX, true}, /* the older one makes room */
                 {RTP_NACK_MAX + 1, 0, true},
                 {30000, 0, true}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_nack nack;
        uint16_t seqs[RTP_NACK_MAX + 2];
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, 1000000, 0);
        rtp_nack_on_packet(&nack, 1000002, 0); /* one is missing already */
        rtp_nack_on_packet(&nack, 1000003 + table[i].gap, 0);
        size_t count = rtp_nack_collect(&nack, 10 * MS, 0, RTP_NACK_TRIES, seqs, COUNT(seqs));
        assert_int_equal(count, table[i].missing);
        for (size_t j = 1; j < count; j++)
            assert_true((uint16_t)(seqs[j] - seqs[j - 1]) < 0x8000 && seqs[j] != seqs[j - 1]);
        if (count > 0)
            assert_int_equal(seqs[count - 1],
                             (uint16_t)(table[i].gap ? 1000002 + table[i].gap : 1000001));
        assert_int_equal(rtp_nack_take_gave_up(&nack), table[i].gave_up);
        /* What follows is in order again. */
        assert_false(rtp_nack_on_packet(&nack, 1000004 + table[i].gap, 0));
        assert_int_equal(nack.count, table[i].missing);
    }
}

/* After a silence, many at once are not asked for. */
static void test_outage(void **state)
{
    (void)state;
    static const struct {
        int64_t silence_us;
        uint64_t missing;
        bool gave_up;
    } table[] = {{RTP_NACK_OUTAGE_US, RTP_NACK_OUTAGE_MAX + 1, false},
                 {RTP_NACK_OUTAGE_US + 1, RTP_NACK_OUTAGE_MAX, false},
                 {RTP_NACK_OUTAGE_US + 1, RTP_NACK_OUTAGE_MAX + 1, true},
                 {60 * RTP_NACK_OUTAGE_US, 7, false},
                 {0, RTP_NACK_MAX, false}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_nack nack;
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, 1000, 5 * MS);
        rtp_nack_on_packet(&nack, 1001, 7 * MS);
        rtp_nack_on_packet(&nack, 999, 9 * MS); /* what is late ends no silence */
        rtp_nack_on_packet(&nack, 1002 + table[i].missing, 7 * MS + table[i].silence_us);
        assert_int_equal(rtp_nack_take_gave_up(&nack), table[i].gave_up);
        assert_int_equal(nack.count, table[i].gave_up ? 0 : table[i].missing);
    }
}

static void test_age(void **state)
{
    (void)state;
    struct rtp_nack nack;
    rtp_nack_init(&nack);
    rtp_nack_on_packet(&nack, 5000, 0);
    for (uint64_t seq = 5002; seq <= 5001 + RTP_NACK_AGE; seq++)
        rtp_nack_on_packet(&nack, seq, 0);
    assert_int_equal(nack.count, 1);
    assert_false(rtp_nack_take_gave_up(&nack));
    rtp_nack_on_packet(&nack, 5002 + RTP_NACK_AGE, 0);
    assert_int_equal(nack.count, 0);
    assert_true(rtp_nack_take_gave_up(&nack));
}

/* More are due than fit: the rest stays due. */
static void test_cap(void **state)
{
    (void)state;
    struct rtp_nack nack;
    uint16_t seqs[2];
    rtp_nack_init(&nack);
    rtp_nack_on_packet(&nack, 100, 0);
    rtp_nack_on_packet(&nack, 104, 0);
    assert_int_equal(rtp_nack_collect(&nack, 10 * MS, 0, RTP_NACK_TRIES, seqs, 2), 2);
    assert_true(seqs[0] == 101 && seqs[1] == 102);
    assert_int_equal(rtp_nack_deadline(&nack), 10 * MS);
    assert_int_equal(rtp_nack_collect(&nack, 10 * MS, 0, RTP_NACK_TRIES, seqs, 2), 1);
    assert_int_equal(seqs[0], 103);
    assert_int_equal(rtp_nack_collect(&nack, 10 * MS, 0, RTP_NACK_TRIES, seqs, 2), 0);
}

/* A key frame answers the wish for one, unless what was given up came after it. */
static void test_keyframe_after_giving_up(void **state)
{
    (void)state;
    static const struct {
        uint64_t keyframe;
        bool gave_up;
    } table[] = {{2000, false}, {2001, false}, {1999, true}, {1000, true}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_nack nack;
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, 1000, 0);
        rtp_nack_on_packet(&nack, 2000, 0); /* 1001-1999 are given up */
        rtp_nack_on_keyframe(&nack, table[i].keyframe);
        assert_int_equal(rtp_nack_take_gave_up(&nack), table[i].gave_up);
    }
}

/* The oldest make room for a gap that just fits, and are the ones that the key frame must replace.
 */
static void test_keyframe_after_overflow(void **state)
{
    (void)state;
    static const struct {
        uint64_t keyframe;
        bool gave_up;
    } table[] = {{1003, true}, {1004, false}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_nack nack;
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, 1000, 0);
        rtp_nack_on_packet(&nack, 1005, 0);                /* 1001-1004 are missing */
        rtp_nack_on_packet(&nack, 1005 + RTP_NACK_MAX, 0); /* 255 more: 1001-1003 go */
        assert_int_equal(nack.count, RTP_NACK_MAX);
        assert_int_equal(nack.entries[0].ext_seq, 1004);
        rtp_nack_on_keyframe(&nack, table[i].keyframe);
        assert_int_equal(rtp_nack_take_gave_up(&nack), table[i].gave_up);
    }
}

/* One after the other given up: the last of them counts. */
static void test_keyframe_after_tries(void **state)
{
    (void)state;
    static const struct {
        uint64_t keyframe;
        bool gave_up;
    } table[] = {{102, true}, {103, false}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_nack nack;
        uint16_t seqs[2];
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, 100, 0);
        rtp_nack_on_packet(&nack, 103, 0);
        for (int64_t now_us = 10 * MS; nack.count > 0; now_us += 100 * MS)
            rtp_nack_collect(&nack, now_us, 0, RTP_NACK_TRIES, seqs, 2);
        rtp_nack_on_keyframe(&nack, table[i].keyframe);
        assert_int_equal(rtp_nack_take_gave_up(&nack), table[i].gave_up);
    }
}

static void test_keyframe_drops_older(void **state)
{
    (void)state;
    struct rtp_nack nack;
    char text[64];
    rtp_nack_init(&nack);
    rtp_nack_on_packet(&nack, 10, 0);
    rtp_nack_on_packet(&nack, 13, 0);
    rtp_nack_on_packet(&nack, 16, 0);
    rtp_nack_on_keyframe(&nack, 14); /* the key frame's own first packet is still missing */
    collect_text(&nack, 10 * MS, 0, text, sizeof(text));
    assert_string_equal(text, "14 15");
    assert_false(rtp_nack_take_gave_up(&nack));
}

/* Against a plain model: what is asked for is exactly what is missing, whatever the order. */
static void test_random_order(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (unsigned round = 0; round < 50; round++) {
        enum { FIRST = 65536 * 2 - 50, SPAN = 100 };
        bool has_arrived[SPAN] = {true};
        uint64_t highest = FIRST;
        struct rtp_nack nack;
        rtp_nack_init(&nack);
        rtp_nack_on_packet(&nack, FIRST, 0);
        for (unsigned i = 0; i < 120; i++) {
            random = random * 1664525 + 1013904223;
            unsigned index = (random >> 16) % (i < SPAN ? i + 1 : SPAN);
            has_arrived[index] = true;
            if (FIRST + index > highest)
                highest = FIRST + index;
            rtp_nack_on_packet(&nack, FIRST + index, 0);
        }
        uint16_t seqs[RTP_NACK_MAX];
        size_t count = rtp_nack_collect(&nack, 10 * MS, 0, RTP_NACK_TRIES, seqs, COUNT(seqs)),
               next = 0;
        for (uint64_t seq = FIRST; seq < highest; seq++) {
            if (has_arrived[seq - FIRST])
                continue;
            assert_true(next < count);
            assert_int_equal(seqs[next++], (uint16_t)seq);
        }
        assert_int_equal(next, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_of_a_gap),
        cmocka_unit_test(test_tries),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_jump),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_keyframe_after_giving_up),
        cmocka_unit_test(test_keyframe_after_overflow),
        cmocka_unit_test(test_keyframe_after_tries),
        cmocka_unit_test(test_keyframe_drops_older),
        cmocka_unit_test(test_random_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
