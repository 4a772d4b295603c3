/*
 * A client's connectivity checks for the tests, built and verified by libnice's client side.
 */
#ifndef IRIS_TEST_STUN_CLIENT_H
#define IRIS_TEST_STUN_CLIENT_H

#include <netinet/in.h>
#include <stun/stunagent.h>
#include <sys/socket.h>

#include "sfu/transport/ice_lite.h"

struct stun_client_check {
    uint32_t priority;
    bool is_nominating;
    bool is_controlled; /* claims our role */
};

struct stun_client {
    StunAgent agent;
    char username[300];
    struct transport_ice_credentials credentials; /* the server's view */
    uint8_t data[1024];
    size_t len;
};

/** A client that checks a session with these credentials. */
void stun_client_init(struct stun_client *client,
                      const struct transport_ice_credentials *credentials);

/** Fill data and len with a check. */
void stun_client_write(struct stun_client *client, const struct stun_client_check *check);

/** Fill data and len with a request of these raw attributes, integrity and fingerprint added. */
void stun_client_write_raw(struct stun_client *client, const uint8_t *attributes,
                           size_t attributes_len);

/** Read an answer. @param mapped  the XOR-MAPPED-ADDRESS of a success. @return 0 for a verified
 * success, else the error code; -1 if the answer is neither */
int stun_client_read(struct stun_client *client, const struct transport_ice_reply *reply,
                     struct sockaddr_storage *mapped);

#endif
