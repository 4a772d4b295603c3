/* The packet path's second half: from a parsed packet to a sealed one, once per receiver. */
#include "sfu/core/slot.h"

#include "sfu/core/participant.h"

#define AUDIO_CLOCK_HZ 48000
#define VIDEO_CLOCK_HZ 90000
#define US_PER_S       1000000
/* rtp/rewrite counts from one cycle up; SRTP's roll-over counter starts at 0 (RFC 3711, 3.3.1). */
#define FIRST_CYCLE 0x10000u
/* The MID is needed by receivers that do not read a=ssrc; libwebrtc sends it about as long. */
#define MID_PACKETS 64

void core_slot_init(struct core_slot *slot, const struct core_slot_params *params,
                    struct core_participant *owner, uint64_t random)
{
    bool is_audio = params->kind == CORE_KIND_AUDIO;
    memset(slot, 0, sizeof(*slot));
    slot->params = *params;
    slot->owner = owner;
    slot->mid_left = MID_PACKETS;
    slot->rtx_index = random >> 49; /* below 2^15 */
    rtp_rewrite_init(&slot->rewrite, is_audio ? AUDIO_CLOCK_HZ : VIDEO_CLOCK_HZ, random & 0x7FFF,
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

static void want_keyframe(struct core_slot *slot, int64_t now_us)
{
    if (slot->params.kind == CORE_KIND_AUDIO || !slot->track || slot->is_held)
        return;
    core_track_want_keyframe(slot->track, now_us);
    core_participant_wake(slot->track->owner, now_us);
}

void core_slot_interrupt(struct core_slot *slot)
{
    slot->layer = NULL;
    slot->last_frame_us = 0;
}

void core_slot_set_track(struct core_slot *slot, struct core_track *track, int64_t now_us)
{
    if (slot->track == track)
        return;
    if (slot->track)
        unsubscribe(slot);
    core_slot_interrupt(slot);
    slot->is_owner_new = true;
    if (!track)
        return;
    slot->track = track;
    slot->next_subscriber = track->subscribers;
    track->subscribers = slot;
    want_keyframe(slot, now_us);
}

void core_slot_hold(struct core_slot *slot, bool is_held, int64_t now_us)
{
    if (slot->is_held == is_held)
        return;
    slot->is_held = is_held;
    core_slot_interrupt(slot);
    slot->owner->are_slots_dirty = true;
    want_keyframe(slot, now_us);
}

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
    slot->statistics.bytes += media->packet->payload_len;
    if (ext_seq == slot->rewrite.highest_out_seq) /* a late one does not move the clock */
        slot->newest_in_timestamp = media->packet->timestamp;
    slot->last_sent_us = media->now_us;
}

/* A gap is the server's if the source sent a frame within it that was not forwarded. */
static void count_frame(struct core_slot *slot, const struct core_media *media)
{
    const struct core_layer *layer = media->layer;
    if (media->now_us != layer->last_frame_us || slot->last_frame_us == media->now_us)
        return; /* not the first packet of a frame */
    if (slot->last_frame_us && layer->previous_frame_us > slot->last_frame_us) {
        uint32_t gap_ms = (uint32_t)((media->now_us - slot->last_frame_us) / 1000);
        if (gap_ms > slot->statistics.max_gap_ms)
            slot->statistics.max_gap_ms = gap_ms;
    }
    slot->last_frame_us = media->now_us;
    slot->statistics.frames++;
}

static bool send_media(struct core_slot *slot, const struct core_media *media,
                       const struct rtp_rewrite_fields *fields)
{
    const struct rtp_packet *packet = media->packet;
    struct core_buffer *buffer =
        fits(packet->payload_len) ? core_participant_buffer(slot->owner) : NULL;
    if (!buffer)
        return false;
    struct rtp_header_fields header = {
        .ssrc = slot->params.ssrc,
        .timestamp = fields->timestamp,
        .csrc = slot->track->params.csrc,
        .has_csrc = true,
        .seq = (uint16_t)fields->ext_seq,
        .payload_type = slot->params.payload_type,
        .marker = packet->marker,
    };
    if (!media->vp8) {
        header.marker |= slot->is_owner_new; /* RFC 3551, 4.1: a talk spurt begins */
        slot->is_owner_new = false;
        if (media->values->has_audio_level) {
            header.audio_level_id = slot->params.audio_level_id;
            header.audio_level = media->values->audio_level;
            header.voice_activity = media->values->voice_activity;
        }
    }
    fill_extensions(slot, &header);
    size_t header_len = rtp_packet_write_header(buffer->data, &header);
    size_t payload_len = write_payload(buffer->data + header_len, packet->payload,
                                       packet->payload_len, media->vp8, fields);
    buffer->len = (uint16_t)(header_len + payload_len);
    if (!core_participant_send_rtp(slot->owner, buffer, header_len, fields->ext_seq - FIRST_CYCLE))
        return false;
    count_sent(slot, media, fields->ext_seq, payload_len);
    return true;
}

/* The layer to forward may change with this packet: it starts a key frame of the lowest one. */
static bool may_start(const struct core_slot *slot, const struct core_media *media)
{
    if (!media->vp8)
        return true;
    if (!media->vp8->is_frame_start || !media->vp8->is_keyframe)
        return false;
    return !slot->layer || !core_layer_is_alive(slot->layer, media->now_us) ||
           core_track_lowest_layer(slot->track, media->now_us) == media->layer;
}

/* The source comes back after a pause and nothing of it was missed: the decoder needs no key frame.
 */
static void resume(struct core_slot *slot, const struct core_layer *layer)
{
    slot->layer = layer;
    slot->is_owner_new = false;
}

void core_slot_forward(struct core_slot *slot, const struct core_media *media)
{
    struct rtp_rewrite_fields fields = media->fields;
    if (slot->is_held)
        return;
    if (!slot->layer && rtp_rewrite_continues(&slot->rewrite, media->layer->id, fields.ext_seq))
        resume(slot, media->layer);
    bool is_start = slot->layer != media->layer;
    if (is_start && !may_start(slot, media))
        return;
    if (is_start) {
        rtp_rewrite_start(&slot->rewrite, media->layer->id, &fields, media->now_us);
        slot->layer = media->layer;
        slot->owner->are_slots_dirty = true;
    }
    if (!rtp_rewrite_apply(&slot->rewrite, &fields, media->now_us))
        return;
    if (send_media(slot, media, &fields) && media->vp8)
        count_frame(slot, media);
}

/* The layer that a segment was made of, if its source is still shown here. */
static const struct core_layer *find_layer(const struct core_slot *slot, uint64_t id)
{
    for (unsigned i = 0; slot->track && i < CORE_LAYERS_MAX; i++)
        if (slot->track->layers[i].id == id)
            return &slot->track->layers[i];
    return NULL;
}

static bool send_rtx(struct core_slot *slot, const struct rtp_history_packet *stored,
                     const struct rtp_vp8 *vp8, const struct rtp_rewrite_fields *fields)
{
    struct core_buffer *buffer =
        fits(stored->payload_len + 2u) ? core_participant_buffer(slot->owner) : NULL;
    if (!buffer)
        return false;
    struct rtp_header_fields header = {
        .ssrc = slot->params.rtx_ssrc,
        .timestamp = fields->timestamp,
        .csrc = slot->track->params.csrc,
        .has_csrc = true,
        .seq = (uint16_t)slot->rtx_index,
        .payload_type = (uint8_t)slot->params.rtx_payload_type,
        .marker = stored->marker,
    };
    fill_extensions(slot, &header);
    size_t header_len = rtp_packet_write_header(buffer->data, &header);
    uint8_t *at = buffer->data + header_len;
    at[0] = (uint8_t)(fields->ext_seq >> 8); /* OSN (RFC 4588, section 4) */
    at[1] = (uint8_t)fields->ext_seq;
    size_t len = write_payload(at + 2, stored->payload, stored->payload_len, vp8, fields);
    buffer->len = (uint16_t)(header_len + 2 + len);
    if (!core_participant_send_rtp(slot->owner, buffer, header_len, slot->rtx_index))
        return false;
    slot->rtx_index++;
    slot->statistics.retransmitted++;
    return true;
}

bool core_slot_retransmit(struct core_slot *slot, uint16_t seq, int64_t now_us)
{
    uint64_t in_seq, out_ext_seq;
    if (!slot->params.rtx_ssrc || slot->params.kind == CORE_KIND_AUDIO || !slot->rewrite.started)
        return false;
    const struct rtp_rewrite_segment *segment =
        rtp_rewrite_find(&slot->rewrite, seq, &in_seq, &out_ext_seq);
    const struct core_layer *layer = segment ? find_layer(slot, segment->source) : NULL;
    struct rtp_history_packet stored;
    struct rtp_vp8 vp8;
    if (!layer || !rtp_history_find(&layer->history, in_seq, now_us, &stored) ||
        rtp_vp8_parse(&vp8, stored.payload, stored.payload_len))
        return false;
    struct rtp_rewrite_fields fields = {.ext_seq = in_seq,
                                        .timestamp = stored.timestamp,
                                        .picture_id = stored.picture_id,
                                        .tl0_picture_index = stored.tl0_picture_index,
                                        .key_index = stored.key_index};
    rtp_rewrite_map(segment, &fields);
    return send_rtx(slot, &stored, &vp8, &fields);
}

bool core_slot_is_live(const struct core_slot *slot, int64_t now_us)
{
    return slot->layer && !slot->track->is_muted && core_layer_is_alive(slot->layer, now_us);
}

void core_slot_report(const struct core_slot *slot, int64_t now_us, struct core_slot_report *report)
{
    memset(report, 0, sizeof(*report));
    if (!slot->track)
        return;
    report->participant = slot->track->owner->id;
    report->csrc = slot->track->params.csrc;
    report->state = core_slot_is_live(slot, now_us) ? CORE_SLOT_LIVE : CORE_SLOT_PAUSED;
    if (slot->track->is_muted)
        report->pause = CORE_PAUSE_MUTED;
    else if (slot->is_held)
        report->pause = CORE_PAUSE_LAYOUT;
    report->height = slot->layer ? slot->layer->height : 0;
}

void core_slot_sender_report(const struct core_slot *slot, int64_t now_us, uint64_t ntp,
                             struct rtcp_sender_report *report)
{
    uint32_t timestamp = rtp_rewrite_timestamp_at(&slot->rewrite, now_us);
    int64_t capture_us =
        slot->layer ? rtp_reception_capture_us(&slot->layer->reception, slot->newest_in_timestamp)
                    : INT64_MIN;
    if (capture_us != INT64_MIN && now_us - capture_us < 10 * US_PER_S &&
        capture_us - now_us < US_PER_S) {
        int64_t ticks = (now_us - capture_us) * slot->rewrite.clock_rate_hz / US_PER_S;
        timestamp = slot->rewrite.last_timestamp + (uint32_t)ticks;
    }
    *report = (struct rtcp_sender_report){
        .ssrc = slot->params.ssrc,
        .ntp = ntp,
        .rtp_timestamp = timestamp,
        .packet_count = slot->packet_count,
        .octet_count = slot->octet_count,
    };
}
