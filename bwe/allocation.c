/*
 * The order of bwe.md as a row of wishes, each granted if it fits: climb() reads like that row.
 * Most budgets are large enough for everything; then there is nothing to put in order.
 */
#include "bwe/allocation.h"

#include <stddef.h>
#include <string.h>

#include "bwe/remb.h"

#define DOWN_LIMIT_BPS ((uint64_t)BWE_CONTRACT_DOWN_BPS * BWE_CONTRACT_TOLERANCE_PERCENT / 100)

/* A decision being made. */
struct decision {
    const struct bwe_allocation_ladders *all;
    const int *ceilings; /* or NULL */
    uint64_t budget_bps;
    uint64_t cost_bps, payload_bps; /* of the rungs so far */
    uint64_t next_budget_bps;
    unsigned rungs[BWE_ALLOCATION_TRACKS];
};

uint64_t bwe_allocation_budget_bps(uint64_t target_bps, uint64_t audio_bps, uint64_t rtx_bps)
{
    uint64_t usable_bps = target_bps / 100 * 95 + target_bps % 100 * 95 / 100;
    if (usable_bps > DOWN_LIMIT_BPS + audio_bps)
        usable_bps = DOWN_LIMIT_BPS + audio_bps;
    uint64_t reserved_bps = audio_bps + rtx_bps;
    return usable_bps > reserved_bps ? usable_bps - reserved_bps : 0;
}

/* --- levels of one track ---------------------------------------------------------------------- */

static int level_of(unsigned spatial, unsigned temporal)
{
    return (int)(spatial * BWE_ALLOCATION_TEMPORALS + temporal);
}

/* The lowest layer that the source sends; layer_count: none. */
static unsigned lowest_spatial(const struct bwe_allocation_track *track)
{
    unsigned spatial = 0;
    while (spatial < track->layer_count && !track->layers[spatial].is_available)
        spatial++;
    return spatial;
}

/* Sent by the source, and not higher than wanted (the lowest is never too high). */
static bool is_wanted(const struct bwe_allocation_track *track, unsigned spatial, unsigned lowest)
{
    if (track->wanted_height == 0 || spatial >= track->layer_count ||
        !track->layers[spatial].is_available)
        return false;
    return track->layers[spatial].height <= track->wanted_height || spatial == lowest;
}

/* With what temporal layer a switch to a spatial layer begins. A higher one at a quarter of the
   frame rate is worse than the lower one at full rate: of three layers it begins with the second.
 */
static unsigned first_temporal(const struct bwe_allocation_layer *layer, bool is_above)
{
    return is_above && layer->temporal_count >= 3 ? 1 : 0;
}

bool bwe_allocation_is_level(const struct bwe_allocation_track *track, int level)
{
    if (level < 0 || level > BWE_LEVEL_MAX)
        return false;
    unsigned spatial = (unsigned)level / BWE_ALLOCATION_TEMPORALS;
    return is_wanted(track, spatial, lowest_spatial(track)) &&
           (unsigned)level % BWE_ALLOCATION_TEMPORALS < track->layers[spatial].temporal_count;
}

int bwe_allocation_best_level(const struct bwe_allocation_track *track)
{
    unsigned lowest = lowest_spatial(track);
    for (unsigned spatial = track->layer_count; spatial-- > lowest;)
        if (is_wanted(track, spatial, lowest))
            return level_of(spatial, track->layers[spatial].temporal_count - 1u);
    return BWE_LEVEL_PAUSED;
}

int bwe_allocation_lowest_level(const struct bwe_allocation_track *track)
{
    unsigned spatial = lowest_spatial(track);
    return is_wanted(track, spatial, spatial) ? level_of(spatial, 0) : BWE_LEVEL_PAUSED;
}

static uint64_t level_cost_bps(const struct bwe_allocation_track *track, int level)
{
    if (level < 0)
        return 0;
    const struct bwe_allocation_layer *layer = &track->layers[level / BWE_ALLOCATION_TEMPORALS];
    uint64_t cost_bps = track->is_screen ? BWE_ALLOCATION_SCREEN_FLOOR_BPS : 0;
    for (int temporal = 0; temporal <= level % BWE_ALLOCATION_TEMPORALS; temporal++)
        cost_bps += layer->cost_bps[temporal];
    return cost_bps;
}

static struct bwe_allocation_choice live_choice(unsigned spatial, unsigned temporal,
                                                uint64_t cost_bps)
{
    return (struct bwe_allocation_choice){
        .state = BWE_ALLOCATION_LIVE,
        .level = level_of(spatial, temporal),
        .spatial = (uint8_t)spatial,
        .temporal = (uint8_t)temporal,
        .cost_bps = cost_bps < UINT32_MAX ? (uint32_t)cost_bps : UINT32_MAX,
    };
}

static struct bwe_allocation_choice paused_choice(const struct bwe_allocation_track *track,
                                                  unsigned lowest)
{
    bool is_sent = lowest < track->layer_count;
    return (struct bwe_allocation_choice){
        .level = BWE_LEVEL_PAUSED,
        .state = track->wanted_height == 0 ? BWE_ALLOCATION_LAYOUT
                 : is_sent                 ? BWE_ALLOCATION_BANDWIDTH
                                           : BWE_ALLOCATION_SOURCE,
    };
}

struct bwe_allocation_choice bwe_allocation_choose(const struct bwe_allocation_track *track,
                                                   int level)
{
    if (level < 0)
        return paused_choice(track, lowest_spatial(track));
    return live_choice((unsigned)level / BWE_ALLOCATION_TEMPORALS,
                       (unsigned)level % BWE_ALLOCATION_TEMPORALS, level_cost_bps(track, level));
}

int bwe_allocation_interim_level(const struct bwe_allocation_track *track, int level,
                                 const struct bwe_allocation_choice *choice)
{
    while (level % BWE_ALLOCATION_TEMPORALS > 0 && level_cost_bps(track, level) > choice->cost_bps)
        level--;
    return level;
}

/* --- ladders ---------------------------------------------------------------------------------- */

static void add_rungs(struct bwe_allocation_ladder *ladder,
                      const struct bwe_allocation_track *track, unsigned spatial)
{
    const struct bwe_allocation_layer *layer = &track->layers[spatial];
    unsigned first = first_temporal(layer, spatial > ladder->lowest_spatial);
    uint64_t cost_bps = track->is_screen ? BWE_ALLOCATION_SCREEN_FLOOR_BPS : 0, payload_bps = 0;
    for (unsigned t = 0; t < layer->temporal_count && t < BWE_ALLOCATION_TEMPORALS; t++) {
        cost_bps += layer->cost_bps[t];
        payload_bps += layer->payload_bps[t];
        if (t < first)
            continue;
        struct bwe_allocation_rung *rung = &ladder->rungs[++ladder->top];
        rung->choice = live_choice(spatial, t, cost_bps);
        rung->cost_bps = cost_bps;
        rung->payload_bps = payload_bps;
    }
}

static void make_ladder(struct bwe_allocation_ladder *ladder,
                        const struct bwe_allocation_track *track)
{
    unsigned lowest = lowest_spatial(track);
    ladder->top = 0;
    ladder->lowest_spatial = lowest;
    ladder->rungs[0] = (struct bwe_allocation_rung){.choice = paused_choice(track, lowest)};
    for (unsigned spatial = lowest; spatial < track->layer_count; spatial++)
        if (is_wanted(track, spatial, lowest))
            add_rungs(ladder, track, spatial);
}

/* A higher layer may cost less than a lower one. */
static void add_dearest(struct bwe_allocation_ladders *all,
                        const struct bwe_allocation_ladder *ladder)
{
    uint64_t cost_bps = 0, payload_bps = 0;
    for (unsigned i = 1; i <= ladder->top; i++) {
        const struct bwe_allocation_rung *rung = &ladder->rungs[i];
        cost_bps = rung->cost_bps > cost_bps ? rung->cost_bps : cost_bps;
        payload_bps = rung->payload_bps > payload_bps ? rung->payload_bps : payload_bps;
    }
    all->most_cost_bps += cost_bps;
    all->most_payload_bps += payload_bps;
}

static enum bwe_allocation_group group_of(const struct bwe_allocation_track *track)
{
    if (track->is_screen)
        return BWE_ALLOCATION_SCREENS;
    return track->is_pinned || track->is_speaker ? BWE_ALLOCATION_SPEAKERS : BWE_ALLOCATION_OTHERS;
}

/* Smaller comes first. */
static unsigned importance(const struct bwe_allocation_track *track)
{
    return track->is_pinned ? 0 : track->is_speaker ? 1 : 2;
}

void bwe_allocation_prepare(struct bwe_allocation_ladders *ladders,
                            const struct bwe_allocation_track *tracks, unsigned count)
{
    ladders->count = count < BWE_ALLOCATION_TRACKS ? count : BWE_ALLOCATION_TRACKS;
    ladders->most_cost_bps = ladders->most_payload_bps = 0;
    memset(ladders->group_counts, 0, sizeof(ladders->group_counts));
    for (unsigned rank = 0; rank < 3; rank++)
        for (unsigned i = 0; i < ladders->count; i++) {
            enum bwe_allocation_group group = group_of(&tracks[i]);
            if (importance(&tracks[i]) == rank)
                ladders->groups[group][ladders->group_counts[group]++] = (uint8_t)i;
        }
    for (unsigned i = 0; i < ladders->count; i++) {
        make_ladder(&ladders->ladders[i], &tracks[i]);
        add_dearest(ladders, &ladders->ladders[i]);
    }
}

/* --- wishes ----------------------------------------------------------------------------------- */

/* Give a track its next rung, if it fits instead of the one it has. */
static void grant(struct decision *decision, unsigned index)
{
    const struct bwe_allocation_rung *old =
        &decision->all->ladders[index].rungs[decision->rungs[index]];
    const struct bwe_allocation_rung *next = old + 1;
    if (decision->ceilings && next->choice.level > decision->ceilings[index])
        return;
    uint64_t cost_bps = decision->cost_bps - old->cost_bps + next->cost_bps;
    uint64_t payload_bps = decision->payload_bps - old->payload_bps + next->payload_bps;
    if (payload_bps > BWE_CONTRACT_DOWN_BPS)
        return;
    if (cost_bps > decision->budget_bps) {
        if (decision->next_budget_bps == 0 || cost_bps < decision->next_budget_bps)
            decision->next_budget_bps = cost_bps;
        return;
    }
    decision->cost_bps = cost_bps;
    decision->payload_bps = payload_bps;
    decision->rungs[index]++;
}

/* Raise a track to a temporal layer of a spatial one, if it has what comes before. So what is
   granted stays granted, and next_budget_bps is exact. */
static void wish(struct decision *decision, unsigned index, unsigned spatial, unsigned temporal)
{
    const struct bwe_allocation_ladder *ladder = &decision->all->ladders[index];
    unsigned rung = decision->rungs[index];
    if (rung < ladder->top && ladder->rungs[rung + 1].choice.level == level_of(spatial, temporal))
        grant(decision, index);
}

/* The lowest layers of a group, up to a temporal layer: everybody the first before anybody the
 * next. */
static void wish_low(struct decision *decision, enum bwe_allocation_group group, unsigned temporals)
{
    const struct bwe_allocation_ladders *all = decision->all;
    for (unsigned temporal = 0; temporal < temporals; temporal++)
        for (unsigned i = 0; i < all->group_counts[group]; i++) {
            unsigned index = all->groups[group][i];
            wish(decision, index, all->ladders[index].lowest_spatial, temporal);
        }
}

static void wish_high(struct decision *decision, enum bwe_allocation_group group)
{
    const struct bwe_allocation_ladders *all = decision->all;
    for (unsigned spatial = 1; spatial < BWE_ALLOCATION_SPATIALS; spatial++)
        for (unsigned temporal = 0; temporal < BWE_ALLOCATION_TEMPORALS; temporal++)
            for (unsigned i = 0; i < all->group_counts[group]; i++) {
                unsigned index = all->groups[group][i];
                if (spatial > all->ladders[index].lowest_spatial)
                    wish(decision, index, spatial, temporal);
            }
}

/* --- the decision ----------------------------------------------------------------------------- */

static void climb(struct decision *decision)
{
    wish_low(decision, BWE_ALLOCATION_SCREENS, 1);
    wish_low(decision, BWE_ALLOCATION_SPEAKERS, BWE_ALLOCATION_TEMPORALS);
    wish_low(decision, BWE_ALLOCATION_OTHERS, BWE_ALLOCATION_TEMPORALS);
    wish_high(decision, BWE_ALLOCATION_SPEAKERS);
    wish_low(decision, BWE_ALLOCATION_SCREENS, BWE_ALLOCATION_TEMPORALS);
    wish_high(decision, BWE_ALLOCATION_SCREENS);
    wish_high(decision, BWE_ALLOCATION_OTHERS);
}

bool bwe_allocation_is_plenty(const struct bwe_allocation_ladders *ladders, uint64_t budget_bps)
{
    return ladders->most_cost_bps <= budget_bps &&
           ladders->most_payload_bps <= BWE_CONTRACT_DOWN_BPS;
}

/* What climbing comes to where there is plenty: every track as high as it may. */
static void leap(struct decision *decision)
{
    for (unsigned i = 0; i < decision->all->count; i++) {
        const struct bwe_allocation_ladder *ladder = &decision->all->ladders[i];
        unsigned rung = ladder->top;
        while (decision->ceilings && rung > 0 &&
               ladder->rungs[rung].choice.level > decision->ceilings[i])
            rung--;
        decision->rungs[i] = rung;
        decision->cost_bps += ladder->rungs[rung].cost_bps;
    }
}

void bwe_allocation_decide_on(const struct bwe_allocation_ladders *ladders, const int *ceilings,
                              uint64_t budget_bps, struct bwe_allocation *out)
{
    struct decision decision = {.all = ladders, .ceilings = ceilings, .budget_bps = budget_bps};
    if (bwe_allocation_is_plenty(ladders, budget_bps))
        leap(&decision);
    else
        climb(&decision);

    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < ladders->count; i++)
        out->choices[i] = ladders->ladders[i].rungs[decision.rungs[i]].choice;
    out->total_bps = decision.cost_bps;
    out->next_budget_bps = decision.next_budget_bps;
}

void bwe_allocation_decide(const struct bwe_allocation_track *tracks, unsigned count,
                           const int *ceilings, uint64_t budget_bps, struct bwe_allocation *out)
{
    struct bwe_allocation_ladders ladders;
    bwe_allocation_prepare(&ladders, tracks, count);
    bwe_allocation_decide_on(&ladders, ceilings, budget_bps, out);
}
