/* REMB, lowered by losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/fallback.h"

#include <math.h>

#define S INT64_C(1000000)

static void test_life(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t at_s;
        double remb_kbps, loss; /* 0: no REMB; -1: no report */
        bool is_usable;
        double kbps;
    } table[] = {
        {"nothing yet", 1, 0, -1, false, 0},
        {"losses alone say nothing", 1, 0, 0.5, false, 0},
        {"the first REMB is believed", 2, 1000, -1, true, 1000},
        {"a lower one at once", 3, 600, -1, true, 600},
        {"heavy loss", 4, 0, 0.2, true, 600}, /* 1000 x 0.9, held near 600, is still above */
        {"and again", 5, 0, 0.4, true, 528},
        {"a little loss changes nothing", 6, 0, 0.05, true, 528},
        {"no loss", 7, 0, 0, true, 528 * 1.08 + 1},
        {"a higher one waits for reports", 8, 2500, -1, true, 528 * 1.08 + 1},
        {"but not for ever: nothing is sent", 13, 2500, -1, true, 2500},
        {"too old", 24, 0, -1, false, 0},
        {"after a silence believed again", 25, 2000, -1, true, 2000},
    };
    struct bwe_fallback fallback;
    bwe_fallback_init(&fallback, 300e3);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        int64_t now_us = table[i].at_s * S;
        print_message("%s\n", table[i].what);
        if (table[i].remb_kbps > 0)
            bwe_fallback_on_remb(&fallback, 1000 * table[i].remb_kbps, now_us);
        if (table[i].loss >= 0)
            bwe_fallback_on_loss(&fallback, table[i].loss, now_us);
        assert_int_equal(bwe_fallback_is_usable(&fallback, now_us), table[i].is_usable);
        if (table[i].is_usable)
            assert_true(fabs(bwe_fallback_bps(&fallback) - 1000 * table[i].kbps) < 500);
    }
}

static void test_no_number(void **state)
{
    (void)state;
    struct bwe_fallback fallback;
    bwe_fallback_init(&fallback, 300e3);
    bwe_fallback_on_remb(&fallback, NAN, S);
    bwe_fallback_on_remb(&fallback, 0, S);
    assert_false(bwe_fallback_is_usable(&fallback, S));
    bwe_fallback_on_remb(&fallback, 1e6, S);
    bwe_fallback_on_loss(&fallback, NAN, S);
    assert_true(bwe_fallback_bps(&fallback) == 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
