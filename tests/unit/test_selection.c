/* Who is shown and heard: every decision as a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/selection.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define S            INT64_C(1000000)

/* Candidates of a row end with participant 0. Number 99 is the receiver. */
enum { ME = 99, SLOTS = 4, CANDIDATES = 9 };

/* Joined in order of their numbers. */
#define CAM(number)         .participant = (number), .is_live = true, .place = (number)
#define TALKS(number)       CAM(number), .has_floor = true, .spoke_us = 100 * S
#define SPOKE(number, at_s) CAM(number), .spoke_us = (at_s)*S
#define DEAD(number)        .participant = (number), .place = (number)
#define VOICE(number, loud)                                                                        \
    .participant = (number), .is_live = true, .activity = CORE_VOICE_SPEAKING, .loudness = (loud)
#define NOISE(number, loud)                                                                        \
    .participant = (number), .is_live = true, .activity = CORE_VOICE_LOUD, .loudness = (loud)
#define QUIET(number, since_s)                                                                     \
    .participant = (number), .is_live = true, .activity = CORE_VOICE_SILENT, .loudness = 100,      \
    .loud_us = (since_s)*S
#define ACTIVE(number, since_s)                                                                    \
    .participant = (number), .is_live = true, .activity = CORE_VOICE_ACTIVE, .loudness = 100,      \
    .spurt_us = (since_s)*S
#define SHARES(number, since_s) .participant = (number), .is_live = true, .shared_us = (since_s)*S

static struct core_ranking rank(const struct core_candidate *candidates,
                                core_selection_before_fn is_before)
{
    struct core_ranking ranking = {0};
    for (unsigned i = 0; i < CANDIDATES && candidates[i].participant; i++)
        if (candidates[i].is_live)
            core_selection_rank(&ranking, &candidates[i], is_before);
    return ranking;
}

static const struct core_candidate *find(const struct core_candidate *candidates, uint64_t number)
{
    for (unsigned i = 0; number && i < CANDIDATES; i++)
        if (candidates[i].participant == number)
            return &candidates[i];
    return NULL;
}

static struct core_choice choice_of(const uint64_t *shown, unsigned slot_count, unsigned max,
                                    const struct core_candidate *candidates)
{
    struct core_choice choice = {.receiver = ME, .slot_count = slot_count, .shown_max = max};
    for (unsigned i = 0; i < slot_count; i++)
        choice.slots[i] = find(candidates, shown[i]);
    return choice;
}

static void assert_slots(const char *what, const struct core_choice *choice,
                         const uint64_t *expected)
{
    for (unsigned i = 0; i < choice->slot_count; i++) {
        uint64_t shown = choice->slots[i] ? choice->slots[i]->participant : 0;
        if (shown != expected[i])
            fail_msg("%s: slot %u shows %llu, not %llu", what, i, (unsigned long long)shown,
                     (unsigned long long)expected[i]);
    }
}

static const struct {
    const char *what;
    uint64_t before[SLOTS];
    struct core_candidate candidates[CANDIDATES];
    uint64_t pinned[6];
    unsigned max;
    uint64_t after[SLOTS];
} camera_rows[] = {
    {"nobody", {0}, {{0}}, {0}, 4, {0}},
    {"in order of joining", {0}, {{CAM(1)}, {CAM(2)}, {CAM(3)}}, {0}, 4, {1, 2, 3, 0}},
    {"whatever order they are found in",
     {0},
     {{CAM(5)}, {CAM(2)}, {CAM(4)}, {CAM(1)}, {CAM(3)}},
     {0},
     4,
     {1, 2, 3, 4}},
    {"not oneself", {0}, {{CAM(1)}, {CAM(ME)}, {CAM(2)}}, {0}, 4, {1, 2, 0, 0}},
    {"not oneself, though one talks and is pinned",
     {1, 0, 0, 0},
     {{CAM(1)}, {TALKS(ME)}},
     {ME},
     4,
     {1, 0, 0, 0}},
    {"who is shown keeps the slot",
     {5, 0, 3, 0},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}},
     {0},
     4,
     {5, 1, 3, 2}},
    {"nobody is moved up", {1, 2, 3, 4}, {{CAM(1)}, {CAM(3)}, {CAM(4)}}, {0}, 4, {1, 0, 3, 4}},
    {"who left makes room",
     {1, 2, 3, 4},
     {{CAM(1)}, {DEAD(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}},
     {0},
     4,
     {1, 5, 3, 4}},
    {"all change", {1, 2, 3, 4}, {{CAM(5)}, {CAM(6)}}, {0}, 4, {5, 6, 0, 0}},
    {"a free slot is for the one who spoke last",
     {1, 2, 3, 0},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {SPOKE(5, 3)}, {SPOKE(6, 9)}},
     {0},
     4,
     {1, 2, 3, 6}},
    {"having spoken moves nobody out",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {SPOKE(5, 9)}},
     {0},
     4,
     {1, 2, 3, 4}},
    {"who speaks comes in for the one who joined last",
     {1, 2, 4, 3},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {TALKS(5)}},
     {0},
     4,
     {1, 2, 5, 3}},
    {"those who never spoke go first, then those who spoke longest ago",
     {1, 2, 3, 4},
     {{SPOKE(1, 3)}, {SPOKE(2, 2)}, {SPOKE(3, 9)}, {CAM(4)}, {TALKS(5)}, {TALKS(6)}},
     {0},
     4,
     {1, 5, 3, 6}},
    {"a speaker who is shown stays where he is",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {TALKS(4)}, {CAM(5)}},
     {0},
     4,
     {1, 2, 3, 4}},
    {"five speak: the four who are shown go on",
     {1, 2, 3, 5},
     {{TALKS(1)}, {TALKS(2)}, {TALKS(3)}, {TALKS(4)}, {TALKS(5)}},
     {0},
     4,
     {1, 2, 3, 5}},
    {"one slot, and both speak", {2, 0, 0, 0}, {{TALKS(1)}, {TALKS(2)}}, {0}, 1, {2, 0, 0, 0}},
    {"one slot, and the other speaks",
     {2, 0, 0, 0},
     {{TALKS(1)}, {SPOKE(2, 99)}},
     {0},
     1,
     {1, 0, 0, 0}},
    {"the newcomer takes the slot of the one that goes, not a free one",
     {0, 1, 0, 2},
     {{CAM(1)}, {CAM(2)}, {TALKS(3)}},
     {0},
     2,
     {0, 1, 0, 3}},
    {"a pinned one comes in for the last one's",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}},
     {5},
     4,
     {1, 2, 3, 5}},
    {"a pinned one comes in for nobody who speaks",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {TALKS(4)}, {CAM(5)}},
     {5},
     4,
     {1, 2, 5, 4}},
    {"no speaker drives a pinned one out",
     {1, 2, 3, 4},
     {{TALKS(1)}, {TALKS(2)}, {TALKS(3)}, {CAM(4)}, {TALKS(5)}},
     {4},
     4,
     {1, 2, 3, 4}},
    {"pinned and shown already stays where it is",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}},
     {4},
     4,
     {1, 2, 3, 4}},
    {"the first pins win",
     {1, 2, 0, 0},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}, {CAM(6)}, {CAM(7)}},
     {6, 5, 4, 3, 7},
     4,
     {6, 5, 4, 3}},
    {"a pin twice is one",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}},
     {5, 5, 5, 5},
     4,
     {1, 2, 3, 5}},
    {"fewer wanted: the first ones stay",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}},
     {0},
     2,
     {1, 2, 0, 0}},
    {"fewer wanted: speakers stay",
     {1, 2, 3, 4},
     {{CAM(1)}, {SPOKE(2, 5)}, {CAM(3)}, {TALKS(4)}},
     {0},
     2,
     {0, 2, 0, 4}},
    {"fewer wanted: pins stay",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}},
     {4},
     2,
     {1, 0, 0, 4}},
    {"none wanted", {1, 2, 0, 0}, {{CAM(1)}, {TALKS(2)}}, {1}, 0, {0}},
    {"the first pin is off, the second counts",
     {1, 2, 3, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {DEAD(8)}, {CAM(9)}},
     {8, 9},
     4,
     {1, 2, 3, 9}},
    {"more pins than are wanted",
     {1, 2, 0, 0},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}, {CAM(5)}},
     {3, 4, 5},
     2,
     {3, 4, 0, 0}},
    {"more wanted again",
     {0, 0, 0, 4},
     {{CAM(1)}, {CAM(2)}, {CAM(3)}, {CAM(4)}},
     {0},
     4,
     {1, 2, 3, 4}},
};

static void test_cameras(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(camera_rows); i++) {
        struct core_ranking ranking = rank(camera_rows[i].candidates, core_selection_camera_before);
        struct core_choice choice =
            choice_of(camera_rows[i].before, SLOTS, camera_rows[i].max, camera_rows[i].candidates);
        const struct core_candidate *pinned[COUNT(camera_rows[i].pinned)];
        unsigned pinned_count = 0;
        while (camera_rows[i].pinned[pinned_count]) {
            pinned[pinned_count] =
                find(camera_rows[i].candidates, camera_rows[i].pinned[pinned_count]);
            pinned_count++;
        }
        for (int round = 0; round < 2; round++) { /* it rests */
            core_selection_cameras(&choice, &ranking, pinned, pinned_count);
            assert_slots(camera_rows[i].what, &choice, camera_rows[i].after);
        }
    }
}

static const struct {
    const char *what;
    uint64_t before[3];
    struct core_candidate candidates[CANDIDATES];
    uint64_t after[3];
} voice_rows[] = {
    {"nobody", {0}, {{0}}, {0}},
    {"silent or not, free slots are filled", {0}, {{QUIET(1, 0)}, {VOICE(2, 90)}}, {2, 1, 0}},
    {"the loudest three",
     {0},
     {{VOICE(1, 80)}, {VOICE(2, 100)}, {VOICE(3, 90)}, {VOICE(4, 95)}},
     {2, 4, 3}},
    {"not counting oneself",
     {0},
     {{VOICE(1, 80)}, {VOICE(ME, 100)}, {VOICE(3, 90)}, {VOICE(4, 95)}},
     {4, 3, 1}},
    {"owners do not move as their loudness does",
     {1, 2, 3},
     {{VOICE(1, 80)}, {VOICE(2, 100)}, {VOICE(3, 90)}},
     {1, 2, 3}},
    {"a little louder is not enough",
     {1, 2, 3},
     {{VOICE(1, 80)}, {VOICE(2, 100)}, {VOICE(3, 90)}, {VOICE(4, 86)}},
     {1, 2, 3}},
    {"clearly louder takes the quietest one's",
     {1, 2, 3},
     {{VOICE(1, 90)}, {VOICE(2, 80)}, {VOICE(3, 90)}, {VOICE(4, 86.1f)}},
     {1, 4, 3}},
    {"a quiet voice takes the slot of a louder one that is silent by now",
     {1, 2, 3},
     {{VOICE(1, 80)}, {QUIET(2, 9)}, {VOICE(3, 90)}, {VOICE(4, 78)}},
     {1, 4, 3}},
    {"of two silent ones the one goes who was silent for longer",
     {1, 2, 3},
     {{QUIET(1, 8)}, {QUIET(2, 7)}, {VOICE(3, 90)}, {VOICE(4, 78)}},
     {1, 4, 3}},
    {"silence takes nobody's, however short it is",
     {1, 2, 3},
     {{QUIET(1, 0)}, {QUIET(2, 0)}, {QUIET(3, 1)}, {QUIET(4, 9)}},
     {1, 2, 3}},
    {"speech takes the slot of louder noise",
     {1, 2, 3},
     {{VOICE(1, 80)}, {NOISE(2, 100)}, {VOICE(3, 90)}, {VOICE(4, 78)}},
     {1, 4, 3}},
    {"noise takes nobody's who speaks",
     {1, 2, 3},
     {{VOICE(1, 80)}, {VOICE(2, 80)}, {VOICE(3, 80)}, {NOISE(4, 120)}},
     {1, 2, 3}},
    {"first words take the slot of one who is silent",
     {1, 2, 3},
     {{VOICE(1, 80)}, {VOICE(2, 80)}, {QUIET(3, 9)}, {NOISE(4, 78)}},
     {1, 2, 4}},
    {"first words take that of noise if they are clearly louder",
     {1, 2, 3},
     {{VOICE(1, 80)}, {NOISE(2, 80)}, {NOISE(3, 84)}, {NOISE(4, 86.1f)}},
     {1, 4, 3}},
    {"two come in at once",
     {1, 2, 3},
     {{VOICE(1, 99)}, {QUIET(2, 1)}, {QUIET(3, 2)}, {VOICE(4, 80)}, {VOICE(5, 90)}},
     {1, 5, 4}},
    {"the second of them is not loud enough",
     {1, 2, 3},
     {{VOICE(1, 99)}, {VOICE(2, 80)}, {VOICE(3, 85)}, {VOICE(4, 87)}, {VOICE(5, 88)}},
     {1, 5, 3}},
    {"who left makes room",
     {1, 2, 3},
     {{VOICE(1, 99)}, {DEAD(2)}, {VOICE(3, 85)}, {QUIET(4, 0)}},
     {1, 4, 3}},
    {"without levels: after those who are loud, before those who are silent",
     {0},
     {{QUIET(1, 9)}, {ACTIVE(2, 5)}, {NOISE(3, 78)}, {QUIET(4, 8)}},
     {3, 2, 1}},
    {"without levels: takes the slot of a silent one",
     {1, 2, 3},
     {{VOICE(1, 80)}, {QUIET(2, 9)}, {VOICE(3, 90)}, {ACTIVE(4, 5)}},
     {1, 4, 3}},
    {"without levels: takes nobody's who is loud",
     {1, 2, 3},
     {{VOICE(1, 80)}, {NOISE(2, 78)}, {VOICE(3, 90)}, {ACTIVE(4, 5)}},
     {1, 2, 3}},
    {"without levels: silence makes way first",
     {1, 2, 3},
     {{ACTIVE(1, 5)}, {QUIET(2, 9)}, {VOICE(3, 90)}, {VOICE(4, 78)}},
     {1, 4, 3}},
    {"without levels: makes way for speech",
     {1, 2, 3},
     {{ACTIVE(1, 5)}, {VOICE(2, 80)}, {VOICE(3, 90)}, {VOICE(4, 78)}},
     {4, 2, 3}},
    {"without levels: nobody makes way for his like",
     {1, 2, 3},
     {{ACTIVE(1, 1)}, {ACTIVE(2, 2)}, {ACTIVE(3, 3)}, {ACTIVE(4, 9)}},
     {1, 2, 3}},
    {"without levels: the newest spurt is the best",
     {0},
     {{ACTIVE(1, 1)}, {ACTIVE(2, 2)}, {ACTIVE(3, 3)}, {ACTIVE(4, 9)}},
     {4, 3, 2}},
};

static void test_voices(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(voice_rows); i++) {
        struct core_ranking ranking = rank(voice_rows[i].candidates, core_selection_voice_before);
        struct core_choice choice = choice_of(voice_rows[i].before, 3, 3, voice_rows[i].candidates);
        for (int round = 0; round < 2; round++) { /* it rests */
            core_selection_voices(&choice, &ranking);
            assert_slots(voice_rows[i].what, &choice, voice_rows[i].after);
        }
    }
}

static void test_screens(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned slot_count;
        uint64_t before[2];
        struct core_candidate candidates[CANDIDATES];
        uint64_t after[2];
    } table[] = {
        {"nobody shares", 1, {0}, {{DEAD(1)}}, {0}},
        {"one shares", 1, {0}, {{SHARES(1, 5)}}, {1}},
        {"not for himself", 1, {0}, {{SHARES(ME, 5)}}, {0}},
        {"the second replaces the first", 1, {1}, {{SHARES(1, 5)}, {SHARES(2, 6)}}, {2}},
        {"whatever order they joined in", 1, {2}, {{SHARES(1, 7)}, {SHARES(2, 6)}}, {1}},
        {"it ends: the earlier one is back", 1, {2}, {{SHARES(1, 5)}, {DEAD(2)}}, {1}},
        {"I replaced him: I see him", 1, {1}, {{SHARES(1, 5)}, {SHARES(ME, 6)}}, {1}},
        {"muted, it counts as the oldest", 1, {2}, {{SHARES(1, 5)}, {SHARES(2, 0)}}, {1}},
        {"two slots: the newest two, who stays keeps the slot",
         2,
         {1, 2},
         {{SHARES(1, 5)}, {SHARES(2, 6)}, {SHARES(3, 7)}},
         {3, 2}},
        {"no slot", 0, {0}, {{SHARES(1, 5)}}, {0}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct core_ranking ranking = rank(table[i].candidates, core_selection_screen_before);
        struct core_choice choice = choice_of(table[i].before, table[i].slot_count,
                                              table[i].slot_count, table[i].candidates);
        core_selection_screens(&choice, &ranking);
        assert_slots(table[i].what, &choice, table[i].after);
    }
}

static void test_without_slots(void **state)
{
    (void)state;
    const struct core_candidate candidate = {VOICE(1, 90)};
    const struct core_candidate *pinned = &candidate;
    struct core_ranking ranking = {.count = 1, .best = {&candidate}};
    struct core_choice choice = {.receiver = ME, .slots = {&candidate}};
    core_selection_voices(&choice, &ranking);
    core_selection_cameras(&choice, &ranking, &pinned, 1);
    core_selection_screens(&choice, &ranking);
    assert_ptr_equal(choice.slots[0], &candidate); /* nobody's business */
}

/* The best few are kept in order, equals in the order of their coming; and they are enough: a
   receiver whose slots are full of the best, who sends three of the best himself, finds eight
   more. */
static void test_ranking(void **state)
{
    (void)state;
    struct core_candidate crowd[150] = {0};
    struct core_ranking ranking = {0};
    for (unsigned i = 0; i < COUNT(crowd); i++) {
        /* Every third has the floor; the last ones are the receiver's own. */
        crowd[i] = (struct core_candidate){
            .participant = i < 3 ? ME : 1000 + i,
            .is_live = true,
            .place = i,
            .has_floor = i < 19,
        };
        core_selection_rank(&ranking, &crowd[i], core_selection_camera_before);
    }
    assert_int_equal(ranking.count, CORE_SELECTION_BEST_MAX);
    for (unsigned i = 0; i < ranking.count; i++)
        assert_ptr_equal(ranking.best[i], &crowd[i]);

    struct core_choice choice = {.receiver = ME, .slot_count = 8, .shown_max = 8};
    for (unsigned i = 0; i < 8; i++) {
        choice.slots[i] = &crowd[3 + i];
        crowd[3 + i].has_floor = false; /* they have just stopped */
    }
    core_selection_cameras(&choice, &ranking, NULL, 0);
    for (unsigned i = 0; i < 8; i++)
        assert_in_range(choice.slots[i]->place, 11, 18);

    memset(&ranking, 0, sizeof(ranking));
    for (unsigned i = COUNT(crowd); i-- > 0;) /* worst first */
        core_selection_rank(&ranking, &crowd[i], core_selection_camera_before);
    for (unsigned i = 1; i < ranking.count; i++)
        assert_false(core_selection_camera_before(ranking.best[i], ranking.best[i - 1]));

    memset(&ranking, 0, sizeof(ranking));
    for (unsigned i = 0; i < COUNT(crowd); i++) /* all are as good as each other */
        core_selection_rank(&ranking, &crowd[i], core_selection_voice_before);
    for (unsigned i = 0; i < ranking.count; i++)
        assert_ptr_equal(ranking.best[i], &crowd[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cameras), cmocka_unit_test(test_voices),
        cmocka_unit_test(test_screens), cmocka_unit_test(test_without_slots),
        cmocka_unit_test(test_ranking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
