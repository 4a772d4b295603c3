/*
 * What the files of the DTLS handshake share. Internal to sfu/transport.
 *
 *   dtls.c          policy: which record counts, repeats, deadlines, failure
 *   dtls_record.c   records, handshake fragments, reassembled messages
 *   dtls_session.c  OpenSSL: one SSL with an in-memory BIO
 *   dtls_flight.c   datagrams kept to be sent, and sent again
 *   dtls_close.c    the client's alerts after the SSL is freed
 *   dtls_state.c    a hand-over
 *
 * OpenSSL is fed whole messages in order, in records that we number ourselves, and never a
 * plaintext record as it came: record numbers and fragments of epoch 0 are authenticated by
 * nothing, and a forged one could close OpenSSL's replay window or end its handshake.
 */
#ifndef IRIS_TRANSPORT_DTLS_INTERNAL_H
#define IRIS_TRANSPORT_DTLS_INTERNAL_H

#include <openssl/ssl.h>

#include "sfu/transport/dtls.h"

struct transport_certificate {
    EVP_PKEY *key;
    X509 *x509;
    uint8_t fingerprint[TRANSPORT_FINGERPRINT_BYTES];
};

/* ---- dtls_record.c ---- */

#define DTLS_RECORD_HEADER_BYTES    13 /* RFC 6347, 4.1 */
#define DTLS_HANDSHAKE_HEADER_BYTES 12 /* RFC 6347, 4.2.2 */
#define DTLS_VERSION_1_2            0xfefd
/* A ClientHello with ML-KEM has 1.8 KB, an RSA certificate 1-2 KB. */
#define DTLS_MESSAGE_MAX_BYTES 8192

enum dtls_content {
    DTLS_CHANGE_CIPHER_SPEC = 20,
    DTLS_ALERT = 21,
    DTLS_HANDSHAKE = 22,
};

/* A view of one record in a datagram. */
struct transport_record {
    const uint8_t *whole; /* header and body */
    const uint8_t *body;
    size_t whole_len, body_len; /* [bytes] */
    uint16_t epoch;
    uint8_t type;
};

/* A view of one handshake fragment in a plaintext record; offset + len <= message_len. */
struct transport_fragment {
    const uint8_t *body;
    uint32_t message_len, offset, len; /* [bytes] */
    uint16_t message_seq;
    uint8_t type;
};

/* A message being put together: bytes start with room for the record and handshake headers. */
struct transport_message {
    uint8_t *bytes; /* owned; NULL: nothing yet */
    uint8_t *have;  /* one bit a byte of the body; within the same allocation */
    size_t len, have_len;
    uint8_t type;
};

/**
 * Split the next record off a datagram (RFC 6347, 4.1).
 *
 * @param data, len  advanced behind the record
 * @return           false at the end, or where the rest is no DTLS 1.0-1.2 record
 */
bool transport_record_next(const uint8_t **data, size_t *len, struct transport_record *record);

/** Split the next fragment off the body of a handshake record; false at the end or if malformed. */
bool transport_fragment_next(const uint8_t **body, size_t *len,
                             struct transport_fragment *fragment);

/** Write a DTLS 1.2 record header of epoch 0. */
void transport_record_write_header(uint8_t *out, enum dtls_content type, uint64_t seq,
                                   size_t body_len);

/**
 * Put a fragment into a message; the newest wins over what differs in type or length.
 *
 * @return  0, IRIS_E_MALFORMED (no length, or above DTLS_MESSAGE_MAX_BYTES) or IRIS_E_NO_MEMORY
 */
int transport_message_insert(struct transport_message *message,
                             const struct transport_fragment *fragment);

/** Every byte is there. */
bool transport_message_is_complete(const struct transport_message *message);

/** The fragment repeats what a complete message holds. */
bool transport_message_repeats(const struct transport_message *message,
                               const struct transport_fragment *fragment);

/** Start from a complete message, to be changed by later fragments. 0 or IRIS_E_NO_MEMORY. */
int transport_message_copy(struct transport_message *to, const struct transport_message *from);

/** The body of a complete message, message->len long. */
const uint8_t *transport_message_body(const struct transport_message *message);

/** Free the bytes; the message is empty again. */
void transport_message_clear(struct transport_message *message);

/* ---- dtls_flight.c ---- */

#define DTLS_FLIGHT_DATAGRAMS 4
#define DTLS_FLIGHT_BYTES     (DTLS_FLIGHT_DATAGRAMS * TRANSPORT_DTLS_MTU_BYTES)

/* Datagrams of one flight, one behind the other in a buffer of the owner's. */
struct transport_flight {
    uint8_t *bytes;
    size_t cap_bytes, used_bytes;
    size_t sent_bytes; /* handed out since the last rewind */
    uint16_t lens[DTLS_FLIGHT_DATAGRAMS];
    uint8_t count, sent;
};

/** Begin empty over a buffer. */
void transport_flight_init(struct transport_flight *flight, uint8_t *bytes, size_t cap_bytes);

/** Append a copy of a datagram; IRIS_E_FULL if it does not fit. */
int transport_flight_add(struct transport_flight *flight, const uint8_t *data, size_t len);

/** The next datagram to send; 0 and NULL when all are sent. */
size_t transport_flight_next(struct transport_flight *flight, const uint8_t **data);

/** Send all of it again. */
void transport_flight_rewind(struct transport_flight *flight);

/* ---- dtls_close.c ---- */

/* What the client seals its records with (AES-GCM; RFC 5288). */
struct transport_alert_key {
    uint8_t key[32];
    uint8_t salt[4];
    uint8_t key_bytes; /* 16 or 32 */
};

/** Derive it from a finished handshake (RFC 5246, 6.3). 0 or IRIS_E_SYSTEM. */
int transport_alert_key_derive(struct transport_alert_key *key, const SSL *ssl);

/** The record is an authentic close_notify or fatal alert of the client's. */
bool transport_alert_ends(const struct transport_alert_key *key,
                          const struct transport_record *record);

/* ---- dtls_session.c ---- */

/* One attempt at a handshake: an SSL (75 KB), what it wrote last, and how it reads. */
struct transport_session {
    SSL *ssl;
    const uint8_t *input; /* the record that OpenSSL may read once; NULL: none */
    size_t input_len;
    uint64_t read_seq;  /* of the next record that we make for OpenSSL */
    bool is_flight_old; /* written before the last input: the next output replaces it */
    bool has_wrong_certificate;
    const uint8_t *fingerprint; /* of the client's certificate, not owned */
    struct transport_flight flight;
    uint8_t flight_bytes[DTLS_FLIGHT_BYTES];
};

/** @param fingerprint  must outlive the session. @return owned; NULL: no memory */
struct transport_session *transport_session_create(struct transport_dtls_context *context,
                                                   const uint8_t *fingerprint);
void transport_session_destroy(struct transport_session *session);

/**
 * Let OpenSSL read one record.
 *
 * @return  1: the handshake is done, 0: more is needed, IRIS_E_STATE: it has failed for good
 */
int transport_session_feed(struct transport_session *session, const uint8_t *record, size_t len);

/** Feed a complete message; see transport_session_feed(). */
int transport_session_feed_message(struct transport_session *session,
                                   struct transport_message *message, uint16_t message_seq);

/** Feed a ChangeCipherSpec; see transport_session_feed(). */
int transport_session_feed_change_cipher_spec(struct transport_session *session);

/**
 * The SRTP keys of a finished handshake (RFC 5764, 4.2).
 *
 * @return  0, IRIS_E_UNSUPPORTED (no common profile) or IRIS_E_SYSTEM
 */
int transport_session_export(const struct transport_session *session,
                             struct transport_srtp_keys *send, struct transport_srtp_keys *receive);

/* ---- dtls.c ---- */

#define DTLS_MESSAGES           4
#define DTLS_LAST_FLIGHT_BYTES  128 /* ChangeCipherSpec 14, Finished 61 */
#define DTLS_EARLY_RECORD_BYTES 128

enum dtls_stage { DTLS_AWAIT_HELLO, DTLS_AWAIT_CERTIFICATE, DTLS_AWAIT_FINISHED };

/* What lives as long as the handshake. */
struct transport_handshake {
    struct transport_session *session;                /* NULL before the first good ClientHello */
    struct transport_message messages[DTLS_MESSAGES]; /* 0 is kept: repeats are told by it */
    struct transport_message challenger;    /* another ClientHello than the one that was answered */
    uint8_t early[DTLS_EARLY_RECORD_BYTES]; /* a record of epoch 1 that came before message 3 */
    size_t early_len;
    enum dtls_stage stage;
    int64_t timeout_us, doubt_us, resend_us, backoff_us; /* INT64_MAX: not running */
    int64_t answered_us;                                 /* when the ClientHello was */
    const char *doubt;
    bool has_alert; /* an unauthenticated one */
};

struct transport_dtls {
    struct transport_dtls_context *context;
    struct transport_handshake *handshake; /* NULL once connected */
    struct transport_flight *flight;       /* what is sent now: the session's, then last */
    struct transport_flight last;
    uint8_t last_bytes[DTLS_LAST_FLIGHT_BYTES];
    int64_t sent_us; /* when the flight was queued last */
    enum transport_dtls_state state;
    const char *reason;
    bool has_keys;
    struct transport_srtp_keys send, receive;
    struct transport_alert_key alert_key;
    uint8_t fingerprint[TRANSPORT_FINGERPRINT_BYTES];
};

/** Free the handshake, if there is one still. */
void transport_handshake_destroy(struct transport_dtls *dtls);

#endif
