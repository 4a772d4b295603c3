/* What holds of every decision that is followed: budgets that wobble, and whatever may happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocation_tracks.h"
#include "bwe/allocation_hysteresis.h"

#define START_US 1000000

static void change_at_random(struct bwe_allocation_track *tracks, unsigned *count,
                             uint64_t *next_id, uint32_t *random)
{
    unsigned i = allocation_random(random) % BWE_ALLOCATION_TRACKS;
    if (i < *count && allocation_random(random) % 2)
        tracks[i] = allocation_any(tracks[i].id, random);
    else if (i < *count)
        tracks[i] = tracks[--*count];
    else
        tracks[(*count)++] = allocation_any((*next_id)++, random);
}

/* Whatever happens: the sum is right, the budget kept but for half a second (of each track), and
   the deadline in the future. */
static void test_random(void **state)
{
    (void)state;
    uint32_t random = 11;
    struct bwe_hysteresis hysteresis = {0};
    struct bwe_allocation_track tracks[BWE_ALLOCATION_TRACKS];
    struct bwe_allocation_ladders ladders;
    struct bwe_hysteresis_input input = {.tracks = tracks, .ladders = &ladders};
    uint64_t next_id = 1;
    int64_t now_us = START_US, over_since_us = 0, deadline_us = INT64_MAX;
    for (unsigned round = 0; round < 100000; round++) {
        struct bwe_allocation out;
        now_us += allocation_random(&random) % 200000;
        if (deadline_us < now_us)
            now_us = deadline_us;
        else if (allocation_random(&random) % 4 == 0)
            input.budget_bps = allocation_random(&random) % 3000000;
        else if (allocation_random(&random) % 4 == 0)
            change_at_random(tracks, &input.count, &next_id, &random);
        input.is_probe_passed = allocation_random(&random) % 20 == 0;
        input.has_estimator = allocation_random(&random) % 2;
        bwe_allocation_prepare(&ladders, tracks, input.count);
        deadline_us = bwe_hysteresis_decide(&hysteresis, &input, now_us, &out);
        assert_true(deadline_us > now_us);
        uint64_t sum_bps = 0;
        for (unsigned i = 0; i < input.count; i++) {
            sum_bps += out.choices[i].cost_bps;
            assert_true(out.choices[i].level <= bwe_allocation_best_level(&tracks[i]));
            if (out.choices[i].state == BWE_ALLOCATION_LIVE)
                assert_true(bwe_allocation_is_level(&tracks[i], out.choices[i].level));
        }
        assert_int_equal(sum_bps, out.total_bps);
        bool is_over = out.total_bps > input.budget_bps;
        if (is_over && over_since_us == 0)
            over_since_us = now_us;
        if (!is_over)
            over_since_us = 0;
        assert_true(!is_over ||
                    now_us - over_since_us <= BWE_HYSTERESIS_PAUSE_US * BWE_ALLOCATION_TRACKS);
    }
}

struct count {
    unsigned ups[2], downs[2], most_ups_in_10_s;
    int64_t last_up_us[2];
};

static void count_switches(struct count *count, const struct bwe_allocation *before,
                           const struct bwe_allocation *after, int64_t now_us)
{
    for (unsigned i = 0; i < 2; i++) {
        int was = before->choices[i].level, is = after->choices[i].level;
        count->downs[i] += is < was;
        if (is <= was)
            continue;
        count->ups[i]++;
        if (count->last_up_us[i] > 0 && now_us - count->last_up_us[i] < BWE_HYSTERESIS_UP_US)
            count->most_ups_in_10_s = 2;
        count->last_up_us[i] = now_us;
    }
}

/* A capacity that stays, seen through an estimate that wobbles: no flapping (bwe.md, goal 10). */
static void test_no_flap(void **state)
{
    (void)state;
    static const struct {
        uint64_t budget_kbps;
        uint32_t wobble_percent;
        unsigned switches_max; /* of a track in ten minutes */
    } table[] = {
        {800, 4, 0},  {770, 4, 0},  {616, 4, 1},  {550, 4, 1}, {396, 4, 1},  {330, 4, 1},
        {700, 10, 1}, {400, 10, 1}, {132, 10, 1}, {90, 20, 1}, {500, 30, 4},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_hysteresis hysteresis = {0};
        struct bwe_allocation_track tracks[2] = {allocation_camera(1), allocation_camera(2)};
        struct bwe_allocation_ladders ladders;
        struct bwe_hysteresis_input input = {.tracks = tracks, .count = 2, .ladders = &ladders};
        struct bwe_allocation out = {0};
        struct count count = {0};
        uint32_t random = 5, wobble = table[i].wobble_percent * 10;
        tracks[0].is_speaker = true;
        bwe_allocation_prepare(&ladders, tracks, 2);
        for (int64_t us = START_US; us < START_US + 600000000; us += 50000) {
            struct bwe_allocation before = out;
            input.budget_bps =
                table[i].budget_kbps * (1000 - wobble + allocation_random(&random) % (2 * wobble));
            bwe_hysteresis_decide(&hysteresis, &input, us, &out);
            if (us > START_US)
                count_switches(&count, &before, &out, us);
        }
        print_message("%u kbps +- %u %%: %u + %u up, %u + %u down\n",
                      (unsigned)table[i].budget_kbps, table[i].wobble_percent, count.ups[0],
                      count.ups[1], count.downs[0], count.downs[1]);
        assert_int_equal(count.most_ups_in_10_s, 0);
        for (unsigned k = 0; k < 2; k++)
            assert_true(count.ups[k] <= table[i].switches_max);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_flap),
                                       cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
