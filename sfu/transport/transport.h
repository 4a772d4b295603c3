/*
 * One peer's secure transport: ICE-lite, DTLS and SRTP behind one door. Datagrams come in from any
 * path; RTP and RTCP come out in clear, after authentication and never before; what has to be
 * answered waits in next_datagram, what happened in next_event.
 *
 * Not thread-safe; belongs to one worker. Counts what it drops; logs nothing.
 */
#ifndef IRIS_TRANSPORT_TRANSPORT_H
#define IRIS_TRANSPORT_TRANSPORT_H

#include "sfu/transport/dtls.h"
#include "sfu/transport/ice_lite.h"

/* What the transports of one worker share. */
struct transport_worker;

struct transport_params {
    struct transport_ice_credentials ice;
    uint8_t fingerprint[TRANSPORT_FINGERPRINT_BYTES]; /* of the client's certificate */
};

enum transport_event {
    TRANSPORT_EVENT_NONE,
    TRANSPORT_EVENT_CONNECTED, /* keys are there, media may flow */
    TRANSPORT_EVENT_CLOSED,    /* DTLS close_notify */
    TRANSPORT_EVENT_FAILED,    /* the handshake failed */
    TRANSPORT_EVENT_TIMEOUT,   /* nothing authenticated for 30 s */
};

enum transport_verdict {
    TRANSPORT_DROPPED, /* counted; nothing to do */
    TRANSPORT_HANDLED, /* STUN or DTLS: look at next_datagram and next_event */
    TRANSPORT_RTP,     /* decrypted in place, len updated */
    TRANSPORT_RTCP,
};

/* Why datagrams were dropped, and what was seen. */
struct transport_counters {
    uint64_t stun_checks, stun_refused, stun_dropped;
    uint64_t dtls_datagrams, dtls_unvalidated; /* from an address without a valid check */
    uint64_t srtp_auth_failed, srtp_replayed, srtp_malformed,
        srtp_early;   /* early: before the keys */
    uint64_t unknown; /* first byte of no protocol (RFC 7983) */
    uint64_t path_changes;
};

struct transport; /* one a peer */

/**
 * Create what a worker's transports share: STUN codec, DTLS context, AEAD back end.
 *
 * @param certificate  must outlive the worker's transports
 * @return             owned; NULL when memory is short or a library refuses
 */
struct transport_worker *transport_worker_create(const struct transport_certificate *certificate,
                                                 enum transport_aead_backend backend);
void transport_worker_destroy(struct transport_worker *worker);

/** Name of the AEAD back end. Static text. */
const char *transport_worker_aead_name(const struct transport_worker *worker);

/** @return owned; NULL when memory is short */
struct transport *transport_create(struct transport_worker *worker,
                                   const struct transport_params *params, int64_t now_us);
void transport_destroy(struct transport *transport);

/**
 * Key the SRTP sessions directly, without DTLS: for simulations and imported state. The state is
 * then as after the handshake (TRANSPORT_EVENT_CONNECTED follows).
 *
 * @return  0, IRIS_E_STATE (has keys already) or IRIS_E_NO_MEMORY
 */
int transport_set_keys(struct transport *transport, const struct transport_srtp_keys *send,
                       const struct transport_srtp_keys *receive);

/** New ICE credentials (RFC 8445, section 9); DTLS and SRTP go on. See transport_ice_restart(). */
bool transport_restart_ice(struct transport *transport,
                           const struct transport_ice_credentials *credentials, int64_t now_us);

/**
 * Take a datagram (RFC 7983). SRTP and SRTCP are decrypted in place.
 *
 * @param datagram  hostile; its bytes are the caller's and are overwritten; len is updated for
 *                  TRANSPORT_RTP and TRANSPORT_RTCP
 */
enum transport_verdict transport_receive(struct transport *transport,
                                         struct transport_datagram *datagram, int64_t now_us);

/**
 * The next datagram that STUN or DTLS wants to send.
 *
 * @param datagram  written; its bytes stay valid until the next call with this transport
 * @return          false when there is none
 */
bool transport_next_datagram(struct transport *transport, struct transport_datagram *datagram);

/** The next event, each once. */
enum transport_event transport_next_event(struct transport *transport);

/** Why the handshake failed; a static sentence, "" otherwise. */
const char *transport_failure(const struct transport *transport);

/** When transport_advance() has something to do [us]. */
int64_t transport_deadline(const struct transport *transport);

/** Time has come: retransmit, time out. Look at next_datagram and next_event afterwards. */
void transport_advance(struct transport *transport, int64_t now_us);

/** SRTP is keyed and a path is selected: media can be sent. */
bool transport_can_send(const struct transport *transport);

/** A valid check came through this path lately: it is one of TRANSPORT_ICE_PATHS. */
bool transport_has_path(const struct transport *transport, const struct transport_path *path);

/** The peer was heard there lately, beyond checks: see transport_ice_is_heard_on(). */
bool transport_is_heard_on(const struct transport *transport, const struct transport_path *path,
                           int64_t now_us);

/** Media will be sent there soon: fetch what tells the path into the cache. Reads nothing. */
void transport_prefetch(const struct transport *transport);

/** The same a little later of the session; reads the transport. */
void transport_prefetch_sender(const struct transport *transport);

/** Packets will be sealed for it next: fetch the keys into the cache; reads the session. */
void transport_prefetch_keys(const struct transport *transport);

/**
 * Media from the peer will be taken soon: fetch what that needs, in three steps. Each reads what
 * the one before has fetched, so let some time pass between them.
 *
 * @param step  0 (reads nothing), 1 or 2
 */
void transport_prefetch_receiver(const struct transport *transport, unsigned step, bool is_rtcp);

/** Where media goes; NULL while there is no path. */
const struct transport_path *transport_selected_path(const struct transport *transport);

/** See transport_srtp_seal_rtp_to(); IRIS_E_STATE before the keys. */
int transport_seal_rtp(struct transport *transport, const struct transport_srtp_clear *clear,
                       uint8_t *out);

/** What sealing adds to an RTP packet [bytes]. */
size_t transport_tag_bytes(const struct transport *transport);

/** Seal in place; see transport_srtp_seal_rtcp(). IRIS_E_STATE before the keys. */
int transport_seal_rtcp(struct transport *transport, uint8_t *packet, size_t len);

/** The negotiated SRTP profile; TRANSPORT_SRTP_NONE before the keys. */
enum transport_srtp_profile transport_srtp_profile(const struct transport *transport);

const struct transport_counters *transport_counters(const struct transport *transport);

#endif
