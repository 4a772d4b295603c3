/* The contract on the uplink (protocol.md, section 5): honest sources never notice it, others do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/remb.h"
#include "policed_track.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- honest ------------------------------------------------------------------------------------
 */

#define SOURCE(text, contract, rate, layers, factor, noise)                                        \
    .what = (text), .contract_bps = (contract), .fps = (rate), .temporals = (layers),              \
    .keyframe_factor = (factor), .noise_percent = (noise)
#define CAMERA BWE_CONTRACT_CAMERA_BPS
#define SCREEN BWE_CONTRACT_SCREEN_BPS
#define CHROMIUM                                                                                   \
    {                                                                                              \
        60,                                                                                        \
        {                                                                                          \
            162000, 374000, 0                                                                      \
        }                                                                                          \
    } /* configured: 150 + 350 (protocol.md, section 5) */

#define CONFIGURED                                                                                 \
    {                                                                                              \
        60,                                                                                        \
        {                                                                                          \
            150000, 350000, 0                                                                      \
        }                                                                                          \
    }
#define JUMPS(every, lasting, then, otherwise)                                                     \
    .jump_every_ms = (every), .jump_ms = (lasting), .jump_percent = (then),                        \
    .calm_percent = (otherwise)

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

/* Played, and what holds of any source whatever it sends (bwe/policer.h). */
static void play_within_bounds(struct run *run, const struct scenario *scenario)
{
    play(run, scenario);
    uint64_t second_bytes = scenario->contract_bps / 8;
    assert_true(most_percent(run, 0) <= 165);
    assert_true(most_excess_bytes(run) <= second_bytes * 2 * 115 / 100 + second_bytes * 22 / 10);
}

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

/* --- hostile -----------------------------------------------------------------------------------
 */

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

/* Frames are whole, and nothing passes that needs what was dropped; but for the few that were cut,
   and for those who lie about what needs what. */
static void check_decodable(const struct run *run)
{
    if (run->scenario->lie != LIE_NONE)
        return;
    for (unsigned layer = 0; layer < VIDEO_SOURCE_LAYERS; layer++) {
        const struct video_decoder *decoder = &run->decoders[layer];
        assert_int_equal(decoder->broken, decoder->cut);
        assert_true(decoder->cut * 20 <= decoder->decoded + 60);
    }
}

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

/* --- grace -------------------------------------------------------------------------------------
 */

#define CALM                                                                                       \
    {                                                                                              \
        10,                                                                                        \
        {                                                                                          \
            150000, 350000                                                                         \
        }                                                                                          \
    }
#define NEVER              .begins = {0, 0}
#define ONCE(first, last)  .begins = {1, 1}, .begins_ms = {(first), (last)}
#define AGAIN(first, last) .begins = {1, 99}, .begins_ms = {(first), (last)}

/* A picture that jumps is paid for, a sender who goes on is not. The first 10 s are honest; then
   what is sent, in percent of the contract. */
static const struct grace {
    struct scenario scenario;
    uint32_t most_percent; /* in any 2 s */
    unsigned begins[2];    /* policing begins so often, least and most; */
    int begins_ms[2];      /* first after the honest seconds, earliest and latest */
    bool freezes;          /* the lowest layer */
} graces[] = {
    {{SOURCE("125 % for 2 s, once", CAMERA, 30, 3, 5, 20),
      .phases = {CALM, {2, {187500, 437500}}, {30, {150000, 350000}}}},
     130,
     NEVER},
    {{SOURCE("140 % for 1.5 s of every 10", CAMERA, 30, 3, 5, 20), .phases = {CONFIGURED},
      JUMPS(10000, 1500, 140, 100)},
     140,
     NEVER},
    {{SOURCE("160 % for 1 s of every 10", CAMERA, 30, 1, 5, 20), .phases = {CONFIGURED},
      JUMPS(10000, 1000, 160, 100)},
     140,
     NEVER},
    {{SOURCE("140 % for ever", CAMERA, 30, 3, 5, 10), .phases = {CALM, {60, {210000, 490000}}}},
     145,
     ONCE(1500, 3600)},
    {{SOURCE("125 % for ever", CAMERA, 30, 3, 5, 10), .phases = {CALM, {60, {187500, 437500}}}},
     130,
     ONCE(2000, 3600)},
    {{SOURCE("140 % of screen for ever", SCREEN, 15, 1, 5, 10),
      .phases = {{10, {800000}}, {60, {1120000}}}},
     145,
     ONCE(1500, 3600),
     true},
    {{SOURCE("150 %, after a still", CAMERA, 30, 3, 5, 10),
      .phases = {{10, {60000, 140000}}, {60, {225000, 525000}}}},
     165,
     ONCE(1500, 3600)},
    {{SOURCE("180 %", CAMERA, 30, 3, 5, 10), .phases = {CALM, {60, {270000, 630000}}}},
     150,
     ONCE(500, 1600),
     true},
    {{SOURCE("300 %", CAMERA, 30, 3, 5, 10), .phases = {CALM, {60, {400000, 1100000}}}},
     150,
     ONCE(300, 800),
     true},
    {{SOURCE("5 Mbps", CAMERA, 30, 3, 5, 10), .phases = {CALM, {60, {1500000, 3500000}}}},
     150,
     ONCE(50, 300),
     true},
    {{SOURCE("140 %, 100 %, by turns of 2 s", CAMERA, 30, 3, 5, 10),
      .phases = {{100, {150000, 350000}}}, JUMPS(4000, 2000, 140, 100)},
     145,
     AGAIN(-10000, 10000)},
    {{SOURCE("140 %, 114 %, by turns of 1 s", CAMERA, 30, 3, 5, 10),
      .phases = {{100, {150000, 350000}}}, JUMPS(2000, 1000, 140, 114)},
     145,
     AGAIN(-10000, 10000)},
    {{SOURCE("200 % of 1 s in 3", CAMERA, 30, 3, 5, 10), .phases = {{100, {150000, 350000}}},
      JUMPS(3000, 1000, 200, 100)},
     150,
     AGAIN(-10000, 10000)},
    {{SOURCE("136 % of 2 s in 16, else 113 %", CAMERA, 30, 1, 5, 10),
      .phases = {{110, {150000, 350000}}}, JUMPS(16000, 2000, 136, 113)},
     145,
     AGAIN(0, 60000)},
};

static void check_grace(struct run *run, const struct grace *grace)
{
    print_message("%s\n", grace->scenario.what);
    play_within_bounds(run, &grace->scenario);
    int after_ms = (int)((run->first_begun_us - START_US) / 1000) - 10000;
    print_message("  policed %u times, first after %d ms; at most %u %% in 2 s, frozen for %u ms\n",
                  run->policed_begins, after_ms, most_percent(run, 0),
                  run->frozen_steps * STEP_US / 1000);
    assert_in_range(run->policed_begins, grace->begins[0], grace->begins[1]);
    if (grace->begins[1] > 0)
        assert_true(after_ms >= grace->begins_ms[0] && after_ms <= grace->begins_ms[1]);
    assert_true(grace->freezes || run->frozen_steps == 0);
    assert_true(run->excesses >= run->policed_begins);
    assert_true(most_percent(run, 0) <= grace->most_percent);
    check_decodable(run);
}

static void test_grace(void **state)
{
    (void)state;
    static struct run run;
    for (size_t i = 0; i < COUNT(graces); i++)
        check_grace(&run, &graces[i]);
}

/* --- order -------------------------------------------------------------------------------------
 */

/* A mild excess costs the top only: what passes in the end, by layer and temporal layer. */
static void test_order(void **state)
{
    (void)state;
    static struct run run;
    static const struct {
        struct scenario scenario;
        const char *passes; /* layers' temporal layers: low, high */
        bool freezes;       /* the lowest layer, for want of temporal ones or at a gross excess */
    } table[] = {
        {{SOURCE("107 %", CAMERA, 30, 3, 5, 20), .phases = {{40, {162000, 374000}}}},
         "012 012",
         false},
        {{SOURCE("125 %", CAMERA, 30, 3, 5, 20), .phases = {{40, {180000, 445000}}}},
         "01- 01-",
         false},
        {{SOURCE("150 %", CAMERA, 30, 3, 5, 10), .phases = {{40, {230000, 520000}}}},
         "01- 01-",
         false},
        {{SOURCE("220 %", CAMERA, 30, 3, 5, 10), .phases = {{40, {330000, 770000}}}},
         "0-- 0--",
         true},
        {{SOURCE("300 %", CAMERA, 30, 3, 5, 10), .phases = {{40, {400000, 1100000}}}},
         "012 ---",
         true},
        {{SOURCE("400 %", CAMERA, 30, 3, 5, 10), .phases = {{40, {700000, 1300000}}}},
         "01- ---",
         true},
        {{SOURCE("500 %", CAMERA, 30, 3, 5, 10), .phases = {{40, {1000000, 1500000}}}},
         "0-- ---",
         true},
        {{SOURCE("two temporal layers", CAMERA, 30, 2, 5, 10), .phases = {{40, {200000, 450000}}}},
         "0-- 0--",
         false},
        {{SOURCE("none", CAMERA, 30, 1, 5, 10), .phases = {{40, {200000, 450000}}}},
         "0-- ---",
         false},
        {{SOURCE("one layer, three temporal", CAMERA, 30, 3, 5, 10), .phases = {{40, {700000}}}},
         "01- ---",
         false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char passes[] = "--- ---";
        print_message("%s: %s\n", table[i].scenario.what, table[i].passes);
        play_within_bounds(&run, &table[i].scenario);
        for (unsigned layer = 0; layer < 2; layer++)
            for (unsigned tid = 0; tid < 3; tid++)
                if (run.class_bytes[layer][tid] > 0)
                    passes[layer * 4 + tid] = (char)('0' + tid);
        print_message("  at most %u %% in 2 s, %u cut\n", most_percent(&run, 0),
                      (unsigned)(run.decoders[0].cut + run.decoders[1].cut));
        assert_string_equal(passes, table[i].passes);
        assert_int_equal(run.policed_begins, i > 0);
        assert_true(most_percent(&run, run.begun_us + 2000000) <= 115);
        assert_true(most_percent(&run, 0) <= 150);
        check_decodable(&run);
        print_message("  frozen for %u ms\n", run.frozen_steps * STEP_US / 1000);
        assert_true(table[i].freezes || run.frozen_steps == 0);
        /* What was kept was kept whole: no frame of the lowest layer's base is missing. */
        assert_true(run.decoded[0] >= 8 * 30 / 4);
    }
}

/* --- recovery ----------------------------------------------------------------------------------
 */

static void test_recovery(void **state)
{
    (void)state;
    static struct run run;
    static const struct {
        struct scenario scenario;
        unsigned begins;
        uint32_t least_ms, most_ms; /* policed in all */
    } table[] = {
        {{SOURCE("5 s of 5 Mbps", CAMERA, 30, 3, 5, 20),
          .phases = {{5, {162000, 374000}}, {5, {500000, 4500000}}, {50, {162000, 374000}}}},
         1,
         9000,
         13000},
        {{SOURCE("7 s of 130 %", CAMERA, 30, 3, 5, 20), /* the first ones are graced */
          .phases = {{5, {162000, 374000}}, {7, {150000, 500000}}, {48, {162000, 374000}}}},
         1,
         8000,
         12000},
        {{SOURCE("1 s of 5 Mbps", CAMERA, 30, 1, 5, 20),
          .phases = {{10, {500000}}, {1, {5000000}}, {49, {500000}}}},
         1,
         5500,
         9000},
        {{SOURCE("a screen", SCREEN, 15, 1, 5, 20),
          .phases = {{10, {800000}}, {5, {3000000}}, {45, {700000}}}},
         1,
         9000,
         13000},
        {{SOURCE("twice, far apart", CAMERA, 30, 1, 5, 20),
          .phases = {{2, {5000000}}, {25, {400000}}, {2, {5000000}}, {31, {400000}}}},
         2,
         14000,
         19000},
        {{SOURCE("a relapse has twice the patience", CAMERA, 30, 1, 5, 20),
          .phases = {{2, {5000000}}, {13, {400000}}, {2, {5000000}}, {43, {400000}}}},
         2,
         18000,
         24000},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].scenario.what);
        play_within_bounds(&run, &table[i].scenario);
        print_message("  policed for %u ms, %u cut\n", (unsigned)(run.policed_us / 1000),
                      (unsigned)run.decoders[0].cut);
        assert_int_equal(run.policed_begins, table[i].begins);
        assert_int_equal(run.excesses, table[i].begins);
        assert_true(run.policed_us >= (int64_t)table[i].least_ms * 1000);
        assert_true(run.policed_us <= (int64_t)table[i].most_ms * 1000);
        assert_false(bwe_policer_is_policing(&run.policer));
        assert_int_equal(bwe_policer_wanted_keyframes(&run.policer, run.now_us), 0);
        check_decodable(&run);
        /* In the end everything passes again: 8.5 s of frames of every layer there is. */
        for (unsigned layer = 0; layer < 2; layer++)
            if (run.source.layer_bps[layer] > 0)
                assert_true(run.decoded[layer] >= table[i].scenario.fps * 84 / 10);
    }
}

/* --- audio -------------------------------------------------------------------------------------
 */

static void test_audio(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t bytes, interval_us;
        bool is_policed;
        uint32_t least_percent;
    } table[] = {
        {"Opus at 64 kbps", 160, 20000, false, 64},
        {"DTX", 10, 400000, false, 0},
        {"at the contract", 250, 20000, false, 100},
        {"at 112 %", 280, 20000, false, 112},
        {"10 ms frames at 100 kbps", 125, 10000, false, 100},
        {"60 ms frames at 100 kbps", 750, 60000, false, 99},
        {"at 130 %", 325, 20000, true, 90},
        {"at 1 Mbps", 1200, 9600, true, 80},
        {"5 Mbps", 1200, 1920, true, 80},
        {"5 Mbps of small ones", 20, 32, true, 90},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bwe_policer policer;
        struct bwe_policer_packet packet = {.payload_bytes = table[i].bytes};
        uint64_t passed_bytes = 0, window_bytes[30] = {0}, most = 0;
        bwe_policer_init(&policer, BWE_CONTRACT_AUDIO_BPS, true);
        for (int64_t us = 0; us < 30000000; us += table[i].interval_us) {
            if (!bwe_policer_passes(&policer, &packet, START_US + us))
                continue;
            window_bytes[us / 1000000] += table[i].bytes;
            if (us >= 10000000)
                passed_bytes += table[i].bytes;
        }
        for (unsigned second = 1; second < 30; second++)
            if (window_bytes[second] + window_bytes[second - 1] > most)
                most = window_bytes[second] + window_bytes[second - 1];
        print_message("%s: %u %%\n", table[i].what, (unsigned)(passed_bytes * 8 / 20 / 1000));
        assert_int_equal(bwe_policer_is_policing(&policer), table[i].is_policed);
        assert_int_equal(policer.dropped_packets > 0, table[i].is_policed);
        assert_true(passed_bytes * 8 / 20 >= table[i].least_percent * 1000);
        assert_true(passed_bytes * 8 / 20 <= 115000);
        assert_true(most * 8 / 2 <= 125000);
    }
}

/* Within the contract, but without number. */
static void test_tiny(void **state)
{
    (void)state;
    for (unsigned is_audio = 0; is_audio < 2; is_audio++) {
        struct bwe_policer policer;
        struct bwe_policer_packet packet = {.payload_bytes = 1};
        unsigned passed = 0, first = 0;
        bwe_policer_init(&policer, is_audio ? BWE_CONTRACT_AUDIO_BPS : CAMERA, is_audio);
        for (unsigned i = 0; i < 50000; i++) { /* 5000 a second, each a key frame of its own */
            packet.frame = (struct bwe_frame_packet){
                .timestamp = i * 18, .is_frame_start = true, .is_keyframe = true};
            passed += bwe_policer_passes(&policer, &packet, START_US + (int64_t)i * 200);
            first += i == 999 && passed == 1000; /* a burst passes whole */
        }
        assert_int_equal(first, 1);
        assert_in_range(passed, 10000, 11001);
        assert_int_equal(policer.dropped_packets, 50000 - passed);
        assert_false(bwe_policer_is_policing(&policer));
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

/* --- a key frame whose first packet is late ----------------------------------------------------
 */

#define HEADLESS_FRAME_US 33333
#define PIECE_BYTES       1000

static struct bwe_policer_packet piece_of(unsigned frame, unsigned piece, bool is_keyframe)
{
    struct bwe_policer_packet packet = {.payload_bytes = PIECE_BYTES};
    packet.frame.timestamp = 90000 + 3000 * frame;
    packet.frame.is_frame_start = piece == 0;
    packet.frame.is_keyframe = piece == 0 && is_keyframe;
    return packet;
}

/* 480 kbit/s, and a key frame of 25 KB now and then, of which the first packet is repaired. Told of
   an excess? */
static bool is_told_of_keyframes(unsigned every, unsigned late_ms, bool is_marked)
{
    struct bwe_policer policer;
    struct bwe_policer_excess excess;
    struct bwe_policer_packet late;
    int64_t late_us = INT64_MAX;
    bool is_told = false;
    bwe_policer_init(&policer, CAMERA, false);
    for (unsigned frame = 0; frame < 30 * 30; frame++) {
        int64_t now_us = 1000000 + (int64_t)frame * HEADLESS_FRAME_US;
        bool is_keyframe = frame % every == 0;
        if (now_us >= late_us) {
            bwe_policer_passes(&policer, &late, now_us);
            late_us = INT64_MAX;
        }
        for (unsigned i = 0; i < (is_keyframe ? 25 : 2); i++) {
            struct bwe_policer_packet packet = piece_of(frame, i, is_keyframe && is_marked);
            if (is_keyframe && i == 0 && late_ms > 0) {
                late = packet;
                late_us = now_us + (int64_t)late_ms * 1000;
                continue;
            }
            bwe_policer_passes(&policer, &packet, now_us + (int64_t)i * 100);
        }
        is_told |= bwe_policer_take_excess(&policer, &excess);
    }
    return is_told;
}

static void test_headless(void **state)
{
    (void)state;
    assert_false(is_told_of_keyframes(240, 0, true));
    assert_false(is_told_of_keyframes(240, 30, true));
    assert_false(is_told_of_keyframes(240, 80, true));
    assert_false(is_told_of_keyframes(240, 300, true));
    /* So much of other frames, every second, is too much. */
    assert_true(is_told_of_keyframes(30, 0, false));
    assert_true(is_told_of_keyframes(30, 80, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest),       cmocka_unit_test(test_joiners),
        cmocka_unit_test(test_hostile),      cmocka_unit_test(test_grace),
        cmocka_unit_test(test_order),        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_audio),        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_forget_layer), cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_together),     cmocka_unit_test(test_headless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
