/* What the files of the engine's state share; not for outside sfu/core. */
#ifndef IRIS_CORE_STATE_INTERNAL_H
#define IRIS_CORE_STATE_INTERNAL_H

#include "sfu/core/engine_internal.h"
#include "sfu/core/state.h"

#define CORE_STATE_PARTICIPANTS_MAX 65536
#define CORE_STATE_MAGIC            UINT64_C(0x5453535349524900) /* no text, no ELF */
#define CORE_STATE_SIZES            (TRANSPORT_STATE_SIZES + 12)

/* Sections follow: engine | events | participants | rooms, subscribers, pins, directory; and the
   tag. */
struct core_state_header {
    uint64_t magic;
    uint32_t version;
    uint32_t sizes[CORE_STATE_SIZES]; /* of what is copied whole: most other layouts' differ */
    uint64_t len;                     /* of everything, the tag included */
};

/* A state being read. */
struct core_state_import {
    struct core_engine *engine;
    struct transport_state_reader reader;
    struct core_participant **participants; /* in the engine's order; owned */
    size_t count;
    bool is_skipping;
};

/* state_participant.c */

/** Append all participants: each whole, with its transport and what its layers own. */
int core_state_export_participants(const struct core_engine *engine,
                                   struct transport_state_writer *writer);

/** Read them, and link them in the engine. No room, no pointer between them is there yet. */
int core_state_import_participants(struct core_state_import *import);

/** A participant's number among the engine's, from 1 on; 0: NULL. */
size_t core_state_index(const struct core_engine *engine, const void *participant);

/* state_pace.c */

/** Clear the pointers of pacer and estimator. */
void core_state_clear_pace(struct core_participant *image);

/** What was read points nowhere outside the rings. */
bool core_state_is_pace_sound(const struct core_participant *participant);

/** Make those pointers anew. */
void core_state_make_pace(struct core_participant *participant);

/** Append the packets that wait. */
void core_state_export_waiting(const struct core_participant *participant,
                               struct transport_state_writer *writer);

/**
 * Put the packets that waited back into the pacer.
 *
 * @return  0 or a negative code: what is read cannot be such packets, or there is no memory
 */
int core_state_import_waiting(struct core_state_import *import,
                              struct core_participant *participant);

/** Append who has something to send, in order. */
void core_state_export_pacing(const struct core_engine *engine,
                              struct transport_state_writer *writer);

/** Read it. */
int core_state_import_pacing(struct core_state_import *import);

/* state_room.c */

/** Append what connects participants: rooms, subscribers, pins, the directory. */
int core_state_export_rooms(const struct core_engine *engine,
                            struct transport_state_writer *writer);

/** Read it, and make the pointers. */
int core_state_import_rooms(struct core_state_import *import);

/** Leave outgoing indices out: slots begin a new segment, with a key frame. */
void core_state_skip(struct core_engine *engine);

#endif
