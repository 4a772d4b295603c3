/* A received stream: alive for two seconds, frames by their timestamps, the height of its key
 * frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/layer.h"

#define S INT64_C(1000000)

static void test_alive(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t id;
        int64_t last_us, now_us;
        bool is_alive;
    } table[] = {
        {"not bound", 0, 10 * S, 10 * S, false},
        {"now", 1, 10 * S, 10 * S, true},
        {"just before two seconds", 1, 10 * S, 12 * S - 1, true},
        {"two seconds", 1, 10 * S, 12 * S, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct core_layer layer = {
            .id = table[i].id, .last_packet_us = table[i].last_us, .reception = {.packets = 1}};
        print_message("%s\n", table[i].what);
        assert_int_equal(core_layer_is_alive(&layer, table[i].now_us), table[i].is_alive);
    }
}

static void test_bound_without_a_packet(void **state)
{
    (void)state;
    struct core_layer layer = {0};
    assert_int_equal(core_layer_init(&layer, 5, 99, CORE_KIND_CAMERA), 0);
    assert_int_equal(layer.ssrc, 99);
    assert_false(core_layer_is_alive(&layer, 100 * S)); /* nothing has come */
    core_layer_dispose(&layer);
}

static void test_frames(void **state)
{
    (void)state;
    static const struct {
        uint32_t timestamp;
        bool is_keyframe, is_start;
        uint16_t height;
        int64_t at_us, frame_us, previous_us; /* expected */
        uint16_t expected_height;
        unsigned keyframes;
    } table[] = {
        {3000, true, true, 240, 100, 100, 0, 240, 1},
        {3000, false, false, 0, 110, 100, 0, 240, 1}, /* second packet of the frame */
        {6000, false, true, 0, 200, 200, 100, 240, 1},
        /* A late one is no new frame, but its height counts: it was lost and comes by repair. */
        {3000, true, true, 480, 210, 200, 100, 480, 2},
        {9000, true, true, 480, 300, 300, 200, 480, 3},
        {4294960000u, false, true, 0, 310, 300, 200, 480, 3}, /* older, over the wrap */
    };
    struct core_layer layer = {0};
    assert_int_equal(core_layer_init(&layer, 1, 1, CORE_KIND_CAMERA), 0);
    core_layer_want_keyframe(&layer);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct rtp_packet packet = {.timestamp = table[i].timestamp};
        const struct rtp_vp8 vp8 = {.is_frame_start = table[i].is_start,
                                    .is_keyframe = table[i].is_keyframe,
                                    .height = table[i].height};
        print_message("row %zu\n", i);
        core_layer_on_frame(&layer, &packet, &vp8, table[i].at_us);
        assert_int_equal(layer.last_frame_us, table[i].frame_us);
        assert_int_equal(layer.previous_frame_us, table[i].previous_us);
        assert_int_equal(layer.height, table[i].expected_height);
        assert_int_equal(layer.keyframe_count, table[i].keyframes);
        assert_false(layer.is_pli_wanted); /* the first one answered it */
    }
    core_layer_dispose(&layer);
}

/* Audio has frames, but no picture and no history. */
static void test_audio(void **state)
{
    (void)state;
    static const struct {
        uint32_t timestamp;
        int64_t at_us, frame_us, previous_us;
    } table[] = {
        {0xFFFFFC40, 100, 100, 0}, {0, 200, 200, 100},          {960, 300, 300, 200},
        {960, 310, 300, 200},      {0xFFFFFC40, 320, 300, 200}, {1920, 400, 400, 300},
    };
    struct core_layer layer;
    assert_int_equal(core_layer_init(&layer, 9, 8, CORE_KIND_AUDIO), 0);
    assert_null(layer.history.entries);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct rtp_packet packet = {.timestamp = table[i].timestamp};
        core_layer_on_frame(&layer, &packet, NULL, table[i].at_us);
        assert_int_equal(layer.last_frame_us, table[i].frame_us);
        assert_int_equal(layer.previous_frame_us, table[i].previous_us);
        assert_int_equal(layer.height, 0);
        assert_int_equal(layer.keyframe_count, 0);
    }
    core_layer_dispose(&layer);
}

/* Only the start of a key frame answers the wish for one. */
static void test_wanted_until_a_keyframe(void **state)
{
    (void)state;
    static const struct {
        bool is_start, is_keyframe, is_wanted;
    } table[] = {
        {true, false, true}, {false, true, true}, {false, false, true}, {true, true, false}};
    struct core_layer layer;
    assert_int_equal(core_layer_init(&layer, 9, 8, CORE_KIND_SCREEN), 0);
    assert_non_null(layer.history.entries);
    assert_false(layer.is_pli_wanted);
    core_layer_want_keyframe(&layer);
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct rtp_packet packet = {.timestamp = 3000 * i};
        const struct rtp_vp8 vp8 = {.is_frame_start = table[i].is_start,
                                    .is_keyframe = table[i].is_keyframe,
                                    .height = 720};
        core_layer_on_frame(&layer, &packet, &vp8, 33 * i);
        assert_int_equal(layer.is_pli_wanted, table[i].is_wanted);
        assert_int_equal(layer.height, table[i].is_wanted ? 0 : 720);
    }
    core_layer_dispose(&layer);
    assert_null(layer.history.entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alive),
        cmocka_unit_test(test_bound_without_a_packet),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_wanted_until_a_keyframe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
