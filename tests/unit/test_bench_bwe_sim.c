/* The bandwidth simulator's own parts: the link, TCP, the measurements, and repeatable runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bwe/oscillation.h"
#include "bench/bwe/suite.h"

#define MS INT64_C(1000)

static void test_link(void **state)
{
    (void)state;
    /* 1 Mbit/s: 1000 bytes take 8 ms; from 0.1 s on a quarter of that. */
    struct bwe_sim_link link = {.capacity = {{{0, 1}, {0.1, 0.25}}, 2}, .queue_limit_us = 50 * MS};
    static const struct {
        int64_t at_ms;
        bool is_dropped;
        int64_t queue_ms, depart_ms;
    } table[] = {
        {0, false, 0, 8},      {0, false, 8, 16},
        {10, false, 6, 24},    {96, false, 0, 116}, /* half before the change, half after it */
        {100, false, 16, 148}, {100, false, 48, 180},
        {100, true, 80, 0},    {131, false, 49, 212},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_sim_passage passage = bwe_sim_link_enter(&link, 1000, table[i].at_ms * MS);
        print_message("packet %zu\n", i);
        assert_int_equal(passage.is_dropped, table[i].is_dropped);
        assert_int_equal(passage.queue_us, table[i].queue_ms * MS);
        assert_int_equal(passage.depart_us, table[i].depart_ms * MS);
    }
    assert_int_equal(bwe_sim_capacity_bits(&link.capacity, 50 * MS, 150 * MS), 50000 + 12500);
}

static void test_random_loss(void **state)
{
    (void)state;
    struct bwe_sim_link link = {.capacity = {{{0, 100}}, 1}, .queue_limit_us = 1000 * MS};
    unsigned lost = 0;
    link.loss = 0.1;
    for (int64_t i = 0; i < 10000; i++)
        lost += bwe_sim_link_enter(&link, 100, i * MS).is_lost;
    assert_in_range(lost, 900, 1100);
}

/* A long flow alone fills the link, whatever its kind. */
static void test_tcp_fills_a_link(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        static struct bwe_sim_measure measure;
        static struct bwe_sim_tcp tcp;
        struct bwe_sim_link link = {.capacity = {{{0, 2}}, 1}, .queue_limit_us = 100 * MS};
        const struct bwe_sim_tcp_config config = {
            .end_s = 60, .one_way_ms = 50, .is_cubic = kind == 1};
        int64_t now_us = 0, next_us;
        memset(&measure, 0, sizeof(measure));
        memset(&tcp, 0, sizeof(tcp));
        tcp.link = &link;
        tcp.measure = &measure;
        bwe_sim_tcp_init(&tcp, &config, 1);
        while ((next_us = bwe_sim_tcp_next(&tcp)) != INT64_MAX) {
            now_us = next_us > now_us ? next_us : now_us;
            bwe_sim_tcp_run(&tcp, now_us);
        }
        double bps = bwe_sim_measure_bps(&measure, 0, 20, 60);
        print_message("%g bit/s, %g dropped\n", bps, (double)measure.flows[0].dropped);
        assert_true(bps > 1.8e6 && bps <= 2.01e6);
        assert_true(measure.flows[0].dropped > 0);
        assert_true(measure.flows[0].dropped < measure.flows[0].packets / 50);
    }
}

static void test_quantiles(void **state)
{
    (void)state;
    struct bwe_sim_delays delays = {0}, more = {0};
    assert_true(bwe_sim_delays_quantile(&delays, 0.5) == 0);
    for (unsigned i = 0; i < 100; i++)
        delays.counts[i]++;
    delays.total = 100;
    assert_true(bwe_sim_delays_quantile(&delays, 0.95) == 95);
    more.counts[1000] = 100;
    more.total = 100;
    bwe_sim_delays_merge(&delays, &more);
    assert_true(bwe_sim_delays_quantile(&delays, 0.25) == 50);
    assert_true(bwe_sim_delays_quantile(&delays, 0.95) == 1000);
}

/* The allocator's choices, and that the frames of 4 s come to what it reserved. */
static void test_conference(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        double target_kbps;
        bool is_probed;
        unsigned live;
        bool is_full;
        double video_kbps, next_kbps; /* next: the estimate for more, 0: none */
    } table[] = {
        /* A budget of .95 x 1000 - 300 = 650: new tracks begin with what fits into 650 / 1.1. */
        {100, 1000, false, 5, false, 100 + 150 + 3 * 90, (1.1 * 595 + 300) / 0.95},
        {4100, 5000, true, 5, true, 4 * 550 + 900, 0},
        /* The floor of the screen, the speaker; the others linger at their lowest for 0.5 s. */
        {8100, 520, false, 5, false, 100 + 4 * 60, (205 + 300) / 0.95},
        {8700, 520, false, 2, false, 100 + 60, (205 + 300) / 0.95},
        {12700, 100, false, 2, false, 100 + 60, (60 + 300) / 0.95},
        {13300, 100, false, 0, false, 0, (60 + 300) / 0.95},
        {22000, 3700, false, 0, false, 0, 0}, /* what was paused needs a probe */
        {22050, 3700, true, 5, true, 4 * 550 + 900, 0},
    };
    struct bwe_sim_conference conference;
    bwe_sim_conference_init(&conference);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        double bits = 0;
        print_message("row %zu\n", i);
        bwe_sim_conference_set_target(&conference, 1000 * table[i].target_kbps, table[i].is_probed,
                                      table[i].at_ms * MS);
        assert_int_equal(bwe_sim_conference_live_count(&conference), table[i].live);
        assert_int_equal(bwe_sim_conference_is_full(&conference), table[i].is_full);
        for (unsigned frame = 0; frame < 4 * BWE_SIM_CONFERENCE_FPS; frame++)
            for (unsigned track = 0; track < BWE_SIM_TRACKS; track++)
                bits += bwe_sim_conference_frame_bits(&conference, track);
        assert_in_range(bits / 4000 + 0.5, table[i].video_kbps, table[i].video_kbps);
        assert_in_range((double)bwe_sim_conference_demand(&conference).target_bps / 1000,
                        table[i].next_kbps, table[i].next_kbps);
    }
    assert_int_equal(conference.ups, 5);
}

static void test_turns(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t values[8];
        unsigned count, turns;
    } table[] = {
        {"nothing", {0}, 0, 0},
        {"constant", {100, 100, 100}, 3, 0},
        {"one rise is no turn", {100, 130, 160, 200}, 4, 0},
        {"up and down", {100, 130, 100}, 3, 1},
        {"down and up", {100, 80, 100}, 3, 1},
        {"by less than a fifth", {100, 119, 96, 114}, 4, 0},
        {"in small steps", {100, 110, 120, 110, 95}, 5, 1},
        {"again and again", {100, 80, 100, 80, 100, 80, 100, 80}, 8, 6},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(bwe_sim_turns(table[i].values, table[i].count, 0.2), table[i].turns);
    }
}

/* What a finished run is judged to be, where it is known what that is: a target of 1 Mbit/s that
   turns once a second for half a minute, media at 900 kbit/s, of 10 MB a twentieth repairs and
   another padding, of a hundred packets ten lost, nine of these repaired; a link that falls from 3
   to 1 Mbit/s at 40 s, and a target that fits after 1 s. */
static void test_rates_over_time(void **state)
{
    (void)state;
    static struct bwe_sim_run run;
    static const struct bwe_sim_scenario scenario = {.seconds = 80, .flow_count = 1};
    struct bwe_sim_result result;
    run.scenario = &scenario;
    run.link.capacity = (struct bwe_sim_capacity){{{0, 3}, {40, 1}}, 2};
    run.flows[0].config =
        (struct bwe_sim_flow_config){.end_s = 80, .max_bps = 1e6, .has_repairs = true};
    run.measure.window_to_us = 80000 * MS;
    struct bwe_sim_flow_measure *flow = &run.measure.flows[0];
    for (unsigned bin = 0; bin < 400; bin++) {
        bool is_low = bin >= 50 && bin < 200 && bin / 5 % 2;
        flow->bytes[bin] = 900000 / 8 / 5;
        flow->target_kbps[bin] = is_low ? 700 : 1000;
        if (bin >= 200 && bin < 203)
            flow->target_kbps[bin] = 1051;
    }
    flow->media_bytes = 9000000;
    flow->repair_bytes = flow->padding_bytes = 500000;
    flow->feedback_bytes = 90000;
    flow->video_packets = 100;
    flow->video_lost = 10;
    flow->video_repaired = 9;
    run.measure.window_packets = 200;
    run.measure.window_lost = 10;
    bwe_sim_judge(&run, &result);
    assert_true(fabs(result.values[BWE_SIM_TURNS] - 28) < 1.5); /* a minute of 60 s, 29 turns */
    assert_true(fabs(result.values[BWE_SIM_REPORTING] - 1) < 1e-9);
    assert_true(fabs(result.values[BWE_SIM_OVERHEAD] - 5) < 1e-9);
    assert_true(fabs(result.values[BWE_SIM_REPAIRS] - 5) < 1e-9);
    assert_true(fabs(result.values[BWE_SIM_UNREPAIRED] - 1) < 1e-9);
    assert_true(fabs(result.values[BWE_SIM_LOST] - 5) < 1e-9);
    assert_true(fabs(result.converged_s[0] - 0.6) < 1e-9);
    assert_true(fabs(result.values[BWE_SIM_CONVERGED] - 1.2) < 1e-9);
    assert_true(fabs(result.converged_s[1] - 1.2) < 1e-9); /* three bins that fit after three */
}

/* Repairs are no padding: where a tenth is lost, about a tenth is sent again, on a link that needs
   no probes to be known. Who does not repair has no such figure. */
static void test_repairs_are_no_padding(void **state)
{
    (void)state;
    struct bwe_sim_run *run = malloc(sizeof(*run));
    const struct bwe_sim_subject subject = {.tuning = bwe_tuning_iris};
    struct bwe_sim_result result;
    assert_non_null(run);
    bwe_sim_run(run, bwe_sim_scenario_find("loss-10"), &subject, 1);
    bwe_sim_judge(run, &result);
    print_message("repairs %g %%, padding %g %%\n", result.values[BWE_SIM_REPAIRS],
                  result.values[BWE_SIM_OVERHEAD]);
    assert_true(result.values[BWE_SIM_REPAIRS] > 8 && result.values[BWE_SIM_REPAIRS] < 12);
    assert_true(result.values[BWE_SIM_OVERHEAD] < 1);
    bwe_sim_run(run, bwe_sim_scenario_find("join"), &subject, 1);
    bwe_sim_judge(run, &result);
    assert_true(isnan(result.values[BWE_SIM_REPAIRS]));
    free(run);
}

/* Loss after repair is measured and judged: two repairs are in time where a round trip is 50 ms.
   None is where it is 250 ms, and the same goal is missed with what was lost. */
static void test_unrepaired_is_judged(void **state)
{
    (void)state;
    static const struct {
        double one_way_ms;
        bool is_reached;
        double least_percent, most_percent;
    } table[] = {{25, true, 0, 0.05}, {125, false, 4.5, 5.5}};
    struct bwe_sim_run *run = malloc(sizeof(*run));
    const struct bwe_sim_subject subject = {.tuning = bwe_tuning_iris};
    assert_non_null(run);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_sim_scenario scenario = *bwe_sim_scenario_find("loss-5");
        struct bwe_sim_summary summary;
        unsigned judged = 0;
        scenario.flows[0].one_way_ms = table[i].one_way_ms;
        bwe_sim_summarize(&summary, run, &scenario, &subject, (struct bwe_sim_seeds){1, 3});
        double percent = summary.values[BWE_SIM_UNREPAIRED];
        print_message("one way %g ms: %g %%\n", table[i].one_way_ms, percent);
        assert_true(percent >= table[i].least_percent && percent <= table[i].most_percent);
        for (unsigned j = 0; j < BWE_SIM_GOALS_MAX && summary.goals[j].value != 0; j++) {
            if (summary.goals[j].metric != BWE_SIM_UNREPAIRED)
                continue;
            judged++;
            assert_int_equal(bwe_sim_goal_is_reached(&summary.goals[j], &summary),
                             table[i].is_reached);
        }
        assert_int_equal(judged, 1);
    }
    free(run);
}

static void test_same_seed_same_run(void **state)
{
    (void)state;
    struct bwe_sim_run *run = malloc(sizeof(*run));
    const struct bwe_sim_subject subject = {.tuning = bwe_tuning_iris};
    const struct bwe_sim_scenario *scenario = bwe_sim_scenario_find("join");
    struct bwe_sim_result results[3];
    assert_non_null(run);
    assert_non_null(scenario);
    for (unsigned i = 0; i < 3; i++) {
        bwe_sim_run(run, scenario, &subject, i < 2 ? 7 : 8);
        bwe_sim_judge(run, &results[i]);
    }
    assert_memory_equal(&results[0].delays, &results[1].delays, sizeof(results[0].delays));
    assert_true(results[0].values[BWE_SIM_USE] == results[1].values[BWE_SIM_USE]);
    assert_memory_not_equal(&results[0].delays, &results[2].delays, sizeof(results[0].delays));
    assert_null(bwe_sim_scenario_find("no such scenario"));
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_random_loss),
        cmocka_unit_test(test_tcp_fills_a_link),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_conference),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_rates_over_time),
        cmocka_unit_test(test_repairs_are_no_padding),
        cmocka_unit_test(test_unrepaired_is_judged),
        cmocka_unit_test(test_same_seed_same_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
