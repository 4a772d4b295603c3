/* What all participants of a run share: loop, sockets, recordings, rooms, totals. */
#ifndef IRIS_BENCH_BUBBLES_RUN_H
#define IRIS_BENCH_BUBBLES_RUN_H

#include <uv.h>

#include "bench/bubbles/control.h"
#include "bench/bubbles/dtls.h"
#include "bench/bubbles/ice.h"
#include "bench/bubbles/library.h"
#include "bench/bubbles/net.h"
#include "bench/bubbles/options.h"
#include "bench/bubbles/spurts.h"
#include "bench/bubbles/totals.h"
#include "bench/link/script.h"
#include "signalling/token_sign.h"

#define BUBBLES_ID_BYTES   64
#define BUBBLES_ROOM_BYTES 144
#define BUBBLES_SEATS_MAX  128
#define BUBBLES_TRACKS_MAX 512 /* of a room, those of people who left included */

struct bubbles_dialect;
struct bubbles_participant;

/* A track as the server names it. */
struct bubbles_track {
    uint32_t csrc;
    enum bubbles_kind kind;
    struct bubbles_participant *owner;  /* NULL: has left, or its join result is still under way */
    char participant[BUBBLES_ID_BYTES]; /* id; "": has left */
};

struct bubbles_room {
    char name[BUBBLES_ROOM_BYTES];
    struct bubbles_spurts spurts;
    struct bubbles_participant *seats[BUBBLES_SEATS_MAX]; /* NULL: empty */
    unsigned track_count;                                 /* of tracks; the oldest make room */
    struct bubbles_track tracks[BUBBLES_TRACKS_MAX];
};

struct bubbles_run {
    struct bubbles_options options;
    const struct bubbles_dialect *dialect;
    uv_loop_t loop;
    uv_timer_t tick;
    struct bubbles_net *net;
    struct bubbles_hub *hub;
    struct bubbles_stun *stun;
    struct bubbles_dtls_context *dtls;
    struct transport_aead_context *aead;
    struct signalling_sign_key *sign_key; /* NULL: without tokens */
    struct bubbles_library library;
    struct bubbles_room *rooms; /* options.rooms, owned */
    struct link_script link;
    int64_t began_us;
    uint64_t seed;
    bool is_measuring;
    bool is_silent; /* nobody sends media: what idling costs is being measured */
    struct bubbles_totals totals;
};

/** The track of this CSRC; NULL: not announced yet. Its owner may be NULL. */
struct bubbles_track *bubbles_room_find_track(struct bubbles_room *room, uint32_t csrc);

/** The server said whose track this is. @param participant its id; nobody's: ignored */
void bubbles_room_learn_track(struct bubbles_room *room, uint32_t csrc, enum bubbles_kind kind,
                              const char *participant);

/** Its tracks have no owner any more. */
void bubbles_room_forget(struct bubbles_room *room, const struct bubbles_participant *participant);

#endif
