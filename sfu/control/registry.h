/*
 * Who is in which room, as control knows it: rooms by name, participants by number, their sessions
 * on the control channel. Touched by the control thread only.
 *
 * Invariant: a room exists while it has participants; a participant is in exactly one room, on the
 * room's worker.
 */
#ifndef IRIS_CONTROL_REGISTRY_H
#define IRIS_CONTROL_REGISTRY_H

#include <jansson.h>

#include "sfu/control/statistics.h"
#include "sfu/control/verdicts.h"
#include "sfu/core/message.h"
#include "signalling/token.h"

#define CONTROL_ROOM_BYTES   129 /* 128 characters (protocol.md, join) and the terminator */
#define CONTROL_NAME_BYTES   513 /* 128 characters of up to 4 bytes */
#define CONTROL_ID_BYTES     24
#define CONTROL_SECRET_BYTES 33

struct signalling_connection;
struct control_negotiation;

struct control_room {
    struct control_room *next;
    uint64_t id;
    char name[CONTROL_ROOM_BYTES];
    unsigned worker;
    unsigned count;
    int64_t opened_s;         /* wall clock [s since 1970] */
    struct control_sums sums; /* of all who ever were in it */
    int64_t dumped_us;        /* when its flight recorder was last dumped; 0: never */
    int64_t asked_us;         /* when that was last asked for; 0: never */
    json_t *past_people;      /* owned; who left lately, for dumps; NULL: nobody */
    struct control_participant *first, *last; /* in order of joining */
};

struct control_participant {
    struct control_participant *next, *previous; /* in the room */
    struct control_participant *next_in_bucket;
    struct control_room *room;
    uint64_t number;
    char id[CONTROL_ID_BYTES];                /* as clients see it */
    char session[CONTROL_SECRET_BYTES];       /* secret */
    char older_session[CONTROL_SECRET_BYTES]; /* until the client shows that it has that; or "" */
    char name[CONTROL_NAME_BYTES];
    json_t *metadata; /* owned; NULL: null */
    char *token;      /* owned; NULL: joined without */
    int64_t joined_s; /* wall clock [s since 1970] */
    int64_t asked_us; /* when its join came, monotonic */
    struct signalling_grant grant;
    struct control_negotiation *negotiation; /* owned */
    struct core_layout layout;
    bool is_muted[CORE_KIND_COUNT];           /* for the screen: is not shared */
    struct signalling_connection *connection; /* NULL: the WebSocket is gone */
    bool is_cut_off; /* it did not answer: it is gone for as long as media is silent */
    unsigned track_count;
    struct core_track_params tracks[CORE_TRACKS_MAX]; /* as negotiated */
    unsigned slot_count;
    char slot_mids[CORE_SLOTS_MAX][CORE_TOKEN_BYTES];
    enum core_kind slot_kinds[CORE_SLOTS_MAX];
    struct core_slot_report slots[CORE_SLOTS_MAX]; /* as last told */
    struct core_snapshots snapshots;
    struct core_verdicts verdicts;
    uint64_t blamed; /* whose media `quality` named last: a number; 0: nobody's */
    struct control_decoding decodings[CORE_SLOTS_MAX];
    enum transport_srtp_profile profile;
};

/* As many as a server has participants; numbers follow each other, so they spread evenly. */
#define CONTROL_REGISTRY_BUCKETS 1024

struct control_registry {
    struct control_room *rooms;
    struct control_participant *buckets[CONTROL_REGISTRY_BUCKETS]; /* by number */
    uint64_t next_number; /* of rooms and participants; never reused */
    unsigned participant_count;
    unsigned worker_count;
    unsigned load[64]; /* participants of each worker */
};

void control_registry_init(struct control_registry *registry, unsigned worker_count);
/** Free every room and participant. */
void control_registry_dispose(struct control_registry *registry);

/** A room by its name, or NULL. */
struct control_room *control_registry_find_room(const struct control_registry *registry,
                                                const char *name);

/**
 * Add a participant to a room; the room is made on the least loaded worker if it does not exist.
 *
 * @return  owned by the registry; NULL when memory is short
 */
struct control_participant *control_registry_add(struct control_registry *registry,
                                                 const char *room_name);

/** Remove and free; its room goes with the last one. */
void control_registry_remove(struct control_registry *registry,
                             struct control_participant *participant);

/** A room by its number, or NULL. */
struct control_room *control_registry_room(const struct control_registry *registry, uint64_t id);

/** A participant by the secret of its session, or the older one. NULL: nobody's. Compares in
 * constant time. */
struct control_participant *control_registry_find_session(const struct control_registry *registry,
                                                          const char *session);

/** A participant by its number, or NULL. For every event of a worker: a look into a hash table. */
struct control_participant *control_registry_find(const struct control_registry *registry,
                                                  uint64_t number);

/** Whether a track of somebody in the room has this CSRC. @param csrc not 0 */
bool control_room_has_csrc(const struct control_room *room, uint32_t csrc);

/** A participant of a room by the id that clients use, or NULL. */
struct control_participant *control_room_find(const struct control_room *room, const char *id);

#endif
