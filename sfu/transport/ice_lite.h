/*
 * ICE-lite of one peer (RFC 8445, section 2.5 and 7.3; RFC 7675): answers connectivity checks, and
 * decides on which path we send.
 *
 * Rules (protocol.md, section 1, ICE). Every check with the right password is answered, for ever,
 * with or without USE-CANDIDATE. Among nominated paths the one of highest priority wins until it
 * has been silent for TRANSPORT_ICE_NOMINATED_SILENCE_US. A validated path on which authenticated
 * SRTP arrives while the selected one has been silent for TRANSPORT_ICE_REBIND_SILENCE_US becomes
 * selected. A path is silent while neither a valid check nor authenticated SRTP or SRTCP comes
 * through it.
 *
 * Whoever has the password can write checks that seem to come from somebody else's address. So
 * checks alone move media only where nothing better is known: a path is proven while authenticated
 * SRTP or SRTCP has come through it within TRANSPORT_ICE_PROOF_US, a proven path that is not silent
 * gives way to proven ones only, and a selected path that shows nothing for so long gives way to
 * whichever validated path media comes through. What remains: who can forge checks can forge SRTCP
 * of his own, too. Only a check of ours would prove that a path is received, and ICE-lite sends
 * none.
 */
#ifndef IRIS_TRANSPORT_ICE_LITE_H
#define IRIS_TRANSPORT_ICE_LITE_H

#include "sfu/transport/address.h"

#define TRANSPORT_ICE_UFRAG_BYTES          257 /* RFC 8839, 5.4: 4-256 characters, and the terminator */
#define TRANSPORT_ICE_PWD_BYTES            257 /* 22-256 */
#define TRANSPORT_ICE_LOCAL_UFRAG_BYTES    17  /* what we make: 16 characters */
#define TRANSPORT_ICE_LOCAL_PWD_BYTES      33  /* 32 characters */
#define TRANSPORT_ICE_PATHS                8 /* validated paths kept; the most silent one makes room */
#define TRANSPORT_ICE_NOMINATED_SILENCE_US 2000000
#define TRANSPORT_ICE_REBIND_SILENCE_US    1000000
#define TRANSPORT_ICE_PROOF_US             5000000
#define TRANSPORT_ICE_TIMEOUT_US           30000000 /* nothing authenticated: the peer is gone */
#define TRANSPORT_ICE_REPLY_BYTES          512

struct transport_ice_credentials {
    char local_ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES];
    char local_pwd[TRANSPORT_ICE_LOCAL_PWD_BYTES];
    char remote_ufrag[TRANSPORT_ICE_UFRAG_BYTES];
};

/* The STUN codec (libnice's StunAgent, 12,840 bytes): one a worker, not thread-safe. */
struct transport_stun;
struct transport_stun *transport_stun_create(void);
void transport_stun_destroy(struct transport_stun *stun);

/**
 * The ufrag of ours that a binding request names, so that its peer can be found. Nothing is
 * authenticated yet.
 *
 * @param ufrag  TRANSPORT_ICE_LOCAL_UFRAG_BYTES, terminated, written on success
 * @return       0, or IRIS_E_MALFORMED (no STUN binding request with a USERNAME "ours:theirs")
 */
int transport_stun_request_ufrag(const uint8_t *data, size_t len, char *ufrag);

enum transport_ice_verdict {
    TRANSPORT_ICE_DROPPED,  /* not STUN, truncated, bad fingerprint or a response: no answer */
    TRANSPORT_ICE_REFUSED,  /* the answer is an error (400, 401, 420, 487) */
    TRANSPORT_ICE_ANSWERED, /* a valid check: the answer is a success, the path is validated */
};

struct transport_ice_path {
    struct transport_path path;
    int64_t heard_us;  /* last valid check or authenticated packet */
    int64_t proved_us; /* last authenticated packet, if there was one */
    bool has_proof;
    uint32_t priority; /* of the peer's candidate */
    bool is_used;
    bool is_nominated;
};

struct transport_ice {
    int selected; /* index in paths; -1 before the first nomination or authenticated media */
    struct transport_ice_path paths[TRANSPORT_ICE_PATHS];
    int64_t selected_us; /* since when */
    int64_t heard_us;    /* anything authenticated on any path; creation counts */
    struct transport_ice_credentials credentials;
    struct transport_ice_credentials
        previous;              /* after a restart, until the first check with the new */
    int64_t previous_until_us; /* 0: there are none */
};

/** Begin; nothing is selected. */
void transport_ice_init(struct transport_ice *ice,
                        const struct transport_ice_credentials *credentials, int64_t now_us);

/**
 * Replace the credentials (ICE restart, RFC 8445, 9). Paths and selection stay until new checks
 * come; the credentials in use until now stay valid until the first check with the new ones, 30 s
 * at most. Credentials that were announced but never used are forgotten at once.
 *
 * @return  true if the replaced ones stay valid, false if they are forgotten
 */
bool transport_ice_restart(struct transport_ice *ice,
                           const struct transport_ice_credentials *credentials, int64_t now_us);

/* An answer to a check, to be sent back on the path that the check came through. */
struct transport_ice_reply {
    size_t len; /* 0: none */
    uint8_t data[TRANSPORT_ICE_REPLY_BYTES];
};

/**
 * Take a STUN packet.
 *
 * @param datagram  first byte 0-3 (RFC 7983); hostile
 * @param reply     written
 */
enum transport_ice_verdict transport_ice_on_stun(struct transport_ice *ice,
                                                 struct transport_stun *stun,
                                                 const struct transport_datagram *datagram,
                                                 int64_t now_us, struct transport_ice_reply *reply);

/**
 * An SRTP or SRTCP packet was authenticated on this path. Cheap: the selected path is compared
 * first.
 *
 * @return  true if the selection changed
 */
bool transport_ice_on_authenticated(struct transport_ice *ice, const struct transport_path *path,
                                    int64_t now_us);

/** A check with the right password came through this path. */
bool transport_ice_is_validated(const struct transport_ice *ice, const struct transport_path *path);

/** Authenticated SRTP or SRTCP came through this path within TRANSPORT_ICE_REBIND_SILENCE_US. */
bool transport_ice_is_heard_on(const struct transport_ice *ice, const struct transport_path *path,
                               int64_t now_us);

/** Where to send; NULL while there is nothing. */
const struct transport_path *transport_ice_selected(const struct transport_ice *ice);

/** Nothing authenticated for TRANSPORT_ICE_TIMEOUT_US. */
bool transport_ice_is_timed_out(const struct transport_ice *ice, int64_t now_us);

#endif
