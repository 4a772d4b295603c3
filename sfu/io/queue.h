/*
 * A bounded queue of copied messages between two threads: one producer, one consumer, no locks. The
 * reader is woken by other means (uv_async_send).
 *
 * Invariant: head - tail is the number of messages, 0 to capacity; only the producer writes head,
 * only the consumer writes tail.
 */
#ifndef IRIS_IO_QUEUE_H
#define IRIS_IO_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct io_queue {
    unsigned char *messages; /* owned */
    size_t message_bytes;
    size_t capacity; /* a power of two */
    _Alignas(64) atomic_size_t head;
    _Alignas(64) atomic_size_t tail;
};

/** @param capacity  messages, a power of two. @return 0 or IRIS_E_NO_MEMORY */
int io_queue_init(struct io_queue *queue, size_t message_bytes, size_t capacity);
void io_queue_dispose(struct io_queue *queue);

/** Copy a message in. @return false when the queue is full */
bool io_queue_push(struct io_queue *queue, const void *message);

/**
 * The place of the next message, to be written and then committed; NULL: the queue is full. What
 * the place holds is that of an older message.
 */
void *io_queue_reserve(struct io_queue *queue);
void io_queue_commit(struct io_queue *queue);

/** Copy the oldest message out. @return false when the queue is empty */
bool io_queue_pop(struct io_queue *queue, void *message);

#endif
