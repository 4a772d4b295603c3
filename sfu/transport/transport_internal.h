/* What transport.c and transport_state.c share; not for outside sfu/transport. */
#ifndef IRIS_TRANSPORT_TRANSPORT_INTERNAL_H
#define IRIS_TRANSPORT_TRANSPORT_INTERNAL_H

#include "sfu/transport/transport.h"

/*
 * The worker drains the answers after each datagram, so one place would do; a few more bear a burst
 * that is taken in at once. The oldest is dropped: its check is sent again.
 */
#define TRANSPORT_REPLIES 4

struct transport_worker {
    struct transport_stun *stun;
    struct transport_dtls_context *dtls;
    struct transport_aead_context *aead;
};

struct transport_reply {
    struct transport_path path;
    struct transport_ice_reply answer;
};

struct transport {
    struct transport_worker *worker;
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
    struct transport_ice ice;
    struct transport_dtls *dtls;     /* NULL when keyed by transport_set_keys() */
    struct transport_path dtls_path; /* of the last DTLS datagram */
    struct transport_reply replies[TRANSPORT_REPLIES];
    unsigned reply_first, reply_count;
    enum transport_srtp_profile profile;
    bool is_connected_pending;             /* the event */
    enum transport_event end, end_pending; /* how it ended; NONE: it goes on */
    struct transport_counters counters;
};

#endif
