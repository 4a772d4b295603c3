/* Small loops over small lists: at most 8 slots, at most 19 of a ranking. */
#include "sfu/core/selection.h"

bool core_selection_voice_before(const struct core_candidate *a, const struct core_candidate *b)
{
    if (a->activity != b->activity)
        return a->activity > b->activity;
    if (a->activity == CORE_VOICE_SILENT)
        return a->loud_us > b->loud_us;
    if (a->activity == CORE_VOICE_ACTIVE)
        return a->spurt_us > b->spurt_us;
    return a->loudness > b->loudness;
}

bool core_selection_camera_before(const struct core_candidate *a, const struct core_candidate *b)
{
    if (a->has_floor != b->has_floor)
        return a->has_floor;
    /* Of those who are speaking none is better than the other. */
    if (!a->has_floor && a->spoke_us != b->spoke_us)
        return a->spoke_us > b->spoke_us;
    return a->place < b->place;
}

bool core_selection_screen_before(const struct core_candidate *a, const struct core_candidate *b)
{
    return a->shared_us > b->shared_us;
}

void core_selection_rank(struct core_ranking *ranking, const struct core_candidate *candidate,
                         core_selection_before_fn is_before)
{
    unsigned at = ranking->count;
    if (at == CORE_SELECTION_BEST_MAX) {
        if (!is_before(candidate, ranking->best[--at]))
            return;
    } else {
        ranking->count++;
    }
    for (; at > 0 && is_before(candidate, ranking->best[at - 1]); at--)
        ranking->best[at] = ranking->best[at - 1];
    ranking->best[at] = candidate;
}

static bool may_show(const struct core_choice *choice, const struct core_candidate *candidate)
{
    return candidate && candidate->is_live && candidate->participant != choice->receiver;
}

static void drop_absent(struct core_choice *choice)
{
    for (unsigned i = 0; i < choice->slot_count; i++)
        if (!may_show(choice, choice->slots[i]))
            choice->slots[i] = NULL;
}

static bool holds(const struct core_candidate *const *list, unsigned count,
                  const struct core_candidate *candidate)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i] == candidate)
            return true;
    return false;
}

static bool is_shown(const struct core_choice *choice, const struct core_candidate *candidate)
{
    return holds(choice->slots, choice->slot_count, candidate);
}

/* The free slot, else the one whose owner goes behind all others. */
static unsigned weakest_slot(const struct core_choice *choice)
{
    unsigned weakest = 0;
    for (unsigned i = 0; i < choice->slot_count; i++) {
        if (!choice->slots[i])
            return i;
        if (core_selection_voice_before(choice->slots[weakest], choice->slots[i]))
            weakest = i;
    }
    return weakest;
}

static bool takes_voice(const struct core_candidate *newcomer, const struct core_candidate *owner)
{
    if (!owner || newcomer->activity > owner->activity)
        return true;
    return newcomer->activity == owner->activity && newcomer->activity >= CORE_VOICE_LOUD &&
           newcomer->loudness > owner->loudness + CORE_SELECTION_MARGIN_DB;
}

void core_selection_voices(struct core_choice *choice, const struct core_ranking *ranking)
{
    drop_absent(choice);
    for (unsigned i = 0; choice->slot_count > 0 && i < ranking->count; i++) {
        const struct core_candidate *newcomer = ranking->best[i];
        if (!may_show(choice, newcomer) || is_shown(choice, newcomer))
            continue;
        unsigned slot = weakest_slot(choice);
        if (!takes_voice(newcomer, choice->slots[slot]))
            return; /* those that follow are no better */
        choice->slots[slot] = newcomer;
    }
}

/* Those to be shown, best first. */
struct chosen {
    unsigned count, pinned_count; /* the pinned ones come first */
    const struct core_candidate *list[CORE_SELECTION_SLOTS_MAX];
};

static void choose_pinned(const struct core_choice *choice,
                          const struct core_candidate *const *pinned, unsigned pinned_count,
                          struct chosen *chosen)
{
    for (unsigned i = 0; i < pinned_count && chosen->count < choice->shown_max; i++)
        if (may_show(choice, pinned[i]) && !holds(chosen->list, chosen->count, pinned[i]))
            chosen->list[chosen->count++] = pinned[i];
    chosen->pinned_count = chosen->count;
}

/* Insert behind the pinned ones; when the list is full, its last one goes. */
static void insert(struct chosen *chosen, unsigned max, const struct core_candidate *candidate)
{
    unsigned at = chosen->count;
    if (at == max)
        at--;
    else
        chosen->count++;
    for (;
         at > chosen->pinned_count && core_selection_camera_before(candidate, chosen->list[at - 1]);
         at--)
        chosen->list[at] = chosen->list[at - 1];
    chosen->list[at] = candidate;
}

static void choose_shown(const struct core_choice *choice, struct chosen *chosen)
{
    for (unsigned i = 0; i < choice->slot_count; i++) {
        const struct core_candidate *shown = choice->slots[i];
        if (!shown || holds(chosen->list, chosen->pinned_count, shown))
            continue;
        if (chosen->count < choice->shown_max ||
            (chosen->count > chosen->pinned_count &&
             core_selection_camera_before(shown, chosen->list[chosen->count - 1])))
            insert(chosen, choice->shown_max, shown);
    }
}

static void choose_newcomers(const struct core_choice *choice, const struct core_ranking *ranking,
                             struct chosen *chosen)
{
    for (unsigned i = 0; i < ranking->count; i++) {
        const struct core_candidate *newcomer = ranking->best[i];
        if (!may_show(choice, newcomer) || holds(chosen->list, chosen->count, newcomer) ||
            is_shown(choice, newcomer))
            continue;
        bool is_full = chosen->count == choice->shown_max;
        bool has_quiet =
            chosen->count > chosen->pinned_count && !chosen->list[chosen->count - 1]->has_floor;
        if (is_full && !(newcomer->has_floor && has_quiet))
            return;
        insert(chosen, choice->shown_max, newcomer);
    }
}

/* Who stays keeps the slot; who comes takes that of one who goes, else a free one. */
static void place(struct core_choice *choice, const struct core_candidate *const *list,
                  unsigned count)
{
    bool is_left[CORE_SELECTION_SLOTS_MAX] = {false};
    for (unsigned i = 0; i < choice->slot_count; i++)
        if (choice->slots[i] && !holds(list, count, choice->slots[i])) {
            choice->slots[i] = NULL;
            is_left[i] = true;
        }
    for (unsigned c = 0; c < count; c++) {
        unsigned slot = choice->slot_count;
        if (is_shown(choice, list[c]))
            continue;
        for (unsigned i = choice->slot_count; i-- > 0;)
            if (!choice->slots[i] && (slot == choice->slot_count || is_left[i] >= is_left[slot]))
                slot = i;
        choice->slots[slot] = list[c];
    }
}

void core_selection_cameras(struct core_choice *choice, const struct core_ranking *ranking,
                            const struct core_candidate *const *pinned, unsigned pinned_count)
{
    struct chosen chosen = {0};
    drop_absent(choice);
    choose_pinned(choice, pinned, pinned_count, &chosen);
    choose_shown(choice, &chosen);
    choose_newcomers(choice, ranking, &chosen);
    place(choice, chosen.list, chosen.count);
}

void core_selection_screens(struct core_choice *choice, const struct core_ranking *ranking)
{
    const struct core_candidate *newest[CORE_SELECTION_SLOTS_MAX];
    unsigned count = 0;
    drop_absent(choice);
    for (unsigned i = 0; i < ranking->count && count < choice->slot_count; i++)
        if (may_show(choice, ranking->best[i]))
            newest[count++] = ranking->best[i];
    place(choice, newest, count);
}
