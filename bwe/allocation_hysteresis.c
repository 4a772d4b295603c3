/*
 * Every call decides twice: what would fit with a margin (who may rise), and, no track above what
 * it has or may have, what fits now. The rest is when a wish becomes a permission.
 */
#include "bwe/allocation_hysteresis.h"

#include <stddef.h>
#include <string.h>

/* An upgrade that did not last so long was wrong. */
#define WRONG_US 30000000

/* One call. */
struct call {
    const struct bwe_hysteresis_input *input;
    int64_t now_us;
    int64_t deadline_us;
    struct bwe_allocation safe;                                 /* what would fit with a margin */
    struct bwe_hysteresis_track *tracks[BWE_ALLOCATION_TRACKS]; /* as the input's */
    int carried[BWE_ALLOCATION_TRACKS];                         /* what is left of the last level */
    int ceilings[BWE_ALLOCATION_TRACKS];
};

/* --- who is who ------------------------------------------------------------------------------- */

static struct bwe_hysteresis_track *find(struct bwe_hysteresis *hysteresis, uint64_t id)
{
    for (unsigned i = 0; i < BWE_ALLOCATION_TRACKS; i++)
        if (hysteresis->tracks[i].id == id)
            return &hysteresis->tracks[i];
    return NULL;
}

static bool is_listed(const struct bwe_hysteresis_input *input, uint64_t id)
{
    for (unsigned i = 0; i < input->count; i++)
        if (input->tracks[i].id == id)
            return true;
    return false;
}

/* Forget who is gone, and make room for who is new. */
static void match_tracks(struct bwe_hysteresis *hysteresis, struct call *call)
{
    const struct bwe_hysteresis_input *input = call->input;
    for (unsigned i = 0; i < BWE_ALLOCATION_TRACKS; i++)
        if (hysteresis->tracks[i].id && !is_listed(input, hysteresis->tracks[i].id))
            memset(&hysteresis->tracks[i], 0, sizeof(hysteresis->tracks[i]));
    for (unsigned i = 0; i < input->count; i++) {
        struct bwe_hysteresis_track *track = find(hysteresis, input->tracks[i].id);
        if (!track) {
            track = find(hysteresis, 0);
            *track = (struct bwe_hysteresis_track){
                .id = input->tracks[i].id,
                .level = BWE_LEVEL_PAUSED,
                .state = BWE_ALLOCATION_SOURCE,
                .since_us = call->now_us,
                .hold_us = BWE_HYSTERESIS_HOLD_US,
            };
        }
        call->tracks[i] = track;
    }
}

/* --- who may rise ----------------------------------------------------------------------------- */

/* What the source and the layout leave of a level: the highest not above it, or else the lowest. */
static int carry(const struct bwe_allocation_track *track, int level)
{
    if (level < 0)
        return BWE_LEVEL_PAUSED;
    for (int kept = level; kept >= 0; kept--)
        if (bwe_allocation_is_level(track, kept))
            return kept;
    return bwe_allocation_lowest_level(track);
}

static void call_again(struct call *call, int64_t at_us)
{
    if (at_us > call->now_us && at_us < call->deadline_us)
        call->deadline_us = at_us;
}

/* When a track may rise to what it wishes, if that goes on fitting; INT64_MAX: only by a probe. */
static int64_t rise_at_us(const struct call *call, const struct bwe_hysteresis_track *track)
{
    bool is_probed = call->input->is_probe_passed;
    bool is_paused = track->level < 0;
    int64_t at_us = track->lowered_us > 0 ? track->lowered_us + track->hold_us : 0;
    if (is_probed)
        return at_us;
    if (is_paused && call->input->has_estimator)
        return INT64_MAX;
    if (at_us < track->fits_us + BWE_HYSTERESIS_FITS_US)
        at_us = track->fits_us + BWE_HYSTERESIS_FITS_US;
    bool is_new = call->now_us - track->since_us < BWE_HYSTERESIS_UP_US;
    if (track->raised_us > 0 && !is_new && at_us < track->raised_us + BWE_HYSTERESIS_UP_US)
        at_us = track->raised_us + BWE_HYSTERESIS_UP_US;
    return at_us;
}

/* Note since when more than a level fits, and how much has fitted all that time. */
static void watch(struct call *call, struct bwe_hysteresis_track *track, int level, int safe)
{
    if (safe <= level) {
        track->fits_us = 0;
        return;
    }
    if (track->fits_us == 0)
        track->fits_us = call->now_us;
    if (track->fits_us == call->now_us || safe < track->wished)
        track->wished = safe;
    call_again(call, rise_at_us(call, track));
}

/* The level that a track which has something, or is paused for bandwidth, may have now. */
static int permitted_level(struct call *call, struct bwe_hysteresis_track *track, int carried,
                           int safe)
{
    watch(call, track, carried, safe);
    if (safe > carried && track->is_best)
        return safe;
    if (safe <= carried || rise_at_us(call, track) > call->now_us)
        return carried;
    return call->input->is_probe_passed ? safe : track->wished;
}

static void set_ceilings(struct call *call)
{
    for (unsigned i = 0; i < call->input->count; i++) {
        struct bwe_hysteresis_track *track = call->tracks[i];
        int safe = call->safe.choices[i].level;
        int carried = carry(&call->input->tracks[i], track->level);
        bool has_begun =
            track->state == BWE_ALLOCATION_LIVE || track->state == BWE_ALLOCATION_BANDWIDTH;
        call->carried[i] = carried;
        call->ceilings[i] = has_begun ? permitted_level(call, track, carried, safe) : safe;
    }
}

/* --- what becomes of it ----------------------------------------------------------------------- */

/* The lowest layer of a live track does not fit: it stays for a while. */
static bool is_kept(struct call *call, struct bwe_hysteresis_track *track, int carried)
{
    if (carried < 0)
        return false;
    if (track->unfit_us == 0)
        track->unfit_us = call->now_us;
    int64_t until_us = track->unfit_us + BWE_HYSTERESIS_PAUSE_US;
    call_again(call, until_us);
    return call->now_us < until_us;
}

static void note_downgrade(struct bwe_hysteresis_track *track, int64_t now_us)
{
    if (track->was_raised) {
        bool is_wrong = now_us - track->raised_us < WRONG_US;
        track->hold_us = is_wrong ? track->hold_us * 3 / 2 : BWE_HYSTERESIS_HOLD_US;
        if (track->hold_us > BWE_HYSTERESIS_HOLD_MAX_US)
            track->hold_us = BWE_HYSTERESIS_HOLD_MAX_US;
    }
    track->was_raised = false;
    track->lowered_us = now_us;
    track->fits_us = 0;
}

static void note_upgrade(struct bwe_hysteresis_track *track, int64_t now_us)
{
    track->was_raised = true;
    track->raised_us = now_us;
    track->fits_us = 0;
}

/* Take a choice over, and remember what it was. */
static void follow(struct call *call, unsigned i, struct bwe_allocation *out)
{
    const struct bwe_allocation_track *input = &call->input->tracks[i];
    struct bwe_hysteresis_track *track = call->tracks[i];
    struct bwe_allocation_choice *choice = &out->choices[i];
    int carried = call->carried[i];
    if (choice->state != BWE_ALLOCATION_BANDWIDTH) {
        track->unfit_us = 0;
    } else if (is_kept(call, track, carried)) {
        *choice = bwe_allocation_choose(input, bwe_allocation_lowest_level(input));
        out->total_bps += choice->cost_bps;
    }
    bool had_begun =
        track->state == BWE_ALLOCATION_LIVE || track->state == BWE_ALLOCATION_BANDWIDTH;
    if (choice->level < carried)
        note_downgrade(track, call->now_us);
    else if (had_begun && choice->level > carried && !track->is_best)
        note_upgrade(track, call->now_us);
    track->is_best = choice->level >= 0 && choice->level == bwe_allocation_best_level(input);
    track->level = choice->level;
    track->state = choice->state;
    if (track->fits_us == 0) /* it has got something else: from here on */
        watch(call, track, choice->level, call->safe.choices[i].level);
}

int64_t bwe_hysteresis_decide(struct bwe_hysteresis *hysteresis,
                              const struct bwe_hysteresis_input *input, int64_t now_us,
                              struct bwe_allocation *out)
{
    struct call call = {.input = input, .now_us = now_us, .deadline_us = INT64_MAX};
    struct bwe_allocation pure;
    struct bwe_allocation_ladders ladders;
    uint64_t safe_bps = input->budget_bps / BWE_HYSTERESIS_MARGIN_PERCENT * 100;
    match_tracks(hysteresis, &call);
    bwe_allocation_prepare(&ladders, input->tracks, input->count);
    bwe_allocation_decide_on(&ladders, NULL, input->budget_bps, &pure);
    if (input->is_probe_passed)
        call.safe = pure;
    else
        bwe_allocation_decide_on(&ladders, NULL, safe_bps, &call.safe);
    set_ceilings(&call);
    bwe_allocation_decide_on(&ladders, call.ceilings, input->budget_bps, out);
    for (unsigned i = 0; i < input->count; i++)
        follow(&call, i, out);
    out->next_budget_bps = pure.next_budget_bps;
    return call.deadline_us;
}
