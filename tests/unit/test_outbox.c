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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_exhaustion),
        cmocka_unit_test(test_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
