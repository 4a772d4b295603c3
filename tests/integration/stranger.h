/*
 * Somebody with a UDP socket who is no participant: sends whatever it likes to the server's media
 * port and looks at what comes back.
 */
#ifndef IRIS_TESTS_STRANGER_H
#define IRIS_TESTS_STRANGER_H

#include "tests/integration/media_client.h"

struct stranger; /* owned by the caller */

/** A socket on 127.0.0.1 towards the candidate of this client's answer. */
struct stranger *stranger_create(const struct media_client *client);
void stranger_destroy(struct stranger *stranger);

void stranger_send(struct stranger *stranger, const uint8_t *data, size_t len);

/** The same, as a callback of dtls_client. */
void stranger_send_datagram(void *stranger, const uint8_t *data, size_t len);

/** Datagrams that came back so far. */
unsigned stranger_received(const struct stranger *stranger);

/** Run the event loop until an answer comes, for at most timeout_ms. @return its length, 0: none */
size_t stranger_await(struct stranger *stranger, uint8_t *data, size_t cap, unsigned timeout_ms);

#endif
