/* What the first packets show of a path: its bottleneck, if they have made a queue there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "bwe/first_burst.h"

#define MS      1000
#define PACKETS 8

struct packet {
    int32_t sent_ms, arrival_ms; /* so much after the first */
    uint32_t bytes;
};

static const struct {
    const char *name;
    uint32_t bps; /* what is shown */
    bool is_over;
    struct packet packets[PACKETS];
} table[] = {
    {"carried as it left",
     UINT32_MAX,
     true,
     {{0, 0, 1200}, {2, 2, 1200}, {4, 4, 1200}, {6, 6, 1200}, {8, 8, 1200}}},
    {"jitter",
     UINT32_MAX,
     true,
     {{0, 0, 1200}, {2, 12, 1200}, {4, 12, 1200}, {6, 18, 1200}, {8, 8, 1200}}},
    {"300 kbit/s",
     300000,
     true,
     {{0, 0, 1200}, {2, 32, 1200}, {4, 64, 1200}, {6, 96, 1200}, {8, 128, 1200}}},
    {"1 Mbit/s, and later ones are left out",
     960000,
     true,
     {{0, 0, 1200}, {2, 10, 1200}, {4, 20, 1200}, {6, 30, 1200}, {8, 40, 1200}, {90, 400, 1200}}},
    {"voices before it are its base and count for nothing",
     300000,
     true,
     {{-40, -40, 120},
      {-20, -20, 120},
      {0, 0, 1200},
      {1, 32, 1200},
      {2, 64, 1200},
      {3, 96, 1200},
      {4, 128, 1200}}},
    {"drained again, then voices",
     960000,
     false,
     {{0, 0, 1200}, {0, 10, 1200}, {0, 20, 1200}, {0, 30, 1200}, {60, 60, 120}}},
    {"stamped late, all at once",
     UINT32_MAX,
     true,
     {{0, 0, 120}, {10, 90, 1200}, {12, 90, 1200}, {30, 90, 1200}, {50, 90, 1200}, {60, 90, 1200}}},
    {"sent as slowly as it came",
     UINT32_MAX,
     true,
     {{0, 0, 1200}, {30, 30, 1200}, {60, 80, 1200}, {90, 112, 1200}, {120, 144, 1200}}},
    {"nothing but voices", UINT32_MAX, false, {{0, 0, 120}, {20, 20, 120}, {40, 40, 120}}},
};

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_first_burst burst = {0};
        for (unsigned p = 0; p < PACKETS && table[i].packets[p].bytes > 0; p++) {
            const struct packet *packet = &table[i].packets[p];
            bwe_first_burst_add(&burst, packet->bytes, 5000000 + packet->sent_ms * MS,
                                7000 + packet->arrival_ms * MS);
        }
        if (bwe_first_burst_bps(&burst) != table[i].bps ||
            bwe_first_burst_is_over(&burst) != table[i].is_over)
            fail_msg("%s: %u bit/s, over: %d", table[i].name, (unsigned)bwe_first_burst_bps(&burst),
                     bwe_first_burst_is_over(&burst));
    }
}

static void test_nothing(void **state)
{
    const struct bwe_first_burst burst = {0};
    (void)state;
    assert_false(bwe_first_burst_is_over(&burst));
    assert_int_equal(bwe_first_burst_bps(&burst), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
