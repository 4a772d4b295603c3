/* Applies selection's decisions to slots. */
#include "sfu/core/room.h"

#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"
#include "sfu/core/selection.h"

#define CANDIDATES_MAX                                                                             \
    128 /* a room holds up to 120 participants (facts.md), a track of each kind each */

/* The tracks of one kind that may be shown, best first; a source's number is 1 + its index here. */
struct candidates {
    unsigned count;
    struct core_track *tracks[CANDIDATES_MAX];
};

void core_room_add(struct core_room *room, struct core_participant *participant)
{
    participant->room = room;
    participant->previous_in_room = room->last;
    participant->next_in_room = NULL;
    if (room->last)
        room->last->next_in_room = participant;
    else
        room->first = participant;
    room->last = participant;
    room->count++;
}

static void release_slots(struct core_participant *participant)
{
    for (unsigned i = 0; i < participant->track_count; i++)
        while (participant->tracks[i].subscribers)
            core_slot_set_track(participant->tracks[i].subscribers, NULL);
    for (unsigned i = 0; i < participant->slot_count; i++)
        core_slot_set_track(&participant->slots[i], NULL);
}

void core_room_remove(struct core_room *room, struct core_participant *participant)
{
    release_slots(participant);
    if (participant->previous_in_room)
        participant->previous_in_room->next_in_room = participant->next_in_room;
    else
        room->first = participant->next_in_room;
    if (participant->next_in_room)
        participant->next_in_room->previous_in_room = participant->previous_in_room;
    else
        room->last = participant->previous_in_room;
    room->count--;
    core_room_wake(room);
}

void core_room_wake(struct core_room *room)
{
    room->deadline_us = INT64_MIN;
}

static void insert_by_loudness(struct candidates *candidates, struct core_track *track)
{
    unsigned at = candidates->count;
    if (at == CANDIDATES_MAX) {
        if (candidates->tracks[--at]->loudness >= track->loudness)
            return;
    } else {
        candidates->count++;
    }
    for (; at > 0 && candidates->tracks[at - 1]->loudness < track->loudness; at--)
        candidates->tracks[at] = candidates->tracks[at - 1];
    candidates->tracks[at] = track;
}

static void collect(const struct core_room *room, enum core_kind kind, int64_t now_us,
                    struct candidates *candidates)
{
    candidates->count = 0;
    for (struct core_participant *p = room->first; p; p = p->next_in_room)
        for (unsigned i = 0; i < p->track_count; i++) {
            struct core_track *track = &p->tracks[i];
            if (track->params.kind != kind || !core_track_is_live(track, now_us))
                continue;
            if (kind == CORE_KIND_AUDIO)
                insert_by_loudness(candidates, track);
            else if (candidates->count < CANDIDATES_MAX)
                candidates->tracks[candidates->count++] = track;
        }
}

static uint64_t source_of(const struct candidates *candidates, const struct core_track *track)
{
    for (unsigned i = 0; track && i < candidates->count; i++)
        if (candidates->tracks[i] == track)
            return i + 1;
    return 0;
}

/* The rank of a participant among those that a layout pins, from 1; 0: it does not. */
static unsigned pin_of(const struct core_layout *layout, const struct core_track *track)
{
    for (unsigned i = 0; i < layout->pinned_count; i++)
        if (layout->pinned[i] == track->owner->id)
            return i + 1;
    return 0;
}

static unsigned list_others(const struct core_participant *receiver,
                            const struct candidates *candidates, struct core_candidate *others)
{
    unsigned count = 0;
    for (unsigned i = 0; i < candidates->count; i++) {
        const struct core_track *track = candidates->tracks[i];
        if (track->owner != receiver)
            others[count++] = (struct core_candidate){.source = i + 1,
                                                      .loudness = track->loudness,
                                                      .pin = pin_of(&receiver->layout, track)};
    }
    return count;
}

static void choose(const struct core_participant *receiver, enum core_kind kind, uint64_t *shown,
                   unsigned slot_count, const struct candidates *candidates)
{
    struct core_candidate others[CANDIDATES_MAX];
    unsigned count = list_others(receiver, candidates, others);
    unsigned shown_max = slot_count;
    if (kind == CORE_KIND_CAMERA && receiver->layout.max_cameras < slot_count)
        shown_max = receiver->layout.max_cameras;
    if (kind == CORE_KIND_AUDIO)
        core_selection_voices(shown, slot_count, others, count);
    else
        core_selection_cameras(shown, slot_count, shown_max, others, count);
}

static void assign(struct core_participant *receiver, enum core_kind kind,
                   const struct candidates *candidates, int64_t now_us)
{
    unsigned slot_count = 0;
    struct core_slot *slots[CORE_SLOTS_MAX];
    uint64_t shown[CORE_SLOTS_MAX];
    for (unsigned i = 0; i < receiver->slot_count; i++)
        if (receiver->slots[i].params.kind == kind) {
            slots[slot_count] = &receiver->slots[i];
            shown[slot_count++] = source_of(candidates, receiver->slots[i].track);
        }
    choose(receiver, kind, shown, slot_count, candidates);
    for (unsigned i = 0; i < slot_count; i++) {
        struct core_track *track = shown[i] ? candidates->tracks[shown[i] - 1] : NULL;
        if (slots[i]->track != track)
            receiver->are_slots_dirty = true;
        core_slot_set_track(slots[i], track);
        core_slot_hold(slots[i], kind != CORE_KIND_AUDIO && receiver->layout.is_audio_only, now_us);
    }
}

static void tell_speakers(struct core_room *room, const struct candidates *voices, int64_t now_us)
{
    struct core_speakers speakers = {0};
    if (now_us < room->speakers_us || !room->first)
        return;
    for (unsigned i = 0; i < voices->count; i++)
        if (!voices->tracks[i]->is_muted)
            core_speakers_add(&speakers, voices->tracks[i]->owner->id, voices->tracks[i]->loudness);
    if (!core_speakers_differ(&speakers, &room->speakers) ||
        !core_events_speakers(room->first->engine, room->id, &speakers))
        return;
    room->speakers = speakers;
    room->speakers_us = now_us + CORE_SPEAKERS_PERIOD_US;
}

void core_room_select(struct core_room *room, int64_t now_us)
{
    struct candidates candidates;
    for (int kind = 0; kind < CORE_KIND_COUNT; kind++) {
        collect(room, (enum core_kind)kind, now_us, &candidates);
        for (struct core_participant *p = room->first; p; p = p->next_in_room)
            if (transport_can_send(p->transport)) /* a key frame before that would be lost */
                assign(p, (enum core_kind)kind, &candidates, now_us);
        if (kind == CORE_KIND_AUDIO)
            tell_speakers(room, &candidates, now_us);
    }
    for (struct core_participant *p = room->first; p; p = p->next_in_room) {
        if (transport_can_send(p->transport))
            core_allocate(p, now_us);
        core_participant_wake(p, now_us);
    }
    room->deadline_us = now_us + CORE_ROOM_PERIOD_US;
}
