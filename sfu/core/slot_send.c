/* From what is decided to a sealed packet: media, padding, retransmissions; once per receiver. */
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define PADDING_BIT 0x20 /* RFC 3550, section 5.1 */
#define PADDING_MAX 255
/* Before an element of a one-byte extension: profile and length, its own head (RFC 8285, 4.2). */
#define EXTENSION_HEAD_BYTES 5
#define OLD_PACKETS          8  /* are looked at for one of the right size */
#define PIECES_MAX           16 /* of an upper layer's frame, before and after one */

/* What belongs to which line is said until the receiver is seen to know it (RFC 8843, 9.2). Firefox
   takes only SSRCs that it has heard with the MID, once there is one: with the repairs' alone, the
   stream itself would never be shown. Of these no report tells, and they are few. */
static bool needs_mid(const struct core_slot *slot, const struct rtp_header_fields *header)
{
    return slot->statistics.reports == 0 || header->ssrc != slot->params.ssrc;
}

static void fill_extensions(const struct core_slot *slot, struct rtp_header_fields *header)
{
    const struct core_slot_params *params = &slot->params;
    if (params->transport_seq_id) {
        header->transport_seq_id = params->transport_seq_id;
    } else {
        header->abs_send_time_id = params->abs_send_time_id;
    }
    if (needs_mid(slot, header)) {
        header->mid_id = params->mid_id;
        header->mid = params->mid;
    }
}

/* What is numbered or timed when it leaves is only given its place. @return the header's length */
static size_t write_header(const struct core_slot *slot, struct core_buffer *buffer,
                           struct rtp_header_fields *header)
{
    fill_extensions(slot, header);
    buffer->transport_seq_at = (uint8_t)rtp_packet_transport_seq_offset(header);
    if (header->abs_send_time_id) /* the first element then, as the number would be */
        buffer->send_time_at =
            (uint8_t)(RTP_HEADER_BYTES + (header->has_csrc ? 4 : 0) + EXTENSION_HEAD_BYTES);
    return rtp_packet_write_header(buffer->data, header);
}

/* Copy the payload behind the header, with our own VP8 descriptor in place of the source's. */
static size_t write_payload(uint8_t *out, const uint8_t *payload, size_t len,
                            const struct rtp_vp8 *vp8, const struct rtp_rewrite_fields *fields)
{
    if (!vp8) {
        memcpy(out, payload, len);
        return len;
    }
    struct rtp_vp8 descriptor = *vp8;
    descriptor.picture_id = fields->picture_id;
    descriptor.tl0_picture_index = fields->tl0_picture_index;
    descriptor.key_index = fields->key_index;
    rtp_vp8_write_descriptor(out, &descriptor);
    memcpy(out + RTP_VP8_DESCRIPTOR_BYTES, payload + vp8->descriptor_len,
           len - vp8->descriptor_len);
    return RTP_VP8_DESCRIPTOR_BYTES + len - vp8->descriptor_len;
}

static bool fits(size_t payload_len)
{
    return RTP_HEADER_MAX_BYTES + RTP_VP8_DESCRIPTOR_BYTES + payload_len +
               TRANSPORT_SRTP_TRAILER_BYTES <=
           CORE_BUFFER_BYTES;
}

static void count_sent(struct core_slot *slot, const struct core_media *media, uint64_t ext_seq,
                       size_t payload_len)
{
    slot->packet_count++;
    slot->octet_count += (uint32_t)payload_len;
    slot->statistics.packets++;
    slot->statistics.bytes += media->payload_len;
    if (ext_seq == slot->rewrite.highest_out_seq) /* a late one does not move the clock */
        slot->newest_in_timestamp = media->fields.timestamp;
    slot->last_sent_us = media->now_us;
}

static struct rtp_header_fields header_of(const struct core_slot *slot,
                                          const struct rtp_rewrite_fields *fields)
{
    return (struct rtp_header_fields){
        .ssrc = slot->params.ssrc,
        .timestamp = fields->timestamp,
        .csrc = slot->track->params.csrc,
        .has_csrc = true,
        .seq = (uint16_t)fields->ext_seq,
        .payload_type = slot->params.payload_type,
    };
}

static void fill_voice(struct core_slot *slot, const struct core_media *media,
                       struct rtp_header_fields *header)
{
    header->marker |= slot->is_owner_new; /* RFC 3551, 4.1: a talk spurt begins */
    slot->is_owner_new = false;
    if (!media->has_audio_level)
        return;
    header->audio_level_id = slot->params.audio_level_id;
    header->audio_level = media->audio_level;
    header->voice_activity = media->has_voice_activity;
}

bool core_slot_send(struct core_slot *slot, const struct core_media *media,
                    const struct rtp_rewrite_fields *fields)
{
    struct core_buffer *buffer =
        fits(media->payload_len) ? core_participant_buffer(slot->owner) : NULL;
    if (!buffer)
        return false;
    struct rtp_header_fields header = header_of(slot, fields);
    header.marker = media->marker;
    if (!media->vp8)
        fill_voice(slot, media, &header);
    size_t header_len = write_header(slot, buffer, &header);
    size_t payload_len = write_payload(buffer->data + header_len, media->payload,
                                       media->payload_len, media->vp8, fields);
    buffer->len = (uint16_t)(header_len + payload_len);
    uint32_t wire_bytes = buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    core_participant_send_rtp(slot->owner, buffer, header_len, fields->ext_seq - RTP_SEQUENCE_FIRST,
                              media->vp8 != NULL);
    slot->statistics.wire_bytes += wire_bytes;
    count_sent(slot, media, fields->ext_seq, payload_len);
    if (media->vp8 && media->vp8->is_frame_start && media->vp8->is_keyframe &&
        fields->ext_seq > slot->keyframe_seq)
        slot->keyframe_seq = fields->ext_seq;
    core_record_media(slot, media, fields, header.marker != media->marker);
    if (media->vp8)
        core_downlink_on_sent(slot->owner, (uint32_t)payload_len, wire_bytes, media->now_us);
    else
        bwe_rate_meter_on_packet(&slot->owner->estimate.audio, media->payload_len, media->now_us);
    return true;
}

void core_slot_send_padding(struct core_slot *slot, const struct rtp_rewrite_fields *fields,
                            int64_t now_us)
{
    struct core_buffer *buffer = core_participant_buffer(slot->owner);
    if (!buffer)
        return;
    struct rtp_header_fields header = header_of(slot, fields);
    size_t header_len = write_header(slot, buffer, &header);
    buffer->data[0] |= PADDING_BIT;
    buffer->data[header_len] = 1; /* its own length: one byte of padding */
    buffer->len = (uint16_t)(header_len + 1);
    core_participant_send_rtp(slot->owner, buffer, header_len, fields->ext_seq - RTP_SEQUENCE_FIRST,
                              slot->params.kind != CORE_KIND_AUDIO);
    if (!rtp_seen_check(&slot->filled, fields->ext_seq))
        rtp_seen_accept(&slot->filled, fields->ext_seq);
    slot->packet_count++;
    slot->statistics.filled++;
    slot->statistics.wire_bytes += buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    core_record_padding(slot, fields, now_us);
}

const struct core_layer *core_slot_find_layer(const struct core_slot *slot, uint64_t id)
{
    for (unsigned i = 0; slot->track && i < CORE_LAYERS_MAX; i++)
        if (slot->track->layers[i].id == id)
            return &slot->track->layers[i];
    return NULL;
}

/* What a replay has just sent was received long before; and the replay of a slide alone takes
   seconds of a small budget. */
static bool find_stored(const struct core_slot *slot, const struct core_layer *layer,
                        uint64_t in_seq, int64_t now_us, struct rtp_history_packet *stored)
{
    bool is_replayed = layer->keyframe_seq && in_seq >= layer->keyframe_seq && slot->replayed_us &&
                       now_us - slot->replayed_us < RTP_HISTORY_AGE_US;
    return is_replayed ? rtp_history_get(&layer->history, in_seq, stored) && !stored->is_void
                       : rtp_history_find(&layer->history, in_seq, now_us, stored);
}

/* A packet that was sent, as it is remembered, and its outgoing fields. */
struct sent {
    const struct core_layer *layer;
    struct rtp_history_packet stored;
    struct rtp_vp8 vp8;
    struct rtp_rewrite_fields fields;
};

/* A piece of its frame was left out: it came before its layer was forwarded, the other one late and
   useless (slot_forward.c). What is sent of a frame is all of it. */
static bool is_of_filled_frame(const struct core_slot *slot, const struct sent *sent,
                               uint64_t out_ext_seq)
{
    for (int step = -1; step <= 1; step += 2) {
        struct rtp_history_packet piece;
        uint64_t in_seq = sent->stored.ext_seq, out_seq = out_ext_seq;
        for (unsigned i = 0; i < PIECES_MAX; i++) {
            in_seq += (uint64_t)(int64_t)step;
            out_seq += (uint64_t)(int64_t)step;
            if (!rtp_history_get(&sent->layer->history, in_seq, &piece) ||
                piece.timestamp != sent->stored.timestamp)
                break;
            if (rtp_seen_check(&slot->filled, out_seq))
                return true;
        }
    }
    return false;
}

static bool find_sent(const struct core_slot *slot, uint16_t seq, int64_t now_us, struct sent *sent)
{
    uint64_t in_seq, out_ext_seq;
    const struct rtp_history_packet *stored = &sent->stored;
    if (!slot->params.rtx_ssrc || slot->params.kind == CORE_KIND_AUDIO || !slot->rewrite.started)
        return false;
    const struct rtp_rewrite_segment *segment =
        rtp_rewrite_find(&slot->rewrite, seq, &in_seq, &out_ext_seq);
    bool is_sent = segment && !rtp_seen_check(&slot->filled, out_ext_seq);
    sent->layer = is_sent ? core_slot_find_layer(slot, segment->source) : NULL;
    if (!sent->layer || !find_stored(slot, sent->layer, in_seq, now_us, &sent->stored) ||
        rtp_rewrite_is_skipped(&slot->rewrite, segment, stored->picture_id) ||
        rtp_vp8_parse(&sent->vp8, stored->payload, stored->payload_len) ||
        (sent->vp8.has_temporal_id && sent->vp8.temporal_id > 0 &&
         is_of_filled_frame(slot, sent, out_ext_seq)))
        return false;
    sent->fields = (struct rtp_rewrite_fields){.ext_seq = in_seq,
                                               .timestamp = stored->timestamp,
                                               .picture_id = stored->picture_id,
                                               .tl0_picture_index = stored->tl0_picture_index,
                                               .key_index = stored->key_index};
    rtp_rewrite_map(segment, &sent->fields);
    return true;
}

static bool send_rtx(struct core_slot *slot, const struct sent *sent)
{
    const struct rtp_history_packet *stored = &sent->stored;
    const struct rtp_rewrite_fields *fields = &sent->fields;
    struct core_buffer *buffer =
        fits(stored->payload_len + 2u) ? core_participant_buffer(slot->owner) : NULL;
    if (!buffer)
        return false;
    struct rtp_header_fields header = header_of(slot, fields);
    header.ssrc = slot->params.rtx_ssrc;
    header.seq = (uint16_t)slot->rtx_index;
    header.payload_type = (uint8_t)slot->params.rtx_payload_type;
    header.marker = stored->marker;
    size_t header_len = write_header(slot, buffer, &header);
    uint8_t *at = buffer->data + header_len;
    at[0] = (uint8_t)(fields->ext_seq >> 8); /* OSN (RFC 4588, section 4) */
    at[1] = (uint8_t)fields->ext_seq;
    size_t len = write_payload(at + 2, stored->payload, stored->payload_len, &sent->vp8, fields);
    buffer->len = (uint16_t)(header_len + 2 + len);
    core_participant_send_rtp(slot->owner, buffer, header_len, slot->rtx_index, false);
    slot->rtx_index++;
    slot->statistics.wire_bytes += buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    return true;
}

/* A slide alone can be all of a small budget: to wait until it has made room would be to wait for
   the next one. All pictures of a camera refer to its base layer: what that misses goes out as far
   ahead of the budget as the base layer itself. */
static bool has_room(const struct core_slot *slot, const struct sent *sent, int64_t now_us)
{
    bool is_base = !sent->vp8.has_temporal_id || sent->vp8.temporal_id == 0;
    uint32_t bytes = sent->stored.payload_len;
    if (slot->params.kind != CORE_KIND_SCREEN &&
        (!is_base || core_downlink_is_ahead(slot->owner, now_us)))
        return core_downlink_has_room(slot->owner, BWE_CONTRACT_TOLERANCE_PERCENT, bytes, now_us);
    return core_downlink_contract_room(slot->owner, BWE_CONTRACT_TOLERANCE_PERCENT, now_us) >=
           bytes;
}

static bool may_send_again(struct core_slot *slot, uint16_t seq, const struct sent *sent,
                           int64_t now_us)
{
    struct core_participant *owner = slot->owner;
    return core_rtx_limit_allows(&slot->rtx_limit, seq, now_us, owner->rtt_us) &&
           has_room(slot, sent, now_us) &&
           core_rtx_bucket_take(&owner->rtx_bucket, sent->stored.payload_len,
                                core_allocate_budget_bps(owner), now_us);
}

/* A key frame has begun since: the picture goes on from there. The receiver may not know, if just
   that was lost, and ask for all of it: a network that was away would get an old slide's pieces
   while the new one's first is missing (random 126720157081827). */
static bool is_outdated(const struct core_slot *slot, const struct sent *sent)
{
    return sent->fields.ext_seq < slot->keyframe_seq;
}

bool core_slot_retransmit(struct core_slot *slot, uint16_t seq, int64_t now_us)
{
    struct sent sent;
    if (!find_sent(slot, seq, now_us, &sent) || is_outdated(slot, &sent) ||
        !may_send_again(slot, seq, &sent, now_us) || !send_rtx(slot, &sent))
        return false;
    slot->statistics.retransmitted++;
    bwe_rate_meter_on_packet(&slot->owner->estimate.repairs, sent.stored.payload_len, now_us);
    core_downlink_on_sent(slot->owner, 0, sent.stored.payload_len + BWE_PACKET_OVERHEAD_BYTES,
                          now_us);
    core_rtx_limit_on_sent(&slot->rtx_limit, seq, now_us);
    core_record_repair(slot, sent.layer, &sent.stored, &sent.fields, now_us);
    return true;
}

bool core_slot_send_old(struct core_slot *slot, uint16_t bytes, int64_t now_us)
{
    struct sent sent;
    if (!slot->track || slot->track->is_muted || slot->is_held)
        return false;
    for (unsigned i = 0; i < OLD_PACKETS; i++) {
        uint16_t seq = (uint16_t)(slot->rewrite.newest_out_seq - i);
        if (!find_sent(slot, seq, now_us, &sent))
            continue;
        unsigned len = sent.stored.payload_len + RTP_HEADER_BYTES + TRANSPORT_AEAD_TAG_BYTES;
        if (4 * len < 3u * bytes || 4 * len > 5u * bytes)
            continue;
        core_downlink_on_sent(slot->owner, 0, sent.stored.payload_len + BWE_PACKET_OVERHEAD_BYTES,
                              now_us);
        if (!send_rtx(slot, &sent))
            return false;
        slot->statistics.probed++;
        return true;
    }
    return false;
}

/* A packet in the middle of a frame would be a piece of it that is missing. One that was left so
   does not go on (core_slot_send_filler()). */
static bool is_within_frame(const struct core_slot *slot)
{
    return slot->layer && slot->rewrite.started && !slot->is_complete;
}

/* The next number of the media stream. @return its SRTP index */
static uint64_t number_on_media(struct core_slot *slot, struct rtp_header_fields *header)
{
    struct rtp_rewrite_fields fields;
    rtp_rewrite_pad(&slot->rewrite, &fields);
    slot->packet_count++;
    header->ssrc = slot->params.ssrc;
    header->payload_type = slot->params.payload_type;
    header->timestamp = fields.timestamp;
    header->seq = (uint16_t)fields.ext_seq;
    return fields.ext_seq - RTP_SEQUENCE_FIRST;
}

static uint64_t number_on_rtx(struct core_slot *slot, struct rtp_header_fields *header)
{
    header->ssrc = slot->params.rtx_ssrc;
    header->payload_type = (uint8_t)slot->params.rtx_payload_type;
    header->timestamp = slot->rewrite.last_timestamp;
    header->seq = (uint16_t)slot->rtx_index;
    return slot->rtx_index++;
}

static bool send_filler(struct core_slot *slot, uint8_t padding)
{
    struct core_buffer *buffer = core_participant_buffer(slot->owner);
    if (!buffer)
        return false;
    struct rtp_header_fields header = {.has_padding = true};
    uint64_t index =
        slot->params.rtx_ssrc ? number_on_rtx(slot, &header) : number_on_media(slot, &header);
    size_t header_len = write_header(slot, buffer, &header);
    memset(buffer->data + header_len, 0, padding);
    buffer->data[header_len + padding - 1] = padding;
    buffer->len = (uint16_t)(header_len + padding);
    uint32_t wire_bytes = buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    core_participant_send_rtp(slot->owner, buffer, header_len, index, false);
    slot->statistics.wire_bytes += wire_bytes;
    slot->statistics.probed++;
    return true;
}

bool core_slot_send_filler(struct core_slot *slot, uint16_t bytes)
{
    /* In equal packets: one that is all head would be no filler. */
    unsigned head = RTP_HEADER_BYTES + EXTENSION_HEAD_BYTES + TRANSPORT_AEAD_TAG_BYTES;
    unsigned count = (bytes + head + PADDING_MAX - 1) / (head + PADDING_MAX);
    if (slot->params.kind == CORE_KIND_AUDIO || (!slot->params.rtx_ssrc && is_within_frame(slot)))
        return false;
    /* What was cut off where a layer ended cannot go on behind padding. */
    slot->has_missed |= !slot->params.rtx_ssrc && !slot->is_complete;
    for (unsigned i = 0; i < count; i++) {
        unsigned padding = bytes / count > head ? bytes / count - head : 1;
        if (!send_filler(slot, (uint8_t)(padding < PADDING_MAX ? padding : PADDING_MAX)))
            return false;
    }
    return true;
}
