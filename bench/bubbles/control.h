/*
 * The control channel of a participant: JSON texts over WebSocket, by libwebsockets' client on our
 * loop; what they mean is the dialect's (dialect.h). One hub for all connections.
 */
#ifndef IRIS_BENCH_BUBBLES_CONTROL_H
#define IRIS_BENCH_BUBBLES_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "bench/bubbles/options.h"

struct bubbles_hub;
struct bubbles_control; /* one WebSocket; the hub's */

/* What a connection tells its owner. After on_close the connection is gone. */
struct bubbles_control_handlers {
    void (*on_open)(void *owner);
    void (*on_message)(void *owner, const json_t *message);
    /* code: of the close frame, 0 without one; reason: may be empty */
    void (*on_close)(void *owner, unsigned code, const char *reason);
};

/**
 * @param url       copied
 * @param protocol  WebSocket subprotocol; static text
 * @param handlers  copied
 * @return          owned; NULL when libwebsockets does not start
 */
struct bubbles_hub *bubbles_hub_create(uv_loop_t *loop, const struct bubbles_url *url,
                                       bool is_insecure, const char *protocol,
                                       const struct bubbles_control_handlers *handlers);

/** Ends all connections without telling their owners; runs the loop until it is done. */
void bubbles_hub_destroy(struct bubbles_hub *hub);

/** Connect. @return NULL when it cannot even be tried (on_close is not called then) */
struct bubbles_control *bubbles_control_open(struct bubbles_hub *hub, void *owner);

/** Send a message, which is taken over. @return 0, or -1: no memory (also for a NULL message) */
int bubbles_control_send(struct bubbles_control *control, json_t *message);

/**
 * Send a JSON-RPC 2.0 request; its parameters are taken over. id: chosen by the caller.
 *
 * @return 0, or -1: no memory
 */
int bubbles_control_request(struct bubbles_control *control, unsigned id, const char *method,
                            json_t *params);

/** Close with 1000; the owner hears nothing any more. NULL is harmless. */
void bubbles_control_close(struct bubbles_control *control);

#endif
