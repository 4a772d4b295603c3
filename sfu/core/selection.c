/* Small loops over small lists: at most 4 slots, at most a room's participants. */
#include "sfu/core/selection.h"

#include <stddef.h>

#define RANK_SHOWN  1000 /* above any pin */
#define RANK_OTHERS 2000

static const struct core_candidate *find(const struct core_candidate *candidates, unsigned count,
                                         uint64_t source)
{
    for (unsigned i = 0; i < count; i++)
        if (candidates[i].source == source)
            return &candidates[i];
    return NULL;
}

static bool is_shown(const uint64_t *slots, unsigned slot_count, uint64_t source)
{
    for (unsigned i = 0; i < slot_count; i++)
        if (slots[i] == source)
            return true;
    return false;
}

static void drop_absent(uint64_t *slots, unsigned slot_count,
                        const struct core_candidate *candidates, unsigned count)
{
    for (unsigned i = 0; i < slot_count; i++)
        if (slots[i] && !find(candidates, count, slots[i]))
            slots[i] = 0;
}

static bool take_free(uint64_t *slots, unsigned slot_count, uint64_t source)
{
    for (unsigned i = 0; i < slot_count; i++)
        if (!slots[i]) {
            slots[i] = source;
            return true;
        }
    return false;
}

/* Smaller is better: pinned by their rank, then who is shown by slot, then the order of the list.
 */
static unsigned rank_of(const uint64_t *slots, unsigned slot_count,
                        const struct core_candidate *candidates, unsigned index)
{
    if (candidates[index].pin)
        return candidates[index].pin;
    for (unsigned i = 0; i < slot_count; i++)
        if (slots[i] == candidates[index].source)
            return RANK_SHOWN + i;
    return RANK_OTHERS + index;
}

struct choice {
    unsigned rank;
    uint64_t source;
};

/* The best `max` of the candidates, best first. @return how many there are */
static unsigned choose(const uint64_t *slots, unsigned slot_count, unsigned max,
                       const struct core_candidate *candidates, unsigned count,
                       struct choice *chosen)
{
    unsigned chosen_count = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned rank = rank_of(slots, slot_count, candidates, i);
        unsigned at = chosen_count;
        if (at == max && (max == 0 || chosen[--at].rank <= rank))
            continue;
        for (; at > 0 && chosen[at - 1].rank > rank; at--)
            chosen[at] = chosen[at - 1];
        chosen[at] = (struct choice){rank, candidates[i].source};
        chosen_count += chosen_count < max;
    }
    return chosen_count;
}

void core_selection_cameras(uint64_t *slots, unsigned slot_count, unsigned shown_max,
                            const struct core_candidate *candidates, unsigned candidate_count)
{
    struct choice chosen[CORE_SELECTION_SLOTS_MAX];
    unsigned count = choose(slots, slot_count, shown_max, candidates, candidate_count, chosen);
    for (unsigned i = 0; i < slot_count; i++) {
        bool is_kept = false;
        for (unsigned j = 0; j < count; j++)
            is_kept |= chosen[j].source == slots[i];
        if (!is_kept)
            slots[i] = 0;
    }
    for (unsigned j = 0; j < count; j++)
        if (!is_shown(slots, slot_count, chosen[j].source))
            take_free(slots, slot_count, chosen[j].source);
}

static unsigned quietest_slot(const uint64_t *slots, unsigned slot_count,
                              const struct core_candidate *candidates, unsigned count,
                              float *loudness)
{
    unsigned quietest = 0;
    for (unsigned i = 0; i < slot_count; i++) {
        const struct core_candidate *owner = find(candidates, count, slots[i]);
        if (i == 0 || owner->loudness < *loudness) {
            quietest = i;
            *loudness = owner->loudness;
        }
    }
    return quietest;
}

void core_selection_voices(uint64_t *slots, unsigned slot_count,
                           const struct core_candidate *candidates, unsigned candidate_count)
{
    if (slot_count == 0)
        return;
    drop_absent(slots, slot_count, candidates, candidate_count);
    for (unsigned i = 0; i < candidate_count; i++) {
        if (is_shown(slots, slot_count, candidates[i].source) ||
            take_free(slots, slot_count, candidates[i].source))
            continue;
        float loudness = 0;
        unsigned quietest =
            quietest_slot(slots, slot_count, candidates, candidate_count, &loudness);
        if (candidates[i].loudness <= loudness + CORE_SELECTION_MARGIN_DB)
            return; /* the candidates that follow are quieter still */
        slots[quietest] = candidates[i].source;
    }
}
