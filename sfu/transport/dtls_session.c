/*
 * OpenSSL's side of the handshake: the SSL_CTX of a worker, one SSL a try, and a BIO that hands one
 * record in and keeps the datagrams that come out. OpenSSL's own timer is set so far off that it
 * never fires: retransmission is dtls.c's.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/srtp.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/dtls_internal.h"

/* AES-GCM only: every browser has it, and dtls_close.c opens nothing else. */
#define CIPHERS  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
#define GROUPS   "X25519:P-256"
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"
#define EXPORTER "EXTRACTOR-dtls_srtp" /* RFC 5764, 4.2 */

struct transport_dtls_context {
    SSL_CTX *ssl;
    BIO_METHOD *bio;
};

static int bio_read(BIO *bio, char *out, int cap)
{
    struct transport_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!session->input) {
        BIO_set_retry_read(bio);
        return -1;
    }
    int len = session->input_len < (size_t)cap ? (int)session->input_len : cap;
    memcpy(out, session->input, (size_t)len);
    session->input = NULL; /* a datagram is read once, what does not fit is lost */
    return len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct transport_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->is_flight_old) {
        transport_flight_init(&session->flight, session->flight_bytes,
                              sizeof(session->flight_bytes));
        session->is_flight_old = false;
    }
    return transport_flight_add(&session->flight, (const uint8_t *)data, (size_t)len) ? -1 : len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* all else, MTU and timers among it, is unknown: 0 */
}

static BIO_METHOD *create_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "iris datagrams");
    if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
        BIO_meth_set_ctrl(method, bio_ctrl))
        return method;
    BIO_meth_free(method);
    return NULL;
}

static unsigned never(SSL *ssl, unsigned timer_us)
{
    (void)ssl;
    (void)timer_us;
    return UINT_MAX; /* 71 minutes; a handshake has 30 s */
}

/*
 * No chain is verified, only that the leaf is the one announced (RFC 8122, section 5); that the
 * client has its key is shown by CertificateVerify.
 */
static int verify_fingerprint(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct transport_session *session = SSL_get_app_data(ssl);
    uint8_t hash[TRANSPORT_FINGERPRINT_BYTES];
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    if (leaf && X509_digest(leaf, EVP_sha256(), hash, NULL) &&
        CRYPTO_memcmp(hash, session->fingerprint, sizeof(hash)) == 0)
        return 1;
    session->has_wrong_certificate = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static int configure(SSL_CTX *ssl, const struct transport_certificate *certificate)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, verify_fingerprint, NULL);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_cipher_list(ssl, CIPHERS) && SSL_CTX_set1_groups_list(ssl, GROUPS) &&
           SSL_CTX_set_tlsext_use_srtp(ssl, PROFILES) == 0 && /* 0 is success here */
           SSL_CTX_use_certificate(ssl, certificate->x509) &&
           SSL_CTX_use_PrivateKey(ssl, certificate->key);
}

struct transport_dtls_context *
transport_dtls_context_create(const struct transport_certificate *certificate)
{
    struct transport_dtls_context *context = calloc(1, sizeof(*context));
    if (!context)
        return NULL;
    context->bio = create_bio_method();
    context->ssl = SSL_CTX_new(DTLS_server_method());
    if (!context->bio || !context->ssl || !configure(context->ssl, certificate)) {
        transport_dtls_context_destroy(context);
        return NULL;
    }
    return context;
}

void transport_dtls_context_destroy(struct transport_dtls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->bio);
    free(context);
}

struct transport_session *transport_session_create(struct transport_dtls_context *context,
                                                   const uint8_t *fingerprint)
{
    struct transport_session *session = calloc(1, sizeof(*session));
    if (!session)
        return NULL;
    session->fingerprint = fingerprint;
    transport_flight_init(&session->flight, session->flight_bytes, sizeof(session->flight_bytes));
    session->ssl = SSL_new(context->ssl);
    BIO *bio = BIO_new(context->bio);
    if (!session->ssl || !bio) {
        BIO_free(bio);
        transport_session_destroy(session);
        return NULL;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    SSL_set_accept_state(session->ssl);
    DTLS_set_link_mtu(session->ssl, TRANSPORT_DTLS_MTU_BYTES);
    DTLS_set_timer_cb(session->ssl, never);
    return session;
}

void transport_session_destroy(struct transport_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    OPENSSL_cleanse(session->flight_bytes, sizeof(session->flight_bytes));
    free(session);
}

int transport_session_feed(struct transport_session *session, const uint8_t *record, size_t len)
{
    session->input = record;
    session->input_len = len;
    session->is_flight_old = true;
    ERR_clear_error();
    int result = SSL_do_handshake(session->ssl);
    session->input = NULL;
    if (result == 1)
        return 1;
    int reason = SSL_get_error(session->ssl, result);
    ERR_clear_error();
    return reason == SSL_ERROR_WANT_READ ? 0 : IRIS_E_STATE;
}

int transport_session_feed_message(struct transport_session *session,
                                   struct transport_message *message, uint16_t message_seq)
{
    size_t body_len = DTLS_HANDSHAKE_HEADER_BYTES + message->len;
    uint8_t *header = message->bytes + DTLS_RECORD_HEADER_BYTES;
    transport_record_write_header(message->bytes, DTLS_HANDSHAKE, session->read_seq++, body_len);
    header[0] = message->type;
    rtp_bytes_put24(header + 1, (uint32_t)message->len);
    rtp_bytes_put16(header + 4, message_seq);
    rtp_bytes_put24(header + 6, 0);
    rtp_bytes_put24(header + 9, (uint32_t)message->len);
    return transport_session_feed(session, message->bytes, DTLS_RECORD_HEADER_BYTES + body_len);
}

int transport_session_feed_change_cipher_spec(struct transport_session *session)
{
    uint8_t record[DTLS_RECORD_HEADER_BYTES + 1];
    transport_record_write_header(record, DTLS_CHANGE_CIPHER_SPEC, session->read_seq++, 1);
    record[DTLS_RECORD_HEADER_BYTES] = 1;
    return transport_session_feed(session, record, sizeof(record));
}

int transport_session_export(const struct transport_session *session,
                             struct transport_srtp_keys *send, struct transport_srtp_keys *receive)
{
    const SRTP_PROTECTION_PROFILE *selected = SSL_get_selected_srtp_profile(session->ssl);
    if (!selected)
        return IRIS_E_UNSUPPORTED;
    /* OpenSSL's ids are those of the IANA registry, as ours. */
    enum transport_srtp_profile profile = (enum transport_srtp_profile)selected->id;
    size_t key_bytes = transport_srtp_key_bytes(profile);
    size_t salt_bytes = transport_srtp_salt_bytes(profile);
    uint8_t material[2 * (TRANSPORT_SRTP_KEY_BYTES + TRANSPORT_SRTP_SALT_BYTES)];
    if (key_bytes == 0 ||
        SSL_export_keying_material(session->ssl, material, 2 * (key_bytes + salt_bytes), EXPORTER,
                                   sizeof(EXPORTER) - 1, NULL, 0, 0) != 1)
        return IRIS_E_SYSTEM;
    /* client key, server key, client salt, server salt */
    receive->profile = send->profile = profile;
    memcpy(receive->key, material, key_bytes);
    memcpy(send->key, material + key_bytes, key_bytes);
    memcpy(receive->salt, material + 2 * key_bytes, salt_bytes);
    memcpy(send->salt, material + 2 * key_bytes + salt_bytes, salt_bytes);
    OPENSSL_cleanse(material, sizeof(material));
    return 0;
}
