/*
 * Commands on their way to a worker. Its queue is bounded; what must not be lost (leave, mute,
 * layout, ICE restart) waits here when it is full, in order, and goes first afterwards.
 *
 * Control's thread only. Bounded by what participants can ask for: their rate is limited, and a
 * worker takes its queue in one turn of its loop.
 */
#ifndef IRIS_CONTROL_BACKLOG_H
#define IRIS_CONTROL_BACKLOG_H

#include "sfu/io/worker.h"

#define CONTROL_BACKLOG_RETRY_MS 5

struct control_waiting; /* one command */

struct control_backlog {
    struct control_waiting *first, *last; /* owned */
};

void control_backlog_dispose(struct control_backlog *backlog);

/**
 * Send a command, or let it wait.
 *
 * @return  false when it was neither (no memory)
 */
bool control_backlog_send(struct control_backlog *backlog, struct io_worker *worker,
                          const struct core_command *command);

/** Send a command only if it can go at once: a join, whose client may try again. */
bool control_backlog_try(struct control_backlog *backlog, struct io_worker *worker,
                         const struct core_command *command);

/** Send what waits. @return whether some still does */
bool control_backlog_drain(struct control_backlog *backlog, struct io_worker *worker);

#endif
