/* What a track knows of its layers, and of who speaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/track.h"

/* A track's, of the block that it is made in. */
#define LAYERS ((struct core_layer[CORE_LAYERS_MAX]){{.id = 0}})

#define S   INT64_C(1000000)
#define NOW (100 * S)

static void test_live(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t ids[3];
        int64_t last_us[3];
        bool is_muted;
        int64_t muted_us;
        bool is_live;
    } table[] = {
        {"no layer", {0}, {0}, false, 0, false},
        {"one of three sends", {1, 2, 3}, {NOW - 3 * S, NOW - S, 0}, false, 0, true},
        {"none sends any more", {1, 2, 3}, {NOW - 3 * S, NOW - 2 * S, 0}, false, 0, false},
        {"muted a moment ago", {1}, {NOW}, true, NOW - 2 * S + 1, true},
        {"muted for two seconds", {1}, {NOW}, true, NOW - 2 * S, false},
        {"heard a moment before two seconds", {1}, {NOW - 2 * S + 1}, false, 0, true},
        {"muted long ago, and no more", {1}, {NOW}, false, NOW - 9 * S, true},
        {"muted a moment ago, but silent", {1}, {NOW - 2 * S}, true, NOW - 1, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct core_track track = {
            .is_muted = table[i].is_muted, .muted_us = table[i].muted_us, .layers = LAYERS};
        for (int l = 0; l < 3; l++) {
            track.layers[l].id = table[i].ids[l];
            track.layers[l].reception.packets = 1;
            track.layers[l].last_packet_us = table[i].last_us[l];
        }
        print_message("%s\n", table[i].what);
        assert_int_equal(core_track_is_live(&track, NOW), table[i].is_live);
    }
}

static void fill_layers(struct core_track *track, const uint16_t *heights, const int64_t *last_us)
{
    for (int l = 0; l < 3; l++) {
        track->layers[l].id = 1;
        track->layers[l].height = heights[l];
        track->layers[l].reception.packets = 1;
        track->layers[l].reception.bytes = (uint64_t)l * 1000;
        track->layers[l].last_packet_us = last_us[l];
    }
}

static void test_rank_layers(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t heights[3];
        int64_t last_us[3];
        int ranked[4]; /* lowest first, then -1 */
        uint8_t rung;  /* of the policer */
    } table[] = {
        {"by height, not by order", {720, 180, 360}, {NOW, NOW, NOW}, {1, 2, 0, -1}, 0},
        {"the lowest one has stopped",
         {720, 180, 360},
         {NOW, NOW - CORE_LAYER_STOPPED_LOWEST_US, NOW},
         {2, 0, -1},
         0},
        {"a moment before that",
         {720, 180, 360},
         {NOW, NOW - CORE_LAYER_STOPPED_LOWEST_US + 1, NOW},
         {1, 2, 0, -1},
         0},
        {"the middle one has stopped",
         {720, 180, 360},
         {NOW, NOW, NOW - CORE_LAYER_STOPPED_US},
         {1, 0, -1},
         0},
        {"a moment before that",
         {720, 180, 360},
         {NOW, NOW, NOW - CORE_LAYER_STOPPED_US + 1},
         {1, 2, 0, -1},
         0},
        {"the lower of two skips frames for as long",
         {720, 180, 0},
         {NOW, NOW - CORE_LAYER_STOPPED_US, 0},
         {1, 0, -1},
         0},
        {"no key frame yet", {0, 0, 0}, {NOW, NOW, NOW}, {-1}, 0},
        {"of one only", {0, 0, 360}, {NOW, NOW, NOW}, {2, -1}, 0},
        {"all silent", {720, 180, 360}, {0, 0, 0}, {-1}, 0},
        {"all pause for a second: none has stopped",
         {720, 180, 360},
         {NOW - S, NOW - S, NOW - S},
         {1, 2, 0, -1},
         0},
        {"of two as high by rate", {720, 360, 360}, {NOW, NOW, NOW}, {1, 2, 0, -1}, 0},
        {"temporal layers are policed", {720, 180, 360}, {NOW, NOW, NOW}, {1, 2, 0, -1}, 2},
        {"the highest is policed away", {720, 180, 360}, {NOW, NOW, NOW}, {1, 2, -1}, 3},
        {"two are", {720, 180, 360}, {NOW, NOW, NOW}, {1, -1}, 6},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct core_track track = {.params = {.kind = CORE_KIND_CAMERA}, .layers = LAYERS};
        struct core_layer *layers[CORE_LAYERS_MAX];
        unsigned expected = 0;
        fill_layers(&track, table[i].heights, table[i].last_us);
        track.policer.rung = table[i].rung;
        memcpy(track.policer.ranks, (const uint8_t[]){2, 0, 1}, 3);
        print_message("%s\n", table[i].what);
        unsigned count = core_track_rank_layers(&track, NOW, layers);
        while (table[i].ranked[expected] >= 0)
            expected++;
        assert_int_equal(count, expected);
        for (unsigned l = 0; l < count; l++)
            assert_ptr_equal(layers[l], &track.layers[table[i].ranked[l]]);
    }
}

/* Levels go where they belong; without them, packets count. The room is told of what rises. */
static void test_audio(void **state)
{
    (void)state;
    struct core_track loud = {.layers = LAYERS}, plain = {.layers = LAYERS};
    unsigned loud_rises = 0, plain_rises = 0;
    for (int i = 0; i < 40; i++) {
        int64_t at_us = NOW + i * S / 50;
        /* Dips as between syllables. */
        loud_rises += core_track_on_audio(&loud, i % 10 ? 40 : 70, 80, at_us);
        plain_rises += core_track_on_audio(&plain, CORE_VOICE_NO_LEVEL, 80, at_us);
        if (i == 1)
            assert_int_equal(core_track_activity(&loud, at_us), CORE_VOICE_LOUD);
    }
    assert_int_equal(loud_rises, 2);
    assert_int_equal(plain_rises, 1);
    assert_int_equal(core_track_activity(&loud, NOW + S), CORE_VOICE_SPEAKING);
    assert_int_equal(core_track_activity(&plain, NOW + S), CORE_VOICE_ACTIVE);
    assert_true(core_turn_has_floor(&plain.turn, NOW + S));
    loud.is_muted = plain.is_muted = true;
    assert_int_equal(core_track_activity(&loud, NOW + S), CORE_VOICE_SILENT);
    assert_int_equal(core_track_activity(&plain, NOW + S), CORE_VOICE_SILENT);
    assert_false(core_track_on_audio(&loud, 20, 80, NOW + 9 * S));
}

static void test_want_keyframe(void **state)
{
    (void)state;
    const struct core_track_params params = {.kind = CORE_KIND_CAMERA};
    struct core_track track;
    core_track_init(&track, &params, NULL, LAYERS);
    assert_int_equal(core_keyframe_budget_due(&track.keyframes, NOW), INT64_MAX);
    core_track_want_keyframe(&track, &track.layers[2], false, NOW);
    assert_int_equal(track.asked_layer, 2);
    assert_int_equal(core_keyframe_budget_due(&track.keyframes, NOW), NOW);
    core_track_want_keyframe(&track, NULL, true, NOW); /* whichever */
    assert_int_equal(track.asked_layer, 2);
}

/* A microphone's layer needs no height. */
static void test_audio_layer(void **state)
{
    (void)state;
    struct core_track track = {.params = {.kind = CORE_KIND_AUDIO}, .layers = LAYERS};
    struct core_layer *layers[CORE_LAYERS_MAX];
    assert_int_equal(core_track_rank_layers(&track, NOW, layers), 0);
    track.layers[0].id = 1;
    track.layers[0].reception.packets = 1;
    track.layers[0].last_packet_us = NOW - 2 * S + 1;
    assert_int_equal(core_track_rank_layers(&track, NOW, layers), 1);
    assert_int_equal(core_track_rank_layers(&track, NOW + 1, layers), 0);
}

/* facts.md: 0.5 Mbps of camera, 0.8 of screen, 100 kbps of audio. */
static void test_contract(void **state)
{
    (void)state;
    static const uint64_t expected_bps[] = {
        [CORE_KIND_AUDIO] = 100000, [CORE_KIND_CAMERA] = 500000, [CORE_KIND_SCREEN] = 800000};
    for (int kind = 0; kind < CORE_KIND_COUNT; kind++) {
        const struct core_track track = {.params = {.kind = (enum core_kind)kind}};
        assert_int_equal(core_track_contract_bps(&track), expected_bps[kind]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live),        cmocka_unit_test(test_rank_layers),
        cmocka_unit_test(test_audio),       cmocka_unit_test(test_want_keyframe),
        cmocka_unit_test(test_audio_layer), cmocka_unit_test(test_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
