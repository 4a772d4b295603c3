/*
 * The packet path's first half: a decrypted RTP packet is bound to its layer, counted, kept and
 * handed to the slots that show its track.
 */
#include "rtp/rtx.h"
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define VOID_HEADER_BYTES 10 /* RFC 6386, 9.1 */

/* Of what is not for sending the place is kept, so that a replay knows that nothing is missing. */
static void keep(const struct core_media *media)
{
    bool is_void = media->is_policed || media->payload_len == 0;
    uint16_t len = media->payload_len;
    /* Its descriptor, and what it takes to read it: of a key frame, the frame's header. */
    uint16_t read_len = media->vp8 ? media->vp8->descriptor_len + VOID_HEADER_BYTES : 0;
    if (is_void && len > read_len)
        len = read_len;
    struct rtp_history_packet stored = {
        .is_void = is_void,
        .ext_seq = media->fields.ext_seq,
        .received_us = media->now_us,
        .payload = media->payload,
        .payload_len = len,
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
    rtp_nack_on_packet(layer->nack, media->fields.ext_seq, media->now_us);
    int64_t deadline_us = rtp_nack_deadline(layer->nack);
    if (deadline_us < participant->nack_us) {
        participant->nack_us = deadline_us;
        core_participant_wake(participant, deadline_us);
    }
}

static struct core_slot *next_of(const struct core_slot *slot)
{
    return slot ? slot->next_subscriber : NULL;
}

/* A receiver's state is fetched step by step while receivers before it are served (prefetch.c). */
static void forward(const struct core_media *media)
{
    if (media->track->is_muted)
        return;
    struct core_slot *slot = media->track->subscribers;
    struct core_slot *second = core_prefetch_slot(next_of(slot));
    core_prefetch_owner(slot);
    struct core_slot *third = core_prefetch_slot(next_of(second)), *fourth;
    core_prefetch_owner(second);
    if (slot)
        core_participant_prefetch_way(slot->owner);
    for (; slot; slot = second, second = third, third = fourth) {
        fourth = core_prefetch_slot(next_of(third));
        core_prefetch_owner(third);
        if (second)
            core_participant_prefetch_way(second->owner);
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
    if (rtp_seen_check(&layer->seen, ext_seq))
        return true;
    rtp_seen_accept(&layer->seen, ext_seq);
    return false;
}

/* Count a packet, whatever is in it. Padding probes count for feedback, not as media; a repair was
   lost all the same. */
static void count(struct core_media *media, const struct rtp_packet *packet, bool is_repair)
{
    struct rtp_reception *reception = &media->layer->reception;
    media->fields.timestamp = packet->timestamp;
    media->layer->statistics.delivered++;
    media->fields.ext_seq = is_repair
                                ? rtp_reception_on_repair(reception, packet->seq)
                                : rtp_reception_on_packet(reception, packet->seq, packet->timestamp,
                                                          media->payload_len, media->now_us);
    if (media->track->params.kind != CORE_KIND_AUDIO)
        track_loss(media);
}

/* What a layer was before the packet. */
struct picture {
    uint16_t height;
    int64_t keyframe_us;
};

/* A layer shows another height than before: it may begin with this very packet wherever it is
   wanted. Heights that change all the time are left to the rooms' rounds: this costs as much as
   there are receivers. */
#define HEIGHTS_US 100000
static void note_height(struct core_media *media, const struct picture *before)
{
    core_track_note_ranks(media->track);
    if (before->height == 0 || media->now_us - before->keyframe_us >= HEIGHTS_US)
        core_allocate_track(media->track, media->now_us);
}

/* A key frame is counted against the source's budget of them. */
static void take_keyframe(struct core_media *media, bool is_start, const struct picture *before)
{
    if (is_start && media->track->params.has_nack)
        rtp_nack_on_keyframe(media->layer->nack, media->fields.ext_seq);
    if (media->layer->height != before->height)
        note_height(media, before);
    core_keyframe_budget_on_packet(&media->track->keyframes, is_start, media->payload_len,
                                   media->now_us);
}

static void meter(const struct core_media *media)
{
    const struct rtp_vp8 *vp8 = media->vp8;
    unsigned temporal = vp8->has_temporal_id ? vp8->temporal_id : 0;
    media->layer->has_temporal_ids = vp8->has_temporal_id;
    if (temporal <= CORE_TEMPORAL_MAX)
        bwe_rate_meter_on_packet(&media->layer->meters[temporal], media->payload_len,
                                 media->now_us);
}

/* Is it within its sender's contract? If not, it is for nobody. */
static void police(struct core_media *media)
{
    struct core_track *track = media->track;
    struct core_uplink_statistics *uplink = &track->owner->uplink;
    const struct rtp_vp8 *vp8 = media->vp8;
    struct bwe_policer_packet packet = {.layer = (uint8_t)(media->layer - track->layers),
                                        .rank = media->layer->rank,
                                        .payload_bytes = media->payload_len};
    if (track->owner->engine->config.is_unpoliced)
        return;
    packet.frame.timestamp = media->fields.timestamp;
    if (vp8) {
        packet.frame.temporal_id = vp8->has_temporal_id ? vp8->temporal_id : 0;
        packet.frame.is_frame_start = vp8->is_frame_start;
        packet.frame.is_keyframe = vp8->is_keyframe;
        packet.frame.is_layer_sync = vp8->is_layer_sync;
        packet.frame.is_non_reference = vp8->is_non_reference;
    }
    media->is_policed = !bwe_policer_passes(&track->policer, &packet, media->now_us);
    if (!media->is_policed)
        return;
    uplink->policed_packets++;
    uplink->policed_bytes += media->payload_len;
    media->layer->statistics.policed_packets++;
    media->layer->statistics.policed_bytes += media->payload_len;
}

static void take_picture(struct core_media *media, const struct rtp_packet *packet)
{
    struct core_layer *layer = media->layer;
    rtp_rewrite_complete_vp8(&layer->pictures, media->vp8, packet->timestamp, &media->fields);
    police(media);
    if (media->is_policed) {
        keep(media);
        return;
    }
    meter(media);
    const struct picture before = {layer->height, layer->keyframe_us};
    core_layer_on_frame(layer, packet, media->vp8, media->fields.ext_seq, media->now_us);
    if (core_layer_is_of_keyframe(layer, packet->timestamp))
        take_keyframe(media, media->vp8->is_frame_start && media->vp8->is_keyframe, &before);
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

static enum core_outcome outcome_of(const struct core_media *media)
{
    if (media->payload_len == 0)
        return CORE_OUTCOME_PROBE;
    if (media->is_policed)
        return CORE_OUTCOME_POLICED;
    return media->track->is_muted ? CORE_OUTCOME_MUTED : CORE_OUTCOME_TAKEN;
}

static void hear(const struct core_media *media)
{
    int level = media->has_audio_level ? media->audio_level : CORE_VOICE_NO_LEVEL;
    if (core_track_on_audio(media->track, level, media->payload_len, media->now_us))
        core_room_wake(media->track->owner->room);
}

/* @param received_as  what the packet came as: of the stream itself, or of its RTX stream
   @param media        its time; the rest is filled in */
static enum core_outcome receive_media(struct core_participant *participant,
                                       const struct core_binding *received_as,
                                       const struct rtp_packet *packet,
                                       const struct rtp_extension_values *values,
                                       struct core_media *media)
{
    struct core_track *track = media->track = &participant->tracks[received_as->track];
    struct core_layer *layer = media->layer = &track->layers[received_as->layer];
    bool was_alive = core_layer_is_alive(layer, media->now_us);
    core_prefetch_slot(track->subscribers);
    if (is_repeated(layer, packet->seq)) {
        participant->uplink.repeated++;
        return CORE_OUTCOME_REPEATED;
    }
    bool is_read = read_payload(media, packet, values);
    count(media, packet, received_as->is_rtx);
    if (!is_read) {
        participant->uplink.malformed++;
        return CORE_OUTCOME_MALFORMED;
    }
    if (media->payload_len > 0) {
        layer->last_packet_us = media->now_us;
        if (!was_alive)
            on_alive(track, media->now_us);
        if (media->vp8)
            take_picture(media, packet);
        else {
            hear(media);
            police(media);
        }
    } else if (track->params.kind != CORE_KIND_AUDIO) {
        keep(media);
    }
    forward(media);
    return outcome_of(media);
}

static enum core_outcome receive_rtx(struct core_participant *participant,
                                     const struct core_binding *binding, struct rtp_packet *packet,
                                     const struct rtp_extension_values *values,
                                     struct core_media *media)
{
    struct core_track *track = &participant->tracks[binding->track];
    const struct core_layer *layer = &track->layers[binding->layer];
    if (!layer->id)
        return CORE_OUTCOME_PROBE; /* ahead of its media */
    if (rtp_rtx_restore(packet, layer->ssrc, track->params.payload_type))
        return CORE_OUTCOME_PROBE; /* padding only */
    return receive_media(participant, binding, packet, values, media);
}

static void record(const struct core_participant *participant, const struct core_binding *binding,
                   const struct rtp_packet *packet, const struct core_media *media,
                   enum core_outcome outcome)
{
    struct core_recorder_rtp rtp = {
        .participant = participant->id,
        .packet = packet,
        .vp8 = outcome == CORE_OUTCOME_MALFORMED ? NULL : media->vp8,
        .outcome = outcome,
        .stream = binding ? core_record_stream(binding->track, binding->layer, binding->is_rtx)
                          : CORE_RECORD_NO_STREAM};
    core_recorder_on_rtp(participant->recorder, &rtp, media->now_us);
}

void core_uplink_receive(struct core_participant *participant, uint8_t *data, size_t len,
                         int64_t now_us)
{
    struct rtp_packet packet;
    struct rtp_extension_values values;
    struct core_media media = {.now_us = now_us};
    enum core_outcome outcome = CORE_OUTCOME_UNBOUND;
    participant->uplink.packets++;
    participant->uplink.bytes += len;
    if (rtp_packet_parse(&packet, data, len)) {
        participant->uplink.malformed++;
        return;
    }
    rtp_packet_read_extensions(&packet, &participant->extensions, &values);
    if (values.has_transport_seq && participant->arrivals) {
        rtp_arrival_log_add(participant->arrivals, values.transport_seq, now_us);
        participant->media_ssrc = packet.ssrc ? packet.ssrc : 1;
    }
    struct core_binding *binding = core_participant_binding(participant, packet.ssrc);
    if (!binding)
        binding = core_bind(participant, &packet, &values, now_us);
    if (!binding)
        participant->uplink.unbound++;
    else if (binding->is_rtx)
        outcome = receive_rtx(participant, binding, &packet, &values, &media);
    else
        outcome = receive_media(participant, binding, &packet, &values, &media);
    if (participant->recorder)
        record(participant, binding, &packet, &media, outcome);
}
