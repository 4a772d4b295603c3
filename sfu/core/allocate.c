/* From slots to bwe's tracks, and back. */
#include "sfu/core/allocate.h"

#include "sfu/core/room.h"

#define BEHIND_US 4000000 /* video that waits for longer is no single slide */
#define MOVING    3       /* a mean of more than this part of the peak: no slides */

/* The slots that take part, in the order of bwe's tracks. */
struct shares {
    unsigned count;
    struct core_slot *slots[CORE_SLOTS_MAX];
    struct core_layer *const *layers[CORE_SLOTS_MAX]; /* as the track's: lowest first */
    struct bwe_allocation_track tracks[CORE_SLOTS_MAX];
};

uint64_t core_allocate_most_bps(const struct core_participant *receiver)
{
    uint64_t contract_bps = bwe_allocation_budget_bps(UINT64_MAX, 0, 0);
    return receiver->budget_bps < contract_bps ? receiver->budget_bps : contract_bps;
}

static uint64_t within_most_bps(const struct core_participant *receiver, uint64_t video_bps)
{
    uint64_t most_bps = core_allocate_most_bps(receiver);
    return video_bps < most_bps ? video_bps : most_bps;
}

uint64_t core_allocate_budget_bps(const struct core_participant *receiver)
{
    return within_most_bps(receiver, receiver->estimate.video_bps);
}

bool core_allocate_is_final(const struct core_participant *receiver)
{
    return receiver->estimate.video_bps >= core_allocate_most_bps(receiver);
}

static bool is_pinned(const struct core_layout *layout, const struct core_participant *source)
{
    for (unsigned i = 0; i < layout->pinned_count; i++)
        if (layout->pinned[i] == source->id)
            return true;
    return false;
}

/* A slide is a second's burst, and then nothing for long: its peak would keep cameras low for five
   seconds more. Spread by the pacer it takes what it is in the mean, for which the cameras' upper
   temporal layers make room. A screen that moves, or waits for long, gets its peak: with its mean
   it would come back to a network that does not carry it, push the cameras out, wait, and be paused
   again. */
static bool is_spread(const struct core_slot *slot, int64_t now_us)
{
    return slot->params.kind == CORE_KIND_SCREEN && slot->owner->pace.is_pacing &&
           core_pace_behind_us(slot->owner, now_us) < BEHIND_US;
}

static void spread_costs(const struct core_offer *offer, struct bwe_allocation_track *track,
                         int64_t now_us)
{
    for (unsigned i = 0; i < track->layer_count; i++)
        for (unsigned t = 0; t < BWE_ALLOCATION_TEMPORALS; t++) {
            uint32_t *cost_bps = &track->layers[i].cost_bps[t];
            uint32_t mean_bps = bwe_rate_meter_long_cost_bps(&offer->layers[i]->meters[t], now_us);
            if (mean_bps <= *cost_bps / MOVING)
                *cost_bps = mean_bps;
        }
}

static void describe(struct shares *shares, struct core_slot *slot, int64_t now_us)
{
    const struct core_layout *layout = &slot->owner->layout;
    const struct core_offer *offer =
        core_offer_describe(slot->track, slot->owner->room->round, now_us);
    struct bwe_allocation_track *track = &shares->tracks[shares->count];
    *track = offer->track;
    track->is_screen = slot->params.kind == CORE_KIND_SCREEN;
    track->is_pinned = is_pinned(layout, slot->track->owner);
    track->wanted_height = slot->is_held ? 0 : track->is_screen ? UINT16_MAX : layout->max_height;
    if (is_spread(slot, now_us))
        spread_costs(offer, track, now_us);
    for (unsigned i = 0; i < track->layer_count; i++)
        track->layers[i].is_available = !core_slot_refuses(slot, offer->layers[i], now_us);
    shares->layers[shares->count] = offer->layers;
    shares->slots[shares->count++] = slot;
}

/* Which temporal layers go on of the old layer until the key frame of the choice is there: what
   the others leave of the budget. */
static void apply_interim(struct shares *shares, unsigned index,
                          const struct bwe_allocation_choice *choice, uint64_t spare_bps)
{
    struct core_slot *slot = shares->slots[index];
    struct core_layer *const *layers = shares->layers[index];
    const struct bwe_allocation_track *track = &shares->tracks[index];
    struct bwe_allocation_choice limit = *choice;
    uint64_t limit_bps = choice->cost_bps + spare_bps;
    limit.cost_bps = limit_bps < UINT32_MAX ? (uint32_t)limit_bps : UINT32_MAX;
    for (unsigned i = 0; i < track->layer_count; i++) {
        if (layers[i] != slot->layer || i == choice->spatial)
            continue;
        int top = (int)(i * BWE_ALLOCATION_TEMPORALS + track->layers[i].temporal_count - 1u);
        int level = bwe_allocation_interim_level(track, top, &limit);
        core_slot_set_interim(slot, level == top ? CORE_TEMPORAL_MAX
                                                 : (unsigned)level % BWE_ALLOCATION_TEMPORALS);
    }
}

static void apply(struct core_slot *slot, struct core_layer *const *layers,
                  const struct bwe_allocation_track *track,
                  const struct bwe_allocation_choice *choice, int64_t now_us)
{
    bool is_starved = choice->state == BWE_ALLOCATION_BANDWIDTH;
    slot->owner->are_slots_dirty |= slot->is_starved != is_starved;
    slot->is_starved = is_starved;
    if (choice->state == BWE_ALLOCATION_LIVE) {
        bool is_top = choice->temporal + 1 >= track->layers[choice->spatial].temporal_count;
        core_slot_set_target(slot, layers[choice->spatial],
                             is_top ? CORE_TEMPORAL_MAX : choice->temporal, now_us);
        return;
    }
    core_slot_set_target(slot, NULL, CORE_TEMPORAL_MAX, now_us);
    if (choice->state == BWE_ALLOCATION_SOURCE && !slot->is_held)
        core_slot_need_keyframe(slot, now_us); /* none has shown its height yet */
}

void core_allocate_in_round(struct core_participant *receiver, int64_t now_us)
{
    struct shares shares; /* its lists are written as they grow */
    struct bwe_allocation_ladders ladders;
    struct bwe_allocation allocation;
    shares.count = 0;
    for (unsigned i = 0; i < receiver->slot_count; i++)
        if (receiver->slots[i].track && receiver->slots[i].params.kind != CORE_KIND_AUDIO)
            describe(&shares, &receiver->slots[i], now_us);
    bwe_allocation_prepare(&ladders, shares.tracks, shares.count);
    struct bwe_hysteresis_input input = {
        .tracks = shares.tracks,
        .count = shares.count,
        .ladders = &ladders,
        .budget_bps = core_allocate_budget_bps(receiver),
        .sustained_bps = within_most_bps(receiver, receiver->estimate.sustained_bps),
        .is_final = core_allocate_is_final(receiver),
        /* REMB tells no probe's result: a pause ends when what is paused would fit. */
        .has_estimator =
            receiver->estimate.is_active && receiver->estimate.state != BWE_STATE_FALLBACK,
        .is_probe_passed = receiver->estimate.is_probed};
    receiver->estimate.is_probed = false;
    bwe_hysteresis_decide(&receiver->hysteresis, &input, now_us, &allocation);
    uint64_t spare_bps =
        input.budget_bps > allocation.total_bps ? input.budget_bps - allocation.total_bps : 0;
    for (unsigned i = 0; i < shares.count; i++) {
        const struct bwe_allocation_choice *choice = &allocation.choices[i];
        apply(shares.slots[i], shares.layers[i], &shares.tracks[i], choice, now_us);
        if (choice->state == BWE_ALLOCATION_LIVE)
            apply_interim(&shares, i, choice, spare_bps);
    }
    core_estimate_on_allocation(receiver, &input, &allocation, now_us);
}

void core_allocate(struct core_participant *receiver, int64_t now_us)
{
    receiver->room->round++;
    core_allocate_in_round(receiver, now_us);
}

void core_allocate_track(struct core_track *track, int64_t now_us)
{
    track->owner->room->round++;
    for (struct core_slot *slot = track->subscribers; slot; slot = slot->next_subscriber)
        core_allocate_in_round(slot->owner, now_us);
}
