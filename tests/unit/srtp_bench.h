/*
 * Our two SRTP sessions and libsrtp2's two with the same key, for every profile and back end: what
 * test_srtp_libsrtp.c and test_srtp_heap.c compare.
 */
#ifndef IRIS_TESTS_SRTP_BENCH_H
#define IRIS_TESTS_SRTP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <srtp2/srtp.h>

#include "sfu/transport/srtp.h"

#define SRTP_CASES 5
#define SSRC       0xdecafbadu

struct srtp_case {
    enum transport_srtp_profile profile;
    enum transport_aead_backend backend;
};

extern const struct srtp_case srtp_cases[SRTP_CASES];

struct srtp_bench {
    struct transport_aead_context *context;
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
    srtp_t oracle_out, oracle_in;
};

/** The one key of every session of a profile. */
struct transport_srtp_keys srtp_bench_keys(enum transport_srtp_profile profile);

/** A session of libsrtp2. @return the caller's, for srtp_dealloc(); fails the test without one */
srtp_t oracle_create(const struct transport_srtp_keys *keys, srtp_ssrc_type_t type,
                     srtp_sec_serv_t rtcp_service);

/** All four sessions of a case. */
void srtp_bench_open(struct srtp_bench *bench, size_t c);

/** Free what is there of them; the context may be NULL. */
void srtp_bench_close(struct srtp_bench *bench);

#define FOR_EACH_CASE(bench)                                                                       \
    for (size_t c = 0; c < SRTP_CASES && (srtp_bench_open(bench, c), true);                        \
         srtp_bench_close(bench), c++)

/** Bytes that are the same in each run, from a seed on. */
void seed_random(uint32_t seed);
uint32_t next_random(void);

/** An RTCP sender report of a length that 4 divides, filled at random. @return len */
size_t make_rtcp(uint8_t *packet, uint32_t ssrc, size_t len);

/** Of a group of tests: libsrtp2 is initialised by our own session, as in the server; srtp_init()
 * is not for the test. */
int srtp_bench_set_up(void **state);

#endif
