/*
 * What happens when: a heap of events in virtual time. Events of the same time come out in the
 * order in which they were put in, so that a run is repeatable.
 */
#ifndef IRIS_SIM_QUEUE_H
#define IRIS_SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds are the world's (world.h). An event for somebody who has left is recognised by number. */
struct sim_event {
    int64_t at_us;
    uint64_t order;  /* set by sim_queue_push() */
    void *what;      /* a datagram or packet on its way; else NULL */
    uint64_t number; /* of the participant; 0: nobody's */
    uint16_t seat;
    uint16_t kind;
    uint32_t detail;
};

struct sim_queue {
    struct sim_event *events; /* owned */
    unsigned count, capacity;
    uint64_t order;
};

/** Free; a zeroed queue is empty. */
void sim_queue_dispose(struct sim_queue *queue);

/** Put in an event; ends the program when memory is short. */
void sim_queue_push(struct sim_queue *queue, const struct sim_event *event);

/** The time of the next event [us]; INT64_MAX when there is none. */
int64_t sim_queue_next_us(const struct sim_queue *queue);

/** Take the next event. @return false when there is none */
bool sim_queue_pop(struct sim_queue *queue, struct sim_event *event);

#endif
