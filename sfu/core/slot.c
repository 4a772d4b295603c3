/* What a slot shows, and how it gets from one layer to another. */
#include "sfu/core/slot.h"

#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

/* bwe.md, "Allocation", 6: a switch is urged after 2 x RTT within these bounds, given up after 2 s;
   then the layer is left alone for a while. */
#define URGE_MIN_US 200000
#define URGE_MAX_US 1000000
#define GIVE_UP_US  2000000
#define REFUSED_US  5000000
/* A receiver asks again until it has the key frame: so long after one was sent, that is what it
   asks for. A large one, repeated sooner than this, would take all that the receiver may get. */
#define ANSWERED_US 300000
/* And no longer than this, however small the budget was at that moment: a picture is missing.
   Unless it is small for good: slides that are lost again and again would take more than there is.
   There each answer has a third of it. */
#define ANSWERED_MAX_US 1000000
/* A replay may take so long of all of the receiver's budget. */
#define REPLAY_MAX_US 1000000

unsigned core_slot_segment_count(enum core_kind kind)
{
    if (kind == CORE_KIND_AUDIO)
        return CORE_SLOT_SEGMENTS_AUDIO;
    return kind == CORE_KIND_CAMERA ? CORE_SLOT_SEGMENTS_CAMERA : CORE_SLOT_SEGMENTS_SCREEN;
}

void core_slot_init(struct core_slot *slot, const struct core_slot_params *params,
                    struct core_participant *owner, struct rtp_rewrite_segment *segments,
                    uint64_t random)
{
    const struct rtp_rewrite_memory memory = {segments, core_slot_segment_count(params->kind)};
    memset(slot, 0, sizeof(*slot));
    slot->params = *params;
    slot->owner = owner;
    slot->reported.jitter = CORE_SLOT_UNREPORTED;
    slot->rtx_index = random >> 49; /* below 2^15 */
    rtp_rewrite_init(&slot->rewrite, memory, core_kind_clock_hz(params->kind), random & 0x7FFF,
                     (uint32_t)(random >> 15), (random >> 33) & 0x7FFF);
}

static void unsubscribe(struct core_slot *slot)
{
    struct core_slot **at = &slot->track->subscribers;
    while (*at != slot)
        at = &(*at)->next_subscriber;
    *at = slot->next_subscriber;
    slot->next_subscriber = NULL;
    slot->track = NULL;
}

void core_slot_note_keyframe(struct core_slot *slot, uint32_t bytes, int64_t now_us)
{
    uint64_t half_bps = core_allocate_budget_bps(slot->owner) / 2;
    int64_t wait_us =
        half_bps > 0 ? (int64_t)(bytes * UINT64_C(8000000) / half_bps) : ANSWERED_MAX_US;
    int64_t *answering_us = &slot->owner->answering_us; /* half for all slots together */
    int64_t latest_us = now_us + ANSWERED_MAX_US;
    *answering_us = (*answering_us > now_us ? *answering_us : now_us) + wait_us;
    if (*answering_us > latest_us)
        *answering_us = latest_us;
    slot->statistics.keyframes++;
    slot->keyframe_us = now_us;
    slot->answered_us = *answering_us > now_us + ANSWERED_US ? *answering_us : now_us + ANSWERED_US;
    slot->answer_bytes = bytes;
}

/* A key frame was sent of late that answers who asks for one. */
static bool is_answered(const struct core_slot *slot, int64_t now_us)
{
    const struct core_participant *owner = slot->owner;
    if (!slot->keyframe_us || now_us < slot->answered_us || !core_allocate_is_final(owner))
        return slot->keyframe_us && now_us < slot->answered_us;
    uint64_t spared_bytes =
        core_allocate_budget_bps(owner) / 3 * (uint64_t)(now_us - slot->keyframe_us) / 8000000;
    return spared_bytes < slot->answer_bytes;
}

void core_slot_note_replayed(struct core_slot *slot, int64_t now_us)
{
    if (slot->keyframe_us && slot->answered_us < now_us + ANSWERED_US)
        slot->answered_us = now_us + ANSWERED_US;
}

void core_slot_interrupt(struct core_slot *slot)
{
    slot->layer = NULL;
    slot->has_frame = false;
    slot->replay_seq = 0;
    slot->replayed_us = 0;
    slot->last_frame_us = 0;
    slot->keyframe_us = 0;
}

void core_slot_forget_layer(struct core_slot *slot, const struct core_layer *layer)
{
    if (slot->layer == layer)
        core_slot_interrupt(slot);
    if (slot->target == layer)
        slot->target = NULL;
    if (slot->refused == layer)
        slot->refused = NULL;
}

void core_slot_set_track(struct core_slot *slot, struct core_track *track)
{
    if (slot->track == track)
        return;
    if (slot->track)
        unsubscribe(slot);
    core_slot_interrupt(slot);
    slot->target = NULL;
    slot->refused = NULL;
    slot->wanted_us = 0;
    slot->is_owner_new = true;
    if (!track)
        return;
    slot->track = track;
    slot->next_subscriber = track->subscribers;
    track->subscribers = slot;
}

static bool is_switching(const struct core_slot *slot)
{
    return slot->target && slot->layer != slot->target && !slot->is_held;
}

/* From the history, unless that takes the receiver's whole budget for longer than it takes the
   source to send a key frame. That of a slide is as large. */
static bool can_replay(const struct core_slot *slot, const struct core_layer *target,
                       int64_t now_us)
{
    uint64_t budget_bytes = core_allocate_budget_bps(slot->owner) / 8;
    return core_layer_can_replay(target, slot->params.kind, now_us) &&
           (slot->params.kind == CORE_KIND_SCREEN ||
            core_layer_replay_bytes(target) <= budget_bytes * REPLAY_MAX_US / 1000000);
}

/* The old layer is better than waiting for ever; without one there is nothing to lose. */
static bool has_other(const struct core_slot *slot, int64_t now_us)
{
    return slot->layer && core_track_is_layer_sent(slot->track, slot->layer, now_us);
}

/* All that came of the layer was sent, and nothing of another one since: when its source comes back
   it goes on where it was (core_slot_forward()). A replay would only repeat what is there. */
static bool goes_on(const struct core_slot *slot, const struct core_layer *target)
{
    return !slot->layer && !slot->has_missed &&
           rtp_rewrite_continues(&slot->rewrite, target->id, target->history.highest + 1);
}

/* The source was asked for this slot, and has not sent one since: to ask again is not to ask for
   more. */
static bool is_wanted(const struct core_slot *slot)
{
    const struct core_keyframe_budget *budget = &slot->track->keyframes;
    return slot->wanted_us > 0 && (!budget->has_keyframe || budget->keyframe_us < slot->wanted_us);
}

/* @return false: the receiver has caused enough of them in this slot */
static bool may_want(struct core_slot *slot, bool is_asked, int64_t now_us)
{
    struct core_keyframe_limit *limit = &slot->keyframe_limit;
    if (is_wanted(slot))
        return true;
    if (is_asked && !core_keyframe_limit_allows(limit, now_us))
        return false;
    core_keyframe_limit_on_wanted(limit, is_asked, now_us);
    slot->wanted_us = now_us;
    return true;
}

/* @param has_picture  meanwhile */
static void ask_source(struct core_slot *slot, bool is_asked, bool has_picture, int64_t now_us)
{
    bool is_news = !is_wanted(slot); /* who asks again and again must not fill the recorder */
    if (!may_want(slot, is_asked, now_us))
        return;
    core_track_want_keyframe(slot->track, slot->target, has_picture, now_us);
    if (is_news)
        core_record_slot(slot, slot->target, &(struct core_decision){.kind = CORE_DECISION_WANTED},
                         now_us);
    core_participant_wake(slot->track->owner, now_us);
}

static void need_keyframe(struct core_slot *slot, bool is_asked, int64_t now_us)
{
    struct core_layer *target = slot->target;
    bool has_new = is_answered(slot, now_us);
    bool is_replaying = slot->replay_seq && !slot->is_waiting; /* a key frame, then */
    bool was_queued = slot->is_queued;
    slot->asked_us = now_us;
    slot->is_queued = false;
    if (!slot->track || slot->track->is_muted || slot->is_held || slot->is_starved)
        return;
    if (slot->layer && slot->layer == target && (is_replaying || has_new))
        return;
    if (target && can_replay(slot, target, now_us)) {
        if (is_asked || (!goes_on(slot, target) && !core_slot_queue(slot, now_us)))
            core_slot_start_replay(slot, target, now_us);
        return;
    }
    if (was_queued && !is_asked && core_slot_queue(slot, now_us))
        return; /* something of its key frame is still missing */
    ask_source(slot, is_asked, !is_asked && has_other(slot, now_us), now_us);
}

void core_slot_need_sync(struct core_slot *slot, int64_t now_us)
{
    if (now_us - slot->keyframe_us >= CORE_KEYFRAME_WINDOW_US)
        ask_source(slot, true, true, now_us);
}

void core_slot_need_keyframe(struct core_slot *slot, int64_t now_us)
{
    need_keyframe(slot, false, now_us);
}

void core_slot_on_request(struct core_slot *slot, int64_t now_us)
{
    need_keyframe(slot, true, now_us);
}

static void record_target(const struct core_slot *slot, const struct core_layer *target,
                          int64_t now_us)
{
    struct core_decision decision = {.kind = CORE_DECISION_TARGET};
    if (target)
        decision.numbers[1] = target->height;
    else
        decision.cause = slot->is_held      ? CORE_TRIGGER_HELD
                         : slot->is_starved ? CORE_TRIGGER_BANDWIDTH
                                            : CORE_TRIGGER_SOURCE;
    decision.numbers[0] = slot->target_temporal;
    decision.numbers[2] = (uint32_t)core_allocate_budget_bps(slot->owner);
    core_record_slot(slot, target, &decision, now_us);
}

void core_slot_set_target(struct core_slot *slot, struct core_layer *target, unsigned temporal,
                          int64_t now_us)
{
    bool is_same = slot->target == target && slot->target_temporal == temporal;
    slot->target_temporal = (uint8_t)temporal;
    if (!is_same)
        record_target(slot, target, now_us);
    if (slot->target == target)
        return;
    slot->target = target;
    slot->interim_temporal = CORE_TEMPORAL_MAX;
    slot->switching_us = now_us;
    if (!target) {
        core_slot_interrupt(slot);
        slot->owner->are_slots_dirty = true;
    } else if (is_switching(slot)) {
        core_slot_need_keyframe(slot, now_us);
        core_participant_wake(slot->owner, core_slot_deadline(slot));
    }
}

void core_slot_set_interim(struct core_slot *slot, unsigned temporal)
{
    slot->interim_temporal = (uint8_t)temporal;
}

bool core_slot_refuses(const struct core_slot *slot, const struct core_layer *layer, int64_t now_us)
{
    return slot->refused == layer && now_us - slot->refused_us < REFUSED_US &&
           slot->layer != layer && has_other(slot, now_us);
}

void core_slot_leave_layer(struct core_slot *slot, const struct core_layer *next, int64_t now_us)
{
    const struct rtp_rewrite_segment *shown = rtp_rewrite_current(&slot->rewrite);
    slot->statistics.switches += shown && shown->source != next->id;
    if (slot->layer && !core_track_is_layer_sent(slot->track, slot->layer, now_us))
        slot->last_frame_us = 0;
}

void core_slot_hold(struct core_slot *slot, bool is_held, int64_t now_us)
{
    if (slot->is_held == is_held)
        return;
    slot->is_held = is_held;
    core_slot_interrupt(slot);
    slot->owner->are_slots_dirty = true;
    if (slot->params.kind != CORE_KIND_AUDIO)
        core_slot_need_keyframe(slot, now_us);
}

static int64_t urge_us(const struct core_slot *slot)
{
    int64_t wait_us = 2 * slot->track->owner->rtt_us;
    if (slot->is_queued)
        return slot->asked_us + CORE_TICK_US;
    wait_us = wait_us < URGE_MIN_US ? URGE_MIN_US : wait_us;
    return slot->asked_us + (wait_us > URGE_MAX_US ? URGE_MAX_US : wait_us);
}

static void urge(struct core_slot *slot, int64_t now_us)
{
    if (has_other(slot, now_us) && now_us - slot->switching_us >= GIVE_UP_US) {
        slot->refused = slot->target;
        slot->refused_us = now_us;
        core_record_slot(slot, slot->refused,
                         &(struct core_decision){.kind = CORE_DECISION_REFUSED}, now_us);
        for (unsigned i = 0; i < CORE_LAYERS_MAX; i++)
            if (&slot->track->layers[i] == slot->layer)
                slot->target = &slot->track->layers[i];
    } else if (now_us >= urge_us(slot)) {
        core_slot_need_keyframe(slot, now_us);
    }
}

void core_slot_advance(struct core_slot *slot, int64_t now_us)
{
    if (slot->track && is_switching(slot))
        urge(slot, now_us);
}

int64_t core_slot_deadline(const struct core_slot *slot)
{
    return slot->track && is_switching(slot) ? urge_us(slot) : INT64_MAX;
}
