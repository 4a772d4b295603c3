/*
 * Who a listener is: a certificate chain and its private key, read from PEM files. Checked when it
 * is loaded, so that what is loaded can be used for a handshake. Immutable; connections made with
 * it keep what they have when it is destroyed.
 */
#ifndef IRIS_SIGNALLING_TLS_IDENTITY_H
#define IRIS_SIGNALLING_TLS_IDENTITY_H

#include <stddef.h>

struct ssl_st;     /* OpenSSL's SSL */
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

struct signalling_tls_identity;

/**
 * Load and check: both files readable, the key fits the certificate, both strong enough for
 * OpenSSL's security level.
 *
 * @param certificate_file  PEM: the listener's certificate first, then those that lead to its
 * authority
 * @param key_file          PEM private key without a passphrase
 * @param error             on failure a sentence with the file's name
 * @return                  owned; NULL on failure
 */
struct signalling_tls_identity *signalling_tls_identity_load(const char *certificate_file,
                                                             const char *key_file, char *error,
                                                             size_t error_cap);
/** NULL is harmless. */
void signalling_tls_identity_destroy(struct signalling_tls_identity *identity);

/** Present an identity in one connection's handshake, in place of any other. @return 0 or -1 */
int signalling_tls_identity_present(const struct signalling_tls_identity *identity,
                                    struct ssl_st *ssl);

/**
 * Restrict a server context to TLS 1.2 and 1.3 with ECDHE and AEAD (RFC 9325, sections 3.1
 * and 4.2), without compression and renegotiation.
 *
 * @return 0 or -1
 */
int signalling_tls_restrict(struct ssl_ctx_st *context);

#endif
