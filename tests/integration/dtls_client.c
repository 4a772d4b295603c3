/* The handshake as bytes in, bytes out; OpenSSL's retransmission timer is driven by GLib. */
#include "tests/integration/dtls_client.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define MTU_BYTES     1200
#define TIMER_MS      50
#define VALID_SECONDS 86400

struct dtls_client {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *from_server, *to_server; /* owned by ssl */
    dtls_client_send_fn send;
    void *context;
    enum dtls_client_state state;
    guint timer;
};

/* One certificate a program: made at the first use, kept until exit. */
static struct {
    EVP_PKEY *key;
    X509 *certificate;
    char fingerprint[DTLS_CLIENT_FINGERPRINT_CHARS];
} identity;

static void make_certificate(void)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_SECONDS);
    X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"client", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, identity.key);
    X509_sign(certificate, identity.key, EVP_sha256());
    identity.certificate = certificate;
}

static void make_identity(void)
{
    if (identity.key)
        return;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    identity.key = EVP_EC_gen("P-256");
    make_certificate();
    X509_digest(identity.certificate, EVP_sha256(), digest, &len);
    for (unsigned i = 0; i < len; i++)
        snprintf(identity.fingerprint + 3 * i, 4, i + 1 < len ? "%02X:" : "%02X",
                 (unsigned)digest[i]);
}

const char *dtls_client_fingerprint(void)
{
    make_identity();
    return identity.fingerprint;
}

/* Self-signed on both sides: the fingerprint of the SDP is what authenticates (RFC 5763, 5). */
static int accept_any(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

struct dtls_client *dtls_client_create(const char *profiles, dtls_client_send_fn send,
                                       void *context)
{
    make_identity();
    struct dtls_client *client = calloc(1, sizeof(*client));
    client->send = send;
    client->context = context;
    client->ctx = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_use_certificate(client->ctx, identity.certificate);
    SSL_CTX_use_PrivateKey(client->ctx, identity.key);
    SSL_CTX_set_verify(client->ctx, SSL_VERIFY_PEER, accept_any);
    SSL_CTX_set_tlsext_use_srtp(client->ctx, profiles);
    client->ssl = SSL_new(client->ctx);
    SSL_set_options(client->ssl, SSL_OP_NO_QUERY_MTU);
    DTLS_set_link_mtu(client->ssl, MTU_BYTES);
    client->from_server = BIO_new(BIO_s_mem());
    client->to_server = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(client->from_server, -1);
    BIO_set_mem_eof_return(client->to_server, -1);
    SSL_set_bio(client->ssl, client->from_server, client->to_server);
    SSL_set_connect_state(client->ssl);
    return client;
}

void dtls_client_destroy(struct dtls_client *client)
{
    if (!client)
        return;
    if (client->timer != 0)
        g_source_remove(client->timer);
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    free(client);
}

/* A memory BIO is a stream: cut what OpenSSL wrote back into datagrams at record boundaries. */
static void flush(struct dtls_client *client)
{
    char *data;
    size_t left = (size_t)BIO_get_mem_data(client->to_server, &data);
    uint8_t *at = (uint8_t *)data;
    while (left >= 13) {
        size_t record_len = 13 + ((size_t)at[11] << 8 | at[12]);
        if (record_len > left)
            break;
        client->send(client->context, at, record_len);
        at += record_len;
        left -= record_len;
    }
    (void)!BIO_reset(client->to_server);
}

static void advance(struct dtls_client *client)
{
    if (client->state == DTLS_CLIENT_HANDSHAKE) {
        int result = SSL_do_handshake(client->ssl);
        if (result == 1)
            client->state = DTLS_CLIENT_CONNECTED;
        else if (SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ)
            client->state = DTLS_CLIENT_FAILED;
    } else {
        char unused[64];
        SSL_read(client->ssl, unused, sizeof(unused)); /* takes repeated flights and alerts */
    }
    flush(client);
}

static gboolean on_timer(gpointer user)
{
    struct dtls_client *client = user;
    if (client->state != DTLS_CLIENT_HANDSHAKE) {
        client->timer = 0;
        return G_SOURCE_REMOVE;
    }
    if (DTLSv1_handle_timeout(client->ssl) < 0)
        client->state = DTLS_CLIENT_FAILED;
    flush(client);
    return G_SOURCE_CONTINUE;
}

void dtls_client_start(struct dtls_client *client)
{
    if (client->timer != 0)
        return;
    client->timer = g_timeout_add(TIMER_MS, on_timer, client);
    advance(client);
}

void dtls_client_receive(struct dtls_client *client, const uint8_t *data, size_t len)
{
    BIO_write(client->from_server, data, (int)len);
    advance(client);
}

void dtls_client_close(struct dtls_client *client)
{
    SSL_shutdown(client->ssl);
    flush(client);
}

enum dtls_client_state dtls_client_state(const struct dtls_client *client)
{
    return client->state;
}

int dtls_client_server_fingerprint(const struct dtls_client *client, uint8_t fingerprint[32])
{
    unsigned len = 0;
    unsigned char digest[EVP_MAX_MD_SIZE];
    X509 *certificate = SSL_get1_peer_certificate(client->ssl);
    int ok = certificate && X509_digest(certificate, EVP_sha256(), digest, &len) && len == 32;
    X509_free(certificate);
    if (!ok)
        return -1;
    memcpy(fingerprint, digest, len);
    return 0;
}

unsigned dtls_client_profile(const struct dtls_client *client)
{
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(client->ssl);
    return profile ? (unsigned)profile->id : 0;
}

struct srtp_session *dtls_client_create_srtp(struct dtls_client *client)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    unsigned profile = dtls_client_profile(client);
    size_t key = srtp_session_key_bytes(profile), salt = srtp_session_salt_bytes(profile);
    uint8_t material[2 * SRTP_SESSION_MASTER_BYTES];
    if (key == 0 || SSL_export_keying_material(client->ssl, material, 2 * (key + salt), label,
                                               sizeof(label) - 1, NULL, 0, 0) != 1)
        return NULL;
    /* client key, server key, client salt, server salt (RFC 5764, 4.2) */
    uint8_t ours[SRTP_SESSION_MASTER_BYTES], theirs[SRTP_SESSION_MASTER_BYTES];
    memcpy(ours, material, key);
    memcpy(theirs, material + key, key);
    memcpy(ours + key, material + 2 * key, salt);
    memcpy(theirs + key, material + 2 * key + salt, salt);
    return srtp_session_create(profile, ours, theirs);
}
