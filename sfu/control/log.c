/* The log as the network may fill it. */
#include <stdio.h>

#include "sfu/control/control_internal.h"

/* A server of 1000 may fill in a minute, each with a few lines, and a room may end at once. */
static const struct signalling_rate log_rate = {.per_second = 200, .burst = 5000};

static void tell_of_held_back(struct control *control)
{
    char count[16];
    snprintf(count, sizeof(count), "%u", control->log_gate.held_back);
    control->log_gate.held_back = 0;
    control->config.log(CONTROL_LOG_WARNING, "log.held_back",
                        (const char *const[]){"count", count, NULL});
}

void control_log_pairs(struct control *control, int level, const char *event,
                       const char *const *pairs)
{
    struct control_log_gate *gate = &control->log_gate;
    bool is_admitted =
        level == CONTROL_LOG_ERROR ||
        signalling_bucket_take(&gate->lines, log_rate, 1, uv_now(control->loop)) == 0;
    if (!is_admitted) {
        gate->held_back++;
        return;
    }
    if (gate->held_back > 0)
        tell_of_held_back(control);
    control->config.log(level, event, pairs);
}

void control_log_init(struct control *control)
{
    signalling_bucket_init(&control->log_gate.lines, log_rate, uv_now(control->loop));
}
