/*
 * Every call decides twice: what would fit with a margin (who may rise), and, no track above what
 * it has or may have, what fits now. The rest is when a wish becomes a permission.
 */
#include "bwe/allocation_hysteresis.h"

#include <stddef.h>
#include <string.h>

/* An upgrade that did not last so long was wrong. */
#define WRONG_US 30000000

#define PROBED_PERCENT 103 /* costs change a little from one decision to the next */
#define OTHER_PERCENT  125 /* of a budget: another capacity */
#define DIP_US         1000000
#define STEP_US        (BWE_HYSTERESIS_FITS_US / BWE_HYSTERESIS_STEPS)

/* One call. */
struct call {
    const struct bwe_hysteresis_input *input;
    int64_t now_us;
    int64_t deadline_us;
    bool is_budget_less;                                        /* than what was decided last */
    struct bwe_allocation safe;                                 /* what would fit with a margin, */
    struct bwe_allocation lasting;                              /* after a dip, */
    struct bwe_allocation unraised;                             /* and if no track rose */
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

static bool is_switch(int from, int to)
{
    return from / BWE_ALLOCATION_TEMPORALS != to / BWE_ALLOCATION_TEMPORALS;
}

static bool has_other_capacity(const struct call *call, uint64_t before_bps)
{
    return call->input->budget_bps > OTHER_PERCENT * before_bps / 100;
}

/* When a track may rise to a level, if that goes on fitting; INT64_MAX: only by a probe. */
static int64_t rise_at_us(const struct call *call, const struct bwe_hysteresis_track *track,
                          int level)
{
    bool is_probed = call->input->is_probe_passed;
    bool is_paused = track->level < 0;
    /* After a wrong upgrade it takes twice the budget to believe that. */
    bool has_flapped = track->hold_us > BWE_HYSTERESIS_HOLD_US && !is_paused && !track->was_outbid;
    uint64_t before_bps = has_flapped ? track->lowered_bps * 8 / 5 : track->lowered_bps;
    bool is_held = track->lowered_us > 0 && !has_other_capacity(call, before_bps);
    int64_t hold_us = track->was_outbid ? BWE_HYSTERESIS_HOLD_US : track->hold_us;
    int64_t at_us = is_held ? track->lowered_us + hold_us : 0;
    if (is_probed)
        return at_us;
    if (is_paused && call->input->has_estimator)
        return INT64_MAX;
    if (at_us < track->fits_us + BWE_HYSTERESIS_FITS_US)
        at_us = track->fits_us + BWE_HYSTERESIS_FITS_US;
    bool is_new = call->now_us - track->since_us < BWE_HYSTERESIS_UP_US;
    if (track->switched_us > 0 && !is_new && is_switch(track->level, level) &&
        !has_other_capacity(call, track->switched_bps) &&
        at_us < track->switched_us + BWE_HYSTERESIS_UP_US)
        at_us = track->switched_us + BWE_HYSTERESIS_UP_US;
    return at_us;
}

/* What fitted at the last call has fitted until now. */
static void advance_steps(struct bwe_hysteresis_track *track, int64_t now_us)
{
    for (unsigned i = 0; i < BWE_HYSTERESIS_STEPS && now_us - track->step_us >= STEP_US; i++) {
        track->step_us += STEP_US;
        track->step = (uint8_t)((track->step + 1) % BWE_HYSTERESIS_STEPS);
        track->fitted[track->step] = track->newest;
    }
    if (now_us - track->step_us >= STEP_US)
        track->step_us = now_us;
}

/* What has fitted all of that time. */
static int wished_level(const struct bwe_hysteresis_track *track)
{
    int level = track->fitted[0];
    for (unsigned i = 1; i < BWE_HYSTERESIS_STEPS; i++)
        level = track->fitted[i] < level ? track->fitted[i] : level;
    return level;
}

/* Note since when more than a level fits, and how much has fitted all that time. */
static void watch(struct call *call, struct bwe_hysteresis_track *track, int level, int safe)
{
    if (safe <= level) {
        track->fits_us = 0;
        return;
    }
    if (track->fits_us == 0) {
        for (unsigned i = 0; i < BWE_HYSTERESIS_STEPS; i++)
            track->fitted[i] = (int16_t)safe;
        track->fits_us = track->step_us = call->now_us;
        track->newest = (int16_t)safe;
    }
    advance_steps(track, call->now_us);
    track->newest = (int16_t)safe;
    if (safe < track->fitted[track->step])
        track->fitted[track->step] = (int16_t)safe;
    int64_t at_us = rise_at_us(call, track, safe);
    call_again(call, at_us);
    if (at_us != INT64_MAX)
        call_again(call, at_us + BWE_HYSTERESIS_FITS_US);
}

/* The level that a track which has something, or is paused for bandwidth, may have now. */
static int permitted_level(struct call *call, struct bwe_hysteresis_track *track, int carried,
                           int safe)
{
    watch(call, track, carried, safe);
    if (safe > carried && track->is_best)
        return safe;
    if (safe <= carried)
        return carried;
    if (call->input->is_probe_passed)
        return rise_at_us(call, track, safe) <= call->now_us ? safe : carried;
    /* What fits better since less than a second is waited for: it would come ten seconds later. */
    int wished = wished_level(track);
    int64_t at_us = rise_at_us(call, track, wished);
    at_us += wished < safe && at_us != INT64_MAX ? BWE_HYSTERESIS_FITS_US : 0;
    return at_us <= call->now_us ? wished : carried;
}

/* Right after a downgrade the budget may be in a dip, from which it comes back. One that rises
   without having fallen, or because a probe has passed, is another one. */
static void note_budget(const struct call *call, struct bwe_hysteresis_track *track)
{
    uint64_t budget_bps = call->input->budget_bps;
    track->was_cut &= !call->input->is_probe_passed;
    if (track->was_cut && track->lowered_bps < budget_bps &&
        call->now_us - track->lowered_us < DIP_US)
        track->lowered_bps = budget_bps;
}

static void set_ceilings(struct call *call)
{
    for (unsigned i = 0; i < call->input->count; i++) {
        struct bwe_hysteresis_track *track = call->tracks[i];
        int safe = call->safe.choices[i].level;
        note_budget(call, call->tracks[i]);
        int carried = carry(&call->input->tracks[i], track->level);
        bool has_begun =
            track->state == BWE_ALLOCATION_LIVE || track->state == BWE_ALLOCATION_BANDWIDTH;
        call->carried[i] = carried;
        call->ceilings[i] = has_begun ? permitted_level(call, track, carried, safe) : safe;
    }
}

/* --- what becomes of it ----------------------------------------------------------------------- */

/* The lowest layer of a live track does not fit: it stays for a while, and through a dip. A pause
   is longer than that: it takes a probe and a key frame to end it. But if it makes room for another
   track, which rises at this moment, both would take what only one may; unless a probe has just
   shown more: the next one may have room for both. */
static bool is_kept(struct call *call, unsigned i)
{
    struct bwe_hysteresis_track *track = call->tracks[i];
    bool may_grow = call->input->is_probe_passed && !call->input->is_final;
    bool makes_room = !may_grow && call->unraised.choices[i].level >= 0;
    if (call->carried[i] < 0 || makes_room)
        return false;
    if (track->unfit_us == 0)
        track->unfit_us = call->now_us;
    bool is_dip = call->lasting.choices[i].level >= 0;
    int64_t until_us = track->unfit_us + (is_dip ? BWE_HYSTERESIS_DIP_US : BWE_HYSTERESIS_PAUSE_US);
    call_again(call, until_us);
    return call->now_us < until_us;
}

static void note_downgrade(const struct call *call, struct bwe_hysteresis_track *track)
{
    int64_t now_us = call->now_us;
    if (track->was_raised && call->is_budget_less) {
        bool is_wrong = now_us - track->raised_us < WRONG_US;
        track->hold_us = is_wrong ? track->hold_us * 3 / 2 : BWE_HYSTERESIS_HOLD_US;
        if (track->hold_us > BWE_HYSTERESIS_HOLD_MAX_US)
            track->hold_us = BWE_HYSTERESIS_HOLD_MAX_US;
    }
    track->was_raised = false;
    track->was_cut = call->is_budget_less;
    track->was_outbid = !call->is_budget_less;
    track->lowered_us = now_us;
    track->lowered_bps = call->input->budget_bps;
    track->fits_us = 0;
}

static void note_upgrade(const struct call *call, struct bwe_hysteresis_track *track,
                         bool is_switch)
{
    int64_t now_us = call->now_us;
    track->was_raised = true;
    if (is_switch) {
        track->switched_us = now_us;
        track->switched_bps = call->input->budget_bps;
    }
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
    } else if (is_kept(call, i)) {
        *choice = bwe_allocation_choose(input, bwe_allocation_lowest_level(input));
        out->total_bps += choice->cost_bps;
    }
    bool had_begun =
        track->state == BWE_ALLOCATION_LIVE || track->state == BWE_ALLOCATION_BANDWIDTH;
    if (choice->level < carried)
        note_downgrade(call, track);
    else if (had_begun && choice->level > carried && !track->is_best)
        note_upgrade(call, track, is_switch(carried, choice->level));
    track->is_best = choice->level >= 0 && choice->level == bwe_allocation_best_level(input);
    track->level = choice->level;
    track->state = choice->state;
    if (track->fits_us == 0) /* it has got something else: from here on */
        watch(call, track, choice->level, call->safe.choices[i].level);
}

static bool is_any_unfit(const struct call *call, const struct bwe_allocation *out)
{
    for (unsigned i = 0; i < call->input->count; i++)
        if (out->choices[i].state == BWE_ALLOCATION_BANDWIDTH && call->carried[i] >= 0)
            return true;
    return false;
}

/* A rise takes from another track what it has, although a probe has only just passed and the next
   one may have room for both: what both may have is known in a moment. Who has nothing does not
   wait, since only a probe brings it back. */
static bool is_hasty(struct call *call, const struct bwe_allocation *out)
{
    bool is_lowering = false;
    if (!call->input->is_probe_passed || call->input->is_final || call->is_budget_less)
        return false;
    for (unsigned i = 0; i < call->input->count; i++) {
        if (call->carried[i] < 0 && out->choices[i].level >= 0)
            return false;
        is_lowering |= out->choices[i].level < call->carried[i];
    }
    return is_lowering;
}

/* Everybody has the best that there is. */
static bool is_all(const struct bwe_hysteresis_input *input, const struct bwe_allocation *out)
{
    for (unsigned i = 0; i < input->count; i++)
        if (out->choices[i].level != bwe_allocation_best_level(&input->tracks[i]))
            return false;
    return true;
}

int64_t bwe_hysteresis_decide(struct bwe_hysteresis *hysteresis,
                              const struct bwe_hysteresis_input *input, int64_t now_us,
                              struct bwe_allocation *out)
{
    struct call call = {.input = input,
                        .now_us = now_us,
                        .deadline_us = INT64_MAX,
                        .is_budget_less = input->budget_bps < hysteresis->total_bps};
    struct bwe_allocation pure;
    unsigned margin_percent =
        input->is_probe_passed ? PROBED_PERCENT : BWE_HYSTERESIS_MARGIN_PERCENT;
    uint64_t safe_bps = input->budget_bps / margin_percent * 100;
    match_tracks(hysteresis, &call);
    bwe_allocation_decide_on(input->ladders, NULL, input->budget_bps, &pure);
    bool is_most = input->budget_bps >= bwe_allocation_budget_bps(UINT64_MAX, 0, 0);
    if (is_most || (input->is_probe_passed && is_all(input, &pure)))
        call.safe = pure; /* there will never be more; nothing is left that could take more */
    else
        bwe_allocation_decide_on(input->ladders, NULL, safe_bps, &call.safe);
    set_ceilings(&call);
    bwe_allocation_decide_on(input->ladders, call.ceilings, input->budget_bps, out);
    if (is_hasty(&call, out)) {
        bwe_allocation_decide_on(input->ladders, call.carried, input->budget_bps, out);
        call_again(&call, now_us + BWE_HYSTERESIS_FITS_US);
    }
    call.lasting = *out;
    if (input->sustained_bps > input->budget_bps)
        bwe_allocation_decide_on(input->ladders, call.ceilings, input->sustained_bps,
                                 &call.lasting);
    if (is_any_unfit(&call, out))
        bwe_allocation_decide_on(input->ladders, call.carried, input->budget_bps, &call.unraised);
    for (unsigned i = 0; i < input->count; i++)
        follow(&call, i, out);
    out->next_budget_bps = pure.next_budget_bps;
    hysteresis->total_bps = out->total_bps;
    return call.deadline_us;
}
