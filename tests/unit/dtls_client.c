/* OpenSSL's client, and the clock that it reads. */
#include "dtls_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>

static int64_t clock_us;

/* libcrypto's, too: the linker prefers the program's own. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    int64_t us = clock_us + 1000000000000; /* OpenSSL takes 0 for no timer */
    now->tv_sec = us / 1000000;
    now->tv_usec = us % 1000000;
    return 0;
}

void dtls_client_push(struct dtls_client_queue *queue, const void *data, size_t len)
{
    if (queue->count == DTLS_CLIENT_QUEUE || len > sizeof(queue->data[0]))
        abort(); /* the test's fault */
    unsigned at = (queue->first + queue->count++) % DTLS_CLIENT_QUEUE;
    memcpy(queue->data[at], data, len);
    queue->len[at] = len;
}

size_t dtls_client_pop(struct dtls_client_queue *queue, uint8_t **data)
{
    *data = NULL;
    if (queue->count == 0)
        return 0;
    unsigned at = queue->first;
    queue->first = (at + 1) % DTLS_CLIENT_QUEUE;
    queue->count--;
    *data = queue->data[at];
    return queue->len[at];
}

static int bio_read(BIO *bio, char *out, int cap)
{
    struct dtls_client *client = BIO_get_data(bio);
    uint8_t *data;
    size_t len = dtls_client_pop(&client->in, &data);
    BIO_clear_retry_flags(bio);
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    if (len > (size_t)cap)
        abort();
    memcpy(out, data, len);
    return (int)len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct dtls_client *client = BIO_get_data(bio);
    dtls_client_push(&client->out, data, (size_t)len);
    return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int accept_any(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

/* OpenSSL's callback type. NOLINTNEXTLINE(readability-function-size) */
static int add_padding(SSL *ssl, unsigned type, unsigned where, const uint8_t **out, size_t *len,
                       X509 *x509, size_t index, int *alert, void *bytes)
{
    (void)ssl, (void)type, (void)where, (void)x509, (void)index, (void)alert;
    static const uint8_t zeros[4096];
    *out = zeros;
    *len = *(const size_t *)bytes;
    return 1;
}

void dtls_client_init(struct dtls_client *client, const struct dtls_client_params *params)
{
    memset(client, 0, sizeof(*client));
    client->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "test");
    BIO_meth_set_read(client->method, bio_read);
    BIO_meth_set_write(client->method, bio_write);
    BIO_meth_set_ctrl(client->method, bio_ctrl);
    client->context = SSL_CTX_new(DTLS_client_method());
    SSL_CTX *context = client->context;
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    if (params->is_dtls_1_0) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, DTLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, DTLS1_VERSION);
    }
    if (params->certificate) {
        SSL_CTX_use_certificate(context, params->certificate->x509);
        SSL_CTX_use_PrivateKey(context, params->certificate->key);
    }
    if (params->ciphers)
        SSL_CTX_set_cipher_list(context, params->ciphers);
    if (params->hello_padding_bytes)
        SSL_CTX_add_custom_ext(context, 65280, SSL_EXT_CLIENT_HELLO, add_padding, NULL,
                               (void *)&params->hello_padding_bytes, NULL, NULL);
    SSL_CTX_set_tlsext_use_srtp(context,
                                params->profiles ? params->profiles : DTLS_CLIENT_ALL_PROFILES);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, accept_any, NULL);
    client->ssl = SSL_new(context);
    BIO *bio = BIO_new(client->method);
    BIO_set_data(bio, client);
    BIO_set_init(bio, 1);
    SSL_set_bio(client->ssl, bio, bio);
    SSL_set_connect_state(client->ssl);
    DTLS_set_link_mtu(client->ssl, (long)(params->mtu ? params->mtu : 1200));
}

void dtls_client_dispose(struct dtls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    BIO_meth_free(client->method);
}

void dtls_client_run(struct dtls_client *client, int64_t now_us)
{
    clock_us = now_us;
    ERR_clear_error();
    if (client->is_done) { /* a handshake message again is answered by OpenSSL's read */
        uint8_t nothing[16];
        SSL_read(client->ssl, nothing, sizeof(nothing));
        return;
    }
    int result = SSL_do_handshake(client->ssl);
    if (result == 1)
        client->is_done = true;
    else if (SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ)
        client->is_failed = true;
}

int64_t dtls_client_deadline(struct dtls_client *client, int64_t now_us)
{
    struct timeval left;
    clock_us = now_us;
    if (client->is_done || !DTLSv1_get_timeout(client->ssl, &left))
        return INT64_MAX;
    return now_us + (int64_t)left.tv_sec * 1000000 + left.tv_usec;
}

void dtls_client_advance(struct dtls_client *client, int64_t now_us)
{
    clock_us = now_us;
    if (!client->is_done)
        DTLSv1_handle_timeout(client->ssl);
}

void dtls_client_keys(struct dtls_client *client, struct transport_srtp_keys *send,
                      struct transport_srtp_keys *receive)
{
    uint8_t material[128];
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(client->ssl);
    memset(send, 0, sizeof(*send));
    memset(receive, 0, sizeof(*receive));
    send->profile = receive->profile = profile ? (enum transport_srtp_profile)profile->id : 0;
    size_t key = send->profile == TRANSPORT_SRTP_AEAD_AES_256_GCM ? 32 : 16;
    size_t salt = send->profile == TRANSPORT_SRTP_AES128_CM_SHA1_80 ? 14 : 12;
    if (SSL_export_keying_material(client->ssl, material, 2 * (key + salt), "EXTRACTOR-dtls_srtp",
                                   19, NULL, 0, 0) != 1)
        abort();
    memcpy(send->key, material, key);
    memcpy(receive->key, material + key, key);
    memcpy(send->salt, material + 2 * key, salt);
    memcpy(receive->salt, material + 2 * key + salt, salt);
}
