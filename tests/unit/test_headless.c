/* Frames whose first packet comes late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "bwe/headless.h"

enum { NOTE = 1, START, TAKE }; /* a packet, the first of its frame, the first of a key frame */

static void test_takes_back_what_came_before(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int step;
        uint32_t timestamp, bytes; /* TAKE: that are taken back */
    } table[] = {
        {"nothing came before", TAKE, 1000, 0},
        {"two packets, then the first", NOTE, 4000, 1100},
        {"", NOTE, 4000, 900},
        {"", TAKE, 4000, 2000},
        {"once only", TAKE, 4000, 0},
        {"what follows a first packet is not headless", START, 7000, 500},
        {"", NOTE, 7000, 1100},
        {"", TAKE, 7000, 0},
        {"four are remembered", NOTE, 10000, 10},
        {"", NOTE, 13000, 20},
        {"in turns", NOTE, 10000, 1},
        {"", NOTE, 16000, 30},
        {"", NOTE, 19000, 40},
        {"the oldest is not when a fifth comes", NOTE, 22000, 50},
        {"", TAKE, 10000, 0},
        {"", TAKE, 13000, 20},
        {"", TAKE, 16000, 30},
        {"", TAKE, 19000, 40},
        {"", TAKE, 22000, 50},
        {"timestamps wrap", NOTE, UINT32_MAX, 7},
        {"", NOTE, 2999, 8},
        {"", TAKE, UINT32_MAX, 7},
        {"", TAKE, 2999, 8},
    };
    struct bwe_headless headless = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        const struct bwe_frame_packet packet = {.timestamp = table[i].timestamp,
                                                .is_frame_start = table[i].step == START};
        print_message("%s\n", table[i].what);
        if (table[i].step == TAKE)
            assert_int_equal(bwe_headless_take(&headless, table[i].timestamp), table[i].bytes);
        else
            bwe_headless_note(&headless, &packet, table[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_takes_back_what_came_before)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
