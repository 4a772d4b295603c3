/* The emulated network of the load generator: iris-bench bubbles --link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bubbles/wire.h"

#define MS 1000

static void lines_of_a_script(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int result;
    } table[] = {
        {"0 who=* down rate=1000 queue=100 delay=20 jitter=5 loss=1.5", 1},
        {"12.5 who=0 up\n", 1},
        {"# a comment", 0},
        {"   \t\r\n", 0},
        {"3 who=1 down loss=2 # half of it", 1},
        {"-1 who=0 up", -1},
        {"0 who=x up", -1},
        {"0 who=0 sideways", -1},
        {"0 who=0", -1},
        {"0 who=0 up loss=101", -1},
        {"0 who=0 up speed=1", -1},
        {"0 who=0 up rate=", -1},
        {"0 who=0 up rate=1x", -1},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bubbles_link_script script = {.count = 0};
        print_message("%s\n", table[i].line);
        assert_int_equal(bubbles_link_script_add(&script, table[i].line), table[i].result);
        assert_int_equal(script.count, table[i].result == 1);
    }
    struct bubbles_link_script script = {.count = 0};
    bubbles_link_script_add(&script, "12.5 who=7 down rate=300 loss=10");
    assert_int_equal(script.rules[0].at_us, 12500000);
    assert_int_equal(script.rules[0].seat, 7);
    assert_true(script.rules[0].rate_bps == 300000);
    assert_true(script.rules[0].loss == 0.1);
    assert_int_equal(script.rules[0].queue_us, BUBBLES_LINK_QUEUE_MS * MS);
    assert_true(bubbles_link_script_concerns(&script, 7));
    assert_false(bubbles_link_script_concerns(&script, 8));
}

static struct bubbles_link make_link(struct bubbles_link_script *script, const char *const *lines)
{
    script->count = 0;
    for (; *lines; lines++)
        assert_int_equal(bubbles_link_script_add(script, *lines), 1);
    return (struct bubbles_link){.script = script, .seat = 0, .direction = BUBBLES_DOWN, .seed = 1};
}

/* 972 bytes and 28 of headers are 8000 bits: 8 ms at 1 Mbit/s. */
static void rate_queue_and_delay(void **state)
{
    (void)state;
    struct bubbles_link_script script;
    const char *const lines[] = {"5 who=0 down", "0 who=0 down rate=1000 queue=20 delay=30",
                                 "0 who=0 up loss=100", "0 who=1 down loss=100", NULL};
    static const struct {
        int64_t now_us, out_us; /* out: -1: the queue is full */
    } table[] = {
        {0, 38 * MS},           {0, 46 * MS}, {0, 54 * MS},       {0, -1},
        {4 * MS, 62 * MS},      {4 * MS, -1}, {32 * MS, 70 * MS}, {100 * MS, 138 * MS},
        {5000 * MS, 5000 * MS}, /* the second rule: no link any more */
    };
    struct bubbles_link link = make_link(&script, lines);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(bubbles_link_offer(&link, 972, table[i].now_us), table[i].out_us);
    assert_int_equal(link.overflowed, 2);
    assert_int_equal(link.lost, 0);
}

static void loss_and_jitter(void **state)
{
    (void)state;
    struct bubbles_link_script script;
    const char *const lines[] = {"0 who=* down loss=10 delay=10 jitter=20", NULL};
    struct bubbles_link link = make_link(&script, lines);
    int64_t last_us = 0;
    for (int64_t now_us = 0; now_us < 10000 * MS; now_us += MS) {
        int64_t out_us = bubbles_link_offer(&link, 100, now_us);
        if (out_us < 0)
            continue;
        assert_true(out_us >= last_us); /* nothing overtakes */
        assert_in_range(out_us - now_us, 10 * MS, 30 * MS);
        last_us = out_us;
    }
    assert_in_range(link.lost, 900, 1100); /* of 10000 */
}

static unsigned taken;

static void take(void *owner, uint8_t *data, size_t len, int64_t at_us)
{
    (void)at_us;
    assert_ptr_equal(owner, &taken);
    assert_int_equal(len, 3);
    assert_int_equal(data[0], taken);
    taken++;
}

static void a_wire_keeps_the_order(void **state)
{
    (void)state;
    struct bubbles_link_script script = {.count = 0};
    bubbles_link_script_add(&script, "0 who=* up delay=10");
    struct bubbles_wire *wire = bubbles_wire_create(&script, 0, 1, 1000000);
    assert_int_equal(bubbles_wire_deadline(wire), INT64_MAX);
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t data[3] = {i};
        bubbles_wire_push(wire, BUBBLES_UP, data, sizeof(data), 1000000 + i * MS);
    }
    assert_int_equal(bubbles_wire_deadline(wire), 1010000);
    bubbles_wire_pop(wire, BUBBLES_UP, 1009999, take, &taken);
    assert_int_equal(taken, 0);
    bubbles_wire_pop(wire, BUBBLES_UP, 1011000, take, &taken);
    assert_int_equal(taken, 2);
    bubbles_wire_pop(wire, BUBBLES_DOWN, 2000000, take, &taken);
    assert_int_equal(taken, 2);
    assert_int_equal(bubbles_wire_deadline(wire), 1012000);
    bubbles_wire_destroy(wire); /* with one under way */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_script),
        cmocka_unit_test(rate_queue_and_delay),
        cmocka_unit_test(loss_and_jitter),
        cmocka_unit_test(a_wire_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
