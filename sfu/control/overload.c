/* The bounds and the counting. */
#include "sfu/control/overload.h"

/* Half the time between two frames of a camera (25 a second): what a receiver's jitter buffer takes
 * without a longer delay. An idle worker needs some 0.1 ms (docs/performance.md). */
#define DELAY_MAX_US 20000
/* Fewer make no percentile: the largest of them would decide. One datagram in 64 is a sample. */
#define DELAY_SAMPLES_MIN 20

#define BEGIN_S  3
#define END_S    10
#define US_PER_S 1000000

enum control_overload_cause control_overload_judge(const struct control_load *load)
{
    if (load->silent_us >= CONTROL_OVERLOAD_SILENCE_US)
        return CONTROL_OVERLOAD_SILENCE;
    if (load->missing_buffers > 0)
        return CONTROL_OVERLOAD_BUFFERS;
    if (load->would_block > 0)
        return CONTROL_OVERLOAD_SEND_BUFFER;
    if (load->receive_drops > 0)
        return CONTROL_OVERLOAD_RECEIVE_BUFFER;
    if (load->delay_samples >= DELAY_SAMPLES_MIN && load->delay_p99_us > DELAY_MAX_US)
        return CONTROL_OVERLOAD_DELAY;
    if (load->is_queue_full)
        return CONTROL_OVERLOAD_COMMANDS;
    if (load->lost_events > 0)
        return CONTROL_OVERLOAD_EVENTS;
    return CONTROL_OVERLOAD_NONE;
}

bool control_overload_follow(struct control_overload *overload, enum control_overload_cause cause,
                             int64_t silent_us)
{
    int64_t seconds = (silent_us + US_PER_S / 2) / US_PER_S;
    if ((cause != CONTROL_OVERLOAD_NONE) == overload->is_overloaded) {
        overload->contrary_s = 0;
        return false;
    }
    overload->contrary_s += seconds > 1 ? (unsigned)seconds : 1;
    if (overload->contrary_s < (overload->is_overloaded ? END_S : BEGIN_S))
        return false;
    overload->is_overloaded = !overload->is_overloaded;
    overload->contrary_s = 0;
    return true;
}

struct control_evidence control_overload_evidence(enum control_overload_cause cause,
                                                  const struct control_load *load)
{
    switch (cause) {
    case CONTROL_OVERLOAD_SILENCE:
        return (struct control_evidence){"silent_us", load->silent_us};
    case CONTROL_OVERLOAD_BUFFERS:
        return (struct control_evidence){"missing_buffers", (int64_t)load->missing_buffers};
    case CONTROL_OVERLOAD_SEND_BUFFER:
        return (struct control_evidence){"would_block", (int64_t)load->would_block};
    case CONTROL_OVERLOAD_RECEIVE_BUFFER:
        return (struct control_evidence){"receive_drops", (int64_t)load->receive_drops};
    case CONTROL_OVERLOAD_DELAY:
        return (struct control_evidence){"delay_p99_us", load->delay_p99_us};
    case CONTROL_OVERLOAD_COMMANDS:
        return (struct control_evidence){"command_queue_full", load->is_queue_full};
    case CONTROL_OVERLOAD_EVENTS:
        return (struct control_evidence){"lost_events", (int64_t)load->lost_events};
    case CONTROL_OVERLOAD_NONE:
        break;
    }
    return (struct control_evidence){"none", 0};
}
