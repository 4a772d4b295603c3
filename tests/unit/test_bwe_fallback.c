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

/* Packets of 1000 bytes at a rate, between two times. */
static void send(struct bwe_fallback *fallback, double bps, int64_t from_us, int64_t to_us)
{
    int64_t step_us = (int64_t)(8e9 / bps);
    for (int64_t at_us = from_us; at_us < to_us; at_us += step_us)
        bwe_fallback_on_sent(fallback, 1000, at_us);
}

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
        {"heavy loss", 4, 0, 0.2, true, 540},
        {"and again", 5, 0, 0.4, true, 432},
        {"a little loss changes nothing", 6, 0, 0.05, true, 432},
        {"no loss", 7, 0, 0, true, 432 * 1.08 + 1},
        {"a higher one waits for reports", 8, 2500, -1, true, 432 * 1.08 + 1},
        {"but not for ever: nothing is sent", 13, 2500, -1, true, 2500},
        {"too old", 24, 0, -1, false, 0},
        {"after a silence believed again", 25, 2000, -1, true, 2000},
    };
    struct bwe_fallback fallback;
    bwe_fallback_init(&fallback);
    send(&fallback, 20000000, 0, 26 * S);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        int64_t now_us = table[i].at_s * S;
        print_message("%s\n", table[i].what);
        if (table[i].remb_kbps > 0)
            bwe_fallback_on_remb(&fallback, 1000 * table[i].remb_kbps, now_us);
        if (table[i].loss >= 0)
            bwe_fallback_on_loss(&fallback, table[i].loss, now_us);
        assert_int_equal(bwe_fallback_is_usable(&fallback, now_us), table[i].is_usable);
        if (table[i].is_usable)
            assert_true(fabs(bwe_fallback_bps(&fallback, now_us) - 1000 * table[i].kbps) < 500);
    }
}

static void test_no_number(void **state)
{
    (void)state;
    struct bwe_fallback fallback;
    bwe_fallback_init(&fallback);
    bwe_fallback_on_remb(&fallback, NAN, S);
    bwe_fallback_on_remb(&fallback, 0, S);
    assert_false(bwe_fallback_is_usable(&fallback, S));
    bwe_fallback_on_remb(&fallback, 1e6, S);
    bwe_fallback_on_loss(&fallback, NAN, S);
    assert_true(bwe_fallback_bps(&fallback, S) == 1e6);
}

/* It is what has come so far, which is all that was sent: more may come, as far as the receiver's
   estimate grows in eight seconds. */
static void test_the_first_one_takes_nothing_away(void **state)
{
    (void)state;
    struct bwe_fallback fallback;
    bwe_fallback_init(&fallback);
    send(&fallback, 1e6, 0, 6 * S);
    bwe_fallback_on_remb(&fallback, 0.95e6, 6 * S);
    assert_true(bwe_fallback_bps(&fallback, 6 * S) == 2 * 0.95e6);
    assert_true(bwe_fallback_bps(&fallback, 14 * S) == 2 * 0.95e6);
    assert_true(bwe_fallback_bps(&fallback, 14 * S + 1) == 0.95e6); /* with no other one since */
    bwe_fallback_on_remb(&fallback, 1.1e6, 7 * S);
    assert_true(bwe_fallback_bps(&fallback, 7 * S) == 2 * 0.95e6);
    bwe_fallback_on_remb(&fallback, 2e6, 8 * S);
    assert_true(bwe_fallback_bps(&fallback, 8 * S) == 2e6);
    bwe_fallback_on_remb(&fallback, 1.95e6, 9 * S);
    assert_true(bwe_fallback_bps(&fallback, 9 * S) == 1.95e6);
    struct bwe_fallback falling = fallback, late = fallback;
    bwe_fallback_on_remb(&falling, 1e6, 10 * S); /* a fall ends it */
    assert_true(bwe_fallback_bps(&falling, 10 * S) == 1e6);
    bwe_fallback_on_remb(&late, 1.895e6, 15 * S); /* and so does time */
    assert_true(bwe_fallback_bps(&late, 15 * S) == 1.895e6);
    bwe_fallback_init(&fallback);
    send(&fallback, 1e6, 0, 6 * S);
    bwe_fallback_on_remb(&fallback, 0.85e6, 6 * S); /* less than is sent: too much was */
    assert_true(bwe_fallback_bps(&fallback, 6 * S) == 0.85e6);
}

/* Less than was sent on the average since the first packet, however short that is ago. */
static void test_the_first_second(void **state)
{
    (void)state;
    static const struct {
        int64_t from_ms, to_ms;
        double remb_bps;
        bool has_head_start;
    } table[] = {
        {1000, 1400, 0.5e6, false}, {1000, 1400, 0.95e6, true},  {1070, 1430, 0.85e6, false},
        {1070, 1430, 0.95e6, true}, {1090, 1980, 0.85e6, false}, {1090, 1980, 0.95e6, true},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_fallback fallback;
        int64_t now_us = table[i].to_ms * 1000;
        bwe_fallback_init(&fallback);
        send(&fallback, 1e6, table[i].from_ms * 1000, now_us);
        bwe_fallback_on_remb(&fallback, table[i].remb_bps, now_us);
        print_message("%d: %.0f\n", (int)i, bwe_fallback_bps(&fallback, now_us));
        assert_true(bwe_fallback_bps(&fallback, now_us) ==
                    (table[i].has_head_start ? 2 : 1) * table[i].remb_bps);
    }
}

static void test_harm(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t at_s;
        double loss;    /* -1: none told */
        int64_t rtt_ms; /* 0: none told */
        double share;
        bool is_queued;
    } table[] = {
        {"nothing known", 1, -1, 0, 0, false},
        {"a round trip", 2, 0.01, 60, 0.01, false},
        {"a few packets lost", 3, 0.02, 0, 0.02, false},
        {"told once", 8, -1, 0, 0.02, false},
        {"that is of long ago", 9, -1, 0, 0, false},
        {"a queue", 10, 0, 101, 0, true},
        {"told once", 14, -1, 0, 0, true},
        {"that is of long ago", 16, -1, 0, 0, false},
        {"no queue", 17, 0, 100, 0, false},
        {"the least of half a minute", 30, -1, 110, 0, true},
        {"it is another path", 46, -1, 105, 0, false},
    };
    struct bwe_fallback fallback;
    bwe_fallback_init(&fallback);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        int64_t now_us = table[i].at_s * S;
        print_message("%s\n", table[i].what);
        if (table[i].loss >= 0)
            bwe_fallback_on_loss(&fallback, table[i].loss, now_us);
        if (table[i].rtt_ms > 0)
            bwe_fallback_on_rtt(&fallback, 1000 * table[i].rtt_ms, now_us);
        assert_true(bwe_fallback_loss_share(&fallback, now_us) == table[i].share);
        assert_int_equal(bwe_fallback_is_queued(&fallback, now_us), table[i].is_queued);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_no_number),
        cmocka_unit_test(test_the_first_one_takes_nothing_away),
        cmocka_unit_test(test_the_first_second),
        cmocka_unit_test(test_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
