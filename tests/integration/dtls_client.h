/*
 * The DTLS client of a test client: OpenSSL over memory BIOs (RFC 6347, RFC 5764). The offer said
 * actpass or active and the answer passive, so we speak first.
 */
#ifndef IRIS_TESTS_DTLS_CLIENT_H
#define IRIS_TESTS_DTLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/integration/srtp_session.h"

#define DTLS_CLIENT_FINGERPRINT_CHARS 96 /* 32 x "AB:", the last without colon, terminated */

typedef void (*dtls_client_send_fn)(void *context, const uint8_t *data, size_t len);

enum dtls_client_state {
    DTLS_CLIENT_HANDSHAKE,
    DTLS_CLIENT_CONNECTED,
    DTLS_CLIENT_FAILED,
};

struct dtls_client; /* owned by the caller */

/** SHA-256 of the certificate that all clients of this program share, as in SDP. Static text. */
const char *dtls_client_fingerprint(void);

/**
 * @param profiles  SRTP profiles as OpenSSL names them ("SRTP_AEAD_AES_128_GCM:..."), in order
 * @param send      called with each datagram to send
 */
struct dtls_client *dtls_client_create(const char *profiles, dtls_client_send_fn send,
                                       void *context);

/** Frees without a word to the server. NULL is harmless. */
void dtls_client_destroy(struct dtls_client *client);

/** Send the ClientHello; it is repeated by a timer of the event loop. */
void dtls_client_start(struct dtls_client *client);

/** Take a datagram of the server (first byte 20-63). */
void dtls_client_receive(struct dtls_client *client, const uint8_t *data, size_t len);

/** Send close_notify (RFC 5246, 7.2.1). */
void dtls_client_close(struct dtls_client *client);

enum dtls_client_state dtls_client_state(const struct dtls_client *client);

/** SHA-256 of the server's certificate, once connected. @return 0 or -1 */
int dtls_client_server_fingerprint(const struct dtls_client *client, uint8_t fingerprint[32]);

/** Number of the negotiated SRTP profile; 0 if there is none. */
unsigned dtls_client_profile(const struct dtls_client *client);

/** The SRTP session with the keys of this handshake (RFC 5764, 4.2). @return owned; NULL on failure
 */
struct srtp_session *dtls_client_create_srtp(struct dtls_client *client);

#endif
