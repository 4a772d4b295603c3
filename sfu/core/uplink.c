/*
 * The packet path's first half: a decrypted RTP packet is bound to its layer, counted, kept and
 * handed to the slots that show its track.
 */
#include "rtp/error.h"
#include "rtp/rtx.h"
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

static bool equals(const char *token, const uint8_t *text, uint8_t len)
{
    return text && strlen(token) == len && memcmp(token, text, len) == 0;
}

/* The track of a MID; else, for clients that send none, the only one with this payload type. */
static struct core_track *find_track(struct core_participant *participant,
                                     const struct rtp_packet *packet,
                                     const struct rtp_extension_values *values)
{
    struct core_track *by_type = NULL;
    for (unsigned i = 0; i < participant->track_count; i++) {
        struct core_track *track = &participant->tracks[i];
        const struct core_track_params *params = &track->params;
        if (values->mid) {
            if (equals(params->mid, values->mid, values->mid_len))
                return track;
            continue;
        }
        if (packet->payload_type != params->payload_type || params->rid_count > 0)
            continue;
        if (by_type)
            return NULL;
        by_type = track;
    }
    return values->mid ? NULL : by_type;
}

/* Which layer of a track a RID names; without simulcast the only one. -1: none. */
static int find_layer(const struct core_track *track, const uint8_t *rid, uint8_t rid_len)
{
    if (track->params.rid_count == 0)
        return 0;
    for (unsigned i = 0; i < track->params.rid_count; i++)
        if (equals(track->params.rids[i], rid, rid_len))
            return (int)i;
    return -1;
}

static int bind_media(struct core_participant *participant, struct core_track *track, int index,
                      uint32_t ssrc)
{
    struct core_layer *layer = &track->layers[index];
    if (layer->id) /* the source restarted its stream with another SSRC */
        return IRIS_E_FULL;
    int error = core_participant_bind(participant, ssrc, (unsigned)(track - participant->tracks),
                                      (unsigned)index, false);
    if (!error)
        error =
            core_layer_init(layer, ++participant->engine->next_layer_id, ssrc, track->params.kind);
    return error;
}

/* First sight of an SSRC (RFC 8843, section 9.2; RFC 8852). */
static struct core_binding *bind(struct core_participant *participant,
                                 const struct rtp_packet *packet,
                                 const struct rtp_extension_values *values)
{
    struct core_track *track = find_track(participant, packet, values);
    if (!track)
        return NULL;
    bool is_rtx = packet->payload_type == track->params.rtx_payload_type;
    if (!is_rtx && packet->payload_type != track->params.payload_type)
        return NULL;
    int index = is_rtx && values->repaired_rid
                    ? find_layer(track, values->repaired_rid, values->repaired_rid_len)
                    : find_layer(track, values->rid, values->rid_len);
    if (index < 0)
        return NULL;
    int error = 0;
    if (is_rtx)
        error =
            core_participant_bind(participant, packet->ssrc,
                                  (unsigned)(track - participant->tracks), (unsigned)index, true);
    else
        error = bind_media(participant, track, index, packet->ssrc);
    return error ? NULL : core_participant_binding(participant, packet->ssrc);
}

/* SSRCs that the offer names are bound by their first packet as well, without MID. */
static struct core_binding *bind_named(struct core_participant *participant, uint32_t ssrc)
{
    for (unsigned i = 0; i < participant->track_count; i++) {
        struct core_track *track = &participant->tracks[i];
        const struct core_track_params *params = &track->params;
        if (ssrc == 0 || params->rid_count > 0)
            continue;
        if (ssrc == params->ssrc && bind_media(participant, track, 0, ssrc) == 0)
            return core_participant_binding(participant, ssrc);
        if (ssrc == params->rtx_ssrc && core_participant_bind(participant, ssrc, i, 0, true) == 0)
            return core_participant_binding(participant, ssrc);
    }
    return NULL;
}

static void keep(const struct core_media *media)
{
    struct rtp_history_packet stored = {
        .ext_seq = media->fields.ext_seq,
        .received_us = media->now_us,
        .payload = media->payload,
        .payload_len = media->payload_len,
        .timestamp = media->fields.timestamp,
        .marker = media->marker,
        .picture_id = media->fields.picture_id,
        .tl0_picture_index = media->fields.tl0_picture_index,
        .key_index = media->fields.key_index,
    };
    rtp_history_add(&media->layer->history, &stored);
}

static void track_loss(const struct core_media *media)
{
    struct core_participant *participant = media->track->owner;
    struct core_layer *layer = media->layer;
    if (!media->track->params.has_nack)
        return;
    rtp_nack_on_packet(&layer->nack, media->fields.ext_seq, media->now_us);
    int64_t deadline_us = rtp_nack_deadline(&layer->nack);
    if (deadline_us < participant->nack_us) {
        participant->nack_us = deadline_us;
        core_participant_wake(participant, deadline_us);
    }
}

static void forward(const struct core_media *media)
{
    if (media->track->is_muted)
        return;
    struct core_slot *next;
    for (struct core_slot *slot = media->track->subscribers; slot; slot = next) {
        next = slot->next_subscriber;
        core_slot_forward(slot, media);
    }
}

/* A track comes alive: the room decides at once, so that not even this packet is missed. */
static void on_alive(struct core_track *track, int64_t now_us)
{
    core_room_select(track->owner->room, now_us);
    track->owner->report_us = now_us; /* REMB follows the tracks that are sending */
    core_participant_wake(track->owner, now_us);
}

/*
 * SRTP's replay window does not see that a repair repeats a packet which did arrive, nor the
 * original that comes after its repair. Forwarding either would seal one index twice (RFC 7714,
 * section 8.4: never).
 */
static bool is_repeated(struct core_layer *layer, uint16_t seq)
{
    uint64_t ext_seq = rtp_sequence_peek(&layer->reception.sequence, seq);
    if (transport_replay_check(&layer->seen, ext_seq))
        return true;
    transport_replay_accept(&layer->seen, ext_seq);
    return false;
}

/* Count a packet, whatever is in it. Padding probes count for feedback, not as media. */
static void count(struct core_media *media, const struct rtp_packet *packet)
{
    media->fields.timestamp = packet->timestamp;
    media->fields.ext_seq =
        rtp_reception_on_packet(&media->layer->reception, packet->seq, packet->timestamp,
                                media->payload_len, media->now_us);
    if (media->track->params.kind != CORE_KIND_AUDIO)
        track_loss(media);
}

/* A key frame is counted against the source's budget of them. One that shows another height than
   before may begin with this very packet wherever its layer is wanted. */
static void take_keyframe(struct core_media *media, bool is_start, bool is_news)
{
    if (is_start && media->track->params.has_nack)
        rtp_nack_on_keyframe(&media->layer->nack, media->fields.ext_seq);
    if (is_news)
        core_allocate_track(media->track, media->now_us);
    core_keyframe_budget_on_packet(&media->track->keyframes, is_start, media->payload_len,
                                   media->now_us);
}

static void meter(const struct core_media *media)
{
    const struct rtp_vp8 *vp8 = media->vp8;
    unsigned temporal = vp8->has_temporal_id ? vp8->temporal_id : 0;
    media->layer->has_temporal_ids = vp8->has_temporal_id;
    if (vp8->is_layer_sync)
        media->layer->syncs |= (uint8_t)(1u << temporal);
    if (temporal <= CORE_TEMPORAL_MAX)
        bwe_rate_meter_on_packet(&media->layer->meters[temporal], media->payload_len,
                                 media->now_us);
}

static void take_picture(struct core_media *media, const struct rtp_packet *packet)
{
    struct core_layer *layer = media->layer;
    rtp_rewrite_complete_vp8(&layer->pictures, media->vp8, packet->timestamp, &media->fields);
    meter(media);
    uint16_t height = layer->height;
    core_layer_on_frame(layer, packet, media->vp8, media->fields.ext_seq, media->now_us);
    if (core_layer_is_of_keyframe(layer, packet->timestamp))
        take_keyframe(media, media->vp8->is_frame_start && media->vp8->is_keyframe,
                      layer->height != height);
    if (media->track->is_muted)
        core_layer_forget_keyframe(layer); /* nobody may ever see it */
    else
        keep(media);
}

/* What is in a packet, if it is media. @return false: malformed */
static bool read_payload(struct core_media *media, const struct rtp_packet *packet,
                         const struct rtp_extension_values *values)
{
    const struct core_track_params *params = &media->track->params;
    bool is_media = packet->payload_type == params->payload_type;
    media->marker = packet->marker;
    media->payload = packet->payload;
    media->payload_len = is_media ? (uint16_t)packet->payload_len : 0;
    media->has_audio_level = values->has_audio_level;
    media->audio_level = values->audio_level;
    media->has_voice_activity = values->voice_activity;
    if (params->kind == CORE_KIND_AUDIO || media->payload_len == 0)
        return true;
    media->vp8 = &media->descriptor;
    return rtp_vp8_parse(&media->descriptor, packet->payload, packet->payload_len) == 0;
}

static void hear(const struct core_media *media)
{
    int level = media->has_audio_level ? media->audio_level : CORE_VOICE_NO_LEVEL;
    if (core_track_on_audio(media->track, level, media->payload_len, media->now_us))
        core_room_wake(media->track->owner->room);
}

static void receive_media(struct core_participant *participant, struct core_binding *binding,
                          const struct rtp_packet *packet,
                          const struct rtp_extension_values *values, int64_t now_us)
{
    struct core_track *track = &participant->tracks[binding->track];
    struct core_layer *layer = &track->layers[binding->layer];
    struct core_media media = {.track = track, .layer = layer, .now_us = now_us};
    bool was_alive = core_layer_is_alive(layer, now_us);
    if (is_repeated(layer, packet->seq)) {
        participant->statistics.repeated++;
        return;
    }
    bool is_read = read_payload(&media, packet, values);
    count(&media, packet);
    if (!is_read) {
        participant->statistics.malformed++;
        return;
    }
    if (media.payload_len > 0) {
        layer->last_packet_us = now_us;
        if (!was_alive)
            on_alive(track, now_us);
        if (media.vp8)
            take_picture(&media, packet);
        else
            hear(&media);
    }
    forward(&media);
}

static void receive_rtx(struct core_participant *participant, const struct core_binding *binding,
                        struct rtp_packet *packet, const struct rtp_extension_values *values,
                        int64_t now_us)
{
    struct core_track *track = &participant->tracks[binding->track];
    const struct core_layer *layer = &track->layers[binding->layer];
    if (!layer->id)
        return; /* a probe ahead of its media */
    if (rtp_rtx_restore(packet, layer->ssrc, track->params.payload_type))
        return; /* padding only: a probe */
    struct core_binding *original = core_participant_binding(participant, layer->ssrc);
    if (original)
        receive_media(participant, original, packet, values, now_us);
}

void core_uplink_receive(struct core_participant *participant, uint8_t *data, size_t len,
                         int64_t now_us)
{
    struct rtp_packet packet;
    struct rtp_extension_values values;
    participant->statistics.packets_received++;
    participant->statistics.bytes_received += len;
    if (rtp_packet_parse(&packet, data, len)) {
        participant->statistics.malformed++;
        return;
    }
    rtp_packet_read_extensions(&packet, &participant->extensions, &values);
    if (values.has_transport_seq) {
        rtp_arrival_log_add(&participant->arrivals, values.transport_seq, now_us);
        participant->media_ssrc = packet.ssrc ? packet.ssrc : 1;
    }
    struct core_binding *binding = core_participant_binding(participant, packet.ssrc);
    if (!binding)
        binding = bind_named(participant, packet.ssrc);
    if (!binding)
        binding = bind(participant, &packet, &values);
    if (!binding) {
        participant->statistics.unbound++;
        return;
    }
    if (binding->is_rtx)
        receive_rtx(participant, binding, &packet, &values, now_us);
    else
        receive_media(participant, binding, &packet, &values, now_us);
}
