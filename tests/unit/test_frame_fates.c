/* What is remembered of frames: live ones and late ones, in turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/core/frame_fates.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define LAYER        77
#define TICKS        3000 /* 30 pictures a second */

static void remember(struct core_frame_fates *fates, uint32_t frame, enum core_frame_fate fate,
                     bool is_late)
{
    core_frame_fates_remember(fates, LAYER, frame * TICKS, fate, is_late);
}

static enum core_frame_fate find(const struct core_frame_fates *fates, uint32_t frame)
{
    return core_frame_fates_find(fates, LAYER, frame * TICKS);
}

static void test_decisions(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t layer;
        uint32_t timestamp;
        enum core_frame_fate fate; /* UNKNOWN: only looked up */
        bool is_late;
        enum core_frame_fate then;
    } table[] = {
        {"nothing yet", LAYER, 9000, CORE_FRAME_UNKNOWN, false, CORE_FRAME_UNKNOWN},
        {"nothing of frame 0", LAYER, 0, CORE_FRAME_UNKNOWN, false, CORE_FRAME_UNKNOWN},
        {"sent", LAYER, 9000, CORE_FRAME_SENT, false, CORE_FRAME_SENT},
        {"another layer's of that time", 78, 9000, CORE_FRAME_UNKNOWN, false, CORE_FRAME_UNKNOWN},
        {"left out", LAYER, 12000, CORE_FRAME_LEFT_OUT, false, CORE_FRAME_LEFT_OUT},
        {"a replay sends it", LAYER, 12000, CORE_FRAME_SENT, false, CORE_FRAME_SENT},
        {"late, and left out", LAYER, 6000, CORE_FRAME_LEFT_OUT, true, CORE_FRAME_LEFT_OUT},
        {"a live one's piece is late", LAYER, 9000, CORE_FRAME_LEFT_OUT, true, CORE_FRAME_LEFT_OUT},
        {"the others as they were", LAYER, 12000, CORE_FRAME_UNKNOWN, false, CORE_FRAME_SENT},
        {"timestamp 0", LAYER, 0, CORE_FRAME_SENT, true, CORE_FRAME_SENT},
        {"the end of time", LAYER, 0xFFFFFFFC, CORE_FRAME_SENT, false, CORE_FRAME_SENT},
    };
    struct core_frame_fates fates = {.live_next = 0};
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        if (table[i].fate != CORE_FRAME_UNKNOWN)
            core_frame_fates_remember(&fates, table[i].layer, table[i].timestamp, table[i].fate,
                                      table[i].is_late);
        assert_int_equal(core_frame_fates_find(&fates, table[i].layer, table[i].timestamp),
                         table[i].then);
    }
}

/* The link was away: repairs of more frames than are remembered, and then the rest of one that was
   begun live. */
static void test_burst_of_repairs(void **state)
{
    (void)state;
    struct core_frame_fates fates = {.live_next = 0};
    remember(&fates, 753, CORE_FRAME_SENT, false);
    for (uint32_t frame = 700; frame < 753; frame++)
        remember(&fates, frame, CORE_FRAME_LEFT_OUT, true);
    assert_int_equal(find(&fates, 753), CORE_FRAME_SENT);
    assert_int_equal(find(&fates, 752), CORE_FRAME_LEFT_OUT);
    assert_int_equal(find(&fates, 752 - CORE_FRAME_FATES_LATE), CORE_FRAME_UNKNOWN);
}

/* A long call: the newest second, whatever came late. */
static void test_ring(void **state)
{
    (void)state;
    struct core_frame_fates fates = {.live_next = 0};
    for (uint32_t frame = 1; frame < 1000; frame++) {
        remember(&fates, frame, frame % 3 ? CORE_FRAME_SENT : CORE_FRAME_LEFT_OUT, false);
        if (frame % 7 == 0)
            remember(&fates, 100000 + frame, CORE_FRAME_SENT, true);
        for (uint32_t back = 0; back < CORE_FRAME_FATES_LIVE && back < frame; back++)
            assert_int_equal(find(&fates, frame - back),
                             (frame - back) % 3 ? CORE_FRAME_SENT : CORE_FRAME_LEFT_OUT);
        if (frame > CORE_FRAME_FATES_LIVE)
            assert_int_equal(find(&fates, frame - CORE_FRAME_FATES_LIVE), CORE_FRAME_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_burst_of_repairs),
        cmocka_unit_test(test_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
