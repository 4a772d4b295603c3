/*
 * The packet path's second half: whether a packet of the shown track goes to this receiver. A frame
 * is decided on once, at its first packet.
 */
#include <assert.h>

#include "sfu/core/engine_internal.h"

/* Of its contract and its budget, what upper temporal layers leave to base layers and repairs. */
#define UPPER_PERCENT 106
/* Of its contract, when a frame of the base layer or a key frame may begin: what follows of it fits
   below the tolerance. */
#define BASE_PERCENT     110
#define KEYFRAME_PERCENT 107

/* Upper frames in a row that have no Y: two seconds of 2 or 3 temporal layers at 15-30 pictures a
   second. Who says Y does so every eight pictures (libwebrtc). */
#define UNSYNCED_MAX 32

static unsigned highest_temporal(const struct core_slot *slot, const struct core_layer *layer)
{
    return layer == slot->target ? slot->target_temporal : slot->interim_temporal;
}

static unsigned temporal_of(const struct rtp_vp8 *vp8)
{
    return vp8->has_temporal_id ? vp8->temporal_id : 0;
}

static bool is_decodable(const struct core_slot *slot, const struct rtp_vp8 *vp8)
{
    return bwe_temporal_sync_is_decodable(&slot->sync, temporal_of(vp8), vp8->is_layer_sync);
}

static void leave_out(struct core_slot *slot, const struct rtp_vp8 *vp8)
{
    bwe_temporal_sync_on_dropped(&slot->sync, temporal_of(vp8), vp8->is_non_reference);
}

/* The allocation keeps the contract and the budget but for key frames, replays and peaks: these are
   at the expense of the upper temporal layers. */
static bool is_upper_wanted(const struct core_slot *slot, const struct core_media *media)
{
    return temporal_of(media->vp8) <= highest_temporal(slot, media->layer) &&
           is_decodable(slot, media->vp8) && !core_pace_is_behind(slot->owner) &&
           !core_downlink_is_ahead(slot->owner, media->now_us) &&
           core_downlink_has_room(slot->owner, UPPER_PERCENT, media->payload_len, media->now_us);
}

/* A frame of the base layer is no point to take up an upper layer at, since an upper frame after it
   may refer to an older one of its layer unless it says Y (RFC 7741, 4.2): where nothing says so, a
   key frame does. Not of what a replay leaves out. */
static void await_sync(struct core_slot *slot, const struct core_media *media)
{
    const struct rtp_vp8 *vp8 = media->vp8;
    unsigned t = temporal_of(vp8);
    if (vp8->is_layer_sync || (vp8->is_frame_start && vp8->is_keyframe))
        slot->unsynced_count = 0;
    else if (t > 0 && t <= slot->target_temporal && media->layer == slot->target &&
             !media->is_replayed && !media->is_policed && !is_decodable(slot, vp8))
        slot->unsynced_count++;
    if (slot->unsynced_count < UNSYNCED_MAX)
        return;
    slot->unsynced_count = 0;
    core_slot_need_sync(slot, media->now_us);
}

/* A frame of the base layer is wanted in any case: what comes first of it may belong to a key frame
   whose beginning is late. */
static bool is_wanted(struct core_slot *slot, const struct core_media *media)
{
    const struct rtp_vp8 *vp8 = media->vp8;
    unsigned t = temporal_of(vp8);
    if (vp8->is_frame_start && vp8->is_keyframe && !media->is_policed)
        bwe_temporal_sync_on_keyframe(&slot->sync);
    bwe_temporal_sync_limit(&slot->sync, highest_temporal(slot, media->layer));
    await_sync(slot, media);
    if (media->is_policed || (t > 0 && !is_upper_wanted(slot, media))) {
        leave_out(slot, vp8);
        return false;
    }
    bwe_temporal_sync_on_sent(&slot->sync, t);
    return true;
}

/* A gap is the server's if the source sent a frame within it that was not forwarded. */
static void count_frame(struct core_slot *slot, const struct core_media *media)
{
    const struct core_layer *layer = media->layer;
    if (slot->is_frame_counted)
        return;
    slot->is_frame_counted = true;
    if (slot->last_frame_us && layer->previous_frame_us > slot->last_frame_us) {
        uint32_t gap_ms = (uint32_t)((media->now_us - slot->last_frame_us) / 1000);
        if (gap_ms > slot->statistics.max_gap_ms)
            slot->statistics.max_gap_ms = gap_ms;
    }
    slot->last_frame_us = media->now_us;
    slot->statistics.frames++;
}

/* After a replay the first live frame begins at its arrival. What is missing before it belongs to
   it, unless the frame before has no end yet. */
static void retime(struct core_slot *slot, const struct core_media *media)
{
    struct rtp_rewrite_fields first = media->fields;
    bool is_gap_before = !slot->is_complete && media->vp8->is_frame_start;
    if (!is_gap_before)
        first.ext_seq = rtp_rewrite_next_in_seq(&slot->rewrite);
    rtp_rewrite_retime(&slot->rewrite, &first, media->now_us);
    slot->is_retiming = false;
}

static enum core_frame_fate fate_of(const struct core_slot *slot, const struct core_media *media)
{
    return core_frame_fates_find(&slot->fates, media->layer->id, media->fields.timestamp);
}

static void on_new_frame(struct core_slot *slot, const struct core_media *media)
{
    slot->has_frame = true;
    slot->frame_timestamp = media->fields.timestamp;
    slot->is_frame_cut = false;
    slot->is_frame_sent = is_wanted(slot, media);
    enum core_frame_fate fate = slot->is_frame_sent ? CORE_FRAME_SENT : CORE_FRAME_LEFT_OUT;
    /* Those of the base layer are not in doubt. */
    if (temporal_of(media->vp8) > 0 || fate_of(slot, media) == CORE_FRAME_LEFT_OUT)
        core_frame_fates_remember(&slot->fates, media->layer->id, media->fields.timestamp, fate,
                                  false);
    if (!slot->is_frame_sent)
        return;
    if (slot->is_retiming)
        retime(slot, media);
    if (media->vp8->is_frame_start && media->vp8->is_keyframe && !slot->replay_seq)
        core_slot_note_keyframe(slot, media->payload_len, media->now_us);
    slot->is_frame_counted = false;
}

static void skip(struct core_slot *slot, const struct core_media *media)
{
    struct rtp_rewrite_fields fields = media->fields;
    enum rtp_rewrite_skipped skipped = RTP_REWRITE_PADDING;
    if (media->vp8 && !slot->is_frame_cut) /* the picture of one that is cut was sent */
        skipped = temporal_of(media->vp8) > 0 ? RTP_REWRITE_PICTURE : RTP_REWRITE_BASE_PICTURE;
    if (rtp_rewrite_skip(&slot->rewrite, &fields, skipped) == RTP_REWRITE_FILL)
        core_slot_send_padding(slot, &fields, media->now_us);
}

static void send_or_fill(struct core_slot *slot, const struct core_media *media)
{
    struct rtp_rewrite_fields fields = media->fields;
    switch (rtp_rewrite_apply(&slot->rewrite, &fields, media->now_us)) {
    case RTP_REWRITE_SEND:
        if (core_slot_send(slot, media, &fields) && media->vp8)
            count_frame(slot, media);
        break;
    case RTP_REWRITE_FILL:
        core_slot_send_padding(slot, &fields, media->now_us);
        break;
    case RTP_REWRITE_NOTHING:
        break;
    }
}

/* More is missing than will ever be repaired, or the source has jumped: numbers are not kept for
   it. What follows begins anew, with a key frame. */
static bool is_torn(const struct core_slot *slot, const struct core_media *media)
{
    return media->fields.ext_seq > rtp_rewrite_next_in_seq(&slot->rewrite) + RTP_NACK_MAX;
}

/* Repaired while what came after it was left out: nothing that was sent refers to it, so it is
   wanted only if it would be now. */
static bool is_useless(const struct core_slot *slot, const struct core_media *media)
{
    const struct rtp_rewrite *rewrite = &slot->rewrite;
    uint64_t in_seq, out_seq;
    unsigned t = temporal_of(media->vp8);
    if (t == 0 || (t <= highest_temporal(slot, media->layer) && is_decodable(slot, media->vp8)))
        return false;
    const struct rtp_rewrite_segment *newest =
        rtp_rewrite_find(rewrite, (uint16_t)rewrite->newest_out_seq, &in_seq, &out_seq);
    return newest && newest->source == media->layer->id && media->fields.ext_seq > in_seq;
}

/* Whatever comes together: no packet goes over the tolerance. It grows by its descriptor's full
   form. */
static bool is_over_contract(const struct core_slot *slot, const struct core_media *media)
{
    return core_downlink_contract_room(slot->owner, BWE_CONTRACT_TOLERANCE_PERCENT, media->now_us) <
           (uint64_t)media->payload_len + RTP_VP8_DESCRIPTOR_BYTES;
}

static bool is_of_base(const struct core_media *media)
{
    return media->vp8 && temporal_of(media->vp8) == 0;
}

/* What the receiver's contract has no room for of the base layer: honest sources together can be
   above it when several send key frames. A frame does not begin when what follows of it might not
   fit; if it does not, nothing refers to it. What follows waits for a replay, which takes what room
   there is. */
static bool is_too_much(struct core_slot *slot, const struct core_media *media)
{
    const struct rtp_vp8 *vp8 = media->vp8;
    if (!is_of_base(media) || slot->replay_seq || media->is_policed)
        return false;
    bool is_going_on = slot->layer == media->layer;
    bool is_late = is_going_on && media->fields.ext_seq < rtp_rewrite_next_in_seq(&slot->rewrite);
    bool is_new =
        !is_going_on || !slot->has_frame || media->fields.timestamp != slot->frame_timestamp;
    if (is_late || !is_new)
        return is_over_contract(slot, media);
    bool is_keyframe = vp8->is_frame_start && vp8->is_keyframe;
    return core_downlink_contract_room(slot->owner, is_keyframe ? KEYFRAME_PERCENT : BASE_PERCENT,
                                       media->now_us) < media->payload_len;
}

/* Of what comes late, too, a frame is sent whole or not at all. */
static bool fills(struct core_slot *slot, const struct core_media *media)
{
    enum core_frame_fate fate = fate_of(slot, media);
    if (fate == CORE_FRAME_LEFT_OUT || (fate == CORE_FRAME_SENT && !media->is_policed))
        return fate == CORE_FRAME_LEFT_OUT;
    bool is_filled = media->is_policed || is_useless(slot, media) || is_over_contract(slot, media);
    core_frame_fates_remember(&slot->fates, media->layer->id, media->fields.timestamp,
                              is_filled ? CORE_FRAME_LEFT_OUT : CORE_FRAME_SENT, true);
    return is_filled;
}

/* A packet of the layer that is forwarded. */
static void go_on(struct core_slot *slot, const struct core_media *media)
{
    bool is_late = media->fields.ext_seq < rtp_rewrite_next_in_seq(&slot->rewrite);
    bool is_for_nobody = media->vp8 ? is_late && fills(slot, media) : media->is_policed;
    if (!media->payload_len || is_for_nobody) {
        skip(slot, media);
        return;
    }
    if (media->vp8 && !is_late) {
        if (!slot->has_frame || media->fields.timestamp != slot->frame_timestamp)
            on_new_frame(slot, media);
        slot->is_frame_cut |=
            slot->is_frame_sent && (media->is_policed || is_over_contract(slot, media));
        if (slot->is_frame_cut)
            leave_out(slot, media->vp8);
        if (!slot->is_frame_sent || slot->is_frame_cut) {
            skip(slot, media);
            return;
        }
        slot->is_complete = media->marker;
    }
    send_or_fill(slot, media);
}

static bool may_start(const struct core_slot *slot, const struct core_media *media)
{
    if (!media->vp8)
        return media->payload_len > 0;
    return slot->target == media->layer && media->vp8->is_frame_start && media->vp8->is_keyframe &&
           !media->is_policed;
}

static void record(const struct core_slot *slot, const struct core_media *media,
                   enum core_decision_kind kind, enum core_trigger cause)
{
    core_record_slot(
        slot, media->layer,
        &(struct core_decision){.kind = kind, .cause = cause, .numbers = {media->layer->height}},
        media->now_us);
}

static void start(struct core_slot *slot, const struct core_media *media)
{
    core_slot_leave_layer(slot, media->layer, media->now_us);
    rtp_rewrite_start(&slot->rewrite, media->layer->id, &media->fields, media->now_us);
    slot->layer = media->layer;
    slot->has_frame = slot->has_missed = false;
    slot->replay_seq = 0;
    slot->is_retiming = false;
    slot->owner->are_slots_dirty = true;
    record(slot, media, CORE_DECISION_FORWARDED,
           media->vp8 ? CORE_TRIGGER_KEYFRAME : CORE_TRIGGER_NONE);
}

/* It was overtaken, or repaired: what follows it has passed already. */
static bool is_overtaken(const struct core_media *media)
{
    return media->vp8 && media->layer->history.highest > media->fields.ext_seq;
}

/* The source comes back after a pause and nothing of it was missed: the decoder needs no key frame.
   What is late is not the source that comes back: what follows it has passed. */
static bool may_resume(const struct core_slot *slot, const struct core_media *media)
{
    bool is_target = !media->vp8 || slot->target == media->layer;
    return !slot->layer && !slot->has_missed && is_target && media->payload_len > 0 &&
           !is_overtaken(media) &&
           rtp_rewrite_continues(&slot->rewrite, media->layer->id, media->fields.ext_seq);
}

/* Nothing is made for a pacer without room; an upper temporal layer is left out instead. */
static bool must_wait(const struct core_slot *slot, const struct core_media *media)
{
    const struct rtp_vp8 *vp8 = media->vp8;
    bool is_begun = slot->has_frame && media->fields.timestamp == slot->frame_timestamp;
    if (!vp8 || slot->replay_seq ||
        media->fields.ext_seq < rtp_rewrite_next_in_seq(&slot->rewrite) ||
        (is_begun ? !slot->is_frame_sent : temporal_of(vp8) > 0))
        return false;
    return core_pace_room(slot->owner) == 0;
}

/* What has passed is in the history. From there, also where some of it is still missing: live, the
   receiver would get it as answers to NACKs only, but for frames that had lost a packet to the
   upper temporal layers. */
static void start_late(struct core_slot *slot, const struct core_media *media)
{
    const struct core_layer *layer = media->layer;
    if (layer->keyframe_seq &&
        layer->history.highest - layer->keyframe_seq < CORE_LAYER_REPLAY_PACKETS)
        core_slot_start_replay(slot, media->layer, media->now_us);
}

void core_slot_forward(struct core_slot *slot, const struct core_media *media)
{
    assert(media->layer);
    if (slot->is_held)
        return;
    if (may_resume(slot, media)) {
        slot->layer = media->layer;
        slot->is_owner_new = false;
        record(slot, media, CORE_DECISION_FORWARDED, CORE_TRIGGER_RESUME);
        /* In the middle of a frame: what was decided on it still holds. */
        slot->has_frame = !slot->is_complete && media->fields.timestamp == slot->frame_timestamp;
    }
    /* What is replayed has its turn; before the first of it, the numbers are another stream's. */
    bool is_replayed = slot->replay_seq && slot->layer == media->layer;
    if (is_replayed && (media->fields.ext_seq >= slot->replay_seq || !slot->has_replayed))
        return;
    bool is_over = slot->layer == media->layer && is_torn(slot, media);
    if (is_over || (slot->layer == media->layer && is_too_much(slot, media))) {
        record(slot, media, CORE_DECISION_INTERRUPTED,
               is_over ? CORE_TRIGGER_TORN : CORE_TRIGGER_CONTRACT);
        core_slot_interrupt(slot);
        slot->has_missed = true;
        core_slot_need_keyframe(slot, media->now_us);
    }
    if (slot->layer != media->layer) {
        if (!may_start(slot, media) || is_too_much(slot, media))
            return;
        if (media->vp8 && core_slot_queue(slot, media->now_us))
            return;
        if (is_overtaken(media)) {
            start_late(slot, media);
            return;
        }
        start(slot, media);
    }
    if (must_wait(slot, media))
        core_slot_wait(slot, media->fields.ext_seq, media->now_us);
    else
        go_on(slot, media);
}
