/*
 * A DTLS client for the tests: OpenSSL over queues of datagrams, on a virtual clock. OpenSSL 3.0
 * takes its retransmission timer from gettimeofday(), which is replaced for the whole test program.
 */
#ifndef IRIS_TEST_DTLS_CLIENT_H
#define IRIS_TEST_DTLS_CLIENT_H

#include <openssl/srtp.h>

#include "sfu/transport/dtls_internal.h"

#define DTLS_CLIENT_QUEUE 64
#define DTLS_CLIENT_ALL_PROFILES                                                                   \
    "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM" /* the reverse of ours */

/* First in, first out. */
struct dtls_client_queue {
    uint8_t data[DTLS_CLIENT_QUEUE][2048];
    size_t len[DTLS_CLIENT_QUEUE];
    unsigned first, count;
};

struct dtls_client_params {
    const struct transport_certificate *certificate; /* NULL: none */
    const char *profiles;                            /* NULL: all three */
    const char *ciphers;                             /* NULL: OpenSSL's */
    size_t mtu;                                      /* [bytes], 0: 1200 */
    size_t hello_padding_bytes;                      /* a large extension, as an ML-KEM share is */
    bool is_dtls_1_0;
};

struct dtls_client {
    SSL_CTX *context;
    SSL *ssl;
    BIO_METHOD *method;
    struct dtls_client_queue in, out;
    bool is_done, is_failed;
};

/* Aborts when there is no room: the test's fault. */
void dtls_client_push(struct dtls_client_queue *queue, const void *data, size_t len);

/* The oldest datagram, valid until the queue has gone around; 0 and NULL: none. */
size_t dtls_client_pop(struct dtls_client_queue *queue, uint8_t **data);

/* @param params  must outlive the client */
void dtls_client_init(struct dtls_client *client, const struct dtls_client_params *params);

void dtls_client_dispose(struct dtls_client *client);

/* Take what is in the queue (and send the first flight). */
void dtls_client_run(struct dtls_client *client, int64_t now_us);

/* When its timer fires [us]; INT64_MAX: never. */
int64_t dtls_client_deadline(struct dtls_client *client, int64_t now_us);

/* Its timer fires, if it is time. */
void dtls_client_advance(struct dtls_client *client, int64_t now_us);

/* Its SRTP keys by RFC 5764, 4.2: what it seals with, then what it opens with. */
void dtls_client_keys(struct dtls_client *client, struct transport_srtp_keys *send,
                      struct transport_srtp_keys *receive);

#endif
