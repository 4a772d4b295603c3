/*
 * The server's DTLS certificate: self-signed ECDSA P-256, made at start, told to clients by its
 * fingerprint in the SDP (RFC 8122, section 5; RFC 8827, section 6.5).
 */
#ifndef IRIS_TRANSPORT_CERTIFICATE_H
#define IRIS_TRANSPORT_CERTIFICATE_H

#include <stdint.h>

#define TRANSPORT_FINGERPRINT_BYTES 32 /* SHA-256 */

struct transport_certificate; /* key and certificate; read-only after creation, shared by workers */

/** @return owned by the caller; NULL when OpenSSL refuses */
struct transport_certificate *transport_certificate_create(void);
void transport_certificate_destroy(struct transport_certificate *certificate);

/** SHA-256 over the DER form, TRANSPORT_FINGERPRINT_BYTES long; valid as long as the certificate.
 */
const uint8_t *transport_certificate_fingerprint(const struct transport_certificate *certificate);

#endif
