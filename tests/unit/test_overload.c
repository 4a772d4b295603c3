/* When a worker is overloaded: what is wrong with a second, and how many make one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/overload.h"

static void seconds_are_judged(void **state)
{
    static const struct {
        struct control_load load;
        enum control_overload_cause cause;
        const char *name;
        int64_t value;
    } rows[] = {
        {{0}, CONTROL_OVERLOAD_NONE, "none", 0},
        {{.delay_p99_us = -1}, CONTROL_OVERLOAD_NONE, "none", 0},
        {{.delay_p99_us = 20000, .delay_samples = 100}, CONTROL_OVERLOAD_NONE, "none", 0},
        {{.delay_p99_us = 20001, .delay_samples = 100},
         CONTROL_OVERLOAD_DELAY,
         "delay_p99_us",
         20001},
        {{.delay_p99_us = 20001, .delay_samples = 20},
         CONTROL_OVERLOAD_DELAY,
         "delay_p99_us",
         20001},
        {{.delay_p99_us = 900000, .delay_samples = 19}, CONTROL_OVERLOAD_NONE, "none", 0},
        {{.would_block = 1}, CONTROL_OVERLOAD_SEND_BUFFER, "would_block", 1},
        {{.receive_drops = 9}, CONTROL_OVERLOAD_RECEIVE_BUFFER, "receive_drops", 9},
        {{.missing_buffers = 7}, CONTROL_OVERLOAD_BUFFERS, "missing_buffers", 7},
        {{.lost_events = 2}, CONTROL_OVERLOAD_EVENTS, "lost_events", 2},
        {{.is_queue_full = true}, CONTROL_OVERLOAD_COMMANDS, "command_queue_full", 1},
        {{.silent_us = 2999999}, CONTROL_OVERLOAD_NONE, "none", 0},
        {{.silent_us = 3000000}, CONTROL_OVERLOAD_SILENCE, "silent_us", 3000000},
        /* the gravest is named */
        {{3100000, 30000, 50, 1, 4, 2, 3, true}, CONTROL_OVERLOAD_SILENCE, "silent_us", 3100000},
        {{0, 30000, 50, 1, 4, 2, 3, true}, CONTROL_OVERLOAD_BUFFERS, "missing_buffers", 2},
        {{0, 30000, 50, 1, 4, 0, 3, true}, CONTROL_OVERLOAD_SEND_BUFFER, "would_block", 1},
        {{0, 30000, 50, 0, 4, 0, 3, true}, CONTROL_OVERLOAD_RECEIVE_BUFFER, "receive_drops", 4},
        {{0, 30000, 50, 0, 0, 0, 3, true}, CONTROL_OVERLOAD_DELAY, "delay_p99_us", 30000},
        {{0, 300, 50, 0, 0, 0, 3, true}, CONTROL_OVERLOAD_COMMANDS, "command_queue_full", 1},
        {{0, 300, 50, 0, 0, 0, 3, false}, CONTROL_OVERLOAD_EVENTS, "lost_events", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum control_overload_cause cause = control_overload_judge(&rows[i].load);
        struct control_evidence evidence = control_overload_evidence(cause, &rows[i].load);

        if (cause != rows[i].cause)
            fail_msg("row %zu: cause %d", i, cause);
        assert_string_equal(evidence.name, rows[i].name);
        assert_int_equal(evidence.value, rows[i].value);
    }
}

/* A character a snapshot: what it is like ('x': bad), and what the worker then counts as ('X'). */
static void it_takes_some_seconds(void **state)
{
    static const struct {
        int64_t silent_us; /* from one to the next */
        const char *seconds, *states;
    } rows[] = {
        {1000000, "..........", ".........."},
        {1000000, "xx.xx.xx.xx", "..........."},
        {1000000, "xxx", "..X"},
        {1000000, "xxxx", "..XX"},
        {1000000, "xxx.........x..........", "..XXXXXXXXXXXXXXXXXXXX."},
        {1000000, "xxx..........", "..XXXXXXXXXX."},
        {0, "xxx", "..X"},
        {960000, "xxx..........", "..XXXXXXXXXX."},
        {1800000, "xx.....", ".XXXXX."}, /* a worker that stalls 2 s a turn */
        {3000000, "x....", "XXXX."},
        {1000000, "xxx..........xx.xxx", "..XXXXXXXXXX......X"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct control_overload overload = {0};

        for (size_t s = 0; rows[i].seconds[s]; s++) {
            bool before = overload.is_overloaded;
            bool is_changed = control_overload_follow(
                &overload,
                rows[i].seconds[s] == 'x' ? CONTROL_OVERLOAD_DELAY : CONTROL_OVERLOAD_NONE,
                rows[i].silent_us);

            if (overload.is_overloaded != (rows[i].states[s] == 'X'))
                fail_msg("row %zu, second %zu", i, s);
            assert_int_equal(is_changed, before != overload.is_overloaded);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_are_judged),
        cmocka_unit_test(it_takes_some_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
