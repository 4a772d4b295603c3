/*
 * A WebSocket client (RFC 6455) on a loopback socket that can also be wrong on purpose: any bytes,
 * any frame. It answers pings, reassembles text messages and remembers how the server closed.
 *
 * The opening handshake blocks (the server is another process); afterwards the socket is a source
 * of the event loop.
 */
#ifndef IRIS_TESTS_WEBSOCKET_CLIENT_H
#define IRIS_TESTS_WEBSOCKET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

#define WEBSOCKET_NO_CLOSE_CODE 1005 /* a close frame without a code, RFC 6455, 7.4.1 */

/* What the opening request says; NULL: the usual value (or no header, for origin). */
struct websocket_request {
    const char *path;
    const char *host;
    const char *origin;
    const char *subprotocol;
};

typedef void (*websocket_text_fn)(void *context, const char *text, size_t len);

struct websocket_client; /* owned by the caller */

/**
 * Connect and upgrade.
 *
 * @param port     on 127.0.0.1
 * @param request  NULL: what a native client sends
 * @param on_text  each complete text message, on the event loop; terminated, not the callee's
 * @return         never NULL (memory apart); look at websocket_client_http_status()
 */
struct websocket_client *websocket_client_open(uint16_t port,
                                               const struct websocket_request *request,
                                               websocket_text_fn on_text, void *context);

/** Close the socket without a close frame and free. NULL is harmless. */
void websocket_client_destroy(struct websocket_client *client);

/** 101 after a successful upgrade, another status if refused, 0 if there was no HTTP answer. */
int websocket_client_http_status(const struct websocket_client *client);

/** Send a masked text frame. */
void websocket_client_send_text(struct websocket_client *client, const char *text, size_t len);

/* A frame as it is put on the wire. */
struct websocket_frame {
    enum websocket_opcode opcode;
    bool is_final;
    bool is_unmasked;       /* forbidden to clients, RFC 6455, 5.1 */
    uint8_t reserved_bits;  /* RSV1-3, 0-7 */
    uint64_t announced_len; /* 0: that of the payload */
};

void websocket_client_send_frame(struct websocket_client *client,
                                 const struct websocket_frame *frame, const void *payload,
                                 size_t len);

/** Send bytes as they are. */
void websocket_client_send_bytes(struct websocket_client *client, const void *bytes, size_t len);

/** Half-close the TCP connection: nothing more comes from us. */
void websocket_client_shutdown(struct websocket_client *client);

/** Say and hear nothing more, pings included, with the connection open: a cable was pulled. */
void websocket_client_freeze(struct websocket_client *client);

/** Code of the server's close frame; 0 while there was none. */
int websocket_client_close_code(const struct websocket_client *client);

/** The server closed the TCP connection, with or without a close frame. */
bool websocket_client_is_closed(const struct websocket_client *client);

#endif
