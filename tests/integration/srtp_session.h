/*
 * SRTP of a test client by libsrtp2 (RFC 3711, RFC 7714): an oracle that shares nothing with the
 * server's own AEAD path.
 */
#ifndef IRIS_TESTS_SRTP_SESSION_H
#define IRIS_TESTS_SRTP_SESSION_H

#include <stddef.h>
#include <stdint.h>

#define SRTP_SESSION_TRAILER_BYTES 64 /* room that sealing needs behind a packet */
#define SRTP_SESSION_MASTER_BYTES  46 /* key and salt of AES-256 */

struct srtp_session; /* both directions; owned by the caller */

/**
 * @param profile      DTLS-SRTP protection profile number (RFC 5764, 4.1.2)
 * @param send_master  master key and salt of what we send
 * @return             NULL for an unknown profile
 */
struct srtp_session *srtp_session_create(unsigned profile, const uint8_t *send_master,
                                         const uint8_t *receive_master);
void srtp_session_destroy(struct srtp_session *session);

/** Bytes of a profile's master key and of its salt; 0 for an unknown one. */
size_t srtp_session_key_bytes(unsigned profile);
size_t srtp_session_salt_bytes(unsigned profile);

/** Seal or open in place. @return new length, or -1 when libsrtp2 refuses */
int srtp_session_seal_rtp(struct srtp_session *session, uint8_t *packet, size_t len);
int srtp_session_seal_rtcp(struct srtp_session *session, uint8_t *packet, size_t len);
int srtp_session_open_rtp(struct srtp_session *session, uint8_t *packet, size_t len);
int srtp_session_open_rtcp(struct srtp_session *session, uint8_t *packet, size_t len);

#endif
