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

/* A frame of an upper temporal layer t: something that was sent after it refers to it. What has a
   layer begin anew (Y) needs the base layer alone (RFC 7741, 4.2), and so does what follows. */
static bool is_referred_to(const struct core_slot *slot, const struct core_layer *layer,
                           uint64_t in_seq, uint32_t timestamp, unsigned t)
{
    for (uint64_t seq = in_seq + 1; seq <= in_seq + LATER_PACKETS; seq++) {
        struct rtp_history_packet later;
        struct rtp_vp8 vp8;
        if (!read_stored(layer, seq, &later, &vp8) || later.timestamp == timestamp ||
            temporal_of(&vp8) < t || !core_slot_has_sent(slot, layer, later.timestamp))
            continue;
        if (!vp8.is_layer_sync)
            return true;
        if (temporal_of(&vp8) == t)
            return false;
    }
    return false;
}

bool core_slot_needs(const struct core_slot *slot, uint16_t seq)
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
    if (!rtp_history_get(&layer->history, in_seq, &stored))
        return true; /* the source lost it as well, or too long ago to tell */
    if (!read_stored(layer, in_seq, &stored, &vp8) || vp8.is_non_reference)
        return false;
    unsigned t = temporal_of(&vp8);
    return t == 0 || is_referred_to(slot, layer, in_seq, stored.timestamp, t);
}
