/* OpenSSL over two memory BIOs. */
#include "bench/bubbles/dtls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include "rtp/error.h"

#define MTU_BYTES     1200
#define RECORD_HEADER 13 /* RFC 6347, 4.1 */
#define DAY_S         86400
/* The server's fastest first, and nothing that would go through libsrtp2 on both sides. */
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM"

struct bubbles_dtls_context {
    SSL_CTX *context;
    EVP_PKEY *key;
    X509 *certificate;
    char fingerprint[BUBBLES_FINGERPRINT_CHARS];
};

struct bubbles_dtls {
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
    bubbles_dtls_send_fn send;
    void *owner;
    enum bubbles_dtls_state state;
};

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;
    if (name && X509_set_version(certificate, 2) &&
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * DAY_S) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bubbles", -1,
                                   -1, 0) &&
        X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
        X509_sign(certificate, key, EVP_sha256()))
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* Both sides are self-signed: the fingerprint in the SDP is what authenticates (RFC 5763, 5). */
static int accept_any(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

static int set_up(struct bubbles_dtls_context *context, enum transport_srtp_profile profile)
{
    char profiles[64] = PROFILES;
    if (profile != TRANSPORT_SRTP_NONE) /* OpenSSL's names are ours with a prefix */
        snprintf(profiles, sizeof(profiles), "SRTP_%s", transport_srtp_profile_name(profile));
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    context->key = EVP_EC_gen("P-256");
    context->certificate = context->key ? make_certificate(context->key) : NULL;
    context->context = SSL_CTX_new(DTLS_client_method());
    if (!context->certificate || !context->context ||
        SSL_CTX_use_certificate(context->context, context->certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context->context, context->key) != 1 ||
        SSL_CTX_set_tlsext_use_srtp(context->context, profiles) != 0 ||
        X509_digest(context->certificate, EVP_sha256(), digest, &len) != 1)
        return -1;
    SSL_CTX_set_options(context->context, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_verify(context->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context->context, accept_any, NULL);
    for (unsigned i = 0; i < BUBBLES_FINGERPRINT_BYTES; i++)
        snprintf(context->fingerprint + 3 * i, 4, i + 1 < len ? "%02X:" : "%02X",
                 (unsigned)digest[i]);
    return 0;
}

struct bubbles_dtls_context *bubbles_dtls_context_create(enum transport_srtp_profile profile)
{
    struct bubbles_dtls_context *context = calloc(1, sizeof(*context));
    if (context && set_up(context, profile)) {
        bubbles_dtls_context_destroy(context);
        return NULL;
    }
    return context;
}

void bubbles_dtls_context_destroy(struct bubbles_dtls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->context);
    X509_free(context->certificate);
    EVP_PKEY_free(context->key);
    free(context);
}

const char *bubbles_dtls_fingerprint(const struct bubbles_dtls_context *context)
{
    return context->fingerprint;
}

/* A memory BIO is a stream: what OpenSSL wrote is cut back into records, one a datagram. */
static void flush(struct bubbles_dtls *dtls)
{
    char *data;
    long left = BIO_get_mem_data(dtls->out, &data);
    const uint8_t *at = (const uint8_t *)data;
    while (left >= RECORD_HEADER) {
        long len = RECORD_HEADER + (at[11] << 8 | at[12]);
        if (len > left)
            break;
        dtls->send(dtls->owner, at, (size_t)len);
        at += len;
        left -= len;
    }
    (void)!BIO_reset(dtls->out);
}

static void run(struct bubbles_dtls *dtls)
{
    ERR_clear_error();
    int result = SSL_do_handshake(dtls->ssl);
    if (result == 1)
        dtls->state = BUBBLES_DTLS_CONNECTED;
    else if (SSL_get_error(dtls->ssl, result) != SSL_ERROR_WANT_READ)
        dtls->state = BUBBLES_DTLS_FAILED;
    flush(dtls);
}

struct bubbles_dtls *bubbles_dtls_create(struct bubbles_dtls_context *context,
                                         bubbles_dtls_send_fn send, void *owner)
{
    struct bubbles_dtls *dtls = calloc(1, sizeof(*dtls));
    if (!dtls)
        return NULL;
    dtls->ssl = SSL_new(context->context);
    dtls->in = BIO_new(BIO_s_mem());
    dtls->out = BIO_new(BIO_s_mem());
    if (!dtls->ssl || !dtls->in || !dtls->out) {
        BIO_free(dtls->in);
        BIO_free(dtls->out);
        SSL_free(dtls->ssl);
        free(dtls);
        return NULL;
    }
    BIO_set_mem_eof_return(dtls->in, -1);
    BIO_set_mem_eof_return(dtls->out, -1);
    SSL_set_bio(dtls->ssl, dtls->in, dtls->out);
    SSL_set_connect_state(dtls->ssl);
    DTLS_set_link_mtu(dtls->ssl, MTU_BYTES);
    dtls->send = send;
    dtls->owner = owner;
    run(dtls);
    return dtls;
}

void bubbles_dtls_destroy(struct bubbles_dtls *dtls)
{
    if (!dtls)
        return;
    SSL_free(dtls->ssl);
    free(dtls);
}

enum bubbles_dtls_state bubbles_dtls_receive(struct bubbles_dtls *dtls, const uint8_t *data,
                                             size_t len)
{
    if (dtls->state == BUBBLES_DTLS_HANDSHAKE) {
        BIO_write(dtls->in, data, (int)len);
        run(dtls);
    }
    return dtls->state;
}

enum bubbles_dtls_state bubbles_dtls_advance(struct bubbles_dtls *dtls)
{
    if (dtls->state == BUBBLES_DTLS_HANDSHAKE) {
        if (DTLSv1_handle_timeout(dtls->ssl) < 0)
            dtls->state = BUBBLES_DTLS_FAILED;
        flush(dtls);
    }
    return dtls->state;
}

static bool is_the_announced_server(const struct bubbles_dtls *dtls, const uint8_t *fingerprint)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509 *certificate = SSL_get1_peer_certificate(dtls->ssl);
    bool is_it = certificate && X509_digest(certificate, EVP_sha256(), digest, &len) == 1 &&
                 len == BUBBLES_FINGERPRINT_BYTES && memcmp(digest, fingerprint, len) == 0;
    X509_free(certificate);
    return is_it;
}

int bubbles_dtls_keys(const struct bubbles_dtls *dtls, const uint8_t *fingerprint,
                      struct transport_srtp_keys *send, struct transport_srtp_keys *receive)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t material[2 * (TRANSPORT_SRTP_KEY_BYTES + TRANSPORT_SRTP_SALT_BYTES)];
    const SRTP_PROTECTION_PROFILE *selected =
        dtls->state == BUBBLES_DTLS_CONNECTED ? SSL_get_selected_srtp_profile(dtls->ssl) : NULL;
    enum transport_srtp_profile profile =
        selected ? (enum transport_srtp_profile)selected->id : TRANSPORT_SRTP_NONE;
    size_t key = transport_srtp_key_bytes(profile), salt = transport_srtp_salt_bytes(profile);
    if (key == 0 || SSL_export_keying_material(dtls->ssl, material, 2 * (key + salt), label,
                                               sizeof(label) - 1, NULL, 0, 0) != 1)
        return IRIS_E_STATE;
    if (!is_the_announced_server(dtls, fingerprint))
        return IRIS_E_AUTH;
    /* client key, server key, client salt, server salt (RFC 5764, 4.2) */
    *send = *receive = (struct transport_srtp_keys){.profile = profile};
    memcpy(send->key, material, key);
    memcpy(receive->key, material + key, key);
    memcpy(send->salt, material + 2 * key, salt);
    memcpy(receive->salt, material + 2 * key + salt, salt);
    return 0;
}
