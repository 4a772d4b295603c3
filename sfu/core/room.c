/* Applies selection's decisions to slots. */
#include "sfu/core/room.h"

#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define TOGETHER_US 50000 /* the times of a room are so far apart */

void core_room_add(struct core_room *room, struct core_participant *participant)
{
    participant->room = room;
    participant->recorder = room->recorder;
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
        while (participant->tracks[i].subscribers) {
            participant->tracks[i].subscribers->owner->are_slots_dirty = true;
            core_slot_set_track(participant->tracks[i].subscribers, NULL);
        }
    for (unsigned i = 0; i < participant->slot_count; i++)
        core_slot_set_track(&participant->slots[i], NULL);
}

static void unpin(struct core_room *room, const struct core_participant *participant)
{
    for (struct core_participant *p = room->first; p; p = p->next_in_room)
        for (unsigned i = 0; i < p->layout.pinned_count; i++)
            if (p->pinned[i] == participant)
                p->pinned[i] = NULL;
}

void core_room_remove(struct core_room *room, struct core_participant *participant)
{
    release_slots(participant);
    unpin(room, participant);
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

int64_t core_room_next(const struct core_room *room, int64_t delay_us, int64_t now_us)
{
    int64_t phase_us = (int64_t)(room->id * 7919 % 50) * 1000; /* a prime: spread rooms */
    int64_t at_us = now_us + delay_us + CORE_TICK_US;
    at_us -= (at_us - phase_us) % TOGETHER_US;
    return at_us - now_us < delay_us ? at_us + TOGETHER_US : at_us;
}

void core_room_wake(struct core_room *room)
{
    room->deadline_us = INT64_MIN;
    core_engine_wake(room->engine, INT64_MIN);
}

void core_room_set_layout(struct core_participant *participant, const struct core_layout *layout)
{
    struct core_room *room = participant->room;
    participant->layout = *layout;
    for (unsigned i = 0; i < layout->pinned_count; i++) {
        struct core_participant *pinned = room->first;
        while (pinned && pinned->id != layout->pinned[i])
            pinned = pinned->next_in_room;
        participant->pinned[i] = pinned;
    }
    core_room_wake(room);
}

/* Whether its participant speaks, and when he did. */
static void look_at_camera(struct core_candidate *candidate, int64_t now_us)
{
    const struct core_participant *owner = candidate->track->owner;
    candidate->has_floor = false;
    for (unsigned i = 0; i < owner->track_count; i++) {
        const struct core_track *track = &owner->tracks[i];
        if (track->params.kind != CORE_KIND_AUDIO)
            continue;
        candidate->has_floor |= !track->is_muted && core_turn_has_floor(&track->turn, now_us);
        if (track->turn.spoke_us > candidate->spoke_us)
            candidate->spoke_us = track->turn.spoke_us;
    }
}

static void look_at_voice(struct core_candidate *candidate, int64_t now_us)
{
    const struct core_track *track = candidate->track;
    candidate->activity = core_track_activity(track, now_us);
    candidate->loudness = track->voice.loudness;
    candidate->loud_us = track->voice.loud_us;
    candidate->spurt_us = track->voice.spurt_us;
}

/* Who is told not to share any more begins anew by sharing again. */
static void look_at_screen(struct core_candidate *candidate, int64_t now_us)
{
    bool is_over = now_us - candidate->sent_us >= CORE_ROOM_SCREEN_PAUSE_US;
    if (candidate->is_live)
        candidate->sent_us = now_us;
    if (candidate->track->is_muted)
        candidate->shared_us = 0;
    else if (candidate->is_live && (is_over || !candidate->shared_us))
        candidate->shared_us = now_us;
}

static void look_at(struct core_track *track, unsigned place, int64_t now_us)
{
    struct core_candidate *candidate = &track->candidate;
    candidate->track = track;
    candidate->participant = track->owner->id;
    candidate->place = place;
    candidate->is_live = core_track_is_live(track, now_us);
    if (track->params.kind == CORE_KIND_AUDIO)
        look_at_voice(candidate, now_us);
    else if (track->params.kind == CORE_KIND_CAMERA)
        look_at_camera(candidate, now_us);
    else
        look_at_screen(candidate, now_us);
}

static void rank(struct core_room *room, struct core_ranking *rankings, int64_t now_us)
{
    static const core_selection_before_fn before[CORE_KIND_COUNT] = {
        [CORE_KIND_AUDIO] = core_selection_voice_before,
        [CORE_KIND_CAMERA] = core_selection_camera_before,
        [CORE_KIND_SCREEN] = core_selection_screen_before,
    };
    unsigned place = 0;
    for (struct core_participant *p = room->first; p; p = p->next_in_room, place++)
        for (unsigned i = 0; i < p->track_count; i++) {
            struct core_track *track = &p->tracks[i];
            enum core_kind kind = track->params.kind;
            look_at(track, place, now_us);
            if (track->candidate.is_live)
                core_selection_rank(&rankings[kind], &track->candidate, before[kind]);
        }
}

/* The cameras of those whom a receiver pins, in order. */
static unsigned list_pinned(const struct core_participant *receiver,
                            const struct core_candidate **pinned)
{
    unsigned count = 0;
    for (unsigned i = 0; i < receiver->layout.pinned_count; i++) {
        const struct core_participant *p = receiver->pinned[i];
        for (unsigned t = 0; p && t < p->track_count; t++)
            if (p->tracks[t].params.kind == CORE_KIND_CAMERA)
                pinned[count++] = &p->tracks[t].candidate;
    }
    return count;
}

static void choose(const struct core_participant *receiver, enum core_kind kind,
                   struct core_choice *choice, const struct core_ranking *ranking)
{
    const struct core_candidate *pinned[CORE_PINNED_MAX * CORE_TRACKS_MAX];
    switch (kind) {
    case CORE_KIND_AUDIO:
        core_selection_voices(choice, ranking);
        break;
    case CORE_KIND_CAMERA:
        choice->shown_max = receiver->layout.max_cameras < choice->slot_count
                                ? receiver->layout.max_cameras
                                : choice->slot_count;
        core_selection_cameras(choice, ranking, pinned, list_pinned(receiver, pinned));
        break;
    default:
        core_selection_screens(choice, ranking);
        break;
    }
}

static void assign(struct core_participant *receiver, enum core_kind kind,
                   const struct core_ranking *ranking, int64_t now_us)
{
    struct core_slot *slots[CORE_SLOTS_MAX];
    struct core_choice choice = {.receiver = receiver->id};
    unsigned count = 0;
    for (unsigned i = 0; i < receiver->slot_count; i++) {
        struct core_slot *slot = &receiver->slots[i];
        if (slot->params.kind != kind)
            continue;
        choice.slots[count] = slot->track ? &slot->track->candidate : NULL;
        slots[count++] = slot;
    }
    choice.slot_count = count;
    choose(receiver, kind, &choice, ranking);
    for (unsigned i = 0; i < count; i++) {
        struct core_track *track = choice.slots[i] ? choice.slots[i]->track : NULL;
        if (slots[i]->track != track) {
            receiver->are_slots_dirty = true;
            core_record_owner(slots[i], track, now_us);
        }
        core_slot_set_track(slots[i], track);
        core_slot_hold(slots[i], kind != CORE_KIND_AUDIO && receiver->layout.is_audio_only, now_us);
    }
}

static void tell_speakers(struct core_room *room, const struct core_ranking *voices, int64_t now_us)
{
    struct core_speakers speakers = {0};
    if (now_us < room->speakers_us || !room->first)
        return;
    for (unsigned i = 0; i < voices->count; i++)
        if (voices->best[i]->activity >= CORE_VOICE_LOUD)
            core_speakers_add(&speakers, voices->best[i]->participant, voices->best[i]->loudness);
    if (!core_speakers_differ(&speakers, &room->speakers) ||
        !core_events_speakers(room->first->engine, room->id, &speakers))
        return;
    room->speakers = speakers;
    room->speakers_us = now_us + CORE_SPEAKERS_PERIOD_US;
}

void core_room_select(struct core_room *room, int64_t now_us)
{
    struct core_ranking rankings[CORE_KIND_COUNT] = {0};
    /* A round may be due a moment before the period is over: the one before was late. */
    bool is_period = now_us - room->allocated_us >= CORE_ROOM_PERIOD_US - CORE_TICK_US;
    if (is_period)
        room->allocated_us = now_us;
    rank(room, rankings, now_us);
    room->round++;
    for (struct core_participant *p = room->first; p; p = p->next_in_room) {
        if (!transport_can_send(p->transport)) /* a key frame before that would be lost */
            continue;
        for (int kind = 0; kind < CORE_KIND_COUNT; kind++)
            assign(p, (enum core_kind)kind, &rankings[kind], now_us);
        if (p->are_slots_dirty || is_period)
            core_allocate_in_round(p, now_us);
        if (p->are_slots_dirty)
            core_participant_wake(p, now_us);
    }
    tell_speakers(room, &rankings[CORE_KIND_AUDIO], now_us);
    room->deadline_us = core_room_next(room, CORE_ROOM_PERIOD_US - CORE_TICK_US, now_us);
}
