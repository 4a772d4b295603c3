/* What a participant is told that it may send (protocol.md, section 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/remb.h"

static void test_limit(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t contracts_bps, limit_bps;
    } table[] = {
        {"nothing", 0, 150000},
        {"a microphone", 100000, 275000},
        {"microphone and camera", 600000, 900000},
        {"microphone, camera and screen", 1400000, 1900000},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(bwe_remb_limit_bps(table[i].contracts_bps), table[i].limit_bps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
