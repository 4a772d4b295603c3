/* When the policer begins, what it takes first, and when it ends: a picture that jumps is paid for,
   a mild excess costs the top only, and in the end everything passes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policed_track.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grace),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
