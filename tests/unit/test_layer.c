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
        unsigned keyframes, keyframe_row;
    } table[] = {
        {3000, true, true, 240, 100, 100, 0, 240, 1, 0},
        {3000, false, false, 0, 110, 100, 0, 240, 1, 0}, /* second packet of the frame */
        {6000, false, true, 0, 200, 200, 100, 240, 1, 0},
        /* A late one is no new frame, but its height counts: it was lost and comes by repair. */
        {4500, true, true, 480, 210, 200, 100, 480, 2, 3},
        {9000, true, true, 480, 300, 300, 200, 480, 3, 4},
        {7500, true, true, 240, 305, 300, 200, 480, 3, 4},       /* older than the newest: void */
        {4294960000u, false, true, 0, 310, 300, 200, 480, 3, 4}, /* older, over the wrap */
    };
    struct core_layer layer = {0};
    assert_int_equal(core_layer_init(&layer, 1, 1, CORE_KIND_CAMERA), 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct rtp_packet packet = {.timestamp = table[i].timestamp};
        const struct rtp_vp8 vp8 = {.is_frame_start = table[i].is_start,
                                    .is_keyframe = table[i].is_keyframe,
                                    .height = table[i].height};
        print_message("row %zu\n", i);
        core_layer_on_frame(&layer, &packet, &vp8, 70000 + i, table[i].at_us);
        assert_int_equal(layer.last_frame_us, table[i].frame_us);
        assert_int_equal(layer.previous_frame_us, table[i].previous_us);
        assert_int_equal(layer.height, table[i].expected_height);
        assert_int_equal(layer.keyframe_count, table[i].keyframes);
        assert_int_equal(layer.keyframe_seq, 70000 + table[i].keyframe_row);
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
        core_layer_on_frame(&layer, &packet, NULL, 70000 + i, table[i].at_us);
        assert_int_equal(layer.last_frame_us, table[i].frame_us);
        assert_int_equal(layer.previous_frame_us, table[i].previous_us);
        assert_int_equal(layer.height, 0);
        assert_int_equal(layer.keyframe_count, 0);
    }
    core_layer_dispose(&layer);
}

/* A layer of one packet a frame, the first a key frame; which of them are kept, and what can be
   replayed when. */
static void test_replay(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum core_kind kind;
        unsigned packets, hole; /* hole: this one is missing; 0: none */
        unsigned payload_len;
        int64_t step_us, later_us;
        bool is_forgotten, can_replay;
    } table[] = {
        {"a camera at once", CORE_KIND_CAMERA, 1, 0, 1000, 33000, 0, false, true},
        {"after a second", CORE_KIND_CAMERA, 30, 0, 1000, 33000, 0, false, true},
        {"1.5 s after the key frame", CORE_KIND_CAMERA, 46, 0, 1000, 33000, 15000, false, true},
        {"and at the contract", CORE_KIND_CAMERA, 86, 0, 1090, 17500, 12500, false, true},
        {"a little later", CORE_KIND_CAMERA, 46, 0, 1000, 33000, 15001, false, false},
        {"one is missing", CORE_KIND_CAMERA, 30, 17, 1000, 33000, 0, false, false},
        {"muted meanwhile", CORE_KIND_CAMERA, 30, 0, 1000, 33000, 0, true, false},
        {"more than is kept", CORE_KIND_CAMERA, 100, 0, 1100, 5000, 0, false, false},
        {"a slide, long ago", CORE_KIND_SCREEN, 300, 0, 300, 200000, 9000000, false, true},
        {"a film", CORE_KIND_SCREEN, 301, 0, 300, 33000, 0, false, false},
    };
    static const uint8_t payload[1200];
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct core_layer layer;
        print_message("%s\n", table[i].what);
        assert_int_equal(core_layer_init(&layer, 9, 8, table[i].kind), 0);
        assert_false(core_layer_can_replay(&layer, table[i].kind, 0));
        for (unsigned p = 0; p < table[i].packets; p++) {
            const struct rtp_packet packet = {.timestamp = 3000 * p};
            const struct rtp_vp8 vp8 = {.is_frame_start = true, .is_keyframe = p == 0, .height = 9};
            const struct rtp_history_packet stored = {.ext_seq = 70000 + p,
                                                      .payload = payload,
                                                      .payload_len =
                                                          (uint16_t)table[i].payload_len};
            core_layer_on_frame(&layer, &packet, &vp8, 70000 + p, table[i].step_us * p);
            if (p == 0 || p != table[i].hole)
                rtp_history_add(&layer.history, &stored);
        }
        if (table[i].is_forgotten)
            core_layer_forget_keyframe(&layer);
        int64_t now_us = table[i].step_us * (table[i].packets - 1) + table[i].later_us;
        assert_int_equal(core_layer_can_replay(&layer, table[i].kind, now_us), table[i].can_replay);
        core_layer_dispose(&layer);
        assert_null(layer.history.entries);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alive),  cmocka_unit_test(test_bound_without_a_packet),
        cmocka_unit_test(test_frames), cmocka_unit_test(test_audio),
        cmocka_unit_test(test_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
