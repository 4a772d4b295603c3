/* A bucket of lines. */
#include "sfu/control/log_gate.h"

/* 1000 participants leave three lines each when they join and go at once; a file grows by less than
 * 5 GB a day, whatever happens. */
static const struct signalling_rate line_rate = {.per_second = 200, .burst = 5000};

void control_log_gate_init(struct control_log_gate *gate, uint64_t now_ms)
{
    gate->held_back = 0;
    signalling_bucket_init(&gate->lines, line_rate, now_ms);
}

bool control_log_gate_admit(struct control_log_gate *gate, uint64_t now_ms, unsigned *held_back)
{
    if (signalling_bucket_take(&gate->lines, line_rate, 1, now_ms) > 0) {
        gate->held_back++;
        return false;
    }
    *held_back = gate->held_back;
    gate->held_back = 0;
    return true;
}
