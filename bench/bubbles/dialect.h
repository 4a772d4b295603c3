/*
 * How participants talk to a kind of server: what is said on the control channel until a
 * participant knows the server's description, and after. Everything behind that - ICE, DTLS, SRTP,
 * media, feedback - is the same for all.
 */
#ifndef IRIS_BENCH_BUBBLES_DIALECT_H
#define IRIS_BENCH_BUBBLES_DIALECT_H

#include "bench/bubbles/control.h"

struct bubbles_participant;

struct bubbles_dialect {
    const char *protocol;                    /* WebSocket subprotocol */
    struct bubbles_control_handlers control; /* the owner is the participant */
    /* Every 50 ms while it joins; NULL: nothing to do. */
    void (*advance)(struct bubbles_participant *participant);
    /* Its keys are there; NULL: nothing to do. */
    void (*on_live)(struct bubbles_participant *participant);
    /* Every 5 s while it is live, if options.reports_decoding; NULL: the server takes none. */
    void (*report_decoding)(struct bubbles_participant *participant);
    /* It leaves and was in: say good-bye. */
    void (*leave)(struct bubbles_participant *participant);
};

/* Iris (docs/protocol.md). Everyone sends and receives through one connection. */
extern const struct bubbles_dialect bubbles_dialect_iris;

/*
 * The VideoRoom of Janus (janus-gateway, plugin API over WebSocket). Who sends has a connection,
 * and who receives has another one: the first seats of a room are the senders
 * (bubbles_cast_senders()), the others receive from all senders but themselves, through the eight
 * slots that Iris gives.
 */
extern const struct bubbles_dialect bubbles_dialect_janus;

/** Seats of a room that people need there; senders of them send, all others watch. */
unsigned bubbles_janus_seats(unsigned people, unsigned senders);

/* A participant's state there. */
struct bubbles_janus {
    unsigned request; /* the last one's transaction */
    uint64_t session, handle;
    bool is_subscribed; /* the request is under way */
};

#endif
