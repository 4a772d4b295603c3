/* Groups of a frame, the pace, audio ahead of it, probes and their padding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/pacer.h"

#define COUNT 16
#define MS    INT64_C(1000)

/* What docs/bandwidth.md says of memory. */
_Static_assert(sizeof(struct bwe_paced) == 16, "a queued packet takes 16 bytes");

struct fixture {
    struct bwe_paced ring[COUNT];
    struct bwe_pacer pacer;
    uint64_t next_handle;
};

/* 1 Mbit/s: 1000 bytes take 8 ms; 10 ms may leave at once. */
static void start(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    bwe_pacer_init(&fixture->pacer, fixture->ring, COUNT);
    bwe_pacer_set_rate(&fixture->pacer, 1000000, 10000, 0);
}

static bool push(struct fixture *fixture, uint16_t frame, int64_t now_ms)
{
    const struct bwe_paced packet = {fixture->next_handle++, 0, 1000, frame};
    return bwe_pacer_push(&fixture->pacer, &packet, now_ms * MS);
}

static size_t pop(struct fixture *fixture, int64_t now_ms, uint64_t *first, uint8_t *cluster)
{
    struct bwe_paced packets[COUNT];
    size_t count = bwe_pacer_pop(&fixture->pacer, now_ms * MS, packets, COUNT, cluster);
    for (size_t i = 1; i < count; i++) {
        assert_int_equal(packets[i].frame, packets[0].frame);
        assert_int_equal(packets[i].handle, packets[0].handle + i);
    }
    *first = count > 0 ? packets[0].handle : 0;
    return count;
}

static void test_groups_and_pace(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        size_t count;
        uint64_t first;
        int64_t deadline_ms; /* afterwards */
    } steps[] = {
        {0, 2, 0, 16}, /* two packets of the first frame: 8 ms, then beyond 10 */
        {0, 0, 0, 16},  {15, 0, 0, 16}, {16, 1, 2, 24}, /* its third one, not with the next frame */
        {24, 2, 3, 40}, {40, 0, 0, -1},
    };
    struct fixture fixture;
    start(&fixture);
    for (unsigned i = 0; i < 5; i++)
        assert_true(push(&fixture, i < 3 ? 1 : 2, 0));
    assert_int_equal(bwe_pacer_queue_ms(&fixture.pacer), 40);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        uint64_t first;
        uint8_t cluster;
        print_message("step %zu\n", i);
        assert_int_equal(pop(&fixture, steps[i].at_ms, &first, &cluster), steps[i].count);
        assert_int_equal(first, steps[i].first);
        assert_int_equal(cluster, 0);
        int64_t deadline_us = bwe_pacer_deadline(&fixture.pacer);
        if (steps[i].deadline_ms < 0 || fixture.pacer.count == 0)
            assert_true(deadline_us == INT64_MAX);
        else
            assert_int_equal(deadline_us, steps[i].deadline_ms * MS);
    }
    assert_int_equal(bwe_pacer_queue_ms(&fixture.pacer), 0);
}

static void test_pause_gives_no_credit(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t first;
    uint8_t cluster;
    start(&fixture);
    for (uint16_t frame = 1; frame <= 3; frame++)
        push(&fixture, frame, 10000);
    assert_int_equal(pop(&fixture, 10000, &first, &cluster), 1);
    assert_int_equal(pop(&fixture, 10007, &first, &cluster), 0);
    assert_int_equal(pop(&fixture, 10008, &first, &cluster), 1);
}

static void test_audio_delays_video_only(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t first;
    uint8_t cluster;
    start(&fixture);
    push(&fixture, 1, 0);
    bwe_pacer_on_unpaced(&fixture.pacer, 250, 0);
    assert_int_equal(pop(&fixture, 1, &first, &cluster), 0);
    assert_int_equal(pop(&fixture, 2, &first, &cluster), 1);
    /* More of it than the rate carries: half a second, not the whole one that it takes. */
    push(&fixture, 2, 10);
    for (unsigned i = 0; i < 500; i++)
        bwe_pacer_on_unpaced(&fixture.pacer, 250, 10000);
    assert_int_equal(pop(&fixture, 509, &first, &cluster), 0);
    assert_int_equal(pop(&fixture, 510, &first, &cluster), 1);
}

/* What was sent ahead of one rate is worked off at the next one, and voices hold up video for a
   half a second at most. */
static void test_debt_is_bytes(void **state)
{
    (void)state;
    static const struct {
        uint32_t first_bps, then_bps;
        unsigned packets;  /* of voice, 1000 bytes each, at 0 */
        int64_t at_ms;     /* the rate changes */
        int64_t leaves_ms; /* video pushed then may leave */
    } steps[] = {{1000000, 1000000, 5, 0, 40}, {1000000, 2000000, 5, 0, 20},
                 {1000000, 500000, 5, 0, 80},  {1000000, 2000000, 5, 20, 30},
                 {100000, 1000000, 20, 0, 50}, {1000000, 1000000, 80, 0, 500}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct fixture fixture;
        start(&fixture);
        bwe_pacer_set_rate(&fixture.pacer, steps[i].first_bps, 10000, 0);
        for (unsigned k = 0; k < steps[i].packets; k++)
            bwe_pacer_on_unpaced(&fixture.pacer, 1000, 0);
        bwe_pacer_set_rate(&fixture.pacer, steps[i].then_bps, 10000, steps[i].at_ms * MS);
        assert_true(push(&fixture, 1, steps[i].at_ms));
        assert_int_equal(bwe_pacer_deadline(&fixture.pacer) / MS, steps[i].leaves_ms);
    }
}

static void test_full_and_clear(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    for (unsigned i = 0; i < COUNT; i++)
        assert_true(push(&fixture, 1, 0));
    assert_false(push(&fixture, 1, 0));
    assert_int_equal(bwe_pacer_queue_ms(&fixture.pacer), COUNT * 8);
    assert_true(bwe_pacer_queue_ms(&fixture.pacer) > BWE_PACER_QUEUE_MS);
    bwe_pacer_clear(&fixture.pacer);
    assert_int_equal(bwe_pacer_queue_ms(&fixture.pacer), 0);
    assert_true(push(&fixture, 1, 0));
}

static void test_rate_zero(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t first;
    uint8_t cluster;
    start(&fixture);
    bwe_pacer_set_rate(&fixture.pacer, 0, 10000, 0);
    push(&fixture, 1, 0);
    assert_int_equal(pop(&fixture, 1000, &first, &cluster), 0);
    assert_true(bwe_pacer_deadline(&fixture.pacer) == INT64_MAX);
}

static void test_probe_media_first(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t first;
    uint8_t cluster;
    const struct bwe_probe probe = {.id = 9, .packets = 3, .rate_bps = 2000000, .bytes = 2500};
    start(&fixture);
    push(&fixture, 1, 0);
    pop(&fixture, 0, &first, &cluster);
    bwe_pacer_begin_probe(&fixture.pacer, &probe, 1 * MS);
    assert_int_equal(bwe_pacer_padding(&fixture.pacer, 20 * MS, 1200, &cluster), 0); /* waits */
    push(&fixture, 2, 30);
    push(&fixture, 2, 30);
    assert_int_equal(pop(&fixture, 30, &first, &cluster), 1); /* one by one, at the probe's rate */
    assert_int_equal(cluster, 9);
    assert_int_equal(pop(&fixture, 33, &first, &cluster), 0);
    assert_int_equal(pop(&fixture, 34, &first, &cluster), 1);
    assert_int_equal(cluster, 9);
    assert_int_equal(bwe_pacer_padding(&fixture.pacer, 37 * MS, 1200, &cluster), 0);
    assert_int_equal(bwe_pacer_padding(&fixture.pacer, 38 * MS, 1200, &cluster),
                     500); /* the rest */
    assert_int_equal(cluster, 9);
    bwe_pacer_on_padding(&fixture.pacer, 500, 38 * MS);
    assert_int_equal(bwe_pacer_padding(&fixture.pacer, 100 * MS, 1200, &cluster), 0);
    assert_true(bwe_pacer_deadline(&fixture.pacer) == INT64_MAX);
}

static void test_probes_in_a_row(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t cluster;
    unsigned counts[3] = {0};
    start(&fixture);
    for (uint8_t id = 1; id <= 2; id++) {
        const struct bwe_probe probe = {.id = id, .packets = 5, .rate_bps = 2000000, .bytes = 5000};
        bwe_pacer_begin_probe(&fixture.pacer, &probe, 0);
    }
    /* No media: at once, five equal packets each, 4 ms apart. */
    for (int64_t now_ms = 0; now_ms < 100; now_ms++) {
        uint16_t bytes = bwe_pacer_padding(&fixture.pacer, now_ms * MS, 1200, &cluster);
        if (bytes == 0)
            continue;
        assert_int_equal(bytes, 1000);
        assert_int_equal(now_ms % 4, 0);
        assert_in_range(cluster, 1, 2);
        counts[cluster]++;
        uint32_t pending_bytes = bwe_pacer_probe_bytes(&fixture.pacer);
        assert_int_equal(pending_bytes, 11000 - 1000 * (counts[1] + counts[2]));
        bwe_pacer_on_padding(&fixture.pacer, bytes, now_ms * MS);
    }
    assert_int_equal(bwe_pacer_probe_bytes(&fixture.pacer), 0);
    assert_int_equal(counts[1], 5);
    assert_int_equal(counts[2], 5);
}

/* What a probe sent ahead of a low pace holds video up for a second, not for the four that it
 * takes. */
static void test_probe_at_a_low_pace(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t first;
    uint8_t cluster;
    const struct bwe_probe probe = {.id = 1, .packets = 1, .rate_bps = 2000000, .bytes = 50000};
    start(&fixture);
    bwe_pacer_set_rate(&fixture.pacer, 100000, 10000, 0);
    bwe_pacer_begin_probe(&fixture.pacer, &probe, 0);
    bwe_pacer_on_padding(&fixture.pacer, 50000, 0);
    push(&fixture, 1, 1);
    assert_int_equal(pop(&fixture, 999, &first, &cluster), 0);
    assert_int_equal(pop(&fixture, 1000, &first, &cluster), 1);
}

/* What fills a probe is old packets, seldom of the size asked for: it has its rate all the same. */
static void test_probe_of_other_sizes(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {1200, 960, 1500, 700};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct fixture fixture;
        uint8_t cluster;
        uint32_t sent_bytes = 0;
        int64_t last_ms = 0;
        const struct bwe_probe probe = {.id = 1, .packets = 5, .rate_bps = 800000, .bytes = 20000};
        start(&fixture);
        bwe_pacer_begin_probe(&fixture.pacer, &probe, 0);
        for (int64_t now_ms = 0; now_ms < 400; now_ms++)
            if (bwe_pacer_padding(&fixture.pacer, now_ms * MS, 1200, &cluster) > 0) {
                bwe_pacer_on_padding(&fixture.pacer, sizes[i], now_ms * MS);
                sent_bytes += sizes[i];
                last_ms = now_ms;
            }
        assert_in_range(sent_bytes, 20000, 20000 + sizes[i]);
        assert_in_range((sent_bytes - sizes[i]) * 8 / last_ms, 750, 850);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_and_pace),
        cmocka_unit_test(test_pause_gives_no_credit),
        cmocka_unit_test(test_audio_delays_video_only),
        cmocka_unit_test(test_debt_is_bytes),
        cmocka_unit_test(test_full_and_clear),
        cmocka_unit_test(test_rate_zero),
        cmocka_unit_test(test_probe_media_first),
        cmocka_unit_test(test_probes_in_a_row),
        cmocka_unit_test(test_probe_of_other_sizes),
        cmocka_unit_test(test_probe_at_a_low_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
