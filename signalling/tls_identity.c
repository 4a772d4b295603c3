/* Certificates and keys, and what this server speaks as TLS. */
#include "signalling/tls_identity.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 9325, section 4.2. TLS 1.3 has only suites of this kind. */
#define TLS12_CIPHERS                                                                              \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define TLS13_CIPHERS "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

struct signalling_tls_identity {
    X509 *certificate;      /* owned */
    STACK_OF(X509) * chain; /* owned, likewise its entries; may be empty */
    EVP_PKEY *key;          /* owned */
};

int signalling_tls_restrict(struct ssl_ctx_st *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(context, TLS12_CIPHERS) == 1 &&
                   SSL_CTX_set_ciphersuites(context, TLS13_CIPHERS) == 1
               ? 0
               : -1;
}

/* A key with a passphrase is an error: nobody sits at a server's terminal. */
static int no_passphrase(char *out, int cap, int is_write, void *context)
{
    (void)out;
    (void)cap;
    (void)is_write;
    *(int *)context = 1;
    return -1;
}

/* @return what is wrong, NULL: nothing */
static const char *read_chain(struct signalling_tls_identity *identity, FILE *file)
{
    X509 *next;

    identity->certificate = PEM_read_X509(file, NULL, NULL, NULL);
    if (!identity->certificate)
        return "holds no certificate in PEM form (\"BEGIN CERTIFICATE\")";
    identity->chain = sk_X509_new_null();
    while (identity->chain && (next = PEM_read_X509(file, NULL, NULL, NULL)))
        if (sk_X509_push(identity->chain, next) == 0)
            X509_free(next);
    /* The end of the file is the one way to end that is none of the file's faults. */
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
               ? NULL
               : "holds a certificate that cannot be read";
}

static const char *read_key(struct signalling_tls_identity *identity, FILE *file)
{
    int has_passphrase = 0;

    identity->key = PEM_read_PrivateKey(file, NULL, no_passphrase, &has_passphrase);
    if (identity->key)
        return NULL;
    return has_passphrase ? "is locked by a passphrase, which a server cannot type"
                          : "holds no private key in PEM form (\"BEGIN PRIVATE KEY\")";
}

/* Open a file for one of the readers above. @return what is wrong with it, NULL: nothing */
static const char *read_file(struct signalling_tls_identity *identity, const char *path,
                             const char *(*read)(struct signalling_tls_identity *, FILE *))
{
    FILE *file = fopen(path, "rb");
    const char *problem;

    if (!file)
        return strerror(errno);
    problem = read(identity, file);
    fclose(file);
    return problem;
}

/* A handshake would refuse what this refuses: a key of another certificate, a weak one. */
static const char *try_out(const struct signalling_tls_identity *identity)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    const char *problem = NULL;

    ERR_clear_error();
    if (!context || signalling_tls_restrict(context) != 0)
        problem = "cannot be tried out: out of memory";
    else if (X509_check_private_key(identity->certificate, identity->key) != 1)
        problem = "is not the key of this certificate";
    else if (SSL_CTX_use_cert_and_key(context, identity->certificate, identity->key,
                                      identity->chain, 1) != 1)
        problem = ERR_reason_error_string(ERR_peek_last_error());
    SSL_CTX_free(context);
    return problem;
}

static int load(struct signalling_tls_identity *identity, const char *certificate_file,
                const char *key_file, char *error, size_t cap)
{
    const char *problem = read_file(identity, certificate_file, read_chain);

    if (problem) {
        snprintf(error, cap, "the TLS certificate file %.120s cannot be used: %s", certificate_file,
                 problem);
        return -1;
    }
    problem = read_file(identity, key_file, read_key);
    if (!problem)
        problem = try_out(identity);
    if (problem) {
        snprintf(error, cap, "the TLS key file %.120s cannot be used with %.120s: %s", key_file,
                 certificate_file, problem);
        return -1;
    }
    return 0;
}

struct signalling_tls_identity *signalling_tls_identity_load(const char *certificate_file,
                                                             const char *key_file, char *error,
                                                             size_t error_cap)
{
    struct signalling_tls_identity *identity = calloc(1, sizeof(*identity));
    int result = -1;

    ERR_clear_error();
    if (!identity)
        snprintf(error, error_cap, "the TLS files cannot be read: out of memory");
    else
        result = load(identity, certificate_file, key_file, error, error_cap);
    ERR_clear_error(); /* what stays would be taken for a connection's */
    if (result == 0)
        return identity;
    signalling_tls_identity_destroy(identity);
    return NULL;
}

void signalling_tls_identity_destroy(struct signalling_tls_identity *identity)
{
    if (!identity)
        return;
    X509_free(identity->certificate);
    sk_X509_pop_free(identity->chain, X509_free);
    EVP_PKEY_free(identity->key);
    free(identity);
}

int signalling_tls_identity_present(const struct signalling_tls_identity *identity,
                                    struct ssl_st *ssl)
{
    SSL_certs_clear(ssl);
    return SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1) == 1
               ? 0
               : -1;
}
