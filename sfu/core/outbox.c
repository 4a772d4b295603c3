/* A free list and chains; nothing clever. */
#include "sfu/core/outbox.h"

#include <stdlib.h>

#include "rtp/error.h"

#define PADDING_BIT 0x20
/* More costs more of the network than it saves of the processor: 2 % of a usual packet. */
#define PADDING_MAX 16

int core_outbox_init(struct core_outbox *outbox, unsigned buffer_count)
{
    memset(outbox, 0, sizeof(*outbox));
    outbox->pool = calloc(buffer_count, sizeof(*outbox->pool));
    if (!outbox->pool)
        return IRIS_E_NO_MEMORY;
    outbox->total_count = buffer_count;
    for (unsigned i = 0; i < buffer_count; i++)
        core_outbox_release(outbox, &outbox->pool[i]);
    return 0;
}

void core_outbox_dispose(struct core_outbox *outbox)
{
    free(outbox->pool);
    memset(outbox, 0, sizeof(*outbox));
}

/* What is written of a buffer first; the rest follows in order. */
static void prefetch(const struct core_buffer *buffer)
{
    __builtin_prefetch(buffer, 1);
    __builtin_prefetch(buffer ? buffer->data : NULL, 1);
}

struct core_buffer *core_outbox_take(struct core_outbox *outbox)
{
    struct core_buffer *buffer = outbox->free;
    if (!buffer) {
        outbox->exhausted++;
        return NULL;
    }
    outbox->free = buffer->next;
    outbox->free_count--;
    prefetch(outbox->free); /* while this one is filled */
    buffer->transport = NULL;
    buffer->transport_seq_at = buffer->send_time_at = 0;
    return buffer;
}

void core_outbox_push(struct core_outbox *outbox, struct core_chain *chain,
                      struct core_buffer *buffer)
{
    buffer->next = NULL;
    if (chain->last)
        chain->last->next = buffer;
    else
        chain->first = buffer;
    chain->last = buffer;
    if (chain->is_queued)
        return;
    chain->is_queued = true;
    chain->next = NULL;
    if (outbox->last)
        outbox->last->next = chain;
    else
        outbox->first = chain;
    outbox->last = chain;
}

/* While the chain before it is sealed and sent. */
static void prefetch_keys(const struct core_chain *chain)
{
    if (chain && chain->first->transport)
        transport_prefetch_keys(chain->first->transport);
}

struct core_buffer *core_outbox_next(struct core_outbox *outbox)
{
    struct core_chain *chain = outbox->first;
    if (!chain)
        return NULL;
    outbox->first = chain->next;
    if (!outbox->first)
        outbox->last = NULL;
    struct core_buffer *buffers = chain->first;
    memset(chain, 0, sizeof(*chain));
    prefetch_keys(outbox->first);
    return buffers;
}

/* Same SSRC and timestamp: packets of one frame. */
static bool is_same_frame(const struct core_buffer *a, const struct core_buffer *b)
{
    return b && a->transport && b->transport && memcmp(a->data + 4, b->data + 4, 8) == 0;
}

static void pad(struct core_buffer *buffer, uint16_t len)
{
    uint16_t missing = (uint16_t)(len - buffer->len);
    if (buffer->len >= len || missing > PADDING_MAX || buffer->data[0] & PADDING_BIT)
        return;
    memset(buffer->data + buffer->len, 0, missing);
    buffer->data[len - 1] = (uint8_t)missing;
    buffer->data[0] |= PADDING_BIT;
    buffer->len = len;
}

void core_outbox_equalize(struct core_buffer *packets)
{
    struct core_buffer *last;
    for (struct core_buffer *first = packets; first; first = last->next) {
        uint16_t len = first->len;
        for (last = first; is_same_frame(last, last->next); last = last->next)
            len = last->next->len > len ? last->next->len : len;
        for (struct core_buffer *buffer = first; buffer != last; buffer = buffer->next)
            pad(buffer, len);
    }
}

void core_outbox_release(struct core_outbox *outbox, struct core_buffer *buffer)
{
    buffer->next = outbox->free;
    outbox->free = buffer;
    outbox->free_count++;
}

static void unlink_chain(struct core_outbox *outbox, struct core_chain *chain)
{
    struct core_chain *previous = NULL;
    for (struct core_chain *at = outbox->first; at != chain; at = at->next)
        previous = at;
    if (previous)
        previous->next = chain->next;
    else
        outbox->first = chain->next;
    if (outbox->last == chain)
        outbox->last = previous;
}

void core_outbox_forget(struct core_outbox *outbox, struct core_chain *chain)
{
    if (!chain->is_queued)
        return;
    unlink_chain(outbox, chain);
    for (struct core_buffer *buffer = chain->first, *next; buffer; buffer = next) {
        next = buffer->next;
        core_outbox_release(outbox, buffer);
    }
    memset(chain, 0, sizeof(*chain));
}
