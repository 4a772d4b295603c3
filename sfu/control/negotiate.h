/*
 * From an SDP offer to what the engine needs and the answer that the client gets: the one place
 * that speaks both SDP and core.
 */
#ifndef IRIS_CONTROL_NEGOTIATE_H
#define IRIS_CONTROL_NEGOTIATE_H

#include "sfu/core/message.h"
#include "sfu/io/address.h"
#include "signalling/sdp.h"

/* What the server puts into every answer. */
struct control_server_identity {
    const struct io_addresses *addresses;
    const uint8_t *fingerprint; /* TRANSPORT_FINGERPRINT_BYTES */
};

/* What was agreed with one client: enough to answer again. About 11 KB. */
struct control_negotiation {
    struct sdp_offer offer;
    struct sdp_role roles[SDP_LINES_MAX];
    struct transport_ice_credentials ice;
    uint64_t session_id, version; /* of the answer's o= line (RFC 8866, section 5.2) */
    uint16_t port;                /* of the worker */
};

/**
 * Answer an offer.
 *
 * @param negotiation  offer, session_id and port are set by the caller; the rest is written
 * @param join         zero but for room and participant; the rest is written: fresh credentials,
 *                     SSRCs and CSRCs (no two are equal) from OpenSSL's random generator
 * @param answer       at least SDP_ANSWER_MAX_BYTES
 * @return             0 or -1 (no randomness)
 */
int control_negotiate(const struct control_server_identity *identity,
                      struct control_negotiation *negotiation, const struct sdp_rights *rights,
                      struct core_join *join, char *answer);

/**
 * Answer an offer that restarts ICE (RFC 8445, section 9). One with the credentials of before gets
 * the same answer again.
 *
 * @param negotiation  of before; updated on success
 * @param is_new       written: whether the credentials changed, so that the engine must be told
 * @param answer       at least SDP_ANSWER_MAX_BYTES
 * @param error        written on failure; an empty reason: no randomness
 * @return             0 or -1
 */
int control_negotiate_restart(const struct control_server_identity *identity,
                              struct control_negotiation *negotiation,
                              const struct sdp_offer *offer, bool *is_new, char *answer,
                              struct sdp_error *error);

/** Fill with random characters of the ice-char set (RFC 8839, 5.4), and terminate. 0 or -1 */
int control_random_text(char *out, size_t characters);

#endif
