/*
 * Replay window: a table of indices in order of arrival with the expected verdict, and a comparison
 * with a set that remembers everything.
 */
#include "rtp/error.h"
#include "rtp/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BITS RTP_SEEN_BITS

struct arrival {
    uint64_t index;
    int verdict;
};

static void run(const struct arrival *arrivals, size_t count)
{
    struct rtp_seen replay;

    memset(&replay, 0, sizeof(replay));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rtp_seen_check(&replay, arrivals[i].index), arrivals[i].verdict);
        if (arrivals[i].verdict == 0)
            rtp_seen_accept(&replay, arrivals[i].index);
    }
}

#define RUN(arrivals) run(arrivals, sizeof(arrivals) / sizeof(*(arrivals)))

static void test_in_order_and_repeated(void **state)
{
    static const struct arrival arrivals[] = {
        {0, 0}, {0, IRIS_E_REPLAY}, {1, 0}, {2, 0}, {1, IRIS_E_REPLAY}, {2, IRIS_E_REPLAY}, {3, 0},
    };

    (void)state;
    RUN(arrivals);
}

static void test_late_within_and_beyond_the_window(void **state)
{
    static const struct arrival arrivals[] = {
        {5000, 0},
        {5000 - BITS + 1, 0},             /* the oldest that can be told */
        {5000 - BITS + 1, IRIS_E_REPLAY}, /* once */
        {5000 - BITS, IRIS_E_REPLAY},     /* too old to tell */
        {0, IRIS_E_REPLAY},
        {5001, 0}, /* moves the window by one: the bit of 5001 - BITS is reused */
        {5001 - BITS, IRIS_E_REPLAY},
        {5001 - BITS + 1, 0},
    };

    (void)state;
    RUN(arrivals);
}

static void test_jumps_clear_what_they_skip(void **state)
{
    static const struct arrival arrivals[] = {
        {10, 0},
        {11, 0},
        {10 + BITS, 0},      /* same bit as 10 */
        {11 + BITS, 0},      /* same bit as 11 */
        {11, IRIS_E_REPLAY}, /* just out */
        {12, 0},             /* just in, and never seen */
        {10 + 5 * BITS, 0},  /* beyond the whole window */
        {9 + 5 * BITS, 0},
        {11 + 4 * BITS, 0},
        {10 + 5 * BITS, IRIS_E_REPLAY},
        {9 + 5 * BITS, IRIS_E_REPLAY},
        {11 + 4 * BITS, IRIS_E_REPLAY},
    };

    (void)state;
    RUN(arrivals);
}

static void test_far_end_of_48_bits(void **state)
{
    static const uint64_t end = (UINT64_C(1) << 48) - 1;
    const struct arrival arrivals[] = {
        {3, 0},       {end - 1, 0}, {end, 0}, {end, IRIS_E_REPLAY}, {end - BITS, IRIS_E_REPLAY},
        {end - 2, 0},
    };

    (void)state;
    RUN(arrivals);
}

static void test_check_changes_nothing(void **state)
{
    struct rtp_seen replay, before;

    (void)state;
    memset(&replay, 0, sizeof(replay));
    rtp_seen_accept(&replay, 70000);
    before = replay;
    for (uint64_t index = 60000; index < 80000; index++)
        rtp_seen_check(&replay, index);
    assert_memory_equal(&replay, &before, sizeof(replay));
}

static void test_against_a_set_that_forgets_nothing(void **state)
{
    static bool seen[40000];
    struct rtp_seen replay;
    uint64_t highest = 0;
    uint32_t random = 1;

    (void)state;
    memset(&replay, 0, sizeof(replay));
    for (int i = 0; i < 60000; i++) {
        uint64_t index, step;
        int expected;

        random = random * 1664525 + 1013904223;
        step =
            random >> 16 & 0x7ff; /* up to 2047 back, twice the window, of a slowly growing base */
        index = (uint64_t)i / 2 + 2048 - step;
        if (random % 997 == 0)
            index += 1500;
        expected = index <= highest && (highest - index >= BITS || seen[index]) ? IRIS_E_REPLAY : 0;
        assert_int_equal(rtp_seen_check(&replay, index), expected);
        if (expected == 0) {
            rtp_seen_accept(&replay, index);
            seen[index] = true;
            highest = index > highest ? index : highest;
        }
    }
    assert_true(highest > 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_and_repeated),
        cmocka_unit_test(test_late_within_and_beyond_the_window),
        cmocka_unit_test(test_jumps_clear_what_they_skip),
        cmocka_unit_test(test_far_end_of_48_bits),
        cmocka_unit_test(test_check_changes_nothing),
        cmocka_unit_test(test_against_a_set_that_forgets_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
