/*
 * JSON-RPC 2.0 over the control channel (protocol.md, section 2): calls that wait for their reply,
 * and the server's notifications, kept in order until a test takes them.
 */
#ifndef IRIS_TESTS_RPC_CLIENT_H
#define IRIS_TESTS_RPC_CLIENT_H

#include <jansson.h>

#include "tests/integration/websocket_client.h"

/* Called for each notification before it is kept; params is borrowed. */
typedef void (*rpc_notification_fn)(void *context, const char *method, const json_t *params);

struct rpc_client; /* owned by the caller */

/** Called for every message of every connection, as sent (is_sent) or received. */
typedef void (*rpc_observer_fn)(const json_t *message, bool is_sent);

/** One observer a program; NULL: none. */
void rpc_client_observe(rpc_observer_fn observer);

/** Connect to 127.0.0.1:port. @param on_notification  may be NULL. @return NULL if the upgrade
 * fails */
struct rpc_client *rpc_client_connect(uint16_t port, rpc_notification_fn on_notification,
                                      void *context);

/** Cut the connection and free. NULL is harmless. */
void rpc_client_destroy(struct rpc_client *rpc);

/**
 * Call a method and run the event loop until its reply is there.
 *
 * @param params  stolen; NULL: left out
 * @return        the whole reply, a new reference; NULL after EVENT_LOOP_PATIENCE_MS or a close
 */
json_t *rpc_client_call(struct rpc_client *rpc, const char *method, json_t *params);

/** Send a text frame as it is and wait for the next reply of any id. @return as rpc_client_call()
 */
json_t *rpc_client_exchange(struct rpc_client *rpc, const char *text, size_t len);

/** The error code of a reply; 0 if it is a result, -1 if there is no reply. */
int rpc_client_error_code(const json_t *reply);

/**
 * Wait for a notification of this method and take it from the queue.
 *
 * @return  its params, a new reference; NULL if none came in timeout_ms
 */
json_t *rpc_client_take(struct rpc_client *rpc, const char *method, unsigned timeout_ms);

/** Wait for the server's close frame. @return its code; 0 if there was none in
 * EVENT_LOOP_PATIENCE_MS */
int rpc_client_await_close(struct rpc_client *rpc);

/** The connection below, for frames that are wrong on purpose. */
struct websocket_client *rpc_client_websocket(struct rpc_client *rpc);

#endif
