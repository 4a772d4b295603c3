/* How often and how much is sent again; time as a column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/core/rtx_limit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           INT64_C(1000)

static void test_once_per_rtt(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        uint16_t seq;
        int64_t rtt_ms;
        bool is_allowed;
    } table[] = {
        {1000, 7, 50, true},        {1010, 7, 50, false}, {1049, 7, 50, false},
        {1050, 7, 50, true},        {1060, 8, 50, true},  {1061, 7, 50, false},
        {1070, 7 + 64, 50, true},   {1071, 7, 50, false}, /* whatever else was answered */
        {1099, 7 + 128, 50, false},                       /* 7 has its place for its round trip */
        {1100, 7 + 128, 50, true},                        /* and so has this one */
        {1149, 7, 50, false},       {1150, 7, 50, true},  {2000, 9, 0, true},
        {2005, 9, 0, false},                             /* unknown: 10 ms */
        {2010, 9, 0, true},         {2010, 0, 50, true}, /* 0 is a number like others */
        {2011, 0, 50, false},
    };
    struct core_rtx_limit limit = {.sent_ms = {0}};
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("row %zu\n", i);
        bool is_allowed =
            core_rtx_limit_allows(&limit, table[i].seq, table[i].at_ms * MS, table[i].rtt_ms * MS);
        assert_int_equal(is_allowed, table[i].is_allowed);
        if (is_allowed)
            core_rtx_limit_on_sent(&limit, table[i].seq, table[i].at_ms * MS);
    }
}

/* Random numbers asked for all the time: none is answered twice within a round trip, not even by a
   part of a millisecond; and a list of 128 numbers in a row is answered at once. */
static void test_never_sooner(void **state)
{
    (void)state;
    static int64_t answered_us[65536];
    struct core_rtx_limit limit = {.sent_ms = {0}};
    const int64_t rtt_us = 87654;
    uint32_t random = 1;
    unsigned answers = 0;
    for (int64_t now_us = 1000 * MS; now_us < 20000 * MS; now_us += 50 + random % 100) {
        random = random * 1664525 + 1013904223;
        uint16_t seq = (uint16_t)(65436 + (random >> 16) % 400); /* over the wrap */
        if (!core_rtx_limit_allows(&limit, seq, now_us, rtt_us))
            continue;
        core_rtx_limit_on_sent(&limit, seq, now_us);
        assert_true(answered_us[seq] == 0 || now_us - answered_us[seq] >= rtt_us);
        answered_us[seq] = now_us;
        answers++;
    }
    assert_in_range(answers, 20000, 28000); /* 128 places, 216 round trips */
    for (uint16_t seq = 500; seq < 500 + 128; seq++) {
        assert_true(core_rtx_limit_allows(&limit, seq, 30000 * MS, rtt_us));
        core_rtx_limit_on_sent(&limit, seq, 30000 * MS);
        assert_false(core_rtx_limit_allows(&limit, seq, 30000 * MS, rtt_us));
    }
}

/* A quarter of 800 kbps: 25,000 bytes a second, 12,500 at once; of 46 kbps: 1,437 and 719. */
static void test_share(void **state)
{
    (void)state;
    static const struct {
        uint64_t budget_bps;
        int64_t at_ms;
        uint32_t bytes;
        bool is_taken;
    } table[] = {
        {800000, 10000, 12000, true}, {800000, 10000, 1000, false}, {800000, 10000, 500, true},
        {800000, 10000, 1, false},    {800000, 10040, 1000, true},  {800000, 10040, 1, false},
        {800000, 20000, 12500, true}, {800000, 20000, 1, false},    {46000, 30000, 1127, true},
        {46000, 30280, 1, false},     {46000, 30290, 1, true},      {46000, 30700, 1127, false},
        {46000, 30800, 1127, true},
    };
    struct core_rtx_bucket bucket = {0};
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("row %zu\n", i);
        assert_int_equal(
            core_rtx_bucket_take(&bucket, table[i].bytes, table[i].budget_bps, table[i].at_ms * MS),
            table[i].is_taken);
    }
    assert_false(core_rtx_bucket_take(&bucket, 1, 0, 40000 * MS)); /* no budget, no share */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_per_rtt),
        cmocka_unit_test(test_never_sooner),
        cmocka_unit_test(test_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
