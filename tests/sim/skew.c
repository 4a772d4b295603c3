/* Lips and voice: whether a camera's frame is played out with the voice of the same person. */
#include <inttypes.h>

#include "tests/sim/world.h"

#define HEARD_US  100000  /* the voice is heard now */
#define OPEN_BPS  4000000 /* all at full quality is 3.4-3.6 Mbps (bwe.md) */
#define JITTER_US 15000   /* with 25 ms each way a picture alone is 50 ms late at times */

/* How far from its voice a picture may be, and for how long. A few frames come late when key frames
   of all come at once. */
struct bound {
    int64_t after_us; /* so long all has been as it is */
    int64_t most_us, lasts_us;
};

static const struct bound steady = {10000000, 80000 /* protocol.md, section 1 */, 1000000};

/* Where pictures wait for repairs and for room. */
static const struct bound rough = {4000000, 500000, 2000000};

/* Where anything meets anything. One frame that was repaired a second late is that far from its
   voice for as long as what is waited shrinks for both (random 8502, 257635272095635). */
static const struct bound drawn = {10000000, 900000, 2000000};

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
static bool is_open(const struct sim_link *link)
{
    const struct sim_link_params *params = &link->params;
    return params->loss <= 0 && params->jitter_us <= JITTER_US &&
           (params->capacity_bps == 0 || params->capacity_bps >= OPEN_BPS);
}

/* Since when a person's network is as it is. */
static int64_t settled_us(const struct sim_person *person, int64_t now_us)
{
    int64_t since_us = person->connected_us;
    if (person->connected_us == INT64_MAX || person->up.params.is_down ||
        person->down.params.is_down)
        return now_us;
    since_us = person->up.trouble_us > since_us ? person->up.trouble_us : since_us;
    return person->down.trouble_us > since_us ? person->down.trouble_us : since_us;
}

/* Who asks for key frames all the time gets replays, whose frames come late; where the budget is
   small, video waits for its room. */
static bool is_attentive(const struct sim_person *receiver)
{
    bool is_bounded = receiver->budget_bps > 0 && receiver->budget_bps < OPEN_BPS;
    return receiver->has_twcc && !receiver->is_impatient && !is_bounded;
}

static bool is_steady(const struct sim_person *receiver, const struct sim_person *source)
{
    return is_attentive(receiver) && is_open(&receiver->up) && is_open(&receiver->down) &&
           is_open(&source->up) && is_open(&source->down);
}

/* NULL: something has just changed. */
static const struct bound *bound_of(const struct sim_world *world,
                                    const struct sim_person *receiver,
                                    const struct sim_person *source, int64_t reported_us)
{
    int64_t now_us = world->now_us, since_us = settled_us(receiver, now_us);
    int64_t source_us = settled_us(source, now_us);
    since_us = source_us > since_us ? source_us : since_us;
    since_us = reported_us > since_us ? reported_us : since_us;
    bool is_drawn = world->config.profile->is_drawn;
    const struct bound *bound = is_drawn ? &drawn : &rough;
    if (!is_drawn && is_steady(receiver, source) && now_us - since_us > steady.after_us)
        bound = &steady;
    return now_us - since_us > bound->after_us ? bound : NULL;
}

void sim_check_skew(struct sim_world *world, const struct sim_person *receiver,
                    struct sim_slot *slot)
{
    int64_t now_us = world->now_us;
    const struct sim_slot *voice =
        slot->playout.has_delay ? voice_of(receiver, slot, now_us) : NULL;
    const struct sim_person *source = sim_world_person(world, slot->csrc / SIM_TAP_CSRCS);
    if (!voice || !source || source->is_hostile || receiver->is_hostile) {
        slot->skewed_us = 0;
        return;
    }
    int64_t skew_us = sim_playout_skew_us(&slot->playout, &voice->playout);
    int64_t size_us = skew_us < 0 ? -skew_us : skew_us;
    const struct bound *bound =
        bound_of(world, receiver, source,
                 slot->reported_us > voice->reported_us ? slot->reported_us : voice->reported_us);
    sim_summary_add_skew(&world->summary, size_us, bound != NULL);
    if (!bound || size_us <= bound->most_us)
        slot->skewed_us = 0;
    else if (slot->skewed_us == 0)
        slot->skewed_us = now_us;
    if (bound && slot->skewed_us > 0 && now_us - slot->skewed_us > bound->lasts_us)
        sim_check_fail(&world->checks, SIM_CHECK_SKEW, receiver->number,
                       "slot %s: participant %" PRIu64 " is seen %" PRId64
                       " ms after it is heard, at most %" PRId64,
                       slot->params.mid, source->number, skew_us / 1000, bound->most_us / 1000);
}
