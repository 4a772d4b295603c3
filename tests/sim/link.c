/* The order of the stages is that of a path: access bottleneck, losses, the way. */
#include "tests/sim/link.h"

#define HEALTHY_LOSS 0.02

void sim_link_init(struct sim_link *link, const struct sim_link_params *params,
                   struct sim_random random, int64_t now_us)
{
    *link = (struct sim_link){.params = *params, .random = random, .trouble_us = INT64_MIN / 2};
    link->free_us = link->arrived_us = now_us;
}

/* @return when the bottleneck has sent the packet; -1: it did not fit */
static int64_t pass_bottleneck(struct sim_link *link, unsigned bytes, int64_t now_us)
{
    const struct sim_link_params *params = &link->params;
    if (params->capacity_bps == 0)
        return now_us;
    int64_t start_us = link->free_us > now_us ? link->free_us : now_us;
    if (start_us - now_us > params->queue_us)
        return -1;
    link->free_us = start_us + (int64_t)((uint64_t)bytes * 8 * 1000000 / params->capacity_bps);
    return link->free_us;
}

static bool is_lost_in_burst(struct sim_link *link)
{
    double leave_or_enter = link->is_in_burst ? link->params.burst_end : link->params.burst;
    if (sim_random_chance(&link->random, leave_or_enter))
        link->is_in_burst = !link->is_in_burst;
    return link->is_in_burst;
}

static int64_t travel(struct sim_link *link, int64_t from_us)
{
    const struct sim_link_params *params = &link->params;
    int64_t at_us = from_us + params->delay_us;
    if (params->jitter_us > 0)
        at_us += sim_random_between(&link->random, 0, params->jitter_us);
    if (sim_random_chance(&link->random, params->reorder))
        return at_us + params->reorder_us;
    if (at_us < link->arrived_us)
        at_us = link->arrived_us;
    link->arrived_us = at_us;
    return at_us;
}

unsigned sim_link_send(struct sim_link *link, unsigned bytes, int64_t now_us,
                       int64_t arrivals_us[SIM_LINK_COPIES])
{
    link->sent++;
    link->bytes += bytes;
    int64_t sent_us = link->params.is_down ? -1 : pass_bottleneck(link, bytes, now_us);
    if (sent_us < 0 || is_lost_in_burst(link)) {
        link->trouble_us = now_us;
        link->lost++;
        return 0;
    }
    if (sim_random_chance(&link->random, link->params.loss)) {
        link->lost++;
        return 0;
    }
    arrivals_us[0] = travel(link, sent_us);
    if (!sim_random_chance(&link->random, link->params.duplicate))
        return 1;
    arrivals_us[1] = travel(link, sent_us);
    return 2;
}

bool sim_link_is_healthy(const struct sim_link *link, int64_t within_us, int64_t now_us)
{
    return !link->params.is_down && link->params.loss <= HEALTHY_LOSS &&
           now_us - link->trouble_us > within_us;
}
