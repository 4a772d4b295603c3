/*
 * The server's two listeners over TLS, each with an identity of its own in a folder of the test's:
 * for test_server_tls*.c.
 */
#ifndef IRIS_TESTS_SERVER_TLS_H
#define IRIS_TESTS_SERVER_TLS_H

#include "server_client.h"
#include "tls_files.h"

/* The key of both identities, from make_files() until drop_files(). */
extern EVP_PKEY *p256;

/** The path of a file in the folder; good until the fourth call from now. */
const char *in_folder(const char *name);

/** The public listener's identity (public.pem, public.key), written anew by each test. */
void write_identity(EVP_PKEY *key, const char *name);

/** For server_adjust: both listeners with their files of the folder. */
void use_tls(struct signalling_server_config *config);

/** A fixture whose public listener has the identity "first". */
int set_up_tls(void **state);

#define TLS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_tls, tear_down)

/** A client context of one version (0: any), for everything that OpenSSL still knows. @return the
 * caller's */
SSL_CTX *client_context(int version);

/** The common name in the certificate that a client was shown. @return out */
const char *name_of(struct client *c, char out[64]);

/** Of a group of tests: make the folder and the key, and write the operations listener's identity.
 */
int make_files(void **state);

/** Free and delete them. */
int drop_files(void **state);

#endif
