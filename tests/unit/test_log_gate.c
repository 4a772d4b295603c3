/* How many lines may leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/control/log_gate.h"

static void lines_leave_at_a_bounded_rate(void **state)
{
    static const struct {
        uint64_t now_ms;
        unsigned tried, admitted, told; /* told: held back before the first that is admitted */
    } rows[] = {
        {1000, 5000, 5000, 0}, /* a full bucket */
        {1000, 7, 0, 0},       /* an empty one */
        {2000, 300, 200, 7},   /* 200 a second */
        {2001, 1, 0, 0},          {2005, 1, 1, 101},
        {9000000, 6000, 5000, 0}, /* never more than 5000 at once */
        {9000005, 2, 1, 1000},
    };
    struct control_log_gate gate;

    (void)state;
    control_log_gate_init(&gate, 1000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned admitted = 0, told = 0;

        for (unsigned n = 0; n < rows[i].tried; n++) {
            unsigned held_back = 0;

            admitted += control_log_gate_admit(&gate, rows[i].now_ms, &held_back);
            told += held_back;
        }
        if (admitted != rows[i].admitted || told != rows[i].told)
            fail_msg("row %zu: %u admitted, %u told", i, admitted, told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_leave_at_a_bounded_rate)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
