/*
 * From an SDP offer to what the engine needs and the answer that the client gets: the one place that
 * speaks both SDP and core.
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

/**
 * Answer an offer.
 *
 * @param join    room and participant are set by the caller; the rest is written: fresh credentials,
 *                SSRCs and CSRCs from OpenSSL's random generator
 * @param answer  at least SDP_ANSWER_MAX_BYTES
 * @param port    of the worker
 * @return        0, or -1 with error written
 */
int control_negotiate(const struct control_server_identity *identity,
                      const struct sdp_offer *offer, const struct sdp_rights *rights,
                      uint16_t port, struct core_join *join, char *answer);

/** Fill with random characters of the ice-char set (RFC 8839, 5.4), and terminate. 0 or -1 */
int control_random_text(char *out, size_t characters);

#endif
