/* Two threads, one queue: nothing is lost, doubled or torn, whatever their speeds. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/io/queue.h"

#define CAPACITY 16
#define MESSAGES 200000

struct message {
    uint64_t number;
    uint64_t copies[6]; /* a torn message would differ within itself */
};

static struct message message_of(uint64_t number)
{
    struct message message = {.number = number};
    for (int i = 0; i < 6; i++)
        message.copies[i] = number * (uint64_t)(i + 3);
    return message;
}

static bool is_whole(const struct message *message)
{
    struct message expected = message_of(message->number);
    return memcmp(message, &expected, sizeof(expected)) == 0;
}

static void test_bounds(void **state)
{
    (void)state;
    struct io_queue queue;
    struct message message;
    assert_int_equal(io_queue_init(&queue, sizeof(message), CAPACITY), 0);
    assert_false(io_queue_pop(&queue, &message));
    for (uint64_t round = 0; round < 5; round++) { /* wraps */
        for (uint64_t i = 0; i < CAPACITY; i++) {
            message = message_of(round * 100 + i);
            assert_true(io_queue_push(&queue, &message));
        }
        message = message_of(999);
        assert_false(io_queue_push(&queue, &message)); /* full: nothing is overwritten */
        for (uint64_t i = 0; i < CAPACITY - 5; i++) {
            assert_true(io_queue_pop(&queue, &message));
            assert_int_equal(message.number, round * 100 + i);
        }
        for (uint64_t i = CAPACITY - 5; i < CAPACITY; i++) {
            assert_true(io_queue_pop(&queue, &message));
            assert_int_equal(message.number, round * 100 + i);
        }
        assert_false(io_queue_pop(&queue, &message));
    }
    io_queue_dispose(&queue);
}

static void *produce(void *argument)
{
    struct io_queue *queue = argument;
    for (uint64_t number = 0; number < MESSAGES;) {
        struct message message = message_of(number);
        if (io_queue_push(queue, &message))
            number++;
        else
            sched_yield();
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct io_queue queue;
    struct message message;
    pthread_t producer;
    assert_int_equal(io_queue_init(&queue, sizeof(message), CAPACITY), 0);
    assert_int_equal(pthread_create(&producer, NULL, produce, &queue), 0);
    for (uint64_t number = 0; number < MESSAGES;) {
        if (!io_queue_pop(&queue, &message)) {
            sched_yield();
            continue;
        }
        assert_int_equal(message.number, number++);
        assert_true(is_whole(&message));
    }
    pthread_join(producer, NULL);
    assert_false(io_queue_pop(&queue, &message));
    io_queue_dispose(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
