/*
 * The client side of DTLS-SRTP (RFC 5764) over memory, one certificate for all participants. The
 * SSL object lives as long as the handshake; its owner frees it once it has the keys.
 */
#ifndef IRIS_BENCH_BUBBLES_DTLS_H
#define IRIS_BENCH_BUBBLES_DTLS_H

#include <stdbool.h>

#include "sfu/transport/srtp.h"

#define BUBBLES_FINGERPRINT_BYTES 32 /* SHA-256 */
#define BUBBLES_FINGERPRINT_CHARS 96 /* "AB:..:CD" and the terminator */

struct bubbles_dtls_context; /* SSL_CTX and certificate */
struct bubbles_dtls;         /* one handshake */

typedef void (*bubbles_dtls_send_fn)(void *owner, const uint8_t *data, size_t len);

enum bubbles_dtls_state {
    BUBBLES_DTLS_HANDSHAKE,
    BUBBLES_DTLS_CONNECTED,
    BUBBLES_DTLS_FAILED,
};

/**
 * @param profile  the only one that is offered; TRANSPORT_SRTP_NONE: both AEADs
 * @return         owned; NULL when OpenSSL refuses
 */
struct bubbles_dtls_context *bubbles_dtls_context_create(enum transport_srtp_profile profile);
void bubbles_dtls_context_destroy(struct bubbles_dtls_context *context);

/** Of our certificate, as SDP writes it. */
const char *bubbles_dtls_fingerprint(const struct bubbles_dtls_context *context);

/**
 * Begin: the ClientHello is sent at once.
 *
 * @param send  takes datagrams, also during this call
 * @return      owned; NULL: no memory
 */
struct bubbles_dtls *bubbles_dtls_create(struct bubbles_dtls_context *context,
                                         bubbles_dtls_send_fn send, void *owner);
void bubbles_dtls_destroy(struct bubbles_dtls *dtls);

/** Take a datagram. @return the state after it */
enum bubbles_dtls_state bubbles_dtls_receive(struct bubbles_dtls *dtls, const uint8_t *data,
                                             size_t len);

/** Repeat the last flight if OpenSSL thinks that it is time; call every 50 ms or so. */
enum bubbles_dtls_state bubbles_dtls_advance(struct bubbles_dtls *dtls);

/**
 * The keys, once connected.
 *
 * @param fingerprint  of the server, as its answer says; another certificate is refused
 * @param send         what we seal with
 * @param receive      what the server seals with
 * @return             0, IRIS_E_STATE or IRIS_E_AUTH
 */
int bubbles_dtls_keys(const struct bubbles_dtls *dtls, const uint8_t *fingerprint,
                      struct transport_srtp_keys *send, struct transport_srtp_keys *receive);

#endif
