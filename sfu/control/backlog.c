/* A list, and the rule that nothing overtakes it. */
#include "sfu/control/backlog.h"

#include <stdlib.h>

struct control_waiting {
    struct control_waiting *next;
    struct core_command command;
};

static void drop_first(struct control_backlog *backlog)
{
    struct control_waiting *first = backlog->first;
    backlog->first = first->next;
    if (!backlog->first)
        backlog->last = NULL;
    free(first);
}

void control_backlog_dispose(struct control_backlog *backlog)
{
    while (backlog->first)
        drop_first(backlog);
}

bool control_backlog_drain(struct control_backlog *backlog, struct io_worker *worker)
{
    while (backlog->first && io_worker_command(worker, &backlog->first->command))
        drop_first(backlog);
    return backlog->first != NULL;
}

bool control_backlog_try(struct control_backlog *backlog, struct io_worker *worker,
                         const struct core_command *command)
{
    return !control_backlog_drain(backlog, worker) && io_worker_command(worker, command);
}

bool control_backlog_send(struct control_backlog *backlog, struct io_worker *worker,
                          const struct core_command *command)
{
    if (control_backlog_try(backlog, worker, command))
        return true;
    struct control_waiting *waiting = malloc(sizeof(*waiting));
    if (!waiting)
        return false;
    waiting->next = NULL;
    waiting->command = *command;
    if (backlog->last)
        backlog->last->next = waiting;
    else
        backlog->first = waiting;
    backlog->last = waiting;
    return true;
}
