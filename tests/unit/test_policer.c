/* The contract on the uplink (protocol.md, section 5): honest sources never notice it, others do.
   When it grants grace and ends: test_policer_grace.c; single packets: test_policer_packets.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policed_track.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- honest ----------------------------------------------------------------------------------- */

static const struct scenario honest[] = {
    {SOURCE("Chromium's two layers", CAMERA, 30, 3, 3, 20), .phases = {CHROMIUM}},
    {SOURCE("key frames of 3 frames, every 10 s", CAMERA, 30, 3, 3, 20), .phases = {CHROMIUM},
     .keyframe_every_ms = 10000},
    {SOURCE("key frames of 5 frames, every 10 s", CAMERA, 30, 3, 5, 20), .phases = {CHROMIUM},
     .keyframe_every_ms = 10000},
    {SOURCE("key frames of 10 frames, every 10 s", CAMERA, 30, 3, 10, 20), .phases = {CHROMIUM},
     .keyframe_every_ms = 10000},
    {SOURCE("key frames of 5 frames, every 2 s", CAMERA, 30, 3, 5, 20),
     .phases = {{60, {150000, 350000}}}, .keyframe_every_ms = 2000},
    {SOURCE("key frames of 10 frames at 15 fps", CAMERA, 15, 3, 10, 20),
     .phases = {{60, {150000, 350000}}}, .keyframe_every_ms = 10000},
    {SOURCE("key frames of 10 frames at 60 fps", CAMERA, 60, 3, 10, 20), .phases = {CHROMIUM},
     .keyframe_every_ms = 5000},
    {SOURCE("without temporal layers", CAMERA, 30, 1, 10, 20), .phases = {CHROMIUM},
     .keyframe_every_ms = 10000},
    {SOURCE("three layers", CAMERA, 30, 3, 5, 20), .phases = {{60, {80000, 150000, 290000}}},
     .keyframe_every_ms = 10000},
    {SOURCE("one layer of 500 kbps", CAMERA, 30, 1, 10, 30), .phases = {{60, {500000}}},
     .keyframe_every_ms = 10000},
    {SOURCE("one of 500 kbps at 110 %", CAMERA, 30, 2, 5, 10), .phases = {{60, {550000}}}},
    {SOURCE("frames that vary by half", CAMERA, 30, 3, 5, 50), .phases = {{60, {162000, 360000}}},
     .keyframe_every_ms = 10000},
    {SOURCE("a screen at its contract", SCREEN, 15, 1, 8, 30), .phases = {{60, {800000}}},
     .keyframe_every_ms = 10000},
    {SOURCE("a screen at 5 fps", SCREEN, 5, 1, 3, 30), .phases = {{60, {700000}}},
     .keyframe_every_ms = 10000},
    {SOURCE("a screen that stops and goes", SCREEN, 15, 1, 5, 20),
     .phases = {{20, {800000}}, {20, {15000}}, {20, {800000}}}},
    {SOURCE("a screen that begins with a slide", SCREEN, 5, 1, 5, 10), .phases = {{20, {700000}}}},
    {SOURCE("held back for 120 ms", CAMERA, 30, 3, 5, 20), .phases = {CHROMIUM},
     .stall_every_ms = 7000, .stall_ms = 120},
    {SOURCE("held back for 200 ms", CAMERA, 30, 3, 5, 20), .phases = {CHROMIUM},
     .stall_every_ms = 7000, .stall_ms = 200},
    {SOURCE("let through four times a second", CAMERA, 30, 3, 5, 20), .phases = {CHROMIUM},
     .stall_every_ms = 250, .stall_ms = 230},
    {SOURCE("held back for 300 ms", CAMERA, 30, 3, 5, 20), .phases = {CHROMIUM},
     .stall_every_ms = 7000, .stall_ms = 300},
    {SOURCE("held back for 700 ms", CAMERA, 30, 3, 5, 20), .phases = {CHROMIUM},
     .stall_every_ms = 15000, .stall_ms = 700},
    {SOURCE("held back for 1 s", CAMERA, 30, 3, 5, 20), .phases = {{60, {150000, 350000}}},
     .stall_every_ms = 15000, .stall_ms = 1000},
    {SOURCE("cut every 2 s", CAMERA, 30, 3, 5, 20), .phases = {CONFIGURED},
     JUMPS(2000, 500, 190, 70)},
    {SOURCE("jumps for 2 s of 6", CAMERA, 30, 3, 5, 20), .phases = {CONFIGURED},
     JUMPS(6000, 2000, 136, 80)},
    {SOURCE("jumps, without temporal layers", CAMERA, 30, 1, 5, 20), .phases = {CONFIGURED},
     JUMPS(5000, 1000, 165, 80)},
    {SOURCE("cut to a still", CAMERA, 30, 3, 5, 20), .phases = {CONFIGURED},
     JUMPS(3000, 300, 280, 40)},
    {SOURCE("slides", SCREEN, 15, 1, 5, 20), .phases = {{60, {800000}}},
     JUMPS(4000, 1200, 180, 40)},
    {SOURCE("upper layer comes and goes", CAMERA, 30, 3, 10, 20),
     .phases = {{15, {162000}}, {15, {162000, 374000}}, {15, {162000}}, {15, {162000, 374000}}},
     .keyframe_every_ms = 15000},
};

static void test_honest(void **state)
{
    (void)state;
    static struct run run;
    for (size_t i = 0; i < COUNT(honest); i++) {
        print_message("%s\n", honest[i].what);
        play_within_bounds(&run, &honest[i]);
        print_message("  passed at most %u %% in 2 s\n", most_percent(&run, 0));
        assert_int_equal(run.policer.dropped_packets, 0);
        assert_int_equal(run.policed_begins, 0);
        assert_int_equal(run.excesses, 0);
        assert_true(run.decoders[0].decoded > 0 && run.decoders[0].broken == 0);
    }
}

/* Three joiners a second apart cost three key frames: an honest source has that much allowance. */
static void test_joiners(void **state)
{
    (void)state;
    static struct run run;
    static const struct scenario quiet = {SOURCE("", CAMERA, 30, 3, 10, 20), .phases = {CHROMIUM}};
    static const uint32_t factors[] = {3, 5, 10};
    for (size_t i = 0; i < COUNT(factors); i++) {
        struct scenario scenario = quiet;
        scenario.phases[0].seconds = 10;
        scenario.keyframe_factor = factors[i];
        scenario.keyframe_every_ms = 1000;
        scenario.phases[0].seconds = 4; /* with those of the start: three */
        play_within_bounds(&run, &scenario);
        assert_int_equal(run.policed_begins, 0);
        assert_int_equal(run.policer.dropped_packets, 0);
    }
}

/* --- hostile ---------------------------------------------------------------------------------- */

#define FLOOD                                                                                      \
    {                                                                                              \
        40,                                                                                        \
        {                                                                                          \
            5000000                                                                                \
        }                                                                                          \
    }

static const struct scenario hostile[] = {
    {SOURCE("5 Mbps in one layer", CAMERA, 30, 1, 3, 20), .phases = {FLOOD}, .least_percent = 20},
    {SOURCE("5 Mbps, key frames of 10 frames", CAMERA, 30, 1, 10, 20), .phases = {FLOOD}},
    {SOURCE("5 Mbps in three temporal layers", CAMERA, 30, 3, 3, 20), .phases = {FLOOD},
     .least_percent = 20},
    {SOURCE("5 Mbps at 60 fps", CAMERA, 60, 3, 3, 20), .phases = {FLOOD}, .least_percent = 20},
    {SOURCE("5 Mbps at 240 fps", CAMERA, 240, 2, 3, 20), .phases = {FLOOD}, .least_percent = 20},
    {SOURCE("5 Mbps at 1 fps", CAMERA, 1, 1, 1, 0), .phases = {FLOOD}},
    {SOURCE("20 Mbps", CAMERA, 30, 3, 5, 20), .phases = {{40, {20000000}}}},
    {SOURCE("5 Mbps, mostly in the upper layer", CAMERA, 30, 3, 3, 20),
     .phases = {{40, {150000, 4850000}}}, .least_percent = 25, .decoded_least_percent = 99},
    {SOURCE("5 Mbps in three layers", CAMERA, 30, 3, 3, 20),
     .phases = {{40, {500000, 1500000, 3000000}}}, .least_percent = 40},
    {SOURCE("5 Mbps, the lowest layer the greatest", CAMERA, 30, 3, 3, 20),
     .phases = {{40, {4000000, 500000, 500000}}}, .least_percent = 20},
    {SOURCE("5 Mbps of screen", SCREEN, 30, 1, 3, 20), .phases = {FLOOD}, .least_percent = 20},
    {SOURCE("5 Mbps, every packet a key frame", CAMERA, 30, 1, 3, 20), .phases = {FLOOD},
     .lie = LIE_ALL_KEYFRAMES},
    {SOURCE("5 Mbps, no frame ever starts", CAMERA, 30, 1, 3, 20), .phases = {FLOOD},
     .lie = LIE_NO_STARTS},
    {SOURCE("5 Mbps, temporal layer 7", CAMERA, 30, 1, 3, 20), .phases = {FLOOD}, .lie = LIE_TID_7},
    {SOURCE("5 Mbps, temporal layers at random", CAMERA, 30, 3, 3, 20), .phases = {FLOOD},
     .lie = LIE_TID_RANDOM},
    {SOURCE("5 Mbps, temporal layers upside down", CAMERA, 30, 3, 3, 20), .phases = {FLOOD},
     .lie = LIE_SWAPPED},
    {SOURCE("5 Mbps, deaf to requests", CAMERA, 30, 3, 3, 20), .phases = {FLOOD},
     .ignores_requests = true},
    {SOURCE("5 Mbps, a key frame ten times a second", CAMERA, 30, 3, 3, 20), .phases = {FLOOD},
     .keyframe_every_ms = 100},
    {SOURCE("5 Mbps for 100 ms of every second", CAMERA, 60, 1, 3, 20), .phases = {{40, {900000}}},
     .on_ms = 100, .off_ms = 900},
    {SOURCE("honest first", CAMERA, 30, 3, 3, 20),
     .phases = {{20, {162000, 374000}}, {20, {1500000, 3500000}}}, .first_ms = 20000},
    {SOURCE("honest first, then in key frames", CAMERA, 30, 1, 5, 20),
     .phases = {{20, {300000}}, {20, {5000000}}}, .first_ms = 20000},
    {SOURCE("held back all the time", CAMERA, 30, 1, 3, 20), .phases = {{40, {5000000}}},
     .stall_every_ms = 500, .stall_ms = 300},
};

static void check_lower_bound(const struct run *run)
{
    uint64_t percent = late_bps(run) * 100 / run->scenario->contract_bps;
    print_message("  at most %u %% in 2 s, %u %% in the end, %u + %u frames, %u times, %u cut\n",
                  most_percent(run, 0), (unsigned)percent, (unsigned)run->decoded[0],
                  (unsigned)run->decoded[1], run->policed_begins, (unsigned)run->decoders[0].cut);
    assert_true(percent >= run->scenario->least_percent);
    uint64_t frames = (uint64_t)run->scenario->fps * 85 / 10;
    assert_true(run->decoded[0] * 100 >= frames * run->scenario->decoded_least_percent);
}

static void test_hostile(void **state)
{
    (void)state;
    static struct run run;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        print_message("%s\n", hostile[i].what);
        play_within_bounds(&run, &hostile[i]);
        check_lower_bound(&run);
        assert_true(most_percent(&run, START_US + hostile[i].first_ms * 1000ll) <= 115);
        /* Honest seconds and the allowance, once. */
        assert_true(most_percent(&run, 0) <= 165);
        assert_int_equal(run.policed_begins, 1);
        assert_int_equal(run.excesses, 1);
        assert_int_equal(run.excess.limit_bps, hostile[i].contract_bps);
        assert_true(run.excess.measured_bps > hostile[i].contract_bps * 115 / 100);
        assert_true(run.now_us - bwe_policer_over_us(&run.policer) <= 1000000 ||
                    hostile[i].on_ms > 0);
        check_decodable(&run);
    }
}

/* Another stream in a layer's place begins anew, wherever its timestamps are. */
static void test_forget_layer(void **state)
{
    (void)state;
    static struct run run;
    static const struct scenario flood = {SOURCE("", CAMERA, 30, 1, 3, 20), .phases = {FLOOD}};
    play_within_bounds(&run, &flood);
    assert_int_equal(bwe_policer_wanted_keyframes(&run.policer, run.now_us + 2000000), 1);
    bwe_policer_forget_layer(&run.policer, 0);
    assert_int_equal(bwe_policer_wanted_keyframes(&run.policer, run.now_us + 2000000), 0);
    struct bwe_policer_packet packet = {.payload_bytes = 1000};
    packet.frame.timestamp = run.policer.gates[0].newest - 90000;
    packet.frame.is_frame_start = true;
    assert_true(bwe_policer_passes(&run.policer, &packet, run.now_us + 3000000));
    assert_true(bwe_policer_is_policing(&run.policer));
}

/* Key frames are no way round: in the long run 115 % pass, and the allowance once. */
static void test_long_run(void **state)
{
    (void)state;
    static struct run run;
    static const struct scenario table[] = {
        {SOURCE("a large key frame a second", CAMERA, 30, 1, 22, 20), .phases = {{100, {400000}}},
         .keyframe_every_ms = 1000},
        {SOURCE("a huge one every 5 s", CAMERA, 30, 1, 90, 20), .phases = {{100, {480000}}},
         .keyframe_every_ms = 5000},
        {SOURCE("bursts after silence", CAMERA, 30, 1, 3, 20), .phases = {{100, {750000}}},
         .stall_every_ms = 1000, .stall_ms = 600},
        {SOURCE("a jump every 4 s", CAMERA, 30, 3, 5, 20), .phases = {{100, {150000, 350000}}},
         JUMPS(4000, 2000, 140, 100)},
        {SOURCE("a jump every 3 s", CAMERA, 30, 1, 5, 20), .phases = {{100, {150000, 350000}}},
         JUMPS(3000, 1000, 200, 100)},
        {SOURCE("a jump as soon as there is grace", CAMERA, 30, 1, 5, 10),
         .phases = {{100, {150000, 350000}}}, JUMPS(10000, 2000, 140, 114)},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t passed = 0;
        play_within_bounds(&run, &table[i]);
        for (unsigned step = 0; step < STEPS_MAX; step++)
            passed += run.passed_bytes[step];
        uint64_t percent = passed * 8 / 98.5 * 100 / CAMERA;
        print_message("%s: %u %%\n", table[i].what, (unsigned)percent);
        assert_true(run.policed_begins > 0);
        assert_true(percent <= 116);
    }
}

/* Video together: camera and screen, each at the worst that its own policer lets pass. */
static void test_together(void **state)
{
    (void)state;
    static struct run camera, screen;
    static const struct scenario floods[] = {
        {SOURCE("camera", CAMERA, 30, 3, 3, 20), .phases = {{40, {1500000, 3500000}}}},
        {SOURCE("screen", SCREEN, 30, 1, 3, 20), .phases = {FLOOD}},
    };
    play_within_bounds(&camera, &floods[0]);
    play_within_bounds(&screen, &floods[1]);
    for (unsigned step = 0; step < STEPS_MAX; step++)
        camera.passed_bytes[step] += screen.passed_bytes[step];
    uint64_t most_bps = (uint64_t)most_percent(&camera, 0) * CAMERA / 100;
    print_message("%u kbps\n", (unsigned)(most_bps / 1000));
    assert_true(most_bps <= 1300000 * 115 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest),   cmocka_unit_test(test_joiners),
        cmocka_unit_test(test_hostile),  cmocka_unit_test(test_forget_layer),
        cmocka_unit_test(test_long_run), cmocka_unit_test(test_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
