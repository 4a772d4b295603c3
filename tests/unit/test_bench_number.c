/* Numbers of a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/number.h"

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int number, count; /* results */
    } table[] = {
        {"2", 0, 0},
        {"9", 0, 0},
        {"02", 0, 0},
        {"2.5", 0, -1},
        {"1", -1, -1},
        {"10", -1, -1},
        {"", -1, -1},
        {"5x", -1, -1},
        {"-5", -1, -1},
        {"nan", -1, -1},
        {"inf", -1, -1},
        {"+5", 0, -1},
        {"99999999999999999999999", -1, -1},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        double number = 7;
        unsigned count = 7;
        print_message("\"%s\"\n", table[i].text);
        assert_int_equal(bench_take_number(table[i].text, 2, 9, &number), table[i].number);
        assert_int_equal(bench_take_count(table[i].text, 2, 9, &count), table[i].count);
        assert_true(number >= 2 && number <= 9);
        assert_true(count >= 2 && count <= 9);
        assert_true(table[i].number == 0 || number == 7);
        assert_true(table[i].count == 0 || count == 7);
    }
}

static void test_seeds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        uint64_t seed;
    } table[] = {
        {"0", 0, 0},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", -1, 7},
        {"", -1, 7},
        {"-1", -1, 7},
        {" 1", -1, 7},
        {"1 ", -1, 7},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        uint64_t seed = 7;
        assert_int_equal(bench_take_seed(table[i].text, &seed), table[i].result);
        assert_true(seed == table[i].seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
