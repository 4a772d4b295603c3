/* A heap of four children a node: flatter than two, and what is compared lies together. */
#include "tests/sim/queue.h"

#include <stdlib.h>
#include <string.h>

#define CHILDREN 4
#define FIRST    1024

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order);
}

void sim_queue_dispose(struct sim_queue *queue)
{
    free(queue->events);
    memset(queue, 0, sizeof(*queue));
}

void sim_queue_push(struct sim_queue *queue, const struct sim_event *event)
{
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? 2 * queue->capacity : FIRST;
        queue->events = realloc(queue->events, queue->capacity * sizeof(*queue->events));
        if (!queue->events)
            abort();
    }
    struct sim_event added = *event;
    unsigned at = queue->count++;
    added.order = queue->order++;
    while (at > 0) {
        unsigned parent = (at - 1) / CHILDREN;
        if (!is_before(&added, &queue->events[parent]))
            break;
        queue->events[at] = queue->events[parent];
        at = parent;
    }
    queue->events[at] = added;
}

int64_t sim_queue_next_us(const struct sim_queue *queue)
{
    return queue->count ? queue->events[0].at_us : INT64_MAX;
}

static unsigned earliest_child(const struct sim_queue *queue, unsigned first)
{
    unsigned best = first;
    for (unsigned i = first + 1; i < first + CHILDREN && i < queue->count; i++)
        if (is_before(&queue->events[i], &queue->events[best]))
            best = i;
    return best;
}

bool sim_queue_pop(struct sim_queue *queue, struct sim_event *event)
{
    if (queue->count == 0)
        return false;
    *event = queue->events[0];
    struct sim_event last = queue->events[--queue->count];
    unsigned at = 0;
    for (unsigned child; (child = at * CHILDREN + 1) < queue->count; at = child) {
        child = earliest_child(queue, child);
        if (!is_before(&queue->events[child], &last))
            break;
        queue->events[at] = queue->events[child];
    }
    queue->events[at] = last;
    return true;
}
