/*
 * The policy of the handshake: what of a datagram reaches OpenSSL, what repeats a flight, when it
 * is sent again, and when the handshake has failed.
 *
 *   client                                      server (stage)
 *   ClientHello (message 0)              -->    DTLS_AWAIT_HELLO
 *                                        <--    ServerHello ... ServerHelloDone
 *   Certificate, ClientKeyExchange,
 *   CertificateVerify (1, 2, 3),         -->    DTLS_AWAIT_CERTIFICATE
 *   ChangeCipherSpec, Finished (epoch 1) -->    DTLS_AWAIT_FINISHED
 *                                        <--    ChangeCipherSpec, Finished; connected
 *
 * Until Finished nothing is authenticated, so whoever can send from the client's address may lie.
 * Plaintext alerts are not believed. What OpenSSL or the fingerprint refuses is forgotten, and
 * fails the handshake only if nothing better comes within DOUBT_US. Messages 1 to 3 are held back
 * until all are there, so that the client's own replace forged ones. What remains: a forged
 * ClientKeyExchange or CertificateVerify, well-formed and just in time to complete the three, ends
 * a handshake.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/dtls_internal.h"

#define RETRANSMIT_FIRST_US 1000000 /* RFC 6347, 4.2.4.1 */
#define RETRANSMIT_MAX_US   8000000
#define REPEAT_US           50000   /* a repeated flight is answered at most once in that time */
#define DOUBT_US            2000000 /* two tries of a client that starts with a second */
#define REPLACE_US          200000 /* a first ClientHello that led nowhere for longer than a round trip */

/* Types of the client's messages by their number (RFC 5246, 7.4; RFC 6347, 4.2.4). */
static const uint8_t message_types[DTLS_MESSAGES] = {SSL3_MT_CLIENT_HELLO, SSL3_MT_CERTIFICATE,
                                                     SSL3_MT_CLIENT_KEY_EXCHANGE,
                                                     SSL3_MT_CERTIFICATE_VERIFY};

void transport_handshake_destroy(struct transport_dtls *dtls)
{
    struct transport_handshake *handshake = dtls->handshake;
    if (!handshake)
        return;
    transport_session_destroy(handshake->session);
    for (int i = 0; i < DTLS_MESSAGES; i++)
        transport_message_clear(&handshake->messages[i]);
    transport_message_clear(&handshake->challenger);
    free(handshake);
    dtls->handshake = NULL;
}

struct transport_dtls *transport_dtls_create(struct transport_dtls_context *context,
                                             const uint8_t *fingerprint, int64_t now_us)
{
    struct transport_dtls *dtls = calloc(1, sizeof(*dtls));
    struct transport_handshake *handshake = calloc(1, sizeof(*handshake));
    if (!dtls || !handshake) {
        free(dtls);
        free(handshake);
        return NULL;
    }
    handshake->timeout_us = now_us + TRANSPORT_DTLS_TIMEOUT_US;
    handshake->doubt_us = handshake->resend_us = INT64_MAX;
    dtls->context = context;
    dtls->handshake = handshake;
    dtls->reason = "";
    memcpy(dtls->fingerprint, fingerprint, sizeof(dtls->fingerprint));
    transport_flight_init(&dtls->last, dtls->last_bytes, sizeof(dtls->last_bytes));
    dtls->flight = &dtls->last;
    return dtls;
}

void transport_dtls_destroy(struct transport_dtls *dtls)
{
    if (!dtls)
        return;
    transport_handshake_destroy(dtls);
    OPENSSL_cleanse(dtls, sizeof(*dtls));
    free(dtls);
}

/* The handshake is kept: OpenSSL's alert may wait to be sent. */
static void fail(struct transport_dtls *dtls, const char *reason)
{
    dtls->state = TRANSPORT_DTLS_FAILED;
    dtls->reason = reason;
}

/* Something is wrong, but it may have been forged: fail if it is not put right in time. */
static void doubt(struct transport_dtls *dtls, const char *reason, int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    if (handshake->doubt_us == INT64_MAX)
        handshake->doubt_us = now_us + DOUBT_US;
    handshake->doubt = reason;
}

static void dispel_doubt(struct transport_handshake *handshake)
{
    handshake->doubt_us = INT64_MAX;
    handshake->doubt = NULL;
}

static void resend(struct transport_dtls *dtls, int64_t now_us)
{
    transport_flight_rewind(dtls->flight);
    dtls->sent_us = now_us;
}

/* The client has sent a flight again, so ours may be lost (RFC 6347, 4.2.4). */
static void on_repeat(struct transport_dtls *dtls, int64_t now_us)
{
    if (now_us - dtls->sent_us >= REPEAT_US)
        resend(dtls, now_us);
}

/* Answer a whole ClientHello with a fresh SSL; what stood before stays if this one is refused. */
static void start(struct transport_dtls *dtls, struct transport_message *hello, int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    struct transport_session *session = transport_session_create(dtls->context, dtls->fingerprint);
    if (!session || transport_session_feed_message(session, hello, 0) < 0 ||
        session->flight.count == 0) {
        transport_session_destroy(session);
        transport_message_clear(hello);
        if (handshake->stage == DTLS_AWAIT_HELLO)
            doubt(dtls, "no acceptable ClientHello", now_us);
        return;
    }
    transport_session_destroy(handshake->session);
    handshake->session = session;
    if (hello != &handshake->messages[0]) { /* nothing of the attempt before is of any use */
        for (int i = 0; i < DTLS_MESSAGES; i++)
            transport_message_clear(&handshake->messages[i]);
        handshake->early_len = 0;
        handshake->messages[0] = *hello;
        *hello = (struct transport_message){0};
    }
    dispel_doubt(handshake);
    handshake->stage = DTLS_AWAIT_CERTIFICATE;
    handshake->answered_us = dtls->sent_us = now_us;
    handshake->backoff_us = RETRANSMIT_FIRST_US;
    handshake->resend_us = now_us + RETRANSMIT_FIRST_US;
    dtls->flight = &session->flight;
}

static void on_hello(struct transport_dtls *dtls, const struct transport_fragment *fragment,
                     int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    struct transport_message *hello = &handshake->messages[0];
    if (handshake->stage == DTLS_AWAIT_HELLO) {
        if (transport_message_insert(hello, fragment) == 0 && transport_message_is_complete(hello))
            start(dtls, hello, now_us);
        return;
    }
    if (transport_message_repeats(hello, fragment)) {
        on_repeat(dtls, now_us);
        return;
    }
    /* Another one: the first was forged, or the client has begun anew. */
    struct transport_message *challenger = &handshake->challenger;
    if (handshake->stage != DTLS_AWAIT_CERTIFICATE || now_us - handshake->answered_us < REPLACE_US)
        return;
    /* A single fragment may differ, the others will be taken for repeats. */
    if (!challenger->bytes && hello->len == fragment->message_len &&
        transport_message_copy(challenger, hello))
        return;
    if (transport_message_insert(challenger, fragment) == 0 &&
        transport_message_is_complete(challenger))
        start(dtls, challenger, now_us);
}

/* The first certificate of the list (RFC 5246, 7.4.2) is the announced one. */
static bool has_right_certificate(const struct transport_dtls *dtls,
                                  const struct transport_message *message)
{
    const uint8_t *body = transport_message_body(message);
    uint8_t hash[TRANSPORT_FINGERPRINT_BYTES];
    if (message->len < 6)
        return false;
    size_t leaf_len = rtp_bytes_get24(body + 3);
    return leaf_len <= message->len - 6 &&
           EVP_Digest(body + 6, leaf_len, hash, NULL, EVP_sha256(), NULL) &&
           CRYPTO_memcmp(hash, dtls->fingerprint, sizeof(hash)) == 0;
}

static const char *session_failure(const struct transport_session *session)
{
    return session->has_wrong_certificate
               ? "the client's certificate does not match its announced fingerprint"
               : "OpenSSL refused a message of the handshake";
}

/* Finished is verified: everything said so far was the client's. */
static void on_finished(struct transport_dtls *dtls, int64_t now_us)
{
    struct transport_session *session = dtls->handshake->session;
    int result = transport_session_export(session, &dtls->send, &dtls->receive);
    if (result) {
        fail(dtls, result == IRIS_E_UNSUPPORTED ? "no common SRTP profile"
                                                : "OpenSSL exported no SRTP keys");
        return;
    }
    const uint8_t *data;
    size_t len;
    transport_flight_rewind(&session->flight);
    while ((len = transport_flight_next(&session->flight, &data)) > 0)
        result |= transport_flight_add(&dtls->last, data, len);
    if (result || transport_alert_key_derive(&dtls->alert_key, session->ssl)) {
        fail(dtls, "the end of the handshake could not be kept");
        return;
    }
    dtls->flight = &dtls->last;
    dtls->sent_us = now_us;
    dtls->has_keys = true;
    dtls->state = TRANSPORT_DTLS_CONNECTED;
    transport_handshake_destroy(dtls);
}

static void feed_encrypted(struct transport_dtls *dtls, const uint8_t *record, size_t len,
                           int64_t now_us)
{
    struct transport_session *session = dtls->handshake->session;
    int result = transport_session_feed(session, record, len);
    if (result < 0)
        fail(dtls, session_failure(session));
    else if (result == 1)
        on_finished(dtls, now_us);
}

/* Messages 1 to 3 are there: hand them over, and what of epoch 1 was waiting for them. */
static void feed_certificate(struct transport_dtls *dtls, int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    struct transport_session *session = handshake->session;
    int result = 0;
    for (uint16_t i = 1; i < DTLS_MESSAGES && result == 0; i++) {
        result = transport_session_feed_message(session, &handshake->messages[i], i);
        transport_message_clear(&handshake->messages[i]);
    }
    /*
     * ChangeCipherSpec has no content and no number: ours is as good as the client's, and no reason
     * to wait when that one was lost.
     */
    if (result == 0)
        result = transport_session_feed_change_cipher_spec(session);
    if (result < 0) {
        fail(dtls, session_failure(session));
        return;
    }
    handshake->stage = DTLS_AWAIT_FINISHED;
    if (handshake->early_len)
        feed_encrypted(dtls, handshake->early, handshake->early_len, now_us);
}

static void on_later_message(struct transport_dtls *dtls, const struct transport_fragment *fragment,
                             int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    struct transport_message *message = &handshake->messages[fragment->message_seq];
    if (handshake->stage != DTLS_AWAIT_CERTIFICATE)
        return;
    if (fragment->message_seq == 1 && transport_message_is_complete(message))
        return; /* the announced certificate: nothing better can come */
    if (transport_message_insert(message, fragment))
        return;
    if (fragment->message_seq == 1 && transport_message_is_complete(message)) {
        if (!has_right_certificate(dtls, message)) {
            transport_message_clear(message);
            doubt(dtls, "the client's certificate does not match its announced fingerprint",
                  now_us);
            return;
        }
        dispel_doubt(handshake);
    }
    for (int i = 1; i < DTLS_MESSAGES; i++)
        if (!transport_message_is_complete(&handshake->messages[i]))
            return;
    feed_certificate(dtls, now_us);
}

static void on_plain_handshake(struct transport_dtls *dtls, const struct transport_record *record,
                               int64_t now_us)
{
    struct transport_fragment fragment;
    const uint8_t *body = record->body;
    size_t len = record->body_len;
    while (dtls->state == TRANSPORT_DTLS_HANDSHAKE &&
           transport_fragment_next(&body, &len, &fragment)) {
        if (fragment.message_seq >= DTLS_MESSAGES ||
            fragment.type != message_types[fragment.message_seq])
            continue;
        if (fragment.message_seq == 0)
            on_hello(dtls, &fragment, now_us);
        else
            on_later_message(dtls, &fragment, now_us);
    }
}

static void on_encrypted(struct transport_dtls *dtls, const struct transport_record *record,
                         int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    if (handshake->stage == DTLS_AWAIT_FINISHED) {
        feed_encrypted(dtls, record->whole, record->whole_len, now_us);
    } else if (handshake->stage == DTLS_AWAIT_CERTIFICATE && record->type == DTLS_HANDSHAKE &&
               record->whole_len <= sizeof(handshake->early)) {
        memcpy(handshake->early, record->whole, record->whole_len);
        handshake->early_len = record->whole_len;
    }
}

static void on_handshake_record(struct transport_dtls *dtls, const struct transport_record *record,
                                int64_t now_us)
{
    if (record->epoch == 0 && record->type == DTLS_HANDSHAKE)
        on_plain_handshake(dtls, record, now_us);
    else if (record->epoch == 0 && record->type == DTLS_ALERT)
        dtls->handshake->has_alert = true;
    else if (record->epoch == 1 && (record->type == DTLS_HANDSHAKE || record->type == DTLS_ALERT))
        on_encrypted(dtls, record, now_us);
}

/* After the handshake: the client's last flight again, or its farewell. */
static void on_late_record(struct transport_dtls *dtls, const struct transport_record *record,
                           int64_t now_us)
{
    struct transport_fragment fragment;
    const uint8_t *body = record->body;
    size_t len = record->body_len;
    if (transport_alert_ends(&dtls->alert_key, record))
        dtls->state = TRANSPORT_DTLS_CLOSED;
    else if (record->type == DTLS_HANDSHAKE &&
             (record->epoch == 1 ||
              (record->epoch == 0 && transport_fragment_next(&body, &len, &fragment) &&
               fragment.message_seq > 0)))
        on_repeat(dtls, now_us);
}

enum transport_dtls_state transport_dtls_receive(struct transport_dtls *dtls, const uint8_t *data,
                                                 size_t len, int64_t now_us)
{
    struct transport_record record;
    while (transport_record_next(&data, &len, &record)) {
        if (dtls->state == TRANSPORT_DTLS_HANDSHAKE)
            on_handshake_record(dtls, &record, now_us);
        else if (dtls->state == TRANSPORT_DTLS_CONNECTED)
            on_late_record(dtls, &record, now_us);
    }
    return dtls->state;
}

size_t transport_dtls_next_datagram(struct transport_dtls *dtls, const uint8_t **data)
{
    return transport_flight_next(dtls->flight, data);
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

int64_t transport_dtls_deadline(const struct transport_dtls *dtls)
{
    const struct transport_handshake *handshake = dtls->handshake;
    if (dtls->state != TRANSPORT_DTLS_HANDSHAKE)
        return INT64_MAX;
    return earlier(handshake->timeout_us, earlier(handshake->doubt_us, handshake->resend_us));
}

enum transport_dtls_state transport_dtls_advance(struct transport_dtls *dtls, int64_t now_us)
{
    struct transport_handshake *handshake = dtls->handshake;
    if (dtls->state != TRANSPORT_DTLS_HANDSHAKE)
        return dtls->state;
    if (now_us >= handshake->doubt_us) {
        fail(dtls, handshake->doubt);
    } else if (now_us >= handshake->timeout_us) {
        fail(dtls, handshake->has_alert ? "no handshake in time, after an unauthenticated alert"
                                        : "no handshake in time");
    } else if (now_us >= handshake->resend_us) {
        resend(dtls, now_us);
        handshake->backoff_us = earlier(2 * handshake->backoff_us, RETRANSMIT_MAX_US);
        handshake->resend_us = now_us + handshake->backoff_us;
    }
    return dtls->state;
}

enum transport_dtls_state transport_dtls_state(const struct transport_dtls *dtls)
{
    return dtls->state;
}

const char *transport_dtls_reason(const struct transport_dtls *dtls)
{
    return dtls->reason;
}

int transport_dtls_take_keys(struct transport_dtls *dtls, struct transport_srtp_keys *send,
                             struct transport_srtp_keys *receive)
{
    if (!dtls->has_keys)
        return IRIS_E_STATE;
    *send = dtls->send;
    *receive = dtls->receive;
    OPENSSL_cleanse(&dtls->send, sizeof(dtls->send));
    OPENSSL_cleanse(&dtls->receive, sizeof(dtls->receive));
    dtls->has_keys = false;
    return 0;
}
