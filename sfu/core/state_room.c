/*
 * What connects participants, as lists of their numbers (from 1 on): the members of each room in
 * order of joining, the subscribers of each track in order, who is pinned, the owners of paths and
 * ufrags.
 */
#include <stdlib.h>

#include "rtp/error.h"
#include "sfu/core/state_internal.h"

#define ENTRIES_MAX (CORE_STATE_PARTICIPANTS_MAX * (CORE_PATHS_MAX + 3))

static void export_rooms(const struct core_engine *engine, struct transport_state_writer *writer)
{
    size_t count = 0;
    for (const struct core_room *room = engine->rooms; room; room = room->next)
        count++;
    transport_state_put_count(writer, count);
    for (const struct core_room *room = engine->rooms; room; room = room->next) {
        struct core_room image;
        memcpy(&image, room, sizeof(image));
        image.engine = NULL;
        image.recorder = NULL;
        image.next = NULL;
        image.first = image.last = NULL;
        transport_state_put(writer, &image, sizeof(image));
        for (const struct core_participant *p = room->first; p; p = p->next_in_room)
            transport_state_put_count(writer, core_state_index(engine, p));
    }
}

static void export_subscribers(const struct core_engine *engine, const struct core_track *track,
                               struct transport_state_writer *writer)
{
    size_t count = 0;
    for (const struct core_slot *slot = track->subscribers; slot; slot = slot->next_subscriber)
        count++;
    transport_state_put_count(writer, count);
    for (const struct core_slot *slot = track->subscribers; slot; slot = slot->next_subscriber) {
        transport_state_put_count(writer, core_state_index(engine, slot->owner));
        transport_state_put_count(writer, (size_t)(slot - slot->owner->slots));
    }
}

static int export_directory(const struct core_engine *engine, struct transport_state_writer *writer)
{
    size_t count = transport_directory_count(engine->directory);
    struct transport_directory_entry *entries = calloc(count + 1, sizeof(*entries));
    if (!entries)
        return IRIS_E_NO_MEMORY;
    transport_directory_list(engine->directory, entries);
    transport_state_put_count(writer, count);
    for (size_t i = 0; i < count; i++) {
        transport_state_put_count(writer, entries[i].is_ufrag);
        transport_state_put(writer, entries[i].key, sizeof(entries[i].key));
        transport_state_put_count(writer, core_state_index(engine, entries[i].owner));
        transport_state_put_count(writer, core_state_index(engine, entries[i].claimant));
    }
    free(entries);
    return 0;
}

int core_state_export_rooms(const struct core_engine *engine, struct transport_state_writer *writer)
{
    export_rooms(engine, writer);
    for (const struct core_participant *p = engine->participants; p; p = p->next)
        for (unsigned i = 0; i < p->track_count; i++)
            export_subscribers(engine, &p->tracks[i], writer);
    for (const struct core_participant *p = engine->participants; p; p = p->next)
        for (unsigned i = 0; i < p->layout.pinned_count; i++)
            transport_state_put_count(writer, core_state_index(engine, p->pinned[i]));
    core_state_export_pacing(engine, writer);
    return export_directory(engine, writer);
}

/* @param participant  written; NULL for number 0, if that may be */
static int get_participant(struct core_state_import *import, bool may_be_none,
                           struct core_participant **participant)
{
    size_t index;
    int error = transport_state_get_count(&import->reader, import->count, &index);
    if (error)
        return error;
    if (index == 0 && !may_be_none)
        return IRIS_E_MALFORMED;
    *participant = index ? import->participants[index - 1] : NULL;
    return 0;
}

static int import_members(struct core_state_import *import, struct core_room *room, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct core_participant *participant;
        int error = get_participant(import, false, &participant);
        if (error)
            return error;
        if (participant->room)
            return IRIS_E_MALFORMED;
        core_room_add(room, participant);
    }
    return 0;
}

static int import_room(struct core_state_import *import, struct core_room **at)
{
    struct core_room *room = malloc(sizeof(*room));
    if (!room)
        return IRIS_E_NO_MEMORY;
    int error = transport_state_get(&import->reader, room, sizeof(*room));
    if (!error && (room->count == 0 || room->speakers.count > CORE_SPEAKERS_MAX))
        error = IRIS_E_MALFORMED;
    if (error) {
        free(room);
        return error;
    }
    size_t count = room->count;
    room->engine = import->engine;
    core_record_room(room);
    room->next = NULL;
    room->first = room->last = NULL;
    room->count = 0;
    *at = room;
    return import_members(import, room, count);
}

static int import_rooms(struct core_state_import *import)
{
    struct core_room **at = &import->engine->rooms;
    size_t count = 0;
    int error = transport_state_get_count(&import->reader, import->count, &count);
    for (size_t i = 0; i < count && !error; i++) {
        error = import_room(import, at);
        if (!error)
            at = &(*at)->next;
    }
    for (size_t i = 0; i < import->count && !error; i++)
        if (!import->participants[i]->room)
            error = IRIS_E_MALFORMED;
    return error;
}

static int import_subscriber(struct core_state_import *import, struct core_track *track,
                             struct core_slot **slot)
{
    struct core_participant *owner;
    size_t index;
    int error = get_participant(import, false, &owner);
    if (!error)
        error = transport_state_get_count(&import->reader, CORE_SLOTS_MAX - 1, &index);
    if (error)
        return error;
    if (index >= owner->slot_count || owner->slots[index].track ||
        owner->room != track->owner->room)
        return IRIS_E_MALFORMED;
    *slot = &owner->slots[index];
    (*slot)->track = track;
    (*slot)->next_subscriber = NULL;
    return 0;
}

static int import_subscribers(struct core_state_import *import, struct core_track *track)
{
    struct core_slot **at = &track->subscribers;
    size_t count = 0;
    int error = transport_state_get_count(&import->reader, import->count * CORE_SLOTS_MAX, &count);
    for (size_t i = 0; i < count && !error; i++) {
        error = import_subscriber(import, track, at);
        if (!error)
            at = &(*at)->next_subscriber;
    }
    return error;
}

/* From numbers to the layers of the slot's track. @return false: there is no such layer */
static bool make_layer(const struct core_slot *slot, const struct core_layer *number,
                       struct core_layer **layer)
{
    uintptr_t index = (uintptr_t)number;
    *layer = NULL;
    if (index == 0)
        return true;
    if (!slot->track || index > CORE_LAYERS_MAX)
        return false;
    *layer = &slot->track->layers[index - 1];
    return true;
}

static bool make_layers(struct core_slot *slot)
{
    struct core_layer *layer, *target, *refused;
    if (!make_layer(slot, slot->layer, &layer) || !make_layer(slot, slot->target, &target) ||
        !make_layer(slot, slot->refused, &refused))
        return false;
    slot->layer = layer;
    slot->target = target;
    slot->refused = refused;
    return !slot->replay_seq || slot->layer;
}

static int import_slots(struct core_state_import *import)
{
    int error = 0;
    for (size_t i = 0; i < import->count && !error; i++)
        for (unsigned t = 0; t < import->participants[i]->track_count && !error; t++)
            error = import_subscribers(import, &import->participants[i]->tracks[t]);
    for (size_t i = 0; i < import->count && !error; i++)
        for (unsigned s = 0; s < import->participants[i]->slot_count && !error; s++)
            error = make_layers(&import->participants[i]->slots[s]) ? 0 : IRIS_E_MALFORMED;
    return error;
}

static int import_directory(struct core_state_import *import)
{
    size_t count = 0, is_ufrag = 0;
    int error = transport_state_get_count(&import->reader, ENTRIES_MAX, &count);
    for (size_t i = 0; i < count && !error; i++) {
        struct transport_directory_entry entry = {0};
        struct core_participant *owner = NULL, *claimant = NULL;
        error = transport_state_get_count(&import->reader, 1, &is_ufrag);
        if (!error)
            error = transport_state_get(&import->reader, entry.key, sizeof(entry.key));
        if (!error)
            error = get_participant(import, false, &owner);
        if (!error)
            error = get_participant(import, true, &claimant);
        entry.is_ufrag = is_ufrag;
        entry.owner = owner;
        entry.claimant = claimant;
        if (!error)
            error = transport_directory_restore(import->engine->directory, &entry);
    }
    return error;
}

static int import_pinned(struct core_state_import *import, struct core_participant *participant)
{
    for (unsigned i = 0; i < participant->layout.pinned_count; i++) {
        struct core_participant *pinned;
        int error = get_participant(import, true, &pinned);
        if (error)
            return error;
        if (pinned && pinned->room != participant->room)
            return IRIS_E_MALFORMED;
        participant->pinned[i] = pinned;
    }
    return 0;
}

int core_state_import_rooms(struct core_state_import *import)
{
    int error = import_rooms(import);
    if (!error)
        error = import_slots(import);
    for (size_t i = 0; i < import->count && !error; i++)
        error = import_pinned(import, import->participants[i]);
    if (!error)
        error = core_state_import_pacing(import);
    return error ? error : import_directory(import);
}

void core_state_skip(struct core_engine *engine)
{
    for (struct core_participant *p = engine->participants; p; p = p->next) {
        for (unsigned i = 0; i < p->slot_count; i++) {
            struct core_slot *slot = &p->slots[i];
            rtp_rewrite_leave_out(&slot->rewrite, TRANSPORT_STATE_SKIP);
            slot->rtx_index += TRANSPORT_STATE_SKIP;
            core_slot_interrupt(slot);
            slot->asked_us = 0; /* the key frame is asked for at once */
        }
        p->transport_seq += TRANSPORT_STATE_SKIP;
        core_pace_forget(p);
        p->deadline_us = p->look_us = INT64_MIN;
    }
    core_engine_list_deadlines(engine);
    engine->tick_us = INT64_MIN;
}
