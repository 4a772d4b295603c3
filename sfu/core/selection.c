/* Small loops over small lists: at most 4 slots, at most a room's participants. */
#include "sfu/core/selection.h"

#include <stddef.h>

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

void core_selection_cameras(uint64_t *slots, unsigned slot_count,
                            const struct core_candidate *candidates, unsigned candidate_count)
{
    drop_absent(slots, slot_count, candidates, candidate_count);
    for (unsigned i = 0; i < candidate_count; i++)
        if (!is_shown(slots, slot_count, candidates[i].source) &&
            !take_free(slots, slot_count, candidates[i].source))
            return;
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
        unsigned quietest = quietest_slot(slots, slot_count, candidates, candidate_count, &loudness);
        if (candidates[i].loudness <= loudness + CORE_SELECTION_MARGIN_DB)
            return; /* the candidates that follow are quieter still */
        slots[quietest] = candidates[i].source;
    }
}
