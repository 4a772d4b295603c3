/* When less is sent than could be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/app_limited.h"

static void test_limited(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t for_ms;
        uint32_t kbps; /* sent, of a target of 1000 */
        bool is_limited;
    } table[] = {
        {"all of it", 1000, 1000, false},
        {"two thirds are not limited", 2000, 670, false},
        {"half, for a short time", 500, 500, false},
        {"half", 5000, 500, true},
        {"nothing", 1000, 0, true},
        {"all of it again", 1500, 1000, false},
    };
    struct bwe_app_limited limited;
    int64_t now_us = 1000000;
    bwe_app_limited_init(&limited, now_us);
    bwe_app_limited_set_target(&limited, 1e6);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        for (int64_t ms = 0; ms < table[i].for_ms; ms += 10, now_us += 10000)
            bwe_app_limited_on_sent(&limited, table[i].kbps * 10 / 8, now_us);
        assert_int_equal(limited.is_limited, table[i].is_limited);
    }
}

static void test_gaps(void **state)
{
    (void)state;
    struct bwe_app_limited limited;
    bwe_app_limited_init(&limited, 0);
    bwe_app_limited_set_target(&limited, 4e9);
    bwe_app_limited_on_sent(&limited, 0, INT64_MAX / 2); /* an eternity: the budget is full */
    assert_true(limited.is_limited);
    bwe_app_limited_on_sent(&limited, UINT32_MAX, INT64_MAX / 2 - 1000); /* time back */
    assert_false(limited.is_limited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limited),
        cmocka_unit_test(test_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
