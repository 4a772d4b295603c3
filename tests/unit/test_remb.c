/* What a participant is told that it may send (protocol.md, section 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/remb.h"

static const struct bwe_remb usual;

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
        assert_int_equal(bwe_remb_limit_bps(&usual, table[i].contracts_bps), table[i].limit_bps);
    }
}

/* The contracts add up to what a participant may send and receive (facts.md). */
static void test_contracts(void **state)
{
    (void)state;
    assert_int_equal(BWE_CONTRACT_CAMERA_BPS + BWE_CONTRACT_SCREEN_BPS, 1300000);
    assert_int_equal(BWE_CONTRACT_DOWN_BPS, 4 * BWE_CONTRACT_CAMERA_BPS + BWE_CONTRACT_SCREEN_BPS);
    assert_int_equal(bwe_remb_limit_bps(&usual, BWE_CONTRACT_AUDIO_BPS + BWE_CONTRACT_CAMERA_BPS +
                                                    BWE_CONTRACT_SCREEN_BPS),
                     1900000);
}

/* Lowered while somebody is over a contract, so that a pacer's 110 % are the contracts; raised 5 s
   after. */
static void test_lowering(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms, over_ms; /* 0: never */
        uint64_t contracts_bps, limit_bps;
        bool has_changed;
    } table[] = {
        {100, 0, 600000, 900000, false},
        {1000, 1000, 600000, 545454, true},
        {1010, 1000, 600000, 545454, false},
        {3000, 2990, 1400000, 1272727, false}, /* what is sent has changed */
        {7989, 2990, 1400000, 1272727, false},
        {7990, 2990, 1400000, 1900000, true},
        {8010, 8005, 1400000, 1272727, true},
        {13004, 8005, 1400000, 1272727, false},
        {13005, 8005, 1400000, 1900000, true},
        {14000, 8005, 0, 150000, false},
    };
    struct bwe_remb remb = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%u ms\n", (unsigned)table[i].at_ms);
        bool has_changed = bwe_remb_note(&remb, table[i].over_ms * 1000, table[i].at_ms * 1000);
        assert_int_equal(has_changed, table[i].has_changed);
        assert_int_equal(bwe_remb_limit_bps(&remb, table[i].contracts_bps), table[i].limit_bps);
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
