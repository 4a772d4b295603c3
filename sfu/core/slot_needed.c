/*
 * Without RTX a lost packet is repaired by a key frame only, which costs the source and everybody
 * who sees it: whether one that a receiver misses is worth that. What is not known to be of no use
 * is: a receiver does not ask for what it does not miss.
 */
#include "sfu/core/engine_internal.h"

/* What refers to a frame of an upper temporal layer comes within so many packets, or its layer is
   not sent any more. Bounds what a hostile list of 128 numbers costs. */
#define LATER_PACKETS 64

/* A stored packet's descriptor. @return false: not kept (any more), or nothing that was sent */
static bool read_stored(const struct core_layer *layer, uint64_t in_seq,
                        struct rtp_history_packet *stored, struct rtp_vp8 *vp8)
{
    return rtp_history_get(&layer->history, in_seq, stored) && !stored->is_void &&
           stored->payload_len > 0 && rtp_vp8_parse(vp8, stored->payload, stored->payload_len) == 0;
}

static unsigned temporal_of(const struct rtp_vp8 *vp8)
{
    return vp8->has_temporal_id ? vp8->temporal_id : 0;
}

/* A frame of an upper temporal layer t: the newest that was sent of it or above refers to it. What
   has a layer begin anew (Y) needs the base layer alone (RFC 7741, 4.2), and so does what follows:
   once that was sent, a few pictures are lost, and a key frame brings none of them back. */
static bool is_referred_to(const struct core_slot *slot, const struct core_layer *layer,
                           uint64_t in_seq, uint32_t timestamp, unsigned t)
{
    bool is_referred = false;
    for (uint64_t seq = in_seq + 1; seq <= in_seq + LATER_PACKETS; seq++) {
        struct rtp_history_packet later;
        struct rtp_vp8 vp8;
        if (!read_stored(layer, seq, &later, &vp8) || later.timestamp == timestamp ||
            temporal_of(&vp8) < t ||
            core_frame_fates_find(&slot->fates, layer->id, later.timestamp) != CORE_FRAME_SENT)
            continue;
        if (vp8.is_layer_sync && temporal_of(&vp8) == t)
            return false;
        is_referred |= !vp8.is_layer_sync;
    }
    return is_referred;
}

/* The source has lost it as well, and can send it again. */
static bool is_being_repaired(const struct core_slot *slot, const struct core_layer *layer,
                              uint64_t in_seq)
{
    return slot->track->params.rtx_payload_type >= 0 && rtp_nack_is_missing(layer->nack, in_seq);
}

/* It came after packets that follow it, within a round trip: the receiver asked for it before it
   could have it. If it is lost again, it will be asked for again. */
static bool is_on_its_way(const struct core_slot *slot, const struct core_layer *layer,
                          const struct rtp_history_packet *stored, int64_t now_us)
{
    if (now_us - stored->received_us >= slot->owner->rtt_us)
        return false;
    for (uint64_t i = 1; i <= LATER_PACKETS; i++) {
        struct rtp_history_packet later;
        if (rtp_history_get(&layer->history, stored->ext_seq + i, &later) &&
            later.received_us < stored->received_us)
            return true;
    }
    return false;
}

bool core_slot_needs(const struct core_slot *slot, uint16_t seq, int64_t now_us)
{
    uint64_t in_seq, out_ext_seq;
    struct rtp_history_packet stored;
    struct rtp_vp8 vp8;
    const struct rtp_rewrite_segment *segment =
        slot->rewrite.started ? rtp_rewrite_find(&slot->rewrite, seq, &in_seq, &out_ext_seq) : NULL;
    if (!segment || rtp_seen_check(&slot->filled, out_ext_seq) ||
        rtp_rewrite_has_restarted(&slot->rewrite, segment))
        return false;
    const struct core_layer *layer = core_slot_find_layer(slot, segment->source);
    if (!layer)
        return false;
    bool is_keyframe_sent = rtp_rewrite_next_in_seq(&slot->rewrite) > layer->keyframe_seq;
    if (is_keyframe_sent && in_seq < layer->keyframe_seq)
        return false;
    if (!rtp_history_get(&layer->history, in_seq, &stored)) /* or too long ago to tell */
        return !is_being_repaired(slot, layer, in_seq);
    if (!read_stored(layer, in_seq, &stored, &vp8) || vp8.is_non_reference ||
        is_on_its_way(slot, layer, &stored, now_us))
        return false;
    unsigned t = temporal_of(&vp8);
    return t == 0 || is_referred_to(slot, layer, in_seq, stored.timestamp, t);
}
