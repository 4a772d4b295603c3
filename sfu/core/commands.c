/* What control wants: participants come and go, are muted, choose a layout, change networks. */
#include <stdlib.h>

#include "rtp/error.h"
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define EVENTS_PER_PARTICIPANT 4

/* Room for the events of one more participant between two looks of the loop. */
static int grow_events(struct core_engine *engine)
{
    struct core_event_ring *ring = &engine->events;
    unsigned wanted = (engine->participant_count + 1) * EVENTS_PER_PARTICIPANT;
    if (wanted <= ring->capacity)
        return 0;
    unsigned capacity = wanted + wanted / 4; /* not for every join */
    struct core_event *events = calloc(capacity, sizeof(*events));
    if (!events)
        return IRIS_E_NO_MEMORY;
    for (unsigned i = 0; i < ring->count; i++)
        events[i] = ring->events[(ring->first + i) % ring->capacity];
    free(ring->events);
    ring->events = events;
    ring->first = 0;
    ring->capacity = capacity;
    return 0;
}

static struct core_room *get_room(struct core_engine *engine, uint64_t id)
{
    struct core_room *room = engine->rooms;
    while (room && room->id != id)
        room = room->next;
    if (room)
        return room;
    room = calloc(1, sizeof(*room));
    if (!room)
        return NULL;
    room->id = id;
    room->engine = engine;
    core_record_room(room);
    room->next = engine->rooms;
    engine->rooms = room;
    return room;
}

static void init_participant(struct core_engine *engine, struct core_participant *participant,
                             const struct core_join *join, int64_t now_us)
{
    participant->id = join->participant;
    participant->engine = engine;
    participant->extensions = join->extensions;
    participant->feedback_ssrc = join->feedback_ssrc;
    participant->media_ssrc = 1;
    participant->joined_us = participant->heard_us = now_us;
    participant->deadline_us = participant->look_us = participant->nack_us = INT64_MAX;
    participant->feedback_us = participant->report_us = participant->statistics_us = now_us;
    participant->sender_report_us = now_us;
    participant->budget_bps = UINT64_MAX;
    core_pace_init(&participant->pace);
    core_estimate_init(&participant->estimate);
    participant->layout =
        (struct core_layout){.max_cameras = CORE_SLOTS_MAX, .max_height = UINT16_MAX};
    memcpy(participant->ufrag, join->transport.ice.local_ufrag, sizeof(participant->ufrag));
    for (unsigned i = 0; i < join->track_count; i++)
        core_track_init(&participant->tracks[i], &join->tracks[i], participant,
                        participant->tracks[i].layers);
    struct rtp_rewrite_segment *segments = participant->segments;
    for (unsigned i = 0; i < join->slot_count; i++) {
        core_slot_init(&participant->slots[i], &join->slots[i], participant, segments,
                       core_engine_random(engine));
        segments += core_slot_segment_count(join->slots[i].kind);
    }
}

static struct core_participant *create_participant(struct core_engine *engine,
                                                   const struct core_join *join, int64_t now_us)
{
    const struct core_participant_shape shape =
        core_participant_shape_of(join->track_count, join->slots, join->slot_count);
    struct core_participant *participant = core_participant_create(&shape);
    if (!participant)
        return NULL;
    participant->transport = transport_create(engine->transports, &join->transport, now_us);
    if (!participant->transport || grow_events(engine) ||
        core_engine_grow_deadlines(engine, engine->participant_count + 1) ||
        transport_directory_add_ufrag(engine->directory, join->transport.ice.local_ufrag,
                                      participant)) {
        transport_directory_remove_owner(engine->directory, participant);
        transport_destroy(participant->transport);
        core_participant_free(participant);
        return NULL;
    }
    return participant;
}

static void join(struct core_engine *engine, const struct core_join *join_command, int64_t now_us)
{
    struct core_room *room = get_room(engine, join_command->room);
    struct core_participant *participant =
        room ? create_participant(engine, join_command, now_us) : NULL;
    if (!participant) {
        core_engine_refuse(engine, join_command->participant);
        if (room)
            core_engine_drop_empty_room(engine, room);
        return;
    }
    if (!engine->participants)
        engine->ticked_us = now_us - CORE_TICK_US; /* it has slept */
    init_participant(engine, participant, join_command, now_us);
    participant->next = engine->participants;
    engine->participants = participant;
    participant->place = engine->participant_count++;
    engine->deadlines[participant->place] =
        (struct core_deadline){participant->deadline_us, participant};
    core_room_add(room, participant);
    core_record(
        participant,
        &(struct core_decision){.kind = CORE_DECISION_JOINED,
                                .numbers = {join_command->track_count, join_command->slot_count}},
        now_us);
    core_room_wake(room);
    core_participant_wake(participant, now_us);
}

static void mute(struct core_participant *participant, enum core_kind kind, bool is_set,
                 int64_t now_us)
{
    for (unsigned i = 0; i < participant->track_count; i++) {
        struct core_track *track = &participant->tracks[i];
        if (track->params.kind != kind || track->is_muted == is_set)
            continue;
        track->is_muted = is_set;
        track->muted_us = now_us;
        core_record_track(
            track,
            &(struct core_decision){.kind = is_set ? CORE_DECISION_MUTED : CORE_DECISION_UNMUTED},
            now_us);
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
            if (track->layers[l].id)
                core_layer_forget_keyframe(&track->layers[l]);
        for (struct core_slot *slot = track->subscribers; slot; slot = slot->next_subscriber) {
            core_slot_interrupt(slot);
            if (kind != CORE_KIND_AUDIO)
                core_slot_need_keyframe(slot, now_us);
        }
        core_participant_wake(participant, now_us);
        core_room_wake(participant->room);
    }
}

/* The ufrag of the restart before the last one leads nobody here any more. */
static void restart_ice(struct core_participant *participant,
                        const struct transport_ice_credentials *ice, int64_t now_us)
{
    struct transport_directory *directory = participant->engine->directory;
    if (transport_directory_add_ufrag(directory, ice->local_ufrag, participant))
        return; /* no memory: the client's checks go unanswered, and it tries again */
    const char *obsolete = transport_restart_ice(participant->transport, ice, now_us)
                               ? participant->older_ufrag
                               : participant->ufrag;
    transport_directory_remove_ufrag(directory, obsolete);
    if (obsolete == participant->older_ufrag)
        memcpy(participant->older_ufrag, participant->ufrag, sizeof(participant->ufrag));
    memcpy(participant->ufrag, ice->local_ufrag, sizeof(participant->ufrag));
    core_participant_wake(participant, transport_deadline(participant->transport));
}

void core_engine_command(struct core_engine *engine, const struct core_command *command,
                         int64_t now_us)
{
    engine->now_us = now_us;
    if (command->type == CORE_COMMAND_JOIN) {
        join(engine, &command->join, now_us);
        return;
    }
    struct core_participant *participant = core_engine_find(engine, command->participant);
    if (!participant)
        return;
    switch (command->type) {
    case CORE_COMMAND_LEAVE:
        core_record_leaving(participant, now_us);
        core_engine_remove(engine, participant);
        break;
    case CORE_COMMAND_MUTE:
        mute(participant, command->kind, command->is_set, now_us);
        break;
    case CORE_COMMAND_DETACH:
        participant->is_detached = command->is_set;
        participant->detached_us = now_us;
        core_record(participant,
                    &(struct core_decision){.kind = command->is_set ? CORE_DECISION_DETACHED
                                                                    : CORE_DECISION_ATTACHED},
                    now_us);
        break;
    case CORE_COMMAND_LAYOUT:
        core_room_set_layout(participant, &command->layout);
        core_record_layout(participant, now_us);
        break;
    case CORE_COMMAND_BUDGET:
        participant->budget_bps = command->budget_bps;
        core_record(
            participant,
            &(struct core_decision){.kind = CORE_DECISION_BUDGET,
                                    .numbers = {(uint32_t)core_allocate_budget_bps(participant)}},
            now_us);
        core_allocate(participant, now_us);
        break;
    case CORE_COMMAND_RESTART_ICE:
        restart_ice(participant, &command->ice, now_us);
        break;
    case CORE_COMMAND_JOIN:
        break;
    }
}
