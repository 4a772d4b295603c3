/* More than there is, for as long as the receiver's estimate grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/pacer.h"
#include "bwe/remb_probe.h"

#define MS INT64_C(1000)

static struct bwe_remb_probe state;
static int64_t now_us;

/* So long, looked at every 10 ms: what it asks for is sent, beside so much else. @return bytes sent
   for it */
static uint64_t play(const struct bwe_remb_probe_input *input, int64_t for_ms, uint32_t other_bps)
{
    uint64_t bytes = 0;
    for (int64_t end_us = now_us + for_ms * MS; now_us < end_us; now_us += 10 * MS) {
        struct bwe_probe probe;
        bwe_remb_probe_on_sent(&state, other_bps / 800);
        bwe_remb_probe_update(&state, input, &probe, now_us);
        if (probe.id == 0)
            continue;
        assert_true(probe.rate_bps > input->target_bps);
        bwe_remb_probe_on_sent(&state, probe.bytes);
        bytes += probe.bytes;
    }
    return bytes;
}

static struct bwe_remb_probe_input begin(void)
{
    memset(&state, 0, sizeof(state));
    now_us = 1000000;
    return (struct bwe_remb_probe_input){
        .remb_bps = 400000, .target_bps = 400000, .goal_bps = 600000, .limit_bps = 2000000};
}

static uint64_t bps_of(uint64_t bytes, int64_t ms)
{
    return bytes * 8000 / (uint64_t)ms;
}

static void test_it_fills_up_what_is_sent(void **unused)
{
    (void)unused;
    struct bwe_remb_probe_input input = begin();
    assert_in_range(bps_of(play(&input, 1000, 100000), 1000), 280000, 310000);
    play(&input, 500, 100000);
    assert_in_range(bps_of(play(&input, 1000, 100000), 1000), 385000, 410000); /* 500 in all */
    assert_int_equal(play(&input, 1000, 600000), 0);                           /* enough already */
}

static void test_when_there_is_none(void **unused)
{
    (void)unused;
    struct bwe_remb_probe_input input = begin();
    input.goal_bps = 400000; /* fits */
    assert_int_equal(play(&input, 1000, 0), 0);
    input = begin();
    input.goal_bps = 0; /* nothing more is wanted */
    assert_int_equal(play(&input, 1000, 0), 0);
    input = begin();
    input.limit_bps = 400000; /* the contract */
    assert_int_equal(play(&input, 1000, 0), 0);
    input = begin();
    input.is_queued = true;
    assert_int_equal(play(&input, 1000, 0), 0);
    input = begin();
    input.loss_share = 0.02;
    assert_int_equal(play(&input, 1000, 0), 0);
}

/* With all video paused, a path that loses 5 % all the time is tried; a report a second. */
static void test_steady_losses_while_paused(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        double before, after;
        bool is_paused, is_queued, has_begun, goes_on;
    } table[] = {
        {"steady", 0.05, 0.05, true, false, true, true},
        {"as they come and go", 0.05, 0.09, true, false, true, true},
        {"more of them", 0.05, 0.1, true, false, true, false},
        {"much", 0.3, 0.3, true, false, true, true},
        {"none before", 0, 0.05, true, false, true, false},
        {"a queue", 0.05, 0.05, true, true, true, false},
        {"video is sent", 0.05, 0.05, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_remb_probe_input input = begin();
        print_message("%s\n", table[i].what);
        input.is_paused = table[i].is_paused;
        input.loss_share = table[i].before;
        assert_int_equal(play(&input, 1000, 0) > 0, table[i].has_begun);
        input.loss_share = table[i].after;
        input.is_queued = table[i].is_queued;
        play(&input, 1000, 0);
        assert_int_equal(state.is_running, table[i].goes_on);
    }
}

/* Through a pacer that is looked at every millisecond, beside video in frames; decided every 25 ms.
   What waits is not asked for again, so what is asked for is what is sent. */
static void test_what_waits_is_not_asked_for_again(void **unused)
{
    (void)unused;
    static const uint32_t media_bps[] = {0, 300000, 900000};
    for (size_t i = 0; i < sizeof(media_bps) / sizeof(*media_bps); i++) {
        struct bwe_pacer pacer;
        struct bwe_paced ring[64], taken[64];
        struct bwe_remb_probe_input input = begin();
        uint64_t asked_bytes = 0, probe_bytes = 0, all_bytes = 0;
        input.remb_bps = input.target_bps = 1000000;
        input.goal_bps = 1500000;
        bwe_pacer_init(&pacer, ring, 64);
        bwe_pacer_set_rate(&pacer, 1000000, 5000, now_us);
        for (unsigned ms = 0; ms < 3900; ms++, now_us += MS) {
            struct bwe_paced frame = {.bytes = (uint16_t)(media_bps[i] / 200), .frame = ms / 40};
            struct bwe_probe probe;
            uint8_t cluster;
            if (ms % 40 == 0 && frame.bytes > 0)
                assert_true(bwe_pacer_push(&pacer, &frame, now_us));
            uint32_t bytes = 0;
            if (bwe_pacer_pop(&pacer, now_us, taken, 64, &cluster) > 0)
                bytes = taken[0].bytes;
            else if ((bytes = bwe_pacer_padding(&pacer, now_us, 1200, &cluster)) > 0)
                bwe_pacer_on_padding(&pacer, bytes, now_us);
            bwe_remb_probe_on_sent(&state, bytes);
            probe_bytes += cluster ? bytes : 0;
            all_bytes += ms >= 1300 ? bytes : 0;
            if (ms % 25 != 0)
                continue;
            input.pending_bytes = bwe_pacer_probe_bytes(&pacer);
            bwe_remb_probe_update(&state, &input, &probe, now_us);
            assert_true(probe.id == 0 || pacer.next_probe.id == 0); /* which it would replace */
            asked_bytes += probe.bytes;
            if (probe.id)
                bwe_pacer_begin_probe(&pacer, &probe, now_us);
        }
        print_message("%u: %llu bytes asked for, %llu sent, %llu bit/s in all\n", media_bps[i],
                      (unsigned long long)asked_bytes, (unsigned long long)probe_bytes,
                      (unsigned long long)bps_of(all_bytes, 2600));
        assert_in_range(probe_bytes, asked_bytes * 9 / 10, asked_bytes * 13 / 10);
        assert_in_range(bps_of(all_bytes, 2600), 1190000, 1260000);
    }
}

/* X(what ends it, and the wait until the next one) */
static void test_failures_and_waits(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        double remb_bps;
        bool is_queued, is_paused;
        int64_t runs_ms, wait_ms;
    } table[] = {
        {"the estimate falls", 380000, false, false, 0, 3000},
        {"packets wait", 400000, true, false, 0, 3000},
        {"it does not grow", 410000, false, false, 3500, 3000},
        {"all paused: the next one soon", 380000, false, true, 0, 1500},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_remb_probe_input input = begin();
        print_message("%s\n", table[i].what);
        assert_true(play(&input, 500, 0) > 0);
        input.remb_bps = table[i].remb_bps;
        input.is_queued = table[i].is_queued;
        input.is_paused = table[i].is_paused;
        if (table[i].runs_ms > 0)
            assert_true(play(&input, table[i].runs_ms - 100, 0) > 0 && state.is_running);
        play(&input, 200, 0);
        assert_false(state.is_running);
        input.is_queued = false;
        assert_int_equal(play(&input, table[i].wait_ms - 300, 0), 0);
        assert_true(play(&input, 600, 0) > 0);
    }
}

/* Everything is paused only after a probe has failed: nobody waits for the rest of its time. */
static void test_paused_after_a_failure(void **unused)
{
    (void)unused;
    struct bwe_remb_probe_input input = begin();
    play(&input, 500, 0);
    input.is_queued = true;
    play(&input, 10, 0);
    input.is_queued = false;
    assert_int_equal(play(&input, 1000, 0), 0);
    input.is_paused = true;
    assert_int_equal(play(&input, 480, 0), 0);
    assert_true(play(&input, 200, 0) > 0);
}

/* One failure after the other waits longer, up to 15 s; one that shows more ends that. */
static void test_back_off(void **unused)
{
    (void)unused;
    static const double waits_ms[] = {3000, 4500, 6750, 10125, 15000, 15000};
    struct bwe_remb_probe_input input = begin();
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(*waits_ms); i++) {
        play(&input, 10, 0);
        assert_true(state.is_running);
        input.is_queued = true;
        play(&input, 10, 0);
        input.is_queued = false;
        assert_false(state.is_running);
        play(&input, (int64_t)waits_ms[i] - 20, 0);
        assert_false(state.is_running);
        play(&input, 20, 0);
    }
    assert_true(state.is_running);
    input.remb_bps = input.target_bps = 450000;
    play(&input, 10, 0);
    input.is_queued = true;
    play(&input, 10, 0);
    input.is_queued = false;
    play(&input, 3000, 0);
    assert_true(state.is_running);
}

/* It goes on from one estimate to the next, and ends where all fits. */
static void test_it_goes_on_while_that_helps(void **unused)
{
    (void)unused;
    struct bwe_remb_probe_input input = begin();
    for (; input.target_bps < input.goal_bps; input.target_bps *= 1.08) {
        input.remb_bps = input.target_bps;
        play(&input, 1000, 0);
        assert_true(state.is_running);
    }
    play(&input, 10, 0);
    assert_false(state.is_running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_fills_up_what_is_sent),
        cmocka_unit_test(test_what_waits_is_not_asked_for_again),
        cmocka_unit_test(test_when_there_is_none),
        cmocka_unit_test(test_steady_losses_while_paused),
        cmocka_unit_test(test_failures_and_waits),
        cmocka_unit_test(test_paused_after_a_failure),
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_it_goes_on_while_that_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
