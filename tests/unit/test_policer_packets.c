/* The policer, packet by packet: voices, tiny ones without number, a key frame whose first packet
   is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policed_track.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_headless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
