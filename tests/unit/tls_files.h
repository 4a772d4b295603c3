/*
 * Certificates and keys as files, made on the spot: what a listener with TLS is given.
 */
#ifndef IRIS_TESTS_TLS_FILES_H
#define IRIS_TESTS_TLS_FILES_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

/** A private key in PEM form. @param passphrase  NULL: in clear */
void tls_write_key(const char *path, EVP_PKEY *key, const char *passphrase);

/** A certificate that signs itself, good for an hour. @param name  its common name */
void tls_write_certificate(const char *path, EVP_PKEY *key, const char *name);

/** The path of a file in a folder; good until the fourth call from now. */
const char *path_in(const char *folder, const char *name);

#endif
