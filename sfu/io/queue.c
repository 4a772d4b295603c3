/* Release on the writer's side, acquire on the reader's: the message is there before its index is.
 */
#include "sfu/io/queue.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/error.h"

int io_queue_init(struct io_queue *queue, size_t message_bytes, size_t capacity)
{
    memset(queue, 0, sizeof(*queue));
    queue->messages = calloc(capacity, message_bytes);
    if (!queue->messages)
        return IRIS_E_NO_MEMORY;
    queue->message_bytes = message_bytes;
    queue->capacity = capacity;
    return 0;
}

void io_queue_dispose(struct io_queue *queue)
{
    free(queue->messages);
    memset(queue, 0, sizeof(*queue));
}

static unsigned char *message_at(const struct io_queue *queue, size_t position)
{
    return queue->messages + (position & (queue->capacity - 1)) * queue->message_bytes;
}

void *io_queue_reserve(struct io_queue *queue)
{
    size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&queue->tail, memory_order_acquire) == queue->capacity)
        return NULL;
    return message_at(queue, head);
}

void io_queue_commit(struct io_queue *queue)
{
    size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    atomic_store_explicit(&queue->head, head + 1, memory_order_release);
}

bool io_queue_push(struct io_queue *queue, const void *message)
{
    void *place = io_queue_reserve(queue);
    if (!place)
        return false;
    memcpy(place, message, queue->message_bytes);
    io_queue_commit(queue);
    return true;
}

bool io_queue_pop(struct io_queue *queue, void *message)
{
    size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    if (tail == atomic_load_explicit(&queue->head, memory_order_acquire))
        return false;
    memcpy(message, message_at(queue, tail), queue->message_bytes);
    atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
    return true;
}
