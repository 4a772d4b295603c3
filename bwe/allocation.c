/*
 * The order of bwe.md as a row of wishes, each granted if it fits: bwe_allocation_decide() reads
 * like that row.
 */
#include "bwe/allocation.h"

#include <stddef.h>
#include <string.h>

#include "bwe/remb.h"

#define DOWN_LIMIT_BPS ((uint64_t)BWE_CONTRACT_DOWN_BPS * BWE_CONTRACT_TOLERANCE_PERCENT / 100)

/* A decision being made. */
struct decision {
    const struct bwe_allocation_track *tracks;
    unsigned count;
    const int *ceilings; /* or NULL */
    uint64_t budget_bps;
    uint64_t cost_bps, payload_bps; /* of the levels so far */
    uint64_t next_budget_bps;
    uint8_t order[BWE_ALLOCATION_TRACKS]; /* indices of tracks, most important first */
    int levels[BWE_ALLOCATION_TRACKS];
};

enum group { GROUP_SCREEN, GROUP_SPEAKER, GROUP_OTHER };

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
static bool is_wanted(const struct bwe_allocation_track *track, unsigned spatial)
{
    if (track->wanted_height == 0 || spatial >= track->layer_count ||
        !track->layers[spatial].is_available)
        return false;
    return track->layers[spatial].height <= track->wanted_height ||
           spatial == lowest_spatial(track);
}

/* With what temporal layer a switch to a spatial layer begins. A higher one at a quarter of the
   frame rate is worse than the lower one at full rate: of three layers it begins with the second.
 */
static unsigned first_temporal(const struct bwe_allocation_track *track, unsigned spatial)
{
    return spatial > lowest_spatial(track) && track->layers[spatial].temporal_count >= 3 ? 1 : 0;
}

bool bwe_allocation_is_level(const struct bwe_allocation_track *track, int level)
{
    if (level < 0 || level > BWE_LEVEL_MAX)
        return false;
    unsigned spatial = (unsigned)level / BWE_ALLOCATION_TEMPORALS;
    return is_wanted(track, spatial) &&
           (unsigned)level % BWE_ALLOCATION_TEMPORALS < track->layers[spatial].temporal_count;
}

int bwe_allocation_best_level(const struct bwe_allocation_track *track)
{
    int level = BWE_LEVEL_MAX;
    while (level >= 0 && !bwe_allocation_is_level(track, level))
        level--;
    return level;
}

int bwe_allocation_lowest_level(const struct bwe_allocation_track *track)
{
    unsigned spatial = lowest_spatial(track);
    return is_wanted(track, spatial) ? level_of(spatial, 0) : BWE_LEVEL_PAUSED;
}

/* A level that is used on the way up. */
static bool is_rung(const struct bwe_allocation_track *track, int level)
{
    return bwe_allocation_is_level(track, level) &&
           (unsigned)level % BWE_ALLOCATION_TEMPORALS >=
               first_temporal(track, (unsigned)level / BWE_ALLOCATION_TEMPORALS);
}

static int level_before(const struct bwe_allocation_track *track, int level)
{
    do
        level--;
    while (level >= 0 && !is_rung(track, level));
    return level;
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

static uint64_t level_payload_bps(const struct bwe_allocation_track *track, int level)
{
    if (level < 0)
        return 0;
    const struct bwe_allocation_layer *layer = &track->layers[level / BWE_ALLOCATION_TEMPORALS];
    uint64_t payload_bps = 0;
    for (int temporal = 0; temporal <= level % BWE_ALLOCATION_TEMPORALS; temporal++)
        payload_bps += layer->payload_bps[temporal];
    return payload_bps;
}

int bwe_allocation_interim_level(const struct bwe_allocation_track *track, int level,
                                 const struct bwe_allocation_choice *choice)
{
    while (level % BWE_ALLOCATION_TEMPORALS > 0 && level_cost_bps(track, level) > choice->cost_bps)
        level--;
    return level;
}

/* --- wishes ----------------------------------------------------------------------------------- */

/* Give a track a level, if it fits instead of the one it has. */
static void grant(struct decision *decision, unsigned index, int level)
{
    const struct bwe_allocation_track *track = &decision->tracks[index];
    if (decision->ceilings && level > decision->ceilings[index])
        return;
    int old = decision->levels[index];
    uint64_t cost_bps =
        decision->cost_bps - level_cost_bps(track, old) + level_cost_bps(track, level);
    uint64_t payload_bps =
        decision->payload_bps - level_payload_bps(track, old) + level_payload_bps(track, level);
    if (payload_bps > BWE_CONTRACT_DOWN_BPS)
        return;
    if (cost_bps > decision->budget_bps) {
        if (decision->next_budget_bps == 0 || cost_bps < decision->next_budget_bps)
            decision->next_budget_bps = cost_bps;
        return;
    }
    decision->cost_bps = cost_bps;
    decision->payload_bps = payload_bps;
    decision->levels[index] = level;
}

/* Raise a track to a temporal layer of a spatial one, if it has what comes before. So what is
   granted stays granted, and next_budget_bps is exact. */
static void wish(struct decision *decision, unsigned index, unsigned spatial, unsigned temporal)
{
    const struct bwe_allocation_track *track = &decision->tracks[index];
    int level = level_of(spatial, temporal);
    if (is_rung(track, level) && decision->levels[index] == level_before(track, level))
        grant(decision, index, level);
}

static enum group group_of(const struct bwe_allocation_track *track)
{
    if (track->is_screen)
        return GROUP_SCREEN;
    return track->is_pinned || track->is_speaker ? GROUP_SPEAKER : GROUP_OTHER;
}

/* The lowest layers of a group, up to a temporal layer: everybody the first before anybody the
 * next. */
static void wish_low(struct decision *decision, enum group group, unsigned temporals)
{
    for (unsigned temporal = 0; temporal < temporals; temporal++)
        for (unsigned i = 0; i < decision->count; i++) {
            unsigned index = decision->order[i];
            if (group_of(&decision->tracks[index]) == group)
                wish(decision, index, lowest_spatial(&decision->tracks[index]), temporal);
        }
}

static void wish_high(struct decision *decision, enum group group)
{
    for (unsigned spatial = 1; spatial < BWE_ALLOCATION_SPATIALS; spatial++)
        for (unsigned temporal = 0; temporal < BWE_ALLOCATION_TEMPORALS; temporal++)
            for (unsigned i = 0; i < decision->count; i++) {
                const struct bwe_allocation_track *track = &decision->tracks[decision->order[i]];
                if (group_of(track) == group && spatial > lowest_spatial(track))
                    wish(decision, decision->order[i], spatial, temporal);
            }
}

/* --- the decision ----------------------------------------------------------------------------- */

/* Smaller comes first. */
static unsigned importance(const struct bwe_allocation_track *track)
{
    return track->is_pinned ? 0 : track->is_speaker ? 1 : 2;
}

/* Insertion, so that equals keep the order given. */
static void sort(struct decision *decision)
{
    for (unsigned i = 0; i < decision->count; i++) {
        unsigned place = i;
        for (; place > 0; place--) {
            unsigned before = decision->order[place - 1];
            if (importance(&decision->tracks[before]) <= importance(&decision->tracks[i]))
                break;
            decision->order[place] = (uint8_t)before;
        }
        decision->order[place] = (uint8_t)i;
    }
}

struct bwe_allocation_choice bwe_allocation_choose(const struct bwe_allocation_track *track,
                                                   int level)
{
    struct bwe_allocation_choice choice = {.level = BWE_LEVEL_PAUSED};
    if (level >= 0) {
        choice.level = level;
        choice.spatial = (uint8_t)(level / BWE_ALLOCATION_TEMPORALS);
        choice.temporal = (uint8_t)(level % BWE_ALLOCATION_TEMPORALS);
        uint64_t cost_bps = level_cost_bps(track, level);
        choice.cost_bps = cost_bps < UINT32_MAX ? (uint32_t)cost_bps : UINT32_MAX;
    } else if (track->wanted_height == 0) {
        choice.state = BWE_ALLOCATION_LAYOUT;
    } else if (lowest_spatial(track) == track->layer_count) {
        choice.state = BWE_ALLOCATION_SOURCE;
    } else {
        choice.state = BWE_ALLOCATION_BANDWIDTH;
    }
    return choice;
}

void bwe_allocation_decide(const struct bwe_allocation_track *tracks, unsigned count,
                           const int *ceilings, uint64_t budget_bps, struct bwe_allocation *out)
{
    struct decision decision = {
        .tracks = tracks,
        .count = count < BWE_ALLOCATION_TRACKS ? count : BWE_ALLOCATION_TRACKS,
        .ceilings = ceilings,
        .budget_bps = budget_bps,
    };
    memset(decision.levels, BWE_LEVEL_PAUSED, sizeof(decision.levels));
    sort(&decision);

    wish_low(&decision, GROUP_SCREEN, 1);
    wish_low(&decision, GROUP_SPEAKER, BWE_ALLOCATION_TEMPORALS);
    wish_low(&decision, GROUP_OTHER, BWE_ALLOCATION_TEMPORALS);
    wish_high(&decision, GROUP_SPEAKER);
    wish_low(&decision, GROUP_SCREEN, BWE_ALLOCATION_TEMPORALS);
    wish_high(&decision, GROUP_SCREEN);
    wish_high(&decision, GROUP_OTHER);

    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < decision.count; i++)
        out->choices[i] = bwe_allocation_choose(&tracks[i], decision.levels[i]);
    out->total_bps = decision.cost_bps;
    out->next_budget_bps = decision.next_budget_bps;
}
