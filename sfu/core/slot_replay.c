/*
 * A layer's recent past for somebody who comes late: from the last key frame on, faster than it was
 * recorded, the upper temporal layers only of what is most recent. A frame gets the timestamp of
 * its sending, so that the receiver's clock is that of the live edge, and never one that it has
 * seen.
 */
#include "sfu/core/engine_internal.h"

/* Nobody needs the upper temporal layers of the past, but those at the live edge refer to them:
   with the base layer alone the first picture would stand still until the next ones that do not
   (Y), 400 ms at 20 frames/s. So much holds a beginning of each layer, which libwebrtc makes every
   8 frames, down to 16 frames/s. */
#define UPPER_US 500000
/* What waited for so long at the live edge is late: its upper temporal layers make room. */
#define WAITED_US (BWE_PACER_QUEUE_MS * INT64_C(1000))
/* A camera's picture of so long ago is not worth its bytes: one of now is. */
#define STALE_US  (CORE_LAYER_REPLAY_US + 500000)
#define BEHIND_US 1000000 /* the same of one that only waited */

static void set_replay(struct core_slot *slot, uint64_t ext_seq)
{
    slot->replay_seq = ext_seq;
    slot->owner->replaying |= 1u << (slot - slot->owner->slots);
}

void core_slot_start_replay(struct core_slot *slot, struct core_layer *layer, int64_t now_us)
{
    core_slot_leave_layer(slot, layer, now_us);
    slot->layer = layer;
    set_replay(slot, layer->keyframe_seq);
    slot->has_replayed = slot->is_waiting = false;
    slot->has_frame = false;
    slot->is_retiming = false;
    uint32_t bytes = core_layer_replay_bytes(layer);
    core_slot_note_keyframe(slot, bytes, now_us);
    core_record_slot(slot, layer,
                     &(struct core_decision){.kind = CORE_DECISION_FORWARDED,
                                             .cause = CORE_TRIGGER_REPLAY,
                                             .numbers = {layer->height, bytes}},
                     now_us);
    slot->owner->are_slots_dirty = true;
    core_participant_wake(slot->owner, now_us);
}

void core_slot_wait(struct core_slot *slot, uint64_t ext_seq, int64_t now_us)
{
    set_replay(slot, ext_seq);
    slot->has_replayed = slot->is_waiting = true;
    const struct bwe_pacer *pacer = &slot->owner->pace.pacer;
    core_record_slot(slot, slot->layer,
                     &(struct core_decision){.kind = CORE_DECISION_WAITING,
                                             .numbers = {pacer->queued_bytes, pacer->rate_bps}},
                     now_us);
    core_participant_wake(slot->owner, now_us + CORE_TICK_US);
}

/* @param age_us  written: since it arrived
   @return        false: it is not there any more, or cannot be read */
static bool load(const struct core_slot *slot, uint64_t seq, int64_t now_us,
                 struct core_media *media, int64_t *age_us)
{
    struct rtp_history_packet stored;
    const struct core_layer *layer = slot->layer;
    if (!rtp_history_get(&layer->history, seq, &stored))
        return false;
    if (stored.payload_len > 0) {
        if (rtp_vp8_parse(&media->descriptor, stored.payload, stored.payload_len))
            return false;
        media->vp8 = &media->descriptor;
    }
    media->is_policed = stored.is_void;
    media->is_replayed = true;
    media->track = slot->track;
    media->layer = &slot->track->layers[layer - slot->track->layers];
    media->payload = stored.payload;
    media->payload_len = stored.payload_len;
    media->marker = stored.marker;
    media->fields = (struct rtp_rewrite_fields){.ext_seq = seq,
                                                .timestamp = stored.timestamp,
                                                .picture_id = stored.picture_id,
                                                .tl0_picture_index = stored.tl0_picture_index,
                                                .key_index = stored.key_index};
    media->now_us = now_us;
    *age_us = now_us - stored.received_us;
    return true;
}

static uint32_t send_stored(struct core_slot *slot, const struct core_media *media, bool is_recent)
{
    uint8_t target = slot->target_temporal, interim = slot->interim_temporal;
    uint64_t before = slot->statistics.bytes;
    bool is_first = !slot->has_replayed;
    slot->has_replayed = true;
    slot->has_missed = false;
    slot->replayed_us = media->now_us;
    if (is_first)
        rtp_rewrite_start(&slot->rewrite, media->layer->id, &media->fields, media->now_us);
    slot->is_retiming = !is_first;
    if (!is_recent) {
        slot->target_temporal = slot->interim_temporal = 0;
        /* What is left out may be missed by what gets recent meanwhile. */
        bwe_temporal_sync_limit(&slot->sync, 0);
    }
    core_slot_forward(slot, media);
    slot->target_temporal = target;
    slot->interim_temporal = interim;
    return (uint32_t)(slot->statistics.bytes - before);
}

static bool is_stale(const struct core_slot *slot, int64_t age_us)
{
    return slot->params.kind == CORE_KIND_CAMERA &&
           age_us > (slot->is_waiting ? BEHIND_US : STALE_US);
}

/* A packet that is not there has not been repaired yet, as for everybody; or the history has
   forgotten it meanwhile: then there is no picture to go on from. */
static bool is_forgotten(const struct core_slot *slot)
{
    return !slot->has_replayed || rtp_seen_check(&slot->layer->seen, slot->replay_seq);
}

/* What comes next of the replay is gone, or of no use any more. */
static void begin_anew(struct core_slot *slot, int64_t now_us)
{
    core_slot_interrupt(slot);
    slot->has_missed = true;
    slot->owner->are_slots_dirty = true;
    core_slot_need_keyframe(slot, now_us);
}

uint32_t core_slot_replay(struct core_slot *slot, uint32_t bytes, int64_t now_us)
{
    uint32_t sent = 0;
    if (slot->replay_seq && slot->replay_seq < slot->layer->keyframe_seq) {
        slot->replay_seq = slot->layer->keyframe_seq; /* a newer one has come meanwhile */
        slot->has_replayed = slot->has_frame = slot->is_waiting = false;
    }
    /* Bytes tell nothing of small packets, which fill the pacer's ring or the pool. */
    while (slot->replay_seq && sent < bytes && core_pace_room(slot->owner) > 0) {
        struct core_media media = {.payload_len = 0};
        int64_t age_us;
        uint64_t seq = slot->replay_seq;
        bool is_live = slot->layer->history.highest < seq;
        bool is_there = !is_live && load(slot, seq, now_us, &media, &age_us);
        if (!is_live && (is_there ? is_stale(slot, age_us) : is_forgotten(slot))) {
            begin_anew(slot, now_us);
            break;
        }
        slot->replay_seq = is_live ? 0 : seq + 1;
        slot->is_retiming |= is_live;
        if (is_live && !slot->is_waiting)
            core_slot_note_replayed(slot, now_us);
        if (is_there)
            sent += send_stored(slot, &media, age_us < (slot->is_waiting ? WAITED_US : UPPER_US));
    }
    return sent;
}
