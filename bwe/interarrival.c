/* Inter-arrival groups: see the header. */
#include "bwe/interarrival.h"

#include <string.h>

#define GROUP_US          5000
#define BURST_US          5000
#define BURST_MAX_US      100000
#define OFFSET_MAX_US     3000000 /* the receiver's clock jumped: start again */
#define REORDERINGS_LIMIT 3

static struct bwe_group group_of(int64_t sent_us, int64_t arrival_us)
{
    return (struct bwe_group){sent_us, sent_us, arrival_us, arrival_us, true};
}

/* Packets that the network held back and let go together arrive closer than they were sent. */
static bool is_burst(const struct bwe_group *group, int64_t sent_us, int64_t arrival_us)
{
    int64_t arrival_delta_us = arrival_us - group->last_arrival_us;
    int64_t propagation_us = arrival_delta_us - (sent_us - group->last_sent_us);
    if (sent_us == group->last_sent_us)
        return true;
    return propagation_us < 0 && arrival_delta_us <= BURST_US &&
           arrival_us - group->first_arrival_us < BURST_MAX_US;
}

static bool is_new_group(const struct bwe_group *group, int64_t sent_us, int64_t arrival_us)
{
    return !is_burst(group, sent_us, arrival_us) && sent_us - group->first_sent_us > GROUP_US;
}

static void extend(struct bwe_group *group, int64_t sent_us, int64_t arrival_us)
{
    if (sent_us > group->last_sent_us)
        group->last_sent_us = sent_us;
    if (arrival_us > group->last_arrival_us)
        group->last_arrival_us = arrival_us;
}

/* Compare the two finished groups. Returns false when they cannot be compared. */
static bool compare(struct bwe_interarrival *state, struct bwe_delay_sample *sample)
{
    int64_t send_us = state->current.last_sent_us - state->previous.last_sent_us;
    int64_t arrival_us = state->current.last_arrival_us - state->previous.last_arrival_us;
    if (arrival_us - send_us > OFFSET_MAX_US || send_us - arrival_us > OFFSET_MAX_US) {
        memset(state, 0, sizeof(*state));
        return false;
    }
    if (arrival_us < 0) {
        if (++state->reorderings >= REORDERINGS_LIMIT)
            memset(state, 0, sizeof(*state));
        return false;
    }
    state->reorderings = 0;
    sample->send_delta_ms = (double)send_us / 1000;
    sample->arrival_delta_ms = (double)arrival_us / 1000;
    sample->arrival_ms = (double)state->current.last_arrival_us / 1000;
    return true;
}

bool bwe_interarrival_add(struct bwe_interarrival *state, int64_t sent_us, int64_t arrival_us,
                          struct bwe_delay_sample *sample)
{
    bool has_sample = false;
    if (state->current.is_set && sent_us < state->current.first_sent_us)
        return false; /* belongs to a group that has been compared */
    if (state->current.is_set && !is_new_group(&state->current, sent_us, arrival_us)) {
        extend(&state->current, sent_us, arrival_us);
        return false;
    }
    if (state->previous.is_set)
        has_sample = compare(state, sample);
    state->previous = state->current;
    state->current = group_of(sent_us, arrival_us);
    return has_sample;
}
