/* Who is shown and heard: every decision as a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/selection.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define CAM(number)                                                                                \
    {                                                                                              \
        .source = (number)                                                                         \
    }
#define PIN(number, rank)                                                                          \
    {                                                                                              \
        .source = (number), .pin = (rank)                                                          \
    }
#define VOICE(number, loud)                                                                        \
    {                                                                                              \
        .source = (number), .loudness = (loud)                                                     \
    }

/* Candidates of a row end with source 0. */
static unsigned count_of(const struct core_candidate *candidates)
{
    unsigned count = 0;
    while (candidates[count].source)
        count++;
    return count;
}

static void assert_slots(const char *what, const uint64_t *slots, const uint64_t *expected)
{
    for (int i = 0; i < 4; i++)
        if (slots[i] != expected[i])
            fail_msg("%s: slot %d shows %llu, not %llu", what, i, (unsigned long long)slots[i],
                     (unsigned long long)expected[i]);
}

static void test_cameras(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t before[4];
        struct core_candidate candidates[8];
        unsigned max;
        uint64_t after[4];
    } table[] = {
        {"nobody", {0}, {{0}}, 4, {0}},
        {"in order of joining", {0}, {CAM(1), CAM(2), CAM(3)}, 4, {1, 2, 3, 0}},
        {"more than slots", {0}, {CAM(1), CAM(2), CAM(3), CAM(4), CAM(5)}, 4, {1, 2, 3, 4}},
        {"who is shown keeps the slot",
         {5, 0, 3, 0},
         {CAM(1), CAM(2), CAM(3), CAM(4), CAM(5)},
         4,
         {5, 1, 3, 2}},
        {"nobody is moved up", {1, 2, 3, 4}, {CAM(1), CAM(3), CAM(4)}, 4, {1, 0, 3, 4}},
        {"who left makes room", {1, 2, 3, 4}, {CAM(1), CAM(3), CAM(4), CAM(5)}, 4, {1, 5, 3, 4}},
        {"all change", {1, 2, 3, 4}, {CAM(5), CAM(6)}, 4, {5, 6, 0, 0}},
        {"a pinned one comes in for the last slot's",
         {1, 2, 3, 4},
         {CAM(1), CAM(2), CAM(3), CAM(4), PIN(5, 1)},
         4,
         {1, 2, 3, 5}},
        {"pinned and shown already stays where it is",
         {1, 2, 3, 4},
         {CAM(1), CAM(2), CAM(3), PIN(4, 1), CAM(5)},
         4,
         {1, 2, 3, 4}},
        {"the first pins win",
         {1, 2, 0, 0},
         {CAM(1), CAM(2), PIN(3, 4), PIN(4, 3), PIN(5, 2), PIN(6, 1), PIN(7, 5)},
         4,
         {6, 5, 4, 3}},
        {"fewer wanted: the first slots stay",
         {1, 2, 3, 4},
         {CAM(1), CAM(2), CAM(3), CAM(4)},
         2,
         {1, 2, 0, 0}},
        {"fewer wanted: pins stay",
         {1, 2, 3, 4},
         {CAM(1), CAM(2), CAM(3), PIN(4, 1)},
         2,
         {1, 0, 0, 4}},
        {"none wanted", {1, 2, 0, 0}, {CAM(1), CAM(2)}, 0, {0}},
        {"the first pin is absent, the second counts",
         {1, 2, 3, 4},
         {CAM(1), CAM(2), CAM(3), CAM(4), PIN(9, 2)},
         4,
         {1, 2, 3, 9}},
        {"more pins than are wanted",
         {1, 2, 0, 0},
         {CAM(1), CAM(2), PIN(3, 1), PIN(4, 2), PIN(5, 3)},
         2,
         {3, 4, 0, 0}},
        {"more wanted again", {0, 0, 0, 4}, {CAM(1), CAM(2), CAM(3), CAM(4)}, 4, {1, 2, 3, 4}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t slots[4];
        memcpy(slots, table[i].before, sizeof(slots));
        core_selection_cameras(slots, 4, table[i].max, table[i].candidates,
                               count_of(table[i].candidates));
        assert_slots(table[i].what, slots, table[i].after);
    }
}

static void test_voices(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t before[4];
        struct core_candidate candidates[8]; /* loudest first */
        uint64_t after[4];
    } table[] = {
        {"nobody", {0}, {{0}}, {0}},
        {"silent people take free slots, too", {0}, {VOICE(1, 0), VOICE(2, 0)}, {1, 2, 0}},
        {"the three loudest",
         {0},
         {VOICE(4, 90), VOICE(2, 80), VOICE(1, 70), VOICE(3, 60)},
         {4, 2, 1}},
        {"an owner keeps the slot against one as loud",
         {1, 2, 3},
         {VOICE(4, 80), VOICE(1, 80), VOICE(2, 80), VOICE(3, 80)},
         {1, 2, 3}},
        {"and against one that is 6 dB louder",
         {1, 2, 3},
         {VOICE(4, 86), VOICE(1, 90), VOICE(2, 80), VOICE(3, 80)},
         {1, 2, 3}},
        {"by a hair more than 6 dB is enough",
         {1, 2, 3},
         {VOICE(1, 90), VOICE(4, 86.25f), VOICE(2, 85), VOICE(3, 80)},
         {1, 2, 4}},
        {"a tie for free slots goes to the earlier",
         {0},
         {VOICE(7, 50), VOICE(5, 50), VOICE(6, 50), VOICE(4, 50)},
         {7, 5, 6}},
        {"a tie of the quietest is lost by the first slot",
         {3, 2, 1},
         {VOICE(4, 90), VOICE(1, 50), VOICE(2, 50), VOICE(3, 50)},
         {4, 2, 1}},
        {"owners do not move as their loudness does",
         {1, 2, 3},
         {VOICE(3, 99), VOICE(2, 50), VOICE(1, 10)},
         {1, 2, 3}},
        {"all are exchanged at once",
         {1, 2, 3},
         {VOICE(4, 90), VOICE(5, 89), VOICE(6, 88), VOICE(1, 20), VOICE(2, 20), VOICE(3, 20)},
         {4, 5, 6}},
        {"a clearly louder one takes the quietest one's slot",
         {1, 2, 3},
         {VOICE(4, 90), VOICE(1, 88), VOICE(3, 85), VOICE(2, 80)},
         {1, 4, 3}},
        {"two newcomers take the two quietest",
         {1, 2, 3},
         {VOICE(4, 99), VOICE(5, 98), VOICE(2, 90), VOICE(3, 50), VOICE(1, 40)},
         {4, 2, 5}},
        {"an owner that is gone loses its slot",
         {1, 2, 3},
         {VOICE(1, 50), VOICE(3, 40)},
         {1, 0, 3}},
        {"and the next one gets it, however quiet",
         {1, 2, 3},
         {VOICE(1, 50), VOICE(3, 40), VOICE(9, 1)},
         {1, 9, 3}},
        {"a newcomer is not preferred twice",
         {1, 2, 3},
         {VOICE(4, 90), VOICE(1, 20), VOICE(2, 10), VOICE(3, 10)},
         {1, 4, 3}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t slots[4] = {0};
        memcpy(slots, table[i].before, sizeof(slots));
        core_selection_voices(slots, 3, table[i].candidates, count_of(table[i].candidates));
        assert_slots(table[i].what, slots, table[i].after);
        core_selection_voices(slots, 3, table[i].candidates, count_of(table[i].candidates));
        assert_slots(table[i].what, slots, table[i].after); /* it rests */
    }
}

static void test_without_slots(void **state)
{
    (void)state;
    const struct core_candidate candidates[] = {VOICE(1, 90)};
    uint64_t none = 77;
    core_selection_voices(&none, 0, candidates, 1);
    core_selection_cameras(&none, 0, 0, candidates, 1);
    assert_int_equal(none, 77);
}

/* The screen slot, and all eight of the most that there can be. */
static void test_other_counts(void **state)
{
    (void)state;
    const struct core_candidate screens[] = {CAM(1), CAM(2)};
    uint64_t screen = 2;
    core_selection_cameras(&screen, 1, 1, screens, 2);
    assert_int_equal(screen, 2); /* who shares goes on, whoever joined earlier */
    core_selection_cameras(&screen, 1, 1, screens, 1);
    assert_int_equal(screen, 1);
    core_selection_cameras(&screen, 1, 1, screens, 0);
    assert_int_equal(screen, 0);

    struct core_candidate many[20];
    uint64_t cameras[CORE_SELECTION_SLOTS_MAX] = {0}, voices[CORE_SELECTION_SLOTS_MAX] = {0};
    for (unsigned i = 0; i < COUNT(many); i++)
        many[i] = (struct core_candidate){.source = 100 + i, .loudness = 100.0f - (float)i};
    core_selection_cameras(cameras, COUNT(cameras), COUNT(cameras), many, COUNT(many));
    core_selection_voices(voices, COUNT(voices), many, COUNT(many));
    for (unsigned i = 0; i < CORE_SELECTION_SLOTS_MAX; i++) {
        assert_int_equal(cameras[i], 100 + i);
        assert_int_equal(voices[i], 100 + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cameras),
        cmocka_unit_test(test_voices),
        cmocka_unit_test(test_without_slots),
        cmocka_unit_test(test_other_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
