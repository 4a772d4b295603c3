/* The ring of sent packets: what is found, what is outstanding, what wraps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/history.h"

#define COUNT 8

enum action { SEND, FIND, RESOLVE };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of reading */
struct step {
    int64_t at_ms;
    enum action action;
    uint16_t seq, bytes;
    int64_t sent_ms; /* FIND: -1: not there */
    uint32_t outstanding;
};

static void run(const struct step *steps, size_t count)
{
    struct bwe_sent ring[COUNT];
    struct bwe_history history;
    bwe_history_init(&history, ring, COUNT);
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        int64_t now_us = step->at_ms * 1000;
        uint64_t ext_seq = 0;
        print_message("step %zu\n", i);
        struct bwe_sent *packet = bwe_history_find(&history, step->seq, now_us, &ext_seq);
        if (step->action == SEND) {
            bwe_history_add(&history, step->seq, (struct bwe_sent){.bytes = step->bytes}, now_us);
        } else if (step->action == FIND && step->sent_ms < 0) {
            assert_null(packet);
        } else {
            assert_non_null(packet);
            assert_int_equal(bwe_history_sent_us(packet, now_us), step->sent_ms * 1000);
            assert_int_equal(packet->bytes, step->bytes);
        }
        if (step->action == RESOLVE)
            bwe_history_resolve(&history, ext_seq);
        assert_int_equal(history.outstanding_bytes, step->outstanding);
    }
}

static void test_life(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {0, FIND, 5, 0, -1, 0},
        {0, SEND, 5, 100, 0, 100},
        {1, SEND, 6, 200, 0, 300},
        {2, FIND, 5, 100, 0, 300},
        {2, FIND, 7, 0, -1, 300},
        {3, SEND, 9, 50, 0, 350}, /* 7 and 8 are numbers without a packet */
        {3, FIND, 8, 0, -1, 350},
        {4, SEND, 4, 70, 0, 350}, /* older than the last one: ignored */
        {4, RESOLVE, 6, 200, 1, 50},
        {5, FIND, 6, 200, 1, 50}, /* still there for late feedback */
        {5, RESOLVE, 5, 100, 0, 50},
        {2003, FIND, 9, 50, 3, 50},
        {2004, FIND, 9, 50, -1, 50}, /* two seconds old */
    };
    run(steps, sizeof(steps) / sizeof(*steps));
}

static void test_ring(void **state)
{
    (void)state;
    struct bwe_sent ring[COUNT];
    struct bwe_history history;
    uint64_t ext_seq;
    bwe_history_init(&history, ring, COUNT);
    for (unsigned i = 0; i < 20; i++) /* over the wrap of the sequence number */
        bwe_history_add(&history, (uint16_t)(65530 + i), (struct bwe_sent){.bytes = 10}, i);
    assert_int_equal(history.outstanding_bytes, COUNT * 10);
    assert_null(bwe_history_find(&history, (uint16_t)(65530 + 11), 100, &ext_seq));
    assert_non_null(bwe_history_find(&history, (uint16_t)(65530 + 12), 100, &ext_seq));
    assert_int_equal(ext_seq, 65536 + 65530 + 12);
    bwe_history_resolve(&history, ext_seq + 1000); /* beyond what was sent: all of it */
    assert_int_equal(history.outstanding_bytes, 0);
}

static void test_long_gap(void **state)
{
    (void)state;
    struct bwe_sent ring[COUNT];
    struct bwe_history history;
    uint64_t ext_seq;
    bwe_history_init(&history, ring, COUNT);
    bwe_history_add(&history, 0, (struct bwe_sent){.bytes = 10}, 0);
    bwe_history_add(&history, 30000, (struct bwe_sent){.bytes = 20}, 0);
    assert_int_equal(history.outstanding_bytes, 20);
    assert_null(bwe_history_find(&history, 0, 0, &ext_seq));
    assert_non_null(bwe_history_find(&history, 30000, 0, &ext_seq));
}

static void test_clock_beyond_32_bits(void **state)
{
    (void)state;
    struct bwe_sent ring[COUNT];
    struct bwe_history history;
    uint64_t ext_seq;
    int64_t sent_us = (INT64_C(1) << 32) * 3 - 10;
    bwe_history_init(&history, ring, COUNT);
    bwe_history_add(&history, 0, (struct bwe_sent){.bytes = 10}, sent_us);
    const struct bwe_sent *packet = bwe_history_find(&history, 0, sent_us + 1000, &ext_seq);
    assert_non_null(packet);
    assert_int_equal(bwe_history_sent_us(packet, sent_us + 1000), sent_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_long_gap),
        cmocka_unit_test(test_clock_beyond_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
