/* Lips and voice: whether a camera's frame is played out with the voice of the same person. */
#include <inttypes.h>
#include <string.h>

#include "tests/sim/world.h"

#define HEARD_US  100000   /* the voice is heard now */
#define STEADY_US 10000000 /* so long all has been as it is */
#define MOST_US   80000    /* protocol.md, section 1 */
#define OPEN_BPS  4000000  /* all at full quality is 3.4-3.6 Mbps (bwe.md) */
#define JITTER_US 15000    /* with 25 ms each way a picture alone is 50 ms late at times */
#define LASTS_US  1000000

/* The voice of whom the slot shows, if it is heard. */
static const struct sim_slot *voice_of(const struct sim_person *receiver,
                                       const struct sim_slot *slot, int64_t now_us)
{
    for (unsigned i = 0; i < receiver->join.slot_count; i++) {
        const struct sim_slot *voice = &receiver->slots[i];
        if (voice->params.kind == CORE_KIND_AUDIO && voice->playout.has_delay &&
            voice->csrc / SIM_TAP_CSRCS == slot->csrc / SIM_TAP_CSRCS &&
            now_us - voice->playout.played_us < HEARD_US)
            return voice;
    }
    return NULL;
}

/* Where packets are lost, pictures wait for repairs; where they do not fit, for the voices; and for
   the pace, where that is what a receiver's own estimate has grown to. */
static bool is_open(const struct sim_link *link, int64_t now_us)
{
    const struct sim_link_params *params = &link->params;
    return params->loss <= 0 && params->jitter_us <= JITTER_US &&
           (params->capacity_bps == 0 || params->capacity_bps >= OPEN_BPS) &&
           sim_link_is_healthy(link, STEADY_US, now_us);
}

static bool is_steady(const struct sim_person *person, int64_t now_us)
{
    return !person->is_hostile && person->connected_us != INT64_MAX &&
           now_us - person->connected_us > STEADY_US && is_open(&person->up, now_us) &&
           is_open(&person->down, now_us);
}

/* Who asks for key frames all the time gets replays, whose frames come late; where the budget is
   small, video waits for its room. */
static bool is_attentive(const struct sim_person *receiver)
{
    bool is_bounded = receiver->budget_bps > 0 && receiver->budget_bps < OPEN_BPS;
    return receiver->has_twcc && !receiver->is_impatient && !is_bounded;
}

void sim_check_skew(struct sim_world *world, const struct sim_person *receiver,
                    struct sim_slot *slot)
{
    int64_t now_us = world->now_us;
    const struct sim_slot *voice =
        slot->playout.has_delay ? voice_of(receiver, slot, now_us) : NULL;
    struct sim_person *source = sim_world_person(world, slot->csrc / SIM_TAP_CSRCS);
    if (!voice || !source)
        return;
    int64_t skew_us = sim_playout_skew_us(&slot->playout, &voice->playout);
    int64_t size_us = skew_us < 0 ? -skew_us : skew_us;
    sim_summary_add_skew(&world->summary, size_us);
    bool is_settled = now_us - slot->reported_us > STEADY_US &&
                      now_us - voice->reported_us > STEADY_US && is_steady(source, now_us) &&
                      is_steady(receiver, now_us) && is_attentive(receiver);
    /* A few frames come late when key frames of all come at once. */
    if (!is_settled || size_us <= MOST_US)
        slot->skewed_us = 0;
    else if (slot->skewed_us == 0)
        slot->skewed_us = now_us;
    /* Of drawn conferences it is only measured: one of a thousand is above for a second (random
       136282584543068: 207 ms). */
    bool is_drawn = strcmp(world->config.profile->name, "random") == 0;
    if (!is_drawn && slot->skewed_us > 0 && now_us - slot->skewed_us > LASTS_US)
        sim_check_fail(&world->checks, SIM_CHECK_SKEW, receiver->number,
                       "slot %s: participant %" PRIu64 " is seen %" PRId64 " ms after it is heard",
                       slot->params.mid, source->number, skew_us / 1000);
}
