/* What is asked of a stage breaks alone when it is missed by the least, and is counted from
 * packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "tests/sim/network.h"

#define MS 1000

static const struct sim_profile profile = {.stage_count = 5,
                                           .stages = {{30 * SIM_NETWORK_S, 5000000},
                                                      {30 * SIM_NETWORK_S, 1000000},
                                                      {30 * SIM_NETWORK_S, 300000},
                                                      {30 * SIM_NETWORK_S, 3000000, 9000},
                                                      {30 * SIM_NETWORK_S, 180000}}};

/* A stage in which all is just as it has to be. */
static struct sim_network_watch good(unsigned stage)
{
    struct sim_network_watch watch = {.profile = &profile, .stage = stage};
    uint64_t second_bytes = profile.stages[stage].down_bps / 8;
    bool is_wide = second_bytes > 200000, is_small = second_bytes < 60000;
    watch.results[stage] = (struct sim_stage_result){.voices = 1000,
                                                     .voices_lost = 5,
                                                     .early_bytes = 3 * second_bytes,
                                                     .adapted_bytes = 25 * second_bytes,
                                                     .late_bytes = 5 * second_bytes,
                                                     .drain_ms = is_wide ? 600 : 800,
                                                     .dark_ms = is_small ? 30000 : 1000,
                                                     .switch_gap_ms = 200,
                                                     .wait_ms = is_small ? 800 : 500,
                                                     .fit_ms = 1000,
                                                     .back_ms = is_wide ? 3000 : 0,
                                                     .full_ms = is_wide ? 1500 : 30000,
                                                     .all_full_ms = is_wide};
    return watch;
}

/* X(stage, what is spoiled, value, what is said of it) */
#define SPOILED(X)                                                                                 \
    X(0, results[0].voices_lost, 6, "packets of voices lost")                                      \
    X(0, results[0].paused, 1, "slots paused in the end")                                          \
    X(0, results[0].late_bytes, 870000, "in the end")                                              \
    X(0, results[0].full_ms, 1501, "without a camera's top layer")                                 \
    X(3, results[3].full_ms, 9001, "without a camera's top layer")                                 \
    X(0, results[0].all_full_ms, 0, "never all cameras")                                           \
    X(3, results[3].back_ms, 3001, "until there is video again")                                   \
    X(3, is_all_paused, true, "all video stays paused")                                            \
    X(1, results[1].early_bytes, 395000, "a second after the change")                              \
    X(1, results[1].adapted_bytes, 1700000, "used of")                                             \
    X(2, results[2].adapted_bytes, 420000, "used of")                                              \
    X(4, results[4].adapted_bytes, 224000, "used of")                                              \
    X(0, results[0].drain_ms, 601, "between two frames after the change")                          \
    X(1, results[1].drain_ms, 801, "between two frames after the change")                          \
    X(1, results[1].drain_switch_ms, 301, "at a switch after the change")                          \
    X(2, results[2].drain_switch_ms, 651, "at a switch after the change")                          \
    X(1, results[1].switch_gap_ms, 201, "between two frames at a switch, at most")                 \
    X(3, results[3].switch_gap_ms, 201, "between two frames at a switch, at most")                 \
    X(1, results[1].wait_ms, 501, "between two frames, at most")                                   \
    X(2, results[2].wait_ms, 801, "between two frames, at most")                                   \
    X(1, results[1].dark_ms, 1001, "without a frame of any camera")                                \
    X(1, results[1].fit_ms, 1001, "until the layers fit")                                          \
    X(0, results[0].flaps, 1, "up and down again")                                                 \
    X(3, results[3].flaps, 2, "up and down again")

static void assert_breaks(const struct sim_network_watch *watch, const char *said)
{
    static struct sim_checks checks;
    const struct sim_breach *breach = &checks.breaches[SIM_CHECK_NETWORK];
    memset(&checks, 0, sizeof(checks));
    sim_network_judge(watch, &checks);
    if (said && breach->count != 1)
        fail_msg("%s: broke %u times: %s", said, (unsigned)breach->count, breach->detail);
    if (said ? !strstr(breach->detail, said) : breach->count > 0)
        fail_msg("stage %u: %s", watch->stage, breach->detail);
}

static void test_each_bound_breaks_alone(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage < profile.stage_count; stage++) {
        struct sim_network_watch watch = good(stage);
        assert_breaks(&watch, NULL);
    }
#define X(stage, what, value, said)                                                                \
    {                                                                                              \
        struct sim_network_watch watch = good(stage);                                              \
        watch.what = value;                                                                        \
        assert_breaks(&watch, said);                                                               \
    }
    SPOILED(X)
#undef X
}

/* Without RTX a loss takes a key frame: bounds of its own. */
static void test_bounds_without_rtx(void **state)
{
    (void)state;
    static struct sim_profile bare;
    bare = profile;
    bare.no_rtx = 1;
    struct sim_network_watch narrow = good(1), small = good(2);
    narrow.profile = small.profile = &bare;
    narrow.results[1].switch_gap_ms = narrow.results[1].drain_switch_ms = 400;
    small.results[2].wait_ms = 1000;
    assert_breaks(&narrow, NULL);
    assert_breaks(&small, NULL);
    narrow.results[1].switch_gap_ms = 401;
    small.results[2].wait_ms = 1001;
    assert_breaks(&narrow, "between two frames at a switch, at most");
    assert_breaks(&small, "between two frames, at most");
    narrow.results[1].switch_gap_ms = 400;
    narrow.results[1].drain_switch_ms = 401;
    assert_breaks(&narrow, "at a switch after the change");
}

/* Twenty of 25 lost voices were so in a stage's first second: whether that excuses them. */
static void assert_first_second(struct sim_network_watch watch, bool is_excused)
{
    struct sim_stage_result *result = &watch.results[watch.stage];
    result->voices_lost = 25;
    result->first_voices_lost = 20;
    assert_breaks(&watch, is_excused ? NULL : "packets of voices lost");
    result->first_voices_lost = 19;
    assert_breaks(&watch, "packets of voices lost");
}

/* So many of a thousand are excused at most. */
static void assert_most_at_first(struct sim_network_watch watch, unsigned most)
{
    struct sim_stage_result *result = &watch.results[watch.stage];
    result->voices_lost = result->first_voices_lost = most;
    assert_breaks(&watch, NULL);
    result->voices_lost = result->first_voices_lost = most + 1;
    assert_breaks(&watch, "packets of voices lost at first");
}

/* A receiver that tells by REMB alone: bounds of its own. X(stage, what, value, more, what is said)
 */
#define SLOW(X)                                                                                    \
    X(3, results[3].back_ms, 12000, 12001, "until there is video again")                           \
    X(1, results[1].fit_ms, 1600, 1601, "until the layers fit")                                    \
    X(1, results[1].adapted_bytes, 1100000, 1090000, "used of")                                    \
    X(2, results[2].adapted_bytes, 263000, 262000, "used of")                                      \
    X(4, results[4].adapted_bytes, 158000, 157000, "used of")

static struct sim_network_watch slow(unsigned stage)
{
    struct sim_network_watch watch = good(stage);
    watch.is_slow = true;
    return watch;
}

static void test_bounds_with_remb_alone(void **state)
{
    (void)state;
#define X(stage, what, value, more, said)                                                          \
    {                                                                                              \
        struct sim_network_watch watch = slow(stage);                                              \
        watch.what = value;                                                                        \
        assert_breaks(&watch, NULL);                                                               \
        watch.what = more;                                                                         \
        assert_breaks(&watch, said);                                                               \
    }
    SLOW(X)
#undef X
    assert_first_second(slow(1), true);
    assert_first_second(slow(3), false); /* a wider one */
    assert_most_at_first(slow(1), 80);
}

/* What voices lose in the first second of a network that is narrower by more than five times. */
static void test_cliff(void **state)
{
    (void)state;
    static struct sim_profile steep;
    steep = profile;
    steep.stages[1].down_bps = 999999;
    struct sim_network_watch cliff = good(1);
    cliff.profile = &steep;
    assert_first_second(cliff, true);
    assert_most_at_first(cliff, 40);
    assert_first_second(good(1), false);
}

/* Who joins with little gets the first pictures before that is known. */
static void test_joining_with_little(void **state)
{
    (void)state;
    static struct sim_profile narrow;
    narrow = profile;
    narrow.stages[0].down_bps = narrow.stages[1].down_bps;
    struct sim_network_watch joined = good(1);
    joined.results[0] = joined.results[1];
    joined.profile = &narrow;
    joined.stage = 0;
    assert_first_second(joined, true);
    assert_most_at_first(joined, 40);
    joined.results[0].drain_switch_ms = 400;
    assert_breaks(&joined, NULL);
    joined.results[0].drain_switch_ms = 401;
    assert_breaks(&joined, "at a switch after the change");
    assert_first_second(good(0), false);
}

static struct sim_network_watch watch;
static uint32_t frame;

/* A frame of a camera's layer, so many milliseconds after the beginning. */
static void show(unsigned layer, int64_t at_ms)
{
    struct sim_media media = {.slot = 3, .is_media = true, .is_stamped = true};
    media.stamp =
        (struct sim_stamp){.participant = 1, .layer = (uint8_t)layer, .track = 1, .frame = ++frame};
    sim_network_note(&watch, &media, CORE_KIND_CAMERA, false, 1 + at_ms * MS);
}

static void begin(unsigned stage, int64_t at_ms)
{
    sim_network_begin(&watch, &profile, stage, 7, 1 + at_ms * MS);
}

static void reset(void)
{
    memset(&watch, 0, sizeof(watch));
    begin(0, 0);
}

static void end(void)
{
    static struct sim_checks checks;
    sim_network_end(&watch, 0, &checks);
}

static void test_gaps_are_counted_where_they_belong(void **state)
{
    const struct sim_stage_result *result = &watch.results[0];
    (void)state;
    reset();
    show(0, 0);
    show(0, 101);
    show(1, 303);
    show(1, 900);
    show(0, 2000);
    show(0, 2400);
    assert_int_equal(result->drain_ms, 597);
    assert_int_equal(result->drain_switch_ms, 202);
    assert_int_equal(result->switch_gap_ms, 1100);
    assert_int_equal(result->wait_ms, 400);
}

/* From the first second of a stage on; but more of the network is another matter. */
static void test_flaps(void **state)
{
    (void)state;
    reset();
    show(0, 0);
    show(1, 100);
    show(0, 2000);
    show(1, 10050);
    assert_int_equal(watch.results[0].flaps, 1);
    show(0, 29000);
    show(1, 29500);
    show(0, 29900);
    begin(1, 30000);
    show(1, 30100);
    assert_int_equal(watch.results[1].flaps, 0);
}

/* One that is shown and never full counts as long as the stage; one that has left does not. */
static void test_what_is_never_full(void **state)
{
    struct core_slot_report report = {.participant = 1, .state = CORE_SLOT_LIVE};
    (void)state;
    reset();
    show(1, 10);
    show(0, 50);
    end();
    assert_int_equal(watch.results[0].full_ms, 29950);
    begin(3, 30000);
    end();
    assert_int_equal(watch.results[3].full_ms, 30000);
    assert_int_equal(watch.results[3].all_full_ms, 0);
    reset();
    sim_network_report(&watch, 3, CORE_KIND_CAMERA, &report, 1 + 10 * MS);
    show(1, 60);
    report.state = CORE_SLOT_PAUSED;
    sim_network_report(&watch, 3, CORE_KIND_CAMERA, &report, 1 + 1000 * MS);
    report.participant = 0;
    sim_network_report(&watch, 3, CORE_KIND_CAMERA, &report, 1 + 3000 * MS);
    end();
    assert_int_equal(watch.results[0].full_ms, 50);
    assert_int_equal(watch.results[0].all_full_ms, 61);
}

static void test_layers_fit(void **state)
{
    (void)state;
    reset();
    assert_true(sim_network_wants_fit(&watch));
    sim_network_fit(&watch, 5000001, 1 + 700 * MS);
    assert_true(sim_network_wants_fit(&watch));
    sim_network_fit(&watch, 5000000, 1 + 900 * MS);
    assert_false(sim_network_wants_fit(&watch));
    assert_int_equal(watch.results[0].fit_ms, 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_bound_breaks_alone),
        cmocka_unit_test(test_bounds_without_rtx),
        cmocka_unit_test(test_bounds_with_remb_alone),
        cmocka_unit_test(test_cliff),
        cmocka_unit_test(test_joining_with_little),
        cmocka_unit_test(test_gaps_are_counted_where_they_belong),
        cmocka_unit_test(test_flaps),
        cmocka_unit_test(test_what_is_never_full),
        cmocka_unit_test(test_layers_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
