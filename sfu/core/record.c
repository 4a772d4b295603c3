/* What the engine tells a room's flight recorder: the recorder knows bytes and numbers, this knows
 * the room. */
#include "sfu/core/engine_internal.h"

void core_record_room(struct core_room *room)
{
    const struct core_engine_config *config = &room->engine->config;
    room->recorder = config->recorder_bytes > 0
                         ? core_recorder_create(config->recorder_bytes, config->recorder_us)
                         : NULL;
    core_recorder_set_budget(room->recorder, &room->engine->recorder_budget);
}

void core_record(const struct core_participant *participant, const struct core_decision *decision,
                 int64_t now_us)
{
    struct core_decision whole = *decision;
    if (!participant->recorder)
        return;
    whole.participant = participant->id;
    whole.slot = whole.track = whole.layer = -1;
    core_recorder_on_decision(participant->recorder, &whole, now_us);
}

static int8_t track_index(const struct core_track *track)
{
    return (int8_t)(track - track->owner->tracks);
}

void core_record_track(const struct core_track *track, const struct core_decision *decision,
                       int64_t now_us)
{
    struct core_decision whole = *decision;
    if (!track->owner->recorder)
        return;
    whole.participant = track->owner->id;
    whole.track = track_index(track);
    whole.slot = whole.layer = -1;
    core_recorder_on_decision(track->owner->recorder, &whole, now_us);
}

/* About a slot, and a track that it shows, or is to show. */
static void record_slot(const struct core_slot *slot, const struct core_track *track,
                        const struct core_layer *layer, struct core_decision *decision,
                        int64_t now_us)
{
    decision->participant = slot->owner->id;
    decision->slot = (int8_t)(slot - slot->owner->slots);
    decision->other = track ? track->owner->id : 0;
    decision->track = track ? track_index(track) : -1;
    decision->layer = track && layer ? (int8_t)(layer - track->layers) : -1;
    core_recorder_on_decision(slot->owner->recorder, decision, now_us);
}

void core_record_slot(const struct core_slot *slot, const struct core_layer *layer,
                      const struct core_decision *decision, int64_t now_us)
{
    struct core_decision whole = *decision;
    if (slot->owner->recorder)
        record_slot(slot, slot->track, layer, &whole, now_us);
}

/* What speaks for a track (selection.h), the strongest reason first. */
static enum core_trigger cause_of(const struct core_slot *slot, const struct core_track *track)
{
    const struct core_layout *layout = &slot->owner->layout;
    if (!track)
        return CORE_TRIGGER_REPLACED;
    if (track->params.kind == CORE_KIND_SCREEN)
        return CORE_TRIGGER_SHARES;
    if (track->params.kind == CORE_KIND_AUDIO)
        return CORE_TRIGGER_SPEAKS;
    for (unsigned i = 0; i < layout->pinned_count; i++)
        if (layout->pinned[i] == track->owner->id)
            return CORE_TRIGGER_PINNED;
    return track->candidate.has_floor || track->candidate.spoke_us ? CORE_TRIGGER_SPEAKS
                                                                   : CORE_TRIGGER_FREE;
}

void core_record_owner(const struct core_slot *slot, const struct core_track *track, int64_t now_us)
{
    struct core_decision decision = {.kind = CORE_DECISION_OWNER};
    if (!slot->owner->recorder)
        return;
    decision.cause = cause_of(slot, track);
    record_slot(slot, track, NULL, &decision, now_us);
}

void core_record_layout(const struct core_participant *participant, int64_t now_us)
{
    const struct core_layout *layout = &participant->layout;
    core_record(participant,
                &(struct core_decision){
                    .kind = CORE_DECISION_LAYOUT,
                    .cause = layout->is_audio_only ? CORE_TRIGGER_AUDIO_ONLY : CORE_TRIGGER_NONE,
                    .numbers = {layout->max_cameras, layout->max_height, layout->pinned_count}},
                now_us);
}

/* --- packets sent ---------------------------------------------------------------------------- */

/* From what came to what is sent. The descriptor's own fields count, also where it has none: then
   each picture has an offset of its own. */
static uint64_t offsets_of(const struct rtp_rewrite_fields *out, uint32_t in_timestamp,
                           const struct rtp_vp8 *in)
{
    uint64_t offsets = (uint64_t)(uint32_t)(out->timestamp - in_timestamp) << 32;
    if (!in)
        return offsets;
    return offsets | (uint64_t)((out->picture_id - in->picture_id) & 0x7FFF) << 16 |
           (uint64_t)(uint8_t)(out->tl0_picture_index - in->tl0_picture_index) << 8 |
           ((out->key_index - in->key_index) & 0x1F);
}

static uint8_t stream_of(const struct core_layer *layer, const struct core_track *track)
{
    return core_record_stream((unsigned)(track - track->owner->tracks),
                              (unsigned)(layer - track->layers), false);
}

static struct core_run run_of(const struct core_slot *slot, const struct core_layer *layer,
                              const struct core_run_packet *packet)
{
    return (struct core_run){
        .offsets = packet->offsets,
        .layer = packet->layer,
        .first_us = packet->sent_us,
        .last_us = packet->sent_us,
        .source = (uint32_t)slot->track->owner->id,
        .in_seq = packet->in_seq,
        .out_seq = packet->out_seq,
        .count = 1,
        .stream = layer ? stream_of(layer, slot->track) : CORE_RECORD_NO_STREAM,
        .slot = (uint8_t)(slot - slot->owner->slots),
        .way = packet->way,
    };
}

static void begin_run(struct core_slot *slot, const struct core_layer *layer,
                      const struct core_run_packet *packet, bool is_marked)
{
    core_recorder_end_run(slot->owner->recorder, slot->owner->id, &slot->run, packet->sent_us);
    slot->run = run_of(slot, layer, packet);
    slot->run.is_marked = is_marked;
}

void core_record_media(struct core_slot *slot, const struct core_media *media,
                       const struct rtp_rewrite_fields *fields, bool is_marked)
{
    if (!slot->owner->recorder)
        return;
    const struct core_run_packet packet = {
        .offsets = offsets_of(fields, media->fields.timestamp, media->vp8),
        .layer = media->layer->id,
        .sent_us = media->now_us,
        .in_seq = (uint16_t)media->fields.ext_seq,
        .out_seq = (uint16_t)fields->ext_seq,
        .way = media->is_replayed ? CORE_RUN_REPLAY : CORE_RUN_LIVE,
    };
    if (is_marked || !core_run_goes_on(&slot->run, &packet))
        begin_run(slot, media->layer, &packet, is_marked);
}

void core_record_repair(struct core_slot *slot, const struct core_layer *layer,
                        const struct rtp_history_packet *stored,
                        const struct rtp_rewrite_fields *fields, int64_t now_us)
{
    struct rtp_vp8 vp8;
    if (!slot->owner->recorder || rtp_vp8_parse(&vp8, stored->payload, stored->payload_len))
        return;
    struct core_run run =
        run_of(slot, layer,
               &(struct core_run_packet){.offsets = offsets_of(fields, stored->timestamp, &vp8),
                                         .sent_us = now_us,
                                         .in_seq = (uint16_t)stored->ext_seq,
                                         .out_seq = (uint16_t)fields->ext_seq,
                                         .way = CORE_RUN_REPAIR});
    run.rtx_seq = (uint16_t)(slot->rtx_index - 1);
    core_recorder_end_run(slot->owner->recorder, slot->owner->id, &run, now_us);
}

void core_record_padding(struct core_slot *slot, const struct rtp_rewrite_fields *fields,
                         int64_t now_us)
{
    if (!slot->owner->recorder)
        return;
    struct core_run run =
        run_of(slot, NULL,
               &(struct core_run_packet){.offsets = (uint64_t)fields->timestamp << 32,
                                         .sent_us = now_us,
                                         .out_seq = (uint16_t)fields->ext_seq,
                                         .way = CORE_RUN_PADDING});
    core_recorder_end_run(slot->owner->recorder, slot->owner->id, &run, now_us);
}

/* --- who is who ------------------------------------------------------------------------------ */

static void describe(const struct core_participant *participant, struct core_member *member)
{
    const struct transport_path *path = transport_selected_path(participant->transport);
    memset(member, 0, sizeof(*member));
    if (path)
        member->path = *path;
    member->track_count = (uint8_t)participant->track_count;
    member->slot_count = (uint8_t)participant->slot_count;
    for (unsigned i = 0; i < participant->track_count; i++) {
        const struct core_track_params *track = &participant->tracks[i].params;
        member->tracks[i] = (struct core_member_track){.csrc = track->csrc,
                                                       .kind = (uint8_t)track->kind,
                                                       .payload_type = track->payload_type,
                                                       .rtx_payload_type = track->rtx_payload_type};
    }
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_slot_params *slot = &participant->slots[i].params;
        member->slots[i] = (struct core_member_slot){.ssrc = slot->ssrc,
                                                     .rtx_ssrc = slot->rtx_ssrc,
                                                     .kind = (uint8_t)slot->kind,
                                                     .payload_type = slot->payload_type,
                                                     .rtx_payload_type = slot->rtx_payload_type};
    }
}

/* Write down all that is needed to read what was recorded of a participant. */
static void conclude(struct core_participant *participant, int64_t now_us)
{
    struct core_member member;
    if (!participant->recorder)
        return;
    for (unsigned i = 0; i < participant->slot_count; i++)
        core_recorder_end_run(participant->recorder, participant->id, &participant->slots[i].run,
                              now_us);
    describe(participant, &member);
    core_recorder_on_member(participant->recorder, participant->id, &member, now_us);
}

void core_record_leaving(struct core_participant *participant, int64_t now_us)
{
    core_record(participant, &(struct core_decision){.kind = CORE_DECISION_LEFT}, now_us);
    conclude(participant, now_us);
}

struct core_recorder *core_engine_exchange_recorder(struct core_engine *engine, uint64_t room_id,
                                                    struct core_recorder *fresh, int64_t now_us)
{
    struct core_room *room = engine->rooms;
    while (room && room->id != room_id)
        room = room->next;
    if (!room || !room->recorder)
        return fresh;
    struct core_recorder *recorder = room->recorder;
    for (struct core_participant *p = room->first; p; p = p->next_in_room) {
        conclude(p, now_us);
        p->recorder = fresh;
    }
    room->recorder = fresh;
    core_recorder_set_budget(recorder, NULL);
    core_recorder_set_budget(fresh, &engine->recorder_budget);
    return recorder;
}
