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
        {"a camera alone", 500000, 775000},
        {"a screen alone", 800000, 1150000},
        {"a quarter that is no whole number is rounded down", 7, 150008},
        {"more than 32 bits hold", 4000000000u, 5000150000},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(bwe_remb_limit_bps(table[i].contracts_bps), table[i].limit_bps);
    }
}

/* The contracts add up to what a participant may send and receive (facts.md). */
static void test_contracts(void **state)
{
    (void)state;
    assert_int_equal(BWE_CONTRACT_CAMERA_BPS + BWE_CONTRACT_SCREEN_BPS, 1300000);
    assert_int_equal(BWE_CONTRACT_DOWN_BPS, 4 * BWE_CONTRACT_CAMERA_BPS + BWE_CONTRACT_SCREEN_BPS);
    assert_int_equal(bwe_remb_limit_bps(BWE_CONTRACT_AUDIO_BPS + BWE_CONTRACT_CAMERA_BPS +
                                        BWE_CONTRACT_SCREEN_BPS),
                     1900000);
}

/* Lowered to the bare contracts while somebody is over them, raised 5 s after. */
static void test_lowering(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        uint64_t contracts_bps;
        bool is_over;
        uint64_t limit_bps;
    } table[] = {
        {0, 600000, false, 900000},
        {1000, 600000, true, 600000},
        {1010, 600000, false, 600000},
        {3000, 1400000, true, 1400000}, /* what is sent has changed */
        {7990, 1400000, false, 1400000},
        {8000, 1400000, false, 1900000},
        {8010, 1400000, true, 1400000},
        {13009, 1400000, false, 1400000},
        {13010, 1400000, false, 1900000},
        {14000, 0, false, 150000},
    };
    struct bwe_remb remb = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%u ms\n", (unsigned)table[i].at_ms);
        assert_int_equal(
            bwe_remb_update(&remb, table[i].contracts_bps, table[i].is_over, table[i].at_ms * 1000),
            table[i].limit_bps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_contracts),
        cmocka_unit_test(test_lowering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
