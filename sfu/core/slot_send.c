/* From what is decided to a sealed packet: media, padding, retransmissions; once per receiver. */
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define RTX_BYTES   60   /* of a retransmission beside its payload (protocol.md, section 5) */
#define PADDING_BIT 0x20 /* RFC 3550, section 5.1 */

static void fill_extensions(struct core_slot *slot, struct rtp_header_fields *header)
{
    const struct core_slot_params *params = &slot->params;
    if (params->transport_seq_id) {
        header->transport_seq_id = params->transport_seq_id;
        header->transport_seq = slot->owner->transport_seq++;
    }
    if (slot->mid_left > 0) {
        slot->mid_left--;
        header->mid_id = params->mid_id;
        header->mid = params->mid;
    }
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
    fill_extensions(slot, &header);
    size_t header_len = rtp_packet_write_header(buffer->data, &header);
    size_t payload_len = write_payload(buffer->data + header_len, media->payload,
                                       media->payload_len, media->vp8, fields);
    buffer->len = (uint16_t)(header_len + payload_len);
    core_participant_send_rtp(slot->owner, buffer, header_len,
                              fields->ext_seq - RTP_SEQUENCE_FIRST);
    slot->statistics.wire_bytes += buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    count_sent(slot, media, fields->ext_seq, payload_len);
    core_record_media(slot, media, fields, header.marker != media->marker);
    if (media->vp8)
        core_downlink_on_sent(slot->owner, (uint32_t)payload_len,
                              buffer->len + TRANSPORT_AEAD_TAG_BYTES, media->now_us);
    return true;
}

void core_slot_send_padding(struct core_slot *slot, const struct rtp_rewrite_fields *fields,
                            int64_t now_us)
{
    struct core_buffer *buffer = core_participant_buffer(slot->owner);
    if (!buffer)
        return;
    struct rtp_header_fields header = header_of(slot, fields);
    fill_extensions(slot, &header);
    size_t header_len = rtp_packet_write_header(buffer->data, &header);
    buffer->data[0] |= PADDING_BIT;
    buffer->data[header_len] = 1; /* its own length: one byte of padding */
    buffer->len = (uint16_t)(header_len + 1);
    core_participant_send_rtp(slot->owner, buffer, header_len,
                              fields->ext_seq - RTP_SEQUENCE_FIRST);
    if (!rtp_seen_check(&slot->filled, fields->ext_seq))
        rtp_seen_accept(&slot->filled, fields->ext_seq);
    slot->statistics.filled++;
    slot->statistics.wire_bytes += buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    core_record_padding(slot, fields, now_us);
}

/* The layer that a segment was made of, if its source is still shown here. */
static const struct core_layer *find_layer(const struct core_slot *slot, uint64_t id)
{
    for (unsigned i = 0; slot->track && i < CORE_LAYERS_MAX; i++)
        if (slot->track->layers[i].id == id)
            return &slot->track->layers[i];
    return NULL;
}

/* What a replay has just sent was received long before. */
static bool find_stored(const struct core_slot *slot, const struct core_layer *layer,
                        uint64_t in_seq, int64_t now_us, struct rtp_history_packet *stored)
{
    bool is_replayed = layer->keyframe_seq && in_seq >= layer->keyframe_seq &&
                       now_us - slot->keyframe_us < RTP_HISTORY_AGE_US;
    return is_replayed ? rtp_history_get(&layer->history, in_seq, stored) && !stored->is_void
                       : rtp_history_find(&layer->history, in_seq, now_us, stored);
}

static bool send_rtx(struct core_slot *slot, const struct rtp_history_packet *stored,
                     const struct rtp_vp8 *vp8, const struct rtp_rewrite_fields *fields)
{
    struct core_buffer *buffer =
        fits(stored->payload_len + 2u) ? core_participant_buffer(slot->owner) : NULL;
    if (!buffer)
        return false;
    struct rtp_header_fields header = header_of(slot, fields);
    header.ssrc = slot->params.rtx_ssrc;
    header.seq = (uint16_t)slot->rtx_index;
    header.payload_type = (uint8_t)slot->params.rtx_payload_type;
    header.marker = stored->marker;
    fill_extensions(slot, &header);
    size_t header_len = rtp_packet_write_header(buffer->data, &header);
    uint8_t *at = buffer->data + header_len;
    at[0] = (uint8_t)(fields->ext_seq >> 8); /* OSN (RFC 4588, section 4) */
    at[1] = (uint8_t)fields->ext_seq;
    size_t len = write_payload(at + 2, stored->payload, stored->payload_len, vp8, fields);
    buffer->len = (uint16_t)(header_len + 2 + len);
    core_participant_send_rtp(slot->owner, buffer, header_len, slot->rtx_index);
    slot->rtx_index++;
    slot->statistics.retransmitted++;
    slot->statistics.wire_bytes += buffer->len + TRANSPORT_AEAD_TAG_BYTES;
    return true;
}

/* A slide alone can be all of a small budget: to wait until it has made room would be to wait for
   the next one. */
static bool has_room(const struct core_slot *slot, uint32_t bytes, int64_t now_us)
{
    if (slot->params.kind != CORE_KIND_SCREEN)
        return core_downlink_has_room(slot->owner, BWE_CONTRACT_TOLERANCE_PERCENT, bytes, now_us);
    return core_downlink_contract_room(slot->owner, BWE_CONTRACT_TOLERANCE_PERCENT, now_us) >=
           bytes;
}

static bool may_send_again(struct core_slot *slot, uint16_t seq, uint32_t bytes, int64_t now_us)
{
    struct core_participant *owner = slot->owner;
    return core_rtx_limit_allows(&slot->rtx_limit, seq, now_us, owner->rtt_us) &&
           has_room(slot, bytes, now_us) &&
           core_rtx_bucket_take(&owner->rtx_bucket, bytes, core_allocate_budget_bps(owner), now_us);
}

bool core_slot_retransmit(struct core_slot *slot, uint16_t seq, int64_t now_us)
{
    uint64_t in_seq, out_ext_seq;
    if (!slot->params.rtx_ssrc || slot->params.kind == CORE_KIND_AUDIO || !slot->rewrite.started)
        return false;
    const struct rtp_rewrite_segment *segment =
        rtp_rewrite_find(&slot->rewrite, seq, &in_seq, &out_ext_seq);
    bool is_sent = segment && !rtp_seen_check(&slot->filled, out_ext_seq);
    const struct core_layer *layer = is_sent ? find_layer(slot, segment->source) : NULL;
    struct rtp_history_packet stored;
    struct rtp_vp8 vp8;
    if (!layer || !find_stored(slot, layer, in_seq, now_us, &stored) ||
        rtp_rewrite_is_skipped(&slot->rewrite, segment, stored.picture_id) ||
        rtp_vp8_parse(&vp8, stored.payload, stored.payload_len))
        return false;
    struct rtp_rewrite_fields fields = {.ext_seq = in_seq,
                                        .timestamp = stored.timestamp,
                                        .picture_id = stored.picture_id,
                                        .tl0_picture_index = stored.tl0_picture_index,
                                        .key_index = stored.key_index};
    rtp_rewrite_map(segment, &fields);
    if (!may_send_again(slot, seq, stored.payload_len, now_us) ||
        !send_rtx(slot, &stored, &vp8, &fields))
        return false;
    core_downlink_on_sent(slot->owner, 0, stored.payload_len + RTX_BYTES, now_us);
    core_rtx_limit_on_sent(&slot->rtx_limit, seq, now_us);
    core_record_repair(slot, layer, &stored, &fields, now_us);
    return true;
}
