/*
 * A room on one worker: its participants in order of joining, and the decision of who is shown
 * where.
 */
#ifndef IRIS_CORE_ROOM_H
#define IRIS_CORE_ROOM_H

#include "sfu/core/participant.h"
#include "sfu/core/speakers.h"

/* How often layers are decided on for everybody, and the selection is looked at when nothing urges
   it: who speaks is known within it. */
#define CORE_ROOM_PERIOD_US 100000
/* A shared screen whose slots were free for less goes on with its next packet (browsers send little
   of a slide that stands still); later it is a new one. */
#define CORE_ROOM_SCREEN_PAUSE_US 10000000

struct core_room {
    uint64_t id;
    struct core_engine *engine;
    struct core_room *next;
    struct core_participant *first, *last;
    unsigned count;
    int64_t deadline_us;
    int64_t allocated_us;           /* when layers were last decided on for everybody */
    uint64_t round;                 /* of deciding on layers; sfu/core/offer.h */
    struct core_speakers speakers;  /* as last told */
    int64_t speakers_us;            /* may be told again from then on */
    struct core_recorder *recorder; /* owned; NULL: none */
};

/** A participant comes, as the last. */
void core_room_add(struct core_room *room, struct core_participant *participant);

/** A participant goes: others' slots let go of its tracks and layers, its own slots of theirs. */
void core_room_remove(struct core_room *room, struct core_participant *participant);

/** What a participant wants to be shown from now on. Who is pinned and not in the room is never. */
void core_room_set_layout(struct core_participant *participant, const struct core_layout *layout);

/** Something changed that selection depends on: decide at the next advance. */
void core_room_wake(struct core_room *room);

/**
 * About that much later, at a time at which others of the room are looked after as well: a wake
 * costs more than what is done in it. Each room has its own times.
 *
 * @return  delay_us to delay_us + 60 ms from now [us]
 */
int64_t core_room_next(const struct core_room *room, int64_t delay_us, int64_t now_us);

/**
 * Decide who is seen and heard by whom; tell who speaks. Ranks everyone once, then looks at each
 * receiver's slots and pins: the cost grows with the number of participants, not with its square.
 */
void core_room_select(struct core_room *room, int64_t now_us);

#endif
