/* A free list and chains; nothing clever. */
#include "sfu/core/outbox.h"

#include <stdlib.h>

#include "rtp/error.h"

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

struct core_buffer *core_outbox_take(struct core_outbox *outbox)
{
    struct core_buffer *buffer = outbox->free;
    if (!buffer) {
        outbox->exhausted++;
        return NULL;
    }
    outbox->free = buffer->next;
    outbox->free_count--;
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
    return buffers;
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
