/*
 * A session of ICE-lite and a client that checks it, for test_ice_lite.c and test_stun.c.
 */
#ifndef IRIS_TESTS_ICE_BENCH_H
#define IRIS_TESTS_ICE_BENCH_H

#include "stun_client.h"

#define OK TRANSPORT_ICE_ANSWERED
#define NO TRANSPORT_ICE_REFUSED

/* The server's at the start. */
extern const struct transport_ice_credentials ice_credentials;

struct ice_bench {
    struct transport_stun *stun;
    struct transport_ice ice;
    struct stun_client client, old_client;
};

/** Somewhere that a datagram may come from: 192.0.2.i, port 50000 + i, to one of two of ours. */
struct transport_path ice_path(int i);

/** A session that nobody has checked yet, at time 0; the caller destroys bench->stun. */
void ice_bench_init(struct ice_bench *bench);

/** Hand what a client has written to the session, from a path. @return what became of it */
enum transport_ice_verdict ice_bench_send(struct ice_bench *bench, struct stun_client *client,
                                          int path, int64_t now_us,
                                          struct transport_ice_reply *reply);

#endif
