/* The emulated link of iris-link and iris-bench bubbles --link: script, model, and what is under
 * way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/link/wire.h"

#define MS INT64_C(1000)

static void lines_of_a_script(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int result;
        unsigned rules;
    } table[] = {
        {"0 who=* down rate=1000 queue=100 delay=20 jitter=5 loss=1.5", 1, 1},
        {"12.5 who=0 up\n", 1, 1},
        {"0 down rate=1000", 1, 1},
        {"0 both rate=1000", 1, 2},
        {"0 who=3 both queue-bytes=15000 overtake=1 burst=1 burst-packets=3 duplicate=2", 1, 2},
        {"# a comment", 0, 0},
        {"   \t\r\n", 0, 0},
        {"3 who=1 down loss=2 # half of it", 1, 1},
        {"-1 who=0 up", -1, 0},
        {"up", -1, 0},
        {"0", -1, 0},
        {"0 who=x up", -1, 0},
        {"0 who=1.5 up", -1, 0},
        {"0 who=0 sideways", -1, 0},
        {"0 who=0", -1, 0},
        {"0 rate=1 up", -1, 0},
        {"0 up down", -1, 0},
        {"0 up who=1", -1, 0},
        {"0 who=0 up loss=101", -1, 0},
        {"0 who=0 up speed=1", -1, 0},
        {"0 who=0 up rate=", -1, 0},
        {"0 who=0 up rate=1x", -1, 0},
        {"0 up overtake=2", -1, 0},
        {"0 up burst-packets=0.5", -1, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct link_script script = {.count = 0};
        print_message("%s\n", table[i].line);
        assert_int_equal(link_script_add(&script, table[i].line), table[i].result);
        assert_int_equal(script.count, table[i].rules);
    }
}

static void values_of_a_script(void **state)
{
    (void)state;
    struct link_script script = {.count = 0};
    link_script_add(&script, "12.5 who=7 down rate=300 loss=10 burst-packets=4");
    const struct link_rule *rule = &script.rules[0];
    assert_int_equal(rule->at_us, 12500000);
    assert_int_equal(rule->seat, 7);
    assert_true(rule->rate_bps == 300000);
    assert_true(rule->loss == 0.1);
    assert_true(rule->burst_end == 0.25);
    assert_int_equal(rule->queue_us, LINK_QUEUE_MS * MS);
    assert_true(link_script_concerns(&script, 7));
    assert_false(link_script_concerns(&script, 8));
    for (unsigned i = script.count; i < LINK_RULES - 1; i++)
        assert_int_equal(link_script_add(&script, "1 up"), 1);
    assert_int_equal(link_script_add(&script, "1 both"), -1); /* too many */
}

static void what_holds_at_a_moment(void **state)
{
    (void)state;
    struct link_script script = {.count = 0};
    const char *const lines[] = {"10 down rate=2", "1 down rate=1", "5 up rate=9",
                                 "7 who=3 down rate=3", "10 down rate=4"};
    static const struct {
        unsigned seat;
        int64_t at_ms, until_ms; /* until: -1: for ever */
        double rate_kbps;        /* 0: no rule */
    } table[] = {{0, 0, 1000, 0},    {0, 1000, 10000, 1}, {0, 9999, 10000, 1},
                 {0, 10000, -1, 4}, /* of one time the later line */
                 {3, 1000, 7000, 1}, {3, 7000, 10000, 3}, {3, 20000, -1, 4}};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(link_script_add(&script, lines[i]), 1);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        int64_t until_us;
        const struct link_rule *rule =
            link_script_find(&script, table[i].seat, LINK_DOWN, table[i].at_ms * MS, &until_us);
        assert_true((rule ? rule->rate_bps : 0) == table[i].rate_kbps * 1000);
        assert_int_equal(until_us, table[i].until_ms < 0 ? INT64_MAX : table[i].until_ms * MS);
    }
}

static struct link make_link(struct link_script *script, const char *const *lines)
{
    script->count = 0;
    for (; *lines; lines++)
        assert_int_equal(link_script_add(script, *lines), 1);
    return (struct link){.script = script, .seat = 0, .direction = LINK_DOWN, .seed = 1};
}

/* A packet of 1000 bytes, and when it comes out; -1: the queue is full. */
struct step {
    int64_t now_us, out_us;
};

static void check_steps(struct link *link, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct link_passage passage = link_offer(link, 1000, steps[i].now_us);
        if (steps[i].out_us < 0) {
            assert_int_equal(passage.fate, LINK_OVERFLOWED);
            assert_int_equal(passage.copies, 0);
        } else {
            assert_int_equal(passage.fate, LINK_PASSES);
            assert_int_equal(passage.copies, 1);
            assert_int_equal(passage.out_us[0], steps[i].out_us);
        }
    }
}

#define CHECK_STEPS(link, steps) check_steps(link, steps, sizeof(steps) / sizeof((steps)[0]))

/* 1000 bytes take 8 ms at 1 Mbit/s. */
static void rate_queue_and_delay(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"5 who=0 down", "0 who=0 down rate=1000 queue=20 delay=30",
                                 "0 who=0 up loss=100", "0 who=1 down loss=100", NULL};
    static const struct step steps[] = {
        {0, 38 * MS},           {0, 46 * MS}, {0, 54 * MS},       {0, -1},
        {4 * MS, 62 * MS},      {4 * MS, -1}, {32 * MS, 70 * MS}, {100 * MS, 138 * MS},
        {5000 * MS, 5000 * MS}, /* the second rule: no link any more */
    };
    struct link link = make_link(&script, lines);
    CHECK_STEPS(&link, steps);
    assert_int_equal(link_offer(&link, 1000, 5000 * MS).queue_us, 0);
}

/* A queue of bytes holds as much at any rate; that in service counts as it has left. */
static void queue_in_bytes(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 down rate=1000 queue-bytes=3000",
                                 "1 down rate=100 queue-bytes=3000", NULL};
    static const struct step steps[] = {
        {0, 8 * MS},
        {0, 16 * MS},
        {0, 24 * MS},
        {0, -1},
        {7 * MS, -1},
        {8 * MS, 32 * MS},
        {1000 * MS, 1080 * MS},
        {1000 * MS, 1160 * MS},
        {1000 * MS, 1240 * MS},
        {1000 * MS, -1},
    };
    struct link link = make_link(&script, lines);
    CHECK_STEPS(&link, steps);
}

/* What waits when the rate changes goes on at the new one. */
static void the_rate_changes_while_packets_wait(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 down rate=1000 queue=1000", "0.01 down rate=100 queue=1000",
                                 "0.074 down rate=8000 queue=1000", "0.1 down", NULL};
    /* The second: 2 ms and 2000 of its bits at 1000 kbps, 60 ms for the rest at 100; the third: 4
       ms for 400 bits, and 7600 at 8 Mbps. */
    static const struct step steps[] = {{0, 8 * MS}, {0, 70 * MS}, {0, 74 * MS + 950}};
    struct link link = make_link(&script, lines);
    CHECK_STEPS(&link, steps);
    assert_int_equal(link_offer(&link, 1000, 0).queue_us, 74 * MS + 950);
    /* What would still wait when the limit goes is free then. */
    assert_int_equal(link_offer(&link, 100000, 0).out_us[0], 100 * MS);
    link.began_us = 200 * MS; /* once more */
    assert_int_equal(link_offer(&link, 1000, 200 * MS).out_us[0], 208 * MS);
}

static void loss_and_jitter(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 who=* down loss=10 delay=10 jitter=20", NULL};
    struct link link = make_link(&script, lines);
    int64_t last_us = 0;
    unsigned lost = 0;
    for (int64_t now_us = 0; now_us < 10000 * MS; now_us += MS) {
        struct link_passage passage = link_offer(&link, 100, now_us);
        lost += passage.fate == LINK_LOST;
        if (passage.copies == 0)
            continue;
        assert_true(passage.out_us[0] >= last_us); /* nothing overtakes */
        assert_in_range(passage.out_us[0] - now_us, 10 * MS, 30 * MS);
        last_us = passage.out_us[0];
    }
    assert_in_range(lost, 900, 1100); /* of 10000 */
}

static void overtaking_when_asked(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 down delay=10 jitter=20 overtake=1", NULL};
    struct link link = make_link(&script, lines);
    int64_t last_us = 0, sum_us = 0;
    unsigned overtakes = 0;
    for (int64_t now_us = 0; now_us < 10000 * MS; now_us += MS) {
        int64_t out_us = link_offer(&link, 100, now_us).out_us[0];
        overtakes += out_us < last_us;
        last_us = out_us;
        sum_us += out_us - now_us;
    }
    assert_in_range(overtakes, 4000, 5000); /* of 10000, nearly each second one */
    assert_in_range(sum_us / 10000, 19500, 20500);
}

/* 1 % begins a burst of 5 in the mean: about 4.8 % are lost, and one after the other. */
static void bursts_of_loss(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 down burst=1", NULL};
    struct link link = make_link(&script, lines);
    unsigned lost = 0, bursts = 0;
    bool was_lost = false;
    for (int i = 0; i < 100000; i++) {
        bool is_lost = link_offer(&link, 100, i).fate == LINK_LOST;
        lost += is_lost;
        bursts += is_lost && !was_lost;
        was_lost = is_lost;
    }
    assert_in_range(lost, 4200, 5400);
    assert_in_range(lost * 100 / bursts, 450, 550);
}

static void duplicates(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 down duplicate=10 delay=5", NULL};
    struct link link = make_link(&script, lines);
    unsigned copies = 0;
    for (int i = 0; i < 10000; i++) {
        struct link_passage passage = link_offer(&link, 100, i);
        assert_int_equal(passage.out_us[passage.copies - 1], i + 5 * MS);
        copies += passage.copies;
    }
    assert_in_range(copies, 10900, 11100);
}

static void the_same_seed_gives_the_same(void **state)
{
    (void)state;
    struct link_script script;
    const char *const lines[] = {"0 down loss=10 jitter=20 duplicate=5", NULL};
    struct link one = make_link(&script, lines), other = one;
    for (int i = 0; i < 1000; i++) {
        struct link_passage left = link_offer(&one, 100, i), right = link_offer(&other, 100, i);
        assert_memory_equal(&left, &right, sizeof(left));
    }
}

struct taken {
    unsigned count;
    uint8_t order[8];
    int64_t at_us;
};

static void take(void *owner, uint8_t *data, size_t len, int64_t at_us)
{
    struct taken *taken = owner;
    assert_int_equal(len, 3);
    assert_true(at_us >= taken->at_us);
    taken->at_us = at_us;
    taken->order[taken->count++] = data[0];
}

static void a_wire_keeps_the_order(void **state)
{
    (void)state;
    struct taken taken = {.count = 0};
    struct link_script script = {.count = 0};
    link_script_add(&script, "0 who=* up delay=10");
    struct link_wire *wire = link_wire_create(&script, 0, 1, 1000000);
    assert_int_equal(link_wire_deadline(wire), INT64_MAX);
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t data[3] = {i};
        link_wire_push(wire, LINK_UP, data, sizeof(data), sizeof(data), 1000000 + i * MS);
    }
    assert_int_equal(link_wire_deadline(wire), 1010000);
    link_wire_pop(wire, LINK_UP, 1009999, take, &taken);
    assert_int_equal(taken.count, 0);
    link_wire_pop(wire, LINK_UP, 1011000, take, &taken);
    assert_int_equal(taken.count, 2);
    assert_memory_equal(taken.order, "\0\1", 2);
    link_wire_pop(wire, LINK_DOWN, 2000000, take, &taken);
    assert_int_equal(taken.count, 2);
    assert_int_equal(link_wire_deadline(wire), 1012000);
    link_wire_destroy(wire); /* with one under way */
}

/* A second rule, without delay, lets what comes later pass; then the script begins anew. */
static void a_wire_sorts_what_overtakes(void **state)
{
    (void)state;
    struct taken taken = {.count = 0};
    struct link_script script = {.count = 0};
    link_script_add(&script, "0 up delay=10 overtake=1");
    link_script_add(&script, "0.002 up delay=1 overtake=1");
    struct link_wire *wire = link_wire_create(&script, 0, 1, 0);
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t data[3] = {i};
        link_wire_push(wire, LINK_UP, data, sizeof(data), sizeof(data), i * MS);
    }
    link_wire_restart(wire, 4 * MS);
    uint8_t data[3] = {4};
    struct link_passage passage = link_wire_push(wire, LINK_UP, data, 3, 3, 4 * MS);
    assert_int_equal(passage.out_us[0], 14 * MS);
    link_wire_pop(wire, LINK_UP, 20 * MS, take, &taken);
    assert_int_equal(taken.count, 5);
    assert_memory_equal(taken.order, "\2\3\0\1\4", 5);
    assert_int_equal(link_wire_deadline(wire), INT64_MAX);
    link_wire_destroy(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_script),
        cmocka_unit_test(values_of_a_script),
        cmocka_unit_test(what_holds_at_a_moment),
        cmocka_unit_test(rate_queue_and_delay),
        cmocka_unit_test(queue_in_bytes),
        cmocka_unit_test(the_rate_changes_while_packets_wait),
        cmocka_unit_test(loss_and_jitter),
        cmocka_unit_test(overtaking_when_asked),
        cmocka_unit_test(bursts_of_loss),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(the_same_seed_gives_the_same),
        cmocka_unit_test(a_wire_keeps_the_order),
        cmocka_unit_test(a_wire_sorts_what_overtakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
