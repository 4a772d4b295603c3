/* Buffers are in one place each, chains in the order of their first packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/outbox.h"

static void push(struct core_outbox *outbox, struct core_chain *chain, uint8_t mark)
{
    struct core_buffer *buffer = core_outbox_take(outbox);
    assert_non_null(buffer);
    buffer->data[0] = mark;
    core_outbox_push(outbox, chain, buffer);
}

/* The marks of the next receiver's packets, as text; released. */
static const char *next_marks(struct core_outbox *outbox)
{
    static char marks[16];
    unsigned count = 0;
    struct core_buffer *next;
    for (struct core_buffer *b = core_outbox_next(outbox); b; b = next) {
        next = b->next;
        marks[count++] = (char)b->data[0];
        core_outbox_release(outbox, b);
    }
    marks[count] = '\0';
    return marks;
}

static void test_order(void **state)
{
    (void)state;
    struct core_outbox outbox;
    struct core_chain a = {0}, b = {0};
    assert_int_equal(core_outbox_init(&outbox, 8), 0);
    push(&outbox, &a, '1');
    push(&outbox, &b, '2');
    push(&outbox, &a, '3');
    push(&outbox, &b, '4');
    assert_int_equal(outbox.free_count, 4);
    assert_string_equal(next_marks(&outbox), "13"); /* all of one receiver together */
    push(&outbox, &a, '5');                         /* queues behind b now */
    assert_string_equal(next_marks(&outbox), "24");
    assert_string_equal(next_marks(&outbox), "5");
    assert_string_equal(next_marks(&outbox), "");
    assert_int_equal(outbox.free_count, 8);
    core_outbox_dispose(&outbox);
}

static void test_exhaustion(void **state)
{
    (void)state;
    struct core_outbox outbox;
    struct core_chain chain = {0};
    assert_int_equal(core_outbox_init(&outbox, 2), 0);
    push(&outbox, &chain, '1');
    push(&outbox, &chain, '2');
    assert_null(core_outbox_take(&outbox));
    assert_null(core_outbox_take(&outbox));
    assert_int_equal(outbox.exhausted, 2);
    assert_string_equal(next_marks(&outbox), "12");
    push(&outbox, &chain, '3');
    assert_string_equal(next_marks(&outbox), "3");
    assert_int_equal(outbox.free_count, 2);
    core_outbox_dispose(&outbox);
}

static void test_forget(void **state)
{
    (void)state;
    static const int orders[][3] = {{0, 1, 2}, {1, 0, 2}, {2, 0, 1}};
    for (int row = 0; row < 3; row++) {
        struct core_outbox outbox;
        struct core_chain chains[3] = {0};
        assert_int_equal(core_outbox_init(&outbox, 8), 0);
        for (int i = 0; i < 3; i++) {
            push(&outbox, &chains[i], (uint8_t)('0' + i));
            push(&outbox, &chains[i], (uint8_t)('0' + i));
        }
        core_outbox_forget(&outbox, &chains[orders[row][0]]); /* first, middle, last */
        core_outbox_forget(&outbox, &chains[orders[row][0]]); /* once more is harmless */
        assert_int_equal(outbox.free_count, 4);
        char expected[3] = {(char)('0' + orders[row][1]), (char)('0' + orders[row][1]), 0};
        assert_string_equal(next_marks(&outbox), expected);
        expected[0] = expected[1] = (char)('0' + orders[row][2]);
        assert_string_equal(next_marks(&outbox), expected);
        assert_string_equal(next_marks(&outbox), "");
        push(&outbox, &chains[orders[row][0]], 'x'); /* the queue is whole */
        assert_string_equal(next_marks(&outbox), "x");
        core_outbox_dispose(&outbox);
    }
}

#define BUFFERS 6
#define CHAINS  3

/* Count each buffer in every place where one may be; the invariant is that it is in one. */
static void assert_each_in_one_place(const struct core_outbox *outbox,
                                     const struct core_chain *chains,
                                     struct core_buffer *const *hands, unsigned hand_count)
{
    unsigned places[BUFFERS] = {0}, free_count = 0, queued = 0;
    for (const struct core_buffer *b = outbox->free; b; b = b->next, free_count++)
        places[b - outbox->pool]++;
    for (unsigned i = 0; i < CHAINS; i++) {
        const struct core_buffer *last = NULL;
        for (const struct core_buffer *b = chains[i].first; b; last = b, b = b->next)
            places[b - outbox->pool]++;
        assert_ptr_equal(chains[i].last, last);
        assert_int_equal(chains[i].is_queued, last != NULL);
        queued += chains[i].is_queued;
    }
    for (unsigned i = 0; i < hand_count; i++)
        places[hands[i] - outbox->pool]++;
    for (unsigned i = 0; i < BUFFERS; i++)
        assert_int_equal(places[i], 1);
    assert_int_equal(outbox->free_count, free_count);
    for (const struct core_chain *chain = outbox->first; chain; chain = chain->next, queued--)
        assert_true(chain->is_queued);
    assert_int_equal(queued, 0);
}

/* Every operation in every order that a fixed seed gives. */
static void test_invariant(void **state)
{
    (void)state;
    struct core_outbox outbox;
    struct core_chain chains[CHAINS] = {0};
    struct core_buffer *hands[BUFFERS];
    unsigned hand_count = 0, chained = 0, refused = 0;
    uint32_t random = 1;
    assert_int_equal(core_outbox_init(&outbox, BUFFERS), 0);
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525u + 1013904223u;
        struct core_chain *chain = &chains[(random >> 20) % CHAINS];
        switch (random >> 29) {
        case 0:
        case 1:
        case 2: { /* a packet is made */
            struct core_buffer *buffer = core_outbox_take(&outbox);
            assert_int_equal(buffer == NULL,
                             outbox.free == NULL && hand_count + chained >= BUFFERS);
            if (buffer)
                hands[hand_count++] = buffer;
            else
                refused++;
            break;
        }
        case 3:
        case 4: /* and queued */
            if (hand_count > 0) {
                core_outbox_push(&outbox, chain, hands[--hand_count]);
                chained++;
            }
            break;
        case 5: /* the loop takes a chain */
            for (struct core_buffer *b = core_outbox_next(&outbox), *next; b; b = next, chained--) {
                next = b->next;
                hands[hand_count++] = b;
            }
            break;
        case 6:
            if (hand_count > 0)
                core_outbox_release(&outbox, hands[--hand_count]);
            break;
        default:
            for (const struct core_buffer *b = chain->first; b; b = b->next)
                chained--;
            core_outbox_forget(&outbox, chain);
            break;
        }
        assert_each_in_one_place(&outbox, chains, hands, hand_count);
    }
    assert_true(refused > 100);
    assert_int_equal(outbox.exhausted, refused);
    core_outbox_dispose(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_exhaustion),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_invariant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
