/* When a source may be asked for a key frame: as tables with time as a column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/keyframe_budget.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           INT64_C(1000)
#define NEVER        INT64_MAX

enum { WANT, SWITCH, KEY, MORE, LOOK };

/* WANT: who sees nothing; SWITCH: another layer. KEY: a key frame of so many bytes starts; MORE:
   bytes of it, or of another layer's. LOOK sends the request if one is due. */
struct row {
    int64_t at_ms;
    int what;
    uint32_t bytes;
    int64_t due_ms; /* LOOK: when a request is due after this; NEVER */
    bool is_sent;
};

static void run(const char *name, uint64_t contract_bps, unsigned share_pct, const struct row *rows,
                size_t count)
{
    struct core_keyframe_budget budget;
    core_keyframe_budget_init(&budget, contract_bps, share_pct);
    for (size_t i = 0; i < count; i++) {
        int64_t now_us = rows[i].at_ms * MS;
        print_message("%s, row %zu\n", name, i);
        if (rows[i].what == WANT || rows[i].what == SWITCH)
            core_keyframe_budget_want(&budget, rows[i].what == SWITCH, now_us);
        if (rows[i].what == KEY || rows[i].what == MORE)
            core_keyframe_budget_on_packet(&budget, rows[i].what == KEY, rows[i].bytes, now_us);
        if (rows[i].what != LOOK)
            continue;
        int64_t due_us = core_keyframe_budget_due(&budget, now_us);
        assert_int_equal(due_us <= now_us, rows[i].is_sent);
        if (rows[i].is_sent)
            core_keyframe_budget_on_request(&budget, now_us);
        else
            assert_int_equal(due_us, rows[i].due_ms == NEVER ? NEVER : rows[i].due_ms * MS);
    }
}

static void test_one_a_second(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, LOOK, 0, NEVER, false},   {5, WANT, 0, 0, false},
        {5, LOOK, 0, 0, true},        {10, WANT, 0, 0, false},   /* of others: the same request */
        {10, LOOK, 0, 1005, false},   {90, KEY, 5000, 0, false}, /* answers all of them */
        {90, LOOK, 0, NEVER, false},  {95, KEY, 2000, 0, false}, /* another layer of the same */
        {300, WANT, 0, 0, false},     {300, LOOK, 0, 1005, false},
        {1005, LOOK, 0, 0, true},     {1900, WANT, 0, 0, false},
        {2004, LOOK, 0, 2005, false}, {2005, LOOK, 0, 0, true}, /* unanswered: again */
    };
    run("one a second", 500000, 20, rows, COUNT(rows));
}

/* 20 % of 500 kbps over 10 s are 125,000 bytes: with key frames of 40,000, three in 10 s. */
static void test_share_of_the_contract(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, WANT, 0, 0, false},        {0, LOOK, 0, 0, true},         {100, KEY, 30000, 0, false},
        {110, MORE, 10000, 0, false}, /* the lower layer's belongs to it */
        {1000, WANT, 0, 0, false},     {1000, LOOK, 0, 0, true},      {1100, KEY, 40000, 0, false},
        {2000, WANT, 0, 0, false},     {2000, LOOK, 0, 0, true},      {2100, KEY, 40000, 0, false},
        {3000, WANT, 0, 0, false},     {3000, LOOK, 0, 10100, false}, /* when the first of them is
                                                                         10 s old */
        {4499, LOOK, 0, 10100, false}, {4500, LOOK, 0, NEVER, false}, /* nobody has asked again */
        {4600, KEY, 40000, 0, false}, /* the source's own costs nothing */
        {9900, WANT, 0, 0, false},     {9900, LOOK, 0, 10100, false}, {10100, LOOK, 0, 0, true},
    };
    run("a share of the contract", 500000, 20, rows, COUNT(rows));
}

/* Who flips the layout all the time leaves room for one who has lost the picture. */
static void test_layers_leave_room(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, SWITCH, 0, 0, false},      {0, LOOK, 0, 0, true},         {100, KEY, 40000, 0, false},
        {1700, SWITCH, 0, 0, false},   {1700, LOOK, 0, 0, true},      {1800, KEY, 40000, 0, false},
        {3400, SWITCH, 0, 0, false},   {3400, LOOK, 0, 10100, false}, /* that would be all of it */
        {3500, WANT, 0, 0, false},     {3500, LOOK, 0, 0, true},      {3600, KEY, 40000, 0, false},
        {5100, SWITCH, 0, 0, false},   {5100, LOOK, 0, 11800, false}, {9900, WANT, 0, 0, false},
        {9900, LOOK, 0, 10100, false}, /* there is no more */
        {10000, SWITCH, 0, 0, false},  /* does not take its place */
        {10100, LOOK, 0, 0, true},
    };
    run("layers leave room", 500000, 20, rows, COUNT(rows));
}

/* Who saw nothing has been answered: who asks next sees another layer, and leaves room again. */
static void test_answered_leaves_room(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, WANT, 0, 0, false},        {0, LOOK, 0, 0, true},     {100, KEY, 40000, 0, false},
        {1700, WANT, 0, 0, false},     {1700, LOOK, 0, 0, true},  {1800, KEY, 40000, 0, false},
        {2800, SWITCH, 0, 0, false}, /* 1.1 s after the wish that was answered */
        {2800, LOOK, 0, 10100, false}, {3000, WANT, 0, 0, false}, {3000, LOOK, 0, 0, true},
    };
    run("answered", 500000, 20, rows, COUNT(rows));
}

/* A key frame larger than the share: one in 10 s; the first after 10 s without one passes. */
static void test_ten_seconds_without(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, WANT, 0, 0, false},
        {0, LOOK, 0, 0, true},
        {100, KEY, 200000, 0, false},
        {2000, WANT, 0, 0, false},
        {2000, LOOK, 0, 10100, false},
        {10099, WANT, 0, 0, false},
        {10099, LOOK, 0, 10100, false},
        {10100, LOOK, 0, 0, true},
        {10200, KEY, 200000, 0, false},
        {15000, KEY, 200000, 0, false}, /* the source's own postpones the exception */
        {19900, WANT, 0, 0, false},
        {19900, LOOK, 0, 20200, false},
        {20200, LOOK, 0, 25000, false},
        {24000, WANT, 0, 0, false},
        {25000, LOOK, 0, 0, true},
    };
    run("ten seconds without", 500000, 20, rows, COUNT(rows));
}

static void test_screen_has_half(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0, WANT, 0, 0, false},        {0, LOOK, 0, 0, true},     {50, KEY, 150000, 0, false},
        {1000, WANT, 0, 0, false},     {1000, LOOK, 0, 0, true},  {1050, KEY, 150000, 0, false},
        {2000, WANT, 0, 0, false},     {2000, LOOK, 0, 0, true}, /* 450,000 of 500,000 */
        {2050, KEY, 150000, 0, false}, {3000, WANT, 0, 0, false}, {3000, LOOK, 0, 10050, false},
    };
    run("a screen", 800000, 50, rows, COUNT(rows));
}

/* For ever asked: over any 10 s within the limit, whatever the sizes; at most one a second. */
static void test_never_above(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (int round = 0; round < 20; round++) {
        struct core_keyframe_budget budget;
        int64_t answered_ms[512], asked_ms = -1000;
        uint32_t bytes[512];
        unsigned count = 0;
        core_keyframe_budget_init(&budget, 500000, CORE_KEYFRAME_CAMERA_PCT);
        uint32_t size = 3000 + (uint32_t)round * 3000; /* of every key frame: as expected */
        for (int64_t now_ms = 0; now_ms < 60000; now_ms += 10) {
            random = random * 1664525 + 1013904223;
            core_keyframe_budget_want(&budget, random >> 29 & 1, now_ms * MS);
            if (core_keyframe_budget_due(&budget, now_ms * MS) > now_ms * MS)
                continue;
            core_keyframe_budget_on_request(&budget, now_ms * MS);
            assert_true(now_ms - asked_ms >= 1000);
            asked_ms = now_ms;
            if (random >> 30 == 0)
                continue; /* it is lost */
            core_keyframe_budget_on_packet(&budget, true, size, now_ms * MS);
            answered_ms[count] = now_ms;
            bytes[count++] = size;
        }
        assert_true(count >= 6);
        for (unsigned i = 0; i < count; i++) {
            uint64_t sum = 0;
            for (unsigned j = i; j < count && answered_ms[j] - answered_ms[i] < 10000; j++)
                sum += bytes[j];
            assert_true(sum <= 125000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_a_second),        cmocka_unit_test(test_share_of_the_contract),
        cmocka_unit_test(test_layers_leave_room),   cmocka_unit_test(test_answered_leaves_room),
        cmocka_unit_test(test_ten_seconds_without), cmocka_unit_test(test_screen_has_half),
        cmocka_unit_test(test_never_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
