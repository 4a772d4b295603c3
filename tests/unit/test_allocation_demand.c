/* What an allocation asks of the estimator (bwe.md, "Allocation" 4 and 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocation_tracks.h"
#include "bwe/allocation_demand.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S            INT64_C(1000000)

/* A screen (411 with its floor, 675 full) and a speaker (66 99 165 low, 231 385 high). [kbit/s] */
static void test_goal(void **state)
{
    (void)state;
    static const struct {
        uint64_t budget_kbps, most_kbps;
        double goal_kbps, ideal_kbps;
        bool is_all_paused;
    } table[] = {
        {0, 3000, 66, 1166, true},         {60, 3000, 66, 1166, true},
        {70, 3000, 72.6, 1166, false}, /* it fits, but for the margin */
        {73, 3000, 99, 1166, false},       {1060, 3000, 1166, 1166, false},
        {1167, 3000, 0, 1166, false},      /* with the margin, too */
        {1000, 1010, 0, 1.1 * 796, false}, /* the next would be more than there ever is */
    };
    struct bwe_allocation_track tracks[] = {allocation_screen(1), allocation_camera(2)};
    tracks[1].is_speaker = true;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_allocation_demand demand = {0};
        struct bwe_allocation out;
        struct bwe_allocation_ladders ladders;
        const struct bwe_hysteresis_input input = {.tracks = tracks,
                                                   .count = 2,
                                                   .ladders = &ladders,
                                                   .budget_bps = table[i].budget_kbps * 1000};
        bwe_allocation_prepare(&ladders, tracks, 2);
        bwe_allocation_decide_on(&ladders, NULL, input.budget_bps, &out);
        bwe_allocation_demand_update(&demand, &input, table[i].most_kbps * 1000, &out, S);
        print_message("row %zu\n", i);
        assert_int_equal(demand.goal_bps, table[i].goal_kbps * 1000 + 0.5);
        assert_int_equal(demand.ideal_bps, table[i].ideal_kbps * 1000 + 0.5);
        assert_int_equal(demand.is_all_paused, table[i].is_all_paused);
        assert_false(demand.is_proven);
    }
}

static void test_nothing_wanted(void **state)
{
    (void)state;
    struct bwe_allocation_track track = allocation_camera(1);
    struct bwe_allocation_demand demand = {0};
    struct bwe_allocation out;
    struct bwe_allocation_ladders ladders;
    const struct bwe_hysteresis_input input = {
        .tracks = &track, .count = 1, .ladders = &ladders, .budget_bps = 1000000};
    track.wanted_height = 0;
    bwe_allocation_prepare(&ladders, &track, 1);
    bwe_allocation_decide_on(&ladders, NULL, input.budget_bps, &out);
    bwe_allocation_demand_update(&demand, &input, 3000000, &out, S);
    assert_int_equal(demand.goal_bps, 0);
    assert_int_equal(demand.ideal_bps, 0);
    assert_false(demand.is_all_paused);
}

/* A track that is paused although it fits, with its margin, is proof of itself after a second. */
static void test_proof(void **state)
{
    (void)state;
    static const struct {
        int64_t now_ms;
        uint64_t budget_kbps;
        bool is_paused, is_proven;
    } table[] = {
        {1000, 100, true, false}, {1900, 100, true, false},
        {1950, 70, true, false}, /* 66 fits, but not with 10 % */
        {1999, 100, true, false}, {2998, 100, true, false},
        {2999, 100, true, true},  {3000, 100, true, false}, /* once */
        {4000, 100, true, true},  {4001, 100, false, false},
        {4002, 100, true, false}, {5001, 100, true, false},
        {5002, 100, true, true},
    };
    struct bwe_allocation_track track = allocation_camera(1);
    struct bwe_allocation_demand demand = {0};
    struct bwe_allocation_ladders ladders;
    bwe_allocation_prepare(&ladders, &track, 1);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_allocation out;
        const struct bwe_hysteresis_input input = {.tracks = &track,
                                                   .count = 1,
                                                   .ladders = &ladders,
                                                   .budget_bps = table[i].budget_kbps * 1000};
        bwe_allocation_decide_on(&ladders, NULL, table[i].is_paused ? 0 : input.budget_bps, &out);
        bwe_allocation_demand_update(&demand, &input, 3000000, &out, table[i].now_ms * 1000);
        print_message("%d ms\n", (int)table[i].now_ms);
        assert_int_equal(demand.is_proven, table[i].is_proven);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goal),
        cmocka_unit_test(test_nothing_wanted),
        cmocka_unit_test(test_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
