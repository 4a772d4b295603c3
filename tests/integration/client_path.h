/*
 * How a test client's datagrams reach the server: the path that ICE found (RFC 8445). Two makes
 * behind one door: libnice's full agent, controlling, for everything; and a bare socket with checks
 * made by hand, for what an agent would never do (no nomination, another port in mid-call).
 */
#ifndef IRIS_TESTS_CLIENT_PATH_H
#define IRIS_TESTS_CLIENT_PATH_H

#include "tests/integration/answer_reader.h"

#include <stddef.h>

#define CLIENT_PATH_CREDENTIAL_BYTES 64

typedef void (*client_path_receive_fn)(void *context, const uint8_t *data, size_t len);

/* What a make of path does. */
struct client_path;
struct client_path_make {
    void (*start)(struct client_path *path, const struct answer *answer);
    bool (*is_connected)(const struct client_path *path);
    void (*send)(struct client_path *path, const uint8_t *data, size_t len);
    void (*destroy)(struct client_path *path);
};

/* The part that both makes share; they embed it first. */
struct client_path {
    const struct client_path_make *make;
    client_path_receive_fn receive; /* every datagram that is not STUN */
    void *context;
    char ufrag[CLIENT_PATH_CREDENTIAL_BYTES]; /* known from the start, for the offer */
    char pwd[CLIENT_PATH_CREDENTIAL_BYTES];
};

/** libnice's agent on 127.0.0.1, regular nomination. @return owned by the caller */
struct client_path *client_path_create_agent(client_path_receive_fn receive, void *context);

/** A bare UDP socket on 127.0.0.1. @return owned by the caller */
struct client_path *client_path_create_bare(client_path_receive_fn receive, void *context);

/** Begin checks to the candidates of the answer. */
void client_path_start(struct client_path *path, const struct answer *answer);

/** A check was answered (and, by the agent, a pair selected). */
bool client_path_is_connected(const struct client_path *path);

void client_path_send(struct client_path *path, const uint8_t *data, size_t len);

/** NULL is harmless. */
void client_path_destroy(struct client_path *path);

/* What the checks of a bare path have brought. */
struct bare_path_counters {
    unsigned checks, answers, errors;
    unsigned wrong_mapped_address, wrong_integrity; /* of the answers; must stay 0 */
};

/** From now on checks carry USE-CANDIDATE, or not (they do not at first). */
void client_path_bare_nominate(struct client_path *path, bool nominates);

/** Close the socket and go on from a new port; one check leaves at once. */
void client_path_bare_rebind(struct client_path *path);

struct bare_path_counters client_path_bare_counters(const struct client_path *path);

#endif
