/* Who talks when, in the load generator: iris-bench bubbles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bubbles/spurts.h"

#define STEP_US   20000
#define MINUTE_US 60000000

static unsigned talking(const struct bubbles_spurts *spurts)
{
    unsigned count = 0;
    for (unsigned i = 0; i < BUBBLES_TALKERS_MAX; i++)
        count += spurts->is_talking[i];
    return count;
}

static void floors_are_shared(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned people, floors, most;
    } table[] = {
        {"two of four", 4, 2, 2},  {"one of two", 2, 1, 1},    {"more floors than people", 3, 9, 3},
        {"nobody talks", 4, 0, 0}, {"a full room", 128, 5, 5},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bubbles_spurts spurts;
        bool has_talked[BUBBLES_TALKERS_MAX] = {false};
        uint64_t talked_steps = 0;
        print_message("%s\n", table[i].what);
        bubbles_spurts_init(&spurts, table[i].people, table[i].floors, 7, 0);
        for (int64_t now_us = 0; now_us < 10 * MINUTE_US; now_us += STEP_US) {
            bubbles_spurts_advance(&spurts, now_us);
            assert_true(talking(&spurts) <= table[i].most);
            talked_steps += talking(&spurts);
            for (unsigned k = 0; k < BUBBLES_TALKERS_MAX; k++) {
                has_talked[k] |= spurts.is_talking[k];
                assert_false(k >= table[i].people && spurts.is_talking[k]);
            }
        }
        /* Pauses of 0.3 s on average between spurts of 4.5 s. */
        uint64_t steps = 10 * MINUTE_US / STEP_US;
        assert_true(talked_steps >= steps * table[i].most * 85 / 100);
        for (unsigned k = 0; table[i].most > 0 && k < table[i].people && table[i].people < 10; k++)
            assert_true(has_talked[k]);
    }
}

static void a_seed_repeats(void **state)
{
    (void)state;
    struct bubbles_spurts a, b, c;
    bubbles_spurts_init(&a, 10, 3, 42, 0);
    bubbles_spurts_init(&b, 10, 3, 42, 0);
    bubbles_spurts_init(&c, 10, 3, 43, 0);
    bool differs = false;
    for (int64_t now_us = 0; now_us < MINUTE_US; now_us += STEP_US) {
        bubbles_spurts_advance(&a, now_us);
        bubbles_spurts_advance(&b, now_us);
        bubbles_spurts_advance(&c, now_us);
        assert_memory_equal(a.is_talking, b.is_talking, sizeof(a.is_talking));
        differs |= memcmp(a.is_talking, c.is_talking, sizeof(a.is_talking)) != 0;
    }
    assert_true(differs);
}

/* A generator that was held up catches up in one call. */
static void time_may_jump(void **state)
{
    (void)state;
    struct bubbles_spurts spurts;
    bubbles_spurts_init(&spurts, 4, 2, 1, 0);
    bubbles_spurts_advance(&spurts, 30 * (int64_t)MINUTE_US);
    assert_true(talking(&spurts) <= 2);
    for (unsigned floor = 0; floor < 2; floor++)
        assert_true(spurts.until_us[floor] > 30 * (int64_t)MINUTE_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floors_are_shared),
        cmocka_unit_test(a_seed_repeats),
        cmocka_unit_test(time_may_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
