/*
 * A transport and its peer in virtual time: libnice's checks, OpenSSL's client and our own SRTP at
 * the other end.
 */
#ifndef IRIS_TESTS_TRANSPORT_BENCH_H
#define IRIS_TESTS_TRANSPORT_BENCH_H

#include "dtls_client.h"
#include "sfu/transport/transport_state.h"
#include "stun_client.h"

#define SECOND_US 1000000

extern struct transport_certificate *bench_client_certificate;
extern struct transport_worker *bench_worker;
extern const struct transport_ice_credentials bench_credentials;

/* A peer and its transport. */
struct bench {
    struct transport *transport;
    struct stun_client stun;
    struct dtls_client dtls;
    struct transport_aead_context *aead;
    struct transport_srtp_sender *sender; /* the client's */
    struct transport_srtp_receiver *receiver;
    bool is_cm; /* AES128_CM_SHA1_80 */
};

/* Of a group of tests: make the worker and the certificates, and free them. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

/* @param profiles  SRTP profiles that the client offers, as OpenSSL names them */
void bench_init(struct bench *bench, const char *profiles);
void bench_dispose(struct bench *bench);

/* The path to the peer's i-th address. */
struct transport_path bench_path(int i);

/* The transport receives. @param len  of the datagram; then of what was made of it */
enum transport_verdict bench_receive(struct bench *bench, int path, uint8_t *data, size_t *len,
                                     int64_t now_us);

/* A check through a path, and its answer back through the same. */
void bench_check(struct bench *bench, int path, bool is_nominating, int64_t now_us);

/* Move DTLS datagrams both ways; those to the client must come through to_path. */
void bench_shake_hands(struct bench *bench, int from_path, int to_path, int64_t now_us);

/* The client takes the keys of its finished handshake. */
void bench_key_client(struct bench *bench);

/* A packet in clear. @return its length */
size_t bench_write_rtp(uint8_t *out, uint16_t seq);
size_t bench_write_rtcp(uint8_t *out);

/* A sealed RTP packet of the client's. @return its length */
size_t bench_seal_rtp_at(struct bench *bench, uint8_t *out, uint64_t index);
size_t bench_seal_rtp(struct bench *bench, uint8_t *out, uint16_t seq);

/* RTP and RTCP go both ways. */
void bench_exchange_media(struct bench *bench, int64_t now_us);

#endif
