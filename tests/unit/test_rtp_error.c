/* Error codes are distinct, negative, and have texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/error.h"

static void test_codes(void **state)
{
    (void)state;
    static const int codes[] = {
#define X(name, number, text) IRIS_E_##name,
        IRIS_ERROR_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_true(codes[i] < 0);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(codes[i], codes[j]);
    }
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        int error;
        const char *text;
    } table[] = {
        {0, "no error"},
        {IRIS_E_TRUNCATED, "shorter than its header announces"},
        {IRIS_E_SYSTEM, "the operating system or a library refused"},
        {1, "unknown error"},
        {-1000, "unknown error"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_string_equal(rtp_error_text(table[i].error), table[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
