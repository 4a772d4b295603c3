/* Who has the floor, by his own microphone alone: what begins a turn, how soon, and what ends it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sfu/core/turn.h"
#include "speech_trace.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           INT64_C(1000)
#define NOW          (1000000 * MS)
#define SEEDS        200

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* How soon the floor was had, over all seeds: people who begin with one word and a breath are the
   slowest twentieth. */
static void assert_soon(const char *what, int *waits_ms)
{
    qsort(waits_ms, SEEDS, sizeof(*waits_ms), compare);
    print_message("%s: floor after %d ms, 95 of 100 within %d ms, the slowest after %d ms\n", what,
                  waits_ms[SEEDS / 2], waits_ms[SEEDS * 95 / 100], waits_ms[SEEDS - 1]);
    assert_in_range(waits_ms[0], 300, 1000); /* no sooner than a cough */
    assert_in_range(waits_ms[SEEDS / 2], 0, 700);
    assert_in_range(waits_ms[SEEDS * 95 / 100], 0, 1100);
    assert_in_range(waits_ms[SEEDS - 1], 0, 1800);
}

/* What a table's sound does to the floor. */
struct floor {
    unsigned begun;        /* how often it was gained */
    int first_ms, last_ms; /* first and last time that it was held; -1: never */
    int longest_loss_ms;   /* between two of them */
};

static struct floor listen(enum trace_sound before, enum trace_sound sound, int from_ms, int to_ms,
                           int end_ms, uint32_t seed)
{
    struct core_turn turn = {0};
    struct trace trace = {.random = seed};
    struct floor floor = {.first_ms = -1, .last_ms = -1};
    bool had_floor = false;
    for (int at_ms = 0; at_ms < end_ms; at_ms += TRACE_PACKET_MS) {
        enum trace_sound now = at_ms < from_ms ? before : at_ms < to_ms ? sound : TRACE_ROOM;
        core_turn_on_level(&turn, trace_level(&trace, now, at_ms), NOW + at_ms * MS);
        bool has_floor = core_turn_has_floor(&turn, NOW + at_ms * MS);
        floor.begun += has_floor && !had_floor;
        if (has_floor && floor.first_ms < 0)
            floor.first_ms = at_ms;
        if (has_floor && !had_floor && floor.last_ms >= 0 &&
            at_ms - floor.last_ms > floor.longest_loss_ms)
            floor.longest_loss_ms = at_ms - floor.last_ms;
        if (has_floor)
            floor.last_ms = at_ms;
        had_floor = has_floor;
    }
    return floor;
}

static void test_sounds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum trace_sound before, sound;
        int from_ms, to_ms;
        bool has_floor;
    } table[] = {
        {"a quiet room", TRACE_ROOM, TRACE_ROOM, 0, 0, false},
        {"a cough", TRACE_ROOM, TRACE_COUGH, 3000, 4000, false},
        {"a cough as the first thing heard", TRACE_ROOM, TRACE_COUGH, 0, 1000, false},
        {"a keyboard", TRACE_ROOM, TRACE_KEYS, 3000, 60000, false},
        {"a fan that is switched on", TRACE_ROOM, TRACE_NOISE, 3000, 60000, false},
        {"a fan that was always there", TRACE_NOISE, TRACE_NOISE, 0, 60000, false},
        {"music", TRACE_ROOM, TRACE_MUSIC, 3000, 60000, true},
        {"a word", TRACE_ROOM, TRACE_SPEECH, 3000, 3400, false},
        {"a speech", TRACE_ROOM, TRACE_SPEECH, 3000, 60000, true},
        {"a speech after a fan stopped", TRACE_NOISE, TRACE_SPEECH, 3000, 60000, true},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        int waits_ms[SEEDS], longest_loss_ms = 0;
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            struct floor floor = listen(table[i].before, table[i].sound, table[i].from_ms,
                                        table[i].to_ms, 65000, seed);
            if ((floor.begun > 0) != table[i].has_floor)
                fail_msg("%s: %u turns, seed %u", table[i].what, floor.begun, seed);
            if (!table[i].has_floor)
                continue;
            waits_ms[seed - 1] = floor.first_ms - table[i].from_ms;
            if (floor.longest_loss_ms > longest_loss_ms)
                longest_loss_ms = floor.longest_loss_ms;
            assert_in_range(floor.last_ms, 59000, 60000 + CORE_TURN_PAUSE_US / 1000);
        }
        if (table[i].has_floor)
            assert_soon(table[i].what, waits_ms);
        assert_in_range(longest_loss_ms, 0, 300); /* two breaths with a word between may be one */
    }
}

/* Who comes back soon has the floor at once, later he has to earn it again. */
static void test_coming_back(void **state)
{
    (void)state;
    static const struct {
        int pause_ms;
        int within_ms;
        bool is_at_once;
    } table[] = {{500, 100, true}, {1500, 100, true}, {2000, 100, true}, {6000, 300, false}};
    for (size_t i = 0; i < COUNT(table); i++)
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            struct core_turn turn = {0};
            struct trace trace = {.random = seed};
            int end_ms = 5000 + table[i].pause_ms;
            for (int at_ms = 0; at_ms <= end_ms + table[i].within_ms; at_ms += TRACE_PACKET_MS) {
                bool speaks = at_ms < 5000 || at_ms >= end_ms;
                core_turn_on_level(&turn,
                                   trace_level(&trace, speaks ? TRACE_SPEECH : TRACE_ROOM, at_ms),
                                   NOW + at_ms * MS);
            }
            int64_t now_us = NOW + (end_ms + table[i].within_ms) * MS;
            if (core_turn_has_floor(&turn, now_us) != table[i].is_at_once)
                fail_msg("after a pause of %d ms, seed %u", table[i].pause_ms, seed);
        }
}

/* Other packet lengths, DTX in the pauses, a network that holds packets back. */
static void test_packets(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int packet_ms, held_ms; /* arrivals are rounded up to these */
        bool has_dtx;
    } table[] = {
        {"usual", 20, 20, false},
        {"60 ms", 60, 60, false},
        {"DTX", 20, 20, true},
        {"bursts of 100 ms", 20, 100, false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        int waits_ms[SEEDS];
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            struct core_turn turn = {0};
            struct trace trace = {.random = seed};
            int first_ms = -1;
            for (int at_ms = 0; at_ms < 5000 && first_ms < 0; at_ms += TRACE_PACKET_MS) {
                uint8_t level =
                    trace_level(&trace, at_ms < 3000 ? TRACE_ROOM : TRACE_SPEECH, at_ms);
                int seen_ms = (at_ms + table[i].held_ms - 1) / table[i].held_ms * table[i].held_ms;
                if (at_ms % table[i].packet_ms ||
                    (table[i].has_dtx && at_ms < 3000 && at_ms % 400 > 0))
                    continue;
                core_turn_on_level(&turn, level, NOW + seen_ms * MS);
                if (core_turn_has_floor(&turn, NOW + seen_ms * MS))
                    first_ms = seen_ms - 3000;
            }
            assert_true(first_ms >= 0);
            waits_ms[seed - 1] = first_ms;
        }
        assert_soon(table[i].what, waits_ms);
    }
}

/* Without levels: half a second of packets, and no more when they pause. */
static void test_activity(void **state)
{
    (void)state;
    struct core_turn turn = {0};
    int64_t now_us = NOW;
    for (int i = 0; i < 25; i++, now_us += 20 * MS) {
        core_turn_on_activity(&turn, true, now_us);
        assert_int_equal(core_turn_has_floor(&turn, now_us), i == 24);
    }
    assert_int_equal(turn.spoke_us, now_us - 20 * MS);
    assert_true(core_turn_has_floor(&turn, now_us - 20 * MS + CORE_TURN_PAUSE_US - 1));
    assert_false(core_turn_has_floor(&turn, now_us - 20 * MS + CORE_TURN_PAUSE_US));
    for (int i = 0; i < 10; i++, now_us += 400 * MS)
        core_turn_on_activity(&turn, false, now_us);
    assert_false(core_turn_has_floor(&turn, now_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sounds),
        cmocka_unit_test(test_coming_back),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_activity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
