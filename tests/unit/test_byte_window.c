/* Bytes of the last two seconds (protocol.md, section 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bwe/byte_window.h"

static void test_table(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        uint32_t bytes;          /* added, then read */
        uint64_t all, last_half; /* of 2 s, of 500 ms */
    } table[] = {
        {1000, 100, 100, 100}, {1050, 50, 150, 150}, {1100, 7, 157, 157},
        {1599, 0, 157, 157},   {1600, 1, 158, 8}, /* 1000-1099 is older than 500 ms and the running
                                                     slice */
        {3000, 0, 158, 0},     {3099, 0, 158, 0},    {3100, 0, 8, 0},
        {2000, 5, 13, 5}, /* time that goes back stands still */
        {3700, 0, 5, 0},       {100000, 9, 9, 9},    {200000, 0, 0, 0},
    };
    struct bwe_byte_window window = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        bwe_byte_window_advance(&window, table[i].at_ms * 1000);
        bwe_byte_window_add(&window, table[i].bytes);
        print_message("%u ms\n", (unsigned)table[i].at_ms);
        assert_int_equal(bwe_byte_window_bytes(&window, BWE_BYTE_WINDOW_SLICES), table[i].all);
        assert_int_equal(bwe_byte_window_bytes(&window, 5), table[i].last_half);
    }
}

static void test_mean_and_room(void **state)
{
    (void)state;
    struct bwe_byte_window window = {0};
    assert_int_equal(bwe_byte_window_mean_bps(&window, 0, 0), 0);
    /* 100 kbit/s, steady. */
    for (int64_t us = 0; us < 5000000; us += 10000) {
        bwe_byte_window_advance(&window, us);
        bwe_byte_window_add(&window, 125);
        if (us >= 2100000) {
            assert_in_range(bwe_byte_window_mean_bps(&window, 20, us), 99000, 101000);
            assert_in_range(bwe_byte_window_mean_bps(&window, 5, us), 98000, 103000);
        }
    }
    /* At 5 s 21 slices are full: what 2.1 s may carry, held to 2 s. */
    assert_int_equal(bwe_byte_window_bytes(&window, 20), 26250);
    assert_false(bwe_byte_window_has_room(&window, 104999, 0));
    assert_true(bwe_byte_window_has_room(&window, 105000, 0));
    assert_false(bwe_byte_window_has_room(&window, 105000, 1));
    assert_true(bwe_byte_window_has_room(&window, 115000, 2500));
    assert_false(bwe_byte_window_has_room(&window, 115000, 2501));
}

/* What is taken back is of the running slice first, and never more than there is. */
static void test_take(void **state)
{
    (void)state;
    static const struct {
        uint32_t bytes;
        uint64_t all, running; /* afterwards */
    } takes[] = {{3, 327, 97}, {100, 227, 0}, {27, 200, 0}, {1000, 0, 0}};
    struct bwe_byte_window window = {0};
    for (int64_t us = 0; us <= 200000; us += 100000) {
        bwe_byte_window_advance(&window, us);
        bwe_byte_window_add(&window, us == 200000 ? 100 : 115);
    }
    for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
        bwe_byte_window_take(&window, takes[i].bytes);
        assert_int_equal(bwe_byte_window_bytes(&window, BWE_BYTE_WINDOW_SLICES), takes[i].all);
        assert_int_equal(bwe_byte_window_bytes(&window, 0), takes[i].running);
    }
}

/* However much: a slice saturates, and the sum stays that of the slices. */
static void test_saturation(void **state)
{
    (void)state;
    struct bwe_byte_window window = {0};
    bwe_byte_window_advance(&window, 1000000);
    bwe_byte_window_add(&window, UINT32_MAX);
    bwe_byte_window_add(&window, UINT32_MAX);
    assert_int_equal(bwe_byte_window_bytes(&window, 20), UINT32_MAX);
    assert_false(bwe_byte_window_has_room(&window, 3220000, UINT64_MAX / 2));
    bwe_byte_window_advance(&window, 4000000);
    assert_int_equal(bwe_byte_window_bytes(&window, 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_mean_and_room),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_saturation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
