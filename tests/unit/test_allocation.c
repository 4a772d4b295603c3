/* Who gets which layer within a budget (bwe.md, "Allocation" 1-3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocation_tracks.h"
#include "bwe/allocation.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_budget(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t target_bps, audio_bps, rtx_bps, budget_bps;
    } table[] = {
        {"nothing", 0, 0, 0, 0},
        {"95 % of the target", 1000000, 0, 0, 950000},
        {"less audio and repair", 1000000, 120000, 50000, 780000},
        {"audio first", 100000, 120000, 0, 0},
        {"the contract", 10000000, 120000, 0, 3220000},
        {"without an estimator", UINT64_MAX, 300000, 100000, 3120000},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(
            bwe_allocation_budget_bps(table[i].target_bps, table[i].audio_bps, table[i].rtx_bps),
            table[i].budget_bps);
    }
}

/*
 * A screen (speaker's low, T0: 66; low: 66 99 165 in all; high: 231 T1, 385 T2; screen: 411 with
 * its floor of 15, 675 full), a speaker and two others. [kbit/s]
 */
static void test_order(void **state)
{
    (void)state;
    static const struct {
        uint64_t budget_kbps;
        const char *choices; /* screen, speaker, other, other */
        uint64_t total_kbps, next_kbps;
    } table[] = {
        {0, "-- -- -- --", 0, 66},
        {65, "-- -- -- --", 0, 66},
        {66, "-- 00 -- --", 66, 99},
        {99, "-- 01 -- --", 99, 165}, /* speaker low before others */
        {165, "-- 02 -- --", 165, 231},
        {231, "-- 02 00 --", 231, 264},
        {264, "-- 02 01 --", 264, 297},
        {297, "-- 02 00 00", 297, 330}, /* the first layer for all before the next */
        {411, "00 -- -- --", 411, 477}, /* the screen's floor before all */
        {477, "00 00 -- --", 477, 510},
        {576, "00 02 -- --", 576, 642},
        {741, "00 02 01 00", 741, 774},
        {906, "00 02 02 02", 906, 972},
        {972, "00 11 02 02", 972, 1038},
        {1038, "00 11 11 02", 1038, 1104}, /* what the next wish leaves unused */
        {1126, "00 12 02 02", 1126, 1192}, /* speaker high before the screen's rest */
        {1390, "01 12 02 02", 1390, 1456},
        {1456, "01 12 11 02", 1456, 1522},
        {1522, "01 12 11 11", 1522, 1676},
        {1676, "01 12 12 11", 1676, 1830},
        {1830, "01 12 12 12", 1830, 0},
        {9000, "01 12 12 12", 1830, 0},
    };
    struct bwe_allocation_track tracks[] = {allocation_screen(1), allocation_camera(2),
                                            allocation_camera(3), allocation_camera(4)};
    tracks[1].is_speaker = true;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_allocation out;
        bwe_allocation_decide(tracks, COUNT(tracks), NULL, table[i].budget_kbps * 1000, &out);
        print_message("%u: %s\n", (unsigned)table[i].budget_kbps, table[i].choices);
        assert_string_equal(allocation_text(&out, COUNT(tracks)), table[i].choices);
        assert_int_equal(out.total_bps, table[i].total_kbps * 1000);
        assert_int_equal(out.next_budget_bps, table[i].next_kbps * 1000);
    }
}

/* A track that is not as the page sends it, at a budget for everything but where said. */
static const struct {
    const char *what;
    struct bwe_allocation_track track;
    uint64_t budget_kbps;
    const char *choice;
} odd_tracks[] = {
    {"not wanted", {.layer_count = 1, .layers = {{true, 1, 240, {1000}, {1000}}}}, 3000, "la"},
    {"nothing sent", {.wanted_height = 480}, 3000, "so"},
    {"its only layer stopped",
     {.wanted_height = 480, .layer_count = 1, .layers = {{false, 1, 240, {1000}, {1000}}}},
     3000,
     "so"},
    {"wanted small",
     {.wanted_height = 240,
      .layer_count = 2,
      .layers = {{true, 1, 240, {1000}, {1000}}, {true, 1, 480, {1000}, {1000}}}},
     3000,
     "00"},
    {"the lowest is higher than wanted",
     {.wanted_height = 180,
      .layer_count = 2,
      .layers = {{true, 1, 240, {1000}, {1000}}, {true, 1, 480, {1000}, {1000}}}},
     3000,
     "00"},
    {"the lower one stopped",
     {.wanted_height = 240,
      .layer_count = 2,
      .layers = {{false, 1, 240, {1000}, {1000}}, {true, 3, 480, {1000, 1000, 1000}, {0}}}},
     1,
     "10"},
    {"the upper one stopped",
     {.wanted_height = 720,
      .layer_count = 2,
      .layers = {{true, 2, 240, {1000, 1}, {0}}, {false, 1, 480, {1000}, {0}}}},
     3000,
     "01"},
    {"the middle one stopped",
     {.wanted_height = 720,
      .layer_count = 3,
      .layers = {{true, 1, 180, {1000}, {0}},
                 {false, 1, 360, {1000}, {0}},
                 {true, 1, 720, {1000}, {0}}}},
     3000,
     "20"},
    {"heights not known yet",
     {.wanted_height = 180,
      .layer_count = 2,
      .layers = {{true, 1, 0, {1000}, {0}}, {true, 1, 0, {1000}, {0}}}},
     3000,
     "10"},
    {"three layers, the top does not fit",
     {.wanted_height = 720,
      .layer_count = 3,
      .layers = {{true, 1, 180, {1000}, {0}},
                 {true, 1, 360, {2000}, {0}},
                 {true, 1, 720, {9000}, {0}}}},
     5,
     "10"},
    {"the middle does not fit, nor does the top then",
     {.wanted_height = 720,
      .layer_count = 3,
      .layers = {{true, 1, 180, {1000}, {0}},
                 {true, 1, 360, {9000}, {0}},
                 {true, 1, 720, {5000}, {0}}}},
     5,
     "00"},
    {"more than the contract",
     {.wanted_height = 480,
      .layer_count = 2,
      .layers = {{true, 1, 240, {1000}, {1000}}, {true, 1, 480, {2900000}, {2800001}}}},
     3220,
     "00"},
    {"the contract to the bit",
     {.wanted_height = 480,
      .layer_count = 2,
      .layers = {{true, 1, 240, {1000}, {1000}}, {true, 1, 480, {3220000}, {2800000}}}},
     3220,
     "10"},
    {"costs that overflow",
     {.wanted_height = 480,
      .layer_count = 1,
      .layers = {{true, 3, 240, {UINT32_MAX, UINT32_MAX, UINT32_MAX}, {0}}}},
     1000000000,
     "02"},
};

static void test_tracks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(odd_tracks); i++) {
        struct bwe_allocation out;
        print_message("%s\n", odd_tracks[i].what);
        bwe_allocation_decide(&odd_tracks[i].track, 1, NULL, odd_tracks[i].budget_kbps * 1000,
                              &out);
        assert_string_equal(allocation_text(&out, 1), odd_tracks[i].choice);
    }
}

/* Pinned before speakers before the rest, whatever the order given; equals in that order. */
static void test_importance(void **state)
{
    (void)state;
    static const struct {
        const char *flags; /* p pinned, s speaker, b both, - neither */
        uint64_t budget_kbps;
        const char *choices;
    } table[] = {
        {"----", 66, "00 -- -- --"},  {"--s-", 66, "-- -- 00 --"},  {"--sp", 66, "-- -- -- 00"},
        {"--sb", 132, "-- -- 00 00"}, {"s--p", 330, "02 -- -- 02"}, {"ss--", 330, "02 02 -- --"},
        {"ss--", 660, "02 02 02 02"}, {"ss--", 726, "11 02 02 02"}, {"sp--", 726, "02 11 02 02"},
        {"ss--", 792, "11 11 02 02"}, {"ss--", 946, "12 11 02 02"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_allocation_track tracks[4];
        struct bwe_allocation out;
        for (unsigned k = 0; k < 4; k++) {
            tracks[k] = allocation_camera(k + 1);
            tracks[k].is_pinned = strchr("pb", table[i].flags[k]) != NULL;
            tracks[k].is_speaker = strchr("sb", table[i].flags[k]) != NULL;
        }
        bwe_allocation_decide(tracks, 4, NULL, table[i].budget_kbps * 1000, &out);
        print_message("%s %u\n", table[i].flags, (unsigned)table[i].budget_kbps);
        assert_string_equal(allocation_text(&out, 4), table[i].choices);
    }
}

/* From 480p down to 240p, before its key frame: T0 154, T1 231, T2 385 of the old layer. */
static void test_interim(void **state)
{
    (void)state;
    static const struct {
        int from, to, interim;
    } table[] = {
        {5, 2, 3}, /* 165 */
        {5, 1, 3}, /* 99: nothing fits, the base layer it is */
        {4, 2, 3}, {3, 2, 3}, {5, 4, 4},
        {5, 5, 5}, {4, 5, 4}, {2, 5, 2}, /* up: nothing changes yet */
    };
    struct bwe_allocation_track track = allocation_camera(1);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_allocation_choice choice = bwe_allocation_choose(&track, table[i].to);
        print_message("%d to %d\n", table[i].from, table[i].to);
        assert_int_equal(bwe_allocation_interim_level(&track, table[i].from, &choice),
                         table[i].interim);
    }
}

/* Four cameras at 500 kbps and a screen at 800 are the contract: all of them, at full quality. */
static void test_contract(void **state)
{
    (void)state;
    struct bwe_allocation_track tracks[5] = {allocation_screen(9)};
    struct bwe_allocation out;
    tracks[0].layers[0] = allocation_layer(720, 800, 1);
    for (unsigned i = 1; i < 5; i++) {
        tracks[i] = allocation_camera(i);
        tracks[i].layers[1] = allocation_layer(480, 500, 3);
    }
    uint64_t budget_bps = bwe_allocation_budget_bps(UINT64_MAX, 300000, 0);
    bwe_allocation_decide(tracks, 5, NULL, budget_bps, &out);
    assert_string_equal(allocation_text(&out, 5), "00 12 12 12 12");
    /* A bit more, and somebody gets less. */
    tracks[1].layers[1].payload_bps[2]++;
    bwe_allocation_decide(tracks, 5, NULL, budget_bps, &out);
    assert_string_equal(allocation_text(&out, 5), "00 12 12 12 11");
}

/* --- properties, of tracks by chance -----------------------------------------------------------
 */

#define ROUNDS 20000

struct chance {
    struct bwe_allocation_track tracks[BWE_ALLOCATION_TRACKS];
    int ceilings[BWE_ALLOCATION_TRACKS];
    unsigned count;
    uint64_t budget_bps;
};

static struct chance draw(uint32_t *random)
{
    struct chance chance = {
        .count = allocation_random(random) % (BWE_ALLOCATION_TRACKS + 1),
        .budget_bps = allocation_random(random) % 4000000,
    };
    for (unsigned i = 0; i < chance.count; i++) {
        chance.tracks[i] = allocation_any(i + 1, random);
        chance.ceilings[i] = ((int)(allocation_random(random) % 10) - 1);
    }
    return chance;
}

/* A choice is wanted, available, below its ceiling; the sums are right and kept. */
static void test_validity(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct chance chance = draw(&random);
        struct bwe_allocation out;
        uint64_t cost_bps = 0, payload_bps = 0;
        const int *ceilings = round % 2 ? chance.ceilings : NULL;
        bwe_allocation_decide(chance.tracks, chance.count, ceilings, chance.budget_bps, &out);
        for (unsigned i = 0; i < chance.count; i++) {
            const struct bwe_allocation_choice *choice = &out.choices[i];
            const struct bwe_allocation_track *track = &chance.tracks[i];
            cost_bps += choice->cost_bps;
            assert_true(choice->state == BWE_ALLOCATION_LIVE || choice->level == BWE_LEVEL_PAUSED);
            assert_true(!ceilings || choice->level <= ceilings[i]);
            assert_true(choice->level <= bwe_allocation_best_level(track));
            if (choice->state != BWE_ALLOCATION_LIVE)
                continue;
            assert_true(bwe_allocation_is_level(track, choice->level));
            assert_true(choice->level >= bwe_allocation_lowest_level(track));
            for (unsigned t = 0; t <= choice->temporal; t++)
                payload_bps += track->layers[choice->spatial].payload_bps[t];
        }
        assert_int_equal(cost_bps, out.total_bps);
        assert_true(out.total_bps <= chance.budget_bps);
        assert_true(payload_bps <= 2800000);
        assert_true(out.next_budget_bps == 0 || out.next_budget_bps > chance.budget_bps);
    }
}

static bool is_same(const struct bwe_allocation *a, const struct bwe_allocation *b)
{
    for (unsigned i = 0; i < BWE_ALLOCATION_TRACKS; i++)
        if (a->choices[i].level != b->choices[i].level ||
            a->choices[i].state != b->choices[i].state)
            return false;
    return true;
}

/* What is decided at once where there is plenty is what climbing comes to: with a track beside it
   that never fits, the same is decided by climbing. */
static void test_plenty(void **state)
{
    (void)state;
    uint32_t random = 3;
    unsigned plenty_count = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct chance chance = draw(&random);
        struct bwe_allocation_ladders ladders;
        struct bwe_allocation out, climbed;
        unsigned count = chance.count < BWE_ALLOCATION_TRACKS ? chance.count : chance.count - 1;
        const int *ceilings = round % 2 ? chance.ceilings : NULL;
        bwe_allocation_prepare(&ladders, chance.tracks, count);
        uint64_t budget_bps = ladders.most_cost_bps;
        assert_true(budget_bps == 0 || !bwe_allocation_is_plenty(&ladders, budget_bps - 1));
        if (!bwe_allocation_is_plenty(&ladders, budget_bps))
            continue;
        plenty_count++;
        bwe_allocation_decide_on(&ladders, ceilings, budget_bps, &out);

        struct bwe_allocation_track *dear = &chance.tracks[count];
        *dear = allocation_camera(99);
        dear->layers[0].cost_bps[0] = UINT32_MAX;
        chance.ceilings[count] = BWE_LEVEL_MAX;
        bwe_allocation_decide(chance.tracks, count + 1, ceilings, budget_bps, &climbed);
        assert_int_equal(climbed.choices[count].state, BWE_ALLOCATION_BANDWIDTH);
        assert_int_equal(climbed.total_bps, out.total_bps);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(out.choices[i].level, climbed.choices[i].level);
            assert_int_equal(out.choices[i].cost_bps, climbed.choices[i].cost_bps);
        }
    }
    assert_true(plenty_count > ROUNDS / 4);
}

/* next_budget_bps is the smallest budget that changes anything. */
static void test_next_budget(void **state)
{
    (void)state;
    uint32_t random = 2;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct chance chance = draw(&random);
        struct bwe_allocation out, other;
        bwe_allocation_decide(chance.tracks, chance.count, NULL, chance.budget_bps, &out);
        uint64_t unchanged_bps = out.next_budget_bps ? out.next_budget_bps - 1 : UINT64_MAX;
        bwe_allocation_decide(chance.tracks, chance.count, NULL, unchanged_bps, &other);
        assert_true(is_same(&out, &other));
        if (out.next_budget_bps == 0)
            continue;
        bwe_allocation_decide(chance.tracks, chance.count, NULL, out.next_budget_bps, &other);
        assert_false(is_same(&out, &other));
        assert_true(other.total_bps <= out.next_budget_bps);
    }
}

/* What of the order was granted, wish by wish, to tracks of two layers without temporal ones. */
static unsigned grants(const struct chance *chance, const struct bwe_allocation *out,
                       bool granted[64])
{
    /* Low: screens, speakers, others; high: speakers, screens, others. */
    static const struct {
        bool is_screen, is_speaker;
        int level;
    } steps[] = {{true, false, 0}, {false, true, 0}, {false, false, 0},
                 {false, true, 3}, {true, false, 3}, {false, false, 3}};
    unsigned length = 0;
    for (unsigned step = 0; step < COUNT(steps); step++)
        for (unsigned rank = 0; rank < 3; rank++)
            for (unsigned i = 0; i < chance->count; i++) {
                const struct bwe_allocation_track *track = &chance->tracks[i];
                bool is_speaker = !track->is_screen && (track->is_pinned || track->is_speaker);
                unsigned own = track->is_pinned ? 0 : track->is_speaker ? 1 : 2;
                if (own == rank && track->is_screen == steps[step].is_screen &&
                    is_speaker == steps[step].is_speaker)
                    granted[length++] = out->choices[i].level >= steps[step].level;
            }
    return length;
}

/* Of two budgets, the first wish that is not answered alike is granted with the greater. */
static void test_monotone(void **state)
{
    (void)state;
    uint32_t random = 3;
    unsigned differing = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct chance chance = draw(&random);
        for (unsigned i = 0; i < chance.count; i++) {
            uint32_t kbps = allocation_random(&random) % 600 + 1;
            chance.tracks[i].layer_count = 2;
            chance.tracks[i].layers[0] = allocation_layer(240, kbps, 1);
            chance.tracks[i].layers[1] =
                allocation_layer(480, kbps + allocation_random(&random) % 400, 1);
        }
        struct bwe_allocation less, more;
        bool a[64], b[64];
        bwe_allocation_decide(chance.tracks, chance.count, NULL, chance.budget_bps, &less);
        bwe_allocation_decide(chance.tracks, chance.count, NULL,
                              chance.budget_bps + allocation_random(&random) % 500000, &more);
        unsigned length = grants(&chance, &less, a), at = 0;
        assert_int_equal(grants(&chance, &more, b), length);
        while (at < length && a[at] == b[at])
            at++;
        assert_true(at == length || b[at]);
        differing += at < length;
    }
    assert_true(differing > ROUNDS / 4); /* the property was put to the test */
}

/* With cameras as the page sends them, and from the screen's floor on: with more budget nobody is
   paused who was not. (Layers may move to who comes first.) */
static void test_monotone_for_all(void **state)
{
    (void)state;
    struct bwe_allocation_track tracks[5] = {allocation_screen(1)};
    struct bwe_allocation before = {0}, after;
    for (unsigned i = 1; i < 5; i++)
        tracks[i] = allocation_camera(i + 1);
    tracks[2].is_speaker = true;
    for (uint64_t kbps = 411; kbps < 3000; kbps++) {
        bwe_allocation_decide(tracks, 5, NULL, kbps * 1000, &after);
        for (unsigned i = 0; i < 5 && kbps > 411; i++) {
            assert_true(after.choices[i].level >= 0 || before.choices[i].level < 0);
        }
        before = after;
    }
    assert_string_equal(allocation_text(&after, 5), "01 12 12 12 12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget),           cmocka_unit_test(test_order),
        cmocka_unit_test(test_tracks),           cmocka_unit_test(test_importance),
        cmocka_unit_test(test_contract),         cmocka_unit_test(test_interim),
        cmocka_unit_test(test_validity),         cmocka_unit_test(test_plenty),
        cmocka_unit_test(test_next_budget),      cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_monotone_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
