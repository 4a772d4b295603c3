/* How many key frames a receiver causes; time as a column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/core/keyframe_limit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           INT64_C(1000)

static void test_three_in_ten_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t at_ms;
        bool is_asked; /* by the receiver */
        bool is_allowed;
    } table[] = {
        {"the first", 1000, true, true},
        {"at once again", 1100, true, true},
        {"a third", 2000, true, true},
        {"a fourth", 2500, true, false},
        {"the server's own switch passes", 3000, false, true},
        {"a third of the time since the last one", 5332, true, false},
        {"is over", 5334, true, true},
        {"and then again", 5400, true, false},
        {"own", 8000, false, true},
        {"own", 8001, false, true},
        {"own: any number", 8002, false, true},
        {"a loss meanwhile waits for its third", 8666, true, false},
        {"is over", 8668, true, true},
        {"three within ten seconds", 9000, true, false},
        {"ten seconds without", 30000, true, true},
        {"and three again", 30001, true, true},
        {"the last", 30002, true, true},
        {"no more", 30003, true, false},
    };
    struct core_keyframe_limit limit = {.oldest = 0};
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t now_us = table[i].at_ms * MS;
        print_message("%s\n", table[i].what);
        if (table[i].is_asked)
            assert_int_equal(core_keyframe_limit_allows(&limit, now_us), table[i].is_allowed);
        if (table[i].is_allowed)
            core_keyframe_limit_on_wanted(&limit, table[i].is_asked, now_us);
    }
}

/* Whoever asks all the time: three in ten seconds for ever, with or without the server's own. */
static void test_spam(void **state)
{
    (void)state;
    for (int own_ms = 0; own_ms <= 4000; own_ms += 1000) {
        struct core_keyframe_limit limit = {.oldest = 0};
        unsigned count = 0;
        for (int64_t at_ms = 1000; at_ms < 101000; at_ms += 50) {
            if (own_ms && at_ms % own_ms == 0)
                core_keyframe_limit_on_wanted(&limit, false, at_ms * MS);
            if (!core_keyframe_limit_allows(&limit, at_ms * MS))
                continue;
            core_keyframe_limit_on_wanted(&limit, true, at_ms * MS);
            count++;
        }
        print_message("every %d ms one of the server's own: %u\n", own_ms, count);
        assert_in_range(count, 29, 32); /* in 100 s; the first three at once */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_in_ten_seconds),
        cmocka_unit_test(test_spam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
