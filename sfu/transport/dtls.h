/*
 * The DTLS 1.2 handshake of one peer, as server, for DTLS-SRTP (RFC 6347, RFC 5764). Datagrams in,
 * datagrams out; OpenSSL reads no clock here: its timer is never armed, a flight is kept as bytes
 * and sent again at our own deadlines (1 s, doubling to 8 s; RFC 6347, 4.2.4) or when the client
 * repeats its own.
 *
 * After the handshake the SSL object is freed (75 KB). What remains: the last flight, resent for
 * each repeated client Finished, and the client's read key, so that close_notify is recognised.
 */
#ifndef IRIS_TRANSPORT_DTLS_H
#define IRIS_TRANSPORT_DTLS_H

#include <stdbool.h>

#include "sfu/transport/certificate.h"
#include "sfu/transport/srtp.h"
#include "sfu/transport/state.h"

#define TRANSPORT_DTLS_MTU_BYTES  1200
#define TRANSPORT_DTLS_TIMEOUT_US 30000000 /* a handshake not done by then has failed */

enum transport_dtls_state {
    TRANSPORT_DTLS_HANDSHAKE,
    TRANSPORT_DTLS_CONNECTED, /* keys are there */
    TRANSPORT_DTLS_CLOSED,    /* the client sent close_notify */
    TRANSPORT_DTLS_FAILED,    /* alert, wrong fingerprint, no common profile, timeout */
};

struct transport_dtls_context; /* SSL_CTX with certificate and profiles; one a worker */
struct transport_dtls;         /* one a peer */

/** @param certificate  must outlive the context. @return owned; NULL when OpenSSL refuses */
struct transport_dtls_context *
transport_dtls_context_create(const struct transport_certificate *certificate);
void transport_dtls_context_destroy(struct transport_dtls_context *context);

/**
 * Wait for a ClientHello.
 *
 * @param fingerprint  SHA-256 of the client's certificate as its SDP announced
 * @param now_us       [us]
 * @return             owned; NULL when memory is short
 */
struct transport_dtls *transport_dtls_create(struct transport_dtls_context *context,
                                             const uint8_t *fingerprint, int64_t now_us);
void transport_dtls_destroy(struct transport_dtls *dtls);

/**
 * Take a datagram (first byte 20-63, RFC 7983) from an address that a STUN check has validated.
 * What is not DTLS, or forged, is dropped without harm to the handshake.
 *
 * @return  the state after it
 */
enum transport_dtls_state transport_dtls_receive(struct transport_dtls *dtls, const uint8_t *data,
                                                 size_t len, int64_t now_us);

/**
 * The next datagram to send.
 *
 * @param data  set to bytes that stay valid until the next call with this dtls
 * @return      its length, at most TRANSPORT_DTLS_MTU_BYTES; 0 when there is none
 */
size_t transport_dtls_next_datagram(struct transport_dtls *dtls, const uint8_t **data);

/** When transport_dtls_advance() has something to do [us]; INT64_MAX if never. */
int64_t transport_dtls_deadline(const struct transport_dtls *dtls);

/** Time has come: queue the flight again, or fail. */
enum transport_dtls_state transport_dtls_advance(struct transport_dtls *dtls, int64_t now_us);

/** The state now. */
enum transport_dtls_state transport_dtls_state(const struct transport_dtls *dtls);

/** Why it failed, a static sentence for the log; "" otherwise. */
const char *transport_dtls_reason(const struct transport_dtls *dtls);

/**
 * The SRTP keys (RFC 5764, 4.2), once; they are wiped here.
 *
 * @param send     what we seal with
 * @param receive  what the client seals with
 * @return         0, or IRIS_E_STATE before CONNECTED or the second time
 */
int transport_dtls_take_keys(struct transport_dtls *dtls, struct transport_srtp_keys *send,
                             struct transport_srtp_keys *receive);

/** Append what can be carried: all of a finished handshake; of one under way, how long it may still
 * take. */
void transport_dtls_export(const struct transport_dtls *dtls,
                           struct transport_state_writer *writer);

/**
 * Go on from what was exported; a handshake waits for a ClientHello again.
 *
 * @param dtls  written on success; owned by the caller
 * @return      0, IRIS_E_TRUNCATED, IRIS_E_MALFORMED or IRIS_E_NO_MEMORY
 */
int transport_dtls_import(struct transport_dtls_context *context,
                          struct transport_state_reader *reader, struct transport_dtls **dtls);

/** Size of what is copied whole [bytes]. */
size_t transport_dtls_size(void);

#endif
