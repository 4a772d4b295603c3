/*
 * Cameras that rise do so one after the other. Where the network has become wider, key frames of
 * all of them come at once; each waits in the pacer for those before it, and a slot that has left
 * its old layer by then shows nothing meanwhile. So the old layer goes on until the key frames
 * before have been made: that of the new one is kept in the history until then.
 */
#include "sfu/core/engine_internal.h"

/* Then it begins in any case: something of others may always be on its way. */
#define QUEUE_MAX_US 1000000

static bool is_upward(const struct core_slot *slot)
{
    return slot->layer && slot->target && slot->layer->rank < slot->target->rank;
}

/* What was to be sent at once of a new layer or picture has not all been made. */
static bool is_beginning(const struct core_slot *slot)
{
    struct rtp_history_packet next;
    if (slot->params.kind != CORE_KIND_CAMERA || !slot->replay_seq)
        return false;
    return !slot->is_waiting || (rtp_history_get(&slot->layer->history, slot->replay_seq, &next) &&
                                 core_layer_is_of_keyframe(slot->layer, next.timestamp));
}

static bool is_another_beginning(const struct core_slot *slot)
{
    const struct core_participant *owner = slot->owner;
    for (unsigned i = 0; i < owner->slot_count; i++)
        if (&owner->slots[i] != slot && is_beginning(&owner->slots[i]))
            return true;
    return false;
}

bool core_slot_queue(struct core_slot *slot, int64_t now_us)
{
    bool may_wait = slot->owner->pace.is_pacing && slot->params.kind == CORE_KIND_CAMERA &&
                    is_upward(slot) && now_us - slot->switching_us < QUEUE_MAX_US &&
                    core_track_is_layer_sent(slot->track, slot->layer, now_us);
    /* What waits of the old layer goes first. */
    slot->is_queued = may_wait && (slot->replay_seq || is_another_beginning(slot));
    if (!slot->is_queued)
        return false;
    slot->asked_us = now_us;
    core_participant_wake(slot->owner, core_slot_deadline(slot));
    return true;
}
