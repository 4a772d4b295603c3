/*
 * The HTTP and WebSocket server on a libuv loop that is not its own (libwebsockets, foreign loop).
 * Two listeners: public (control channel, web client) and operations. It knows no room: frames and
 * HTTP calls go to a handler table, on the loop's thread.
 *
 * What it decides itself: Host and Origin (421, 403), frame sizes (1009), subprotocol iris.v1,
 * files of the web root, JSON-RPC framing (malformed requests are answered here), slow consumers
 * (4413), TLS, who the client is behind a proxy, and how much one connection and one address may
 * ask for (429).
 */
#ifndef IRIS_SIGNALLING_SERVER_H
#define IRIS_SIGNALLING_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "signalling/jsonrpc.h"

#define SIGNALLING_FRAME_MAX_BYTES 262144  /* of a client (protocol.md, section 2) */
#define SIGNALLING_QUEUE_MAX_BYTES 1048576 /* unsent frames of one connection; then 4413 */
#define SIGNALLING_NAMES_MAX       16
#define SIGNALLING_BODY_MAX_BYTES  16384 /* of a call; larger ones are refused (413) */
/* Event streams: how many, and what waits on one; then it is ended. A dashboard of 500 rooms takes
 * some 100 KB a second. */
#define SIGNALLING_STREAMS_MAX      32
#define SIGNALLING_STREAM_MAX_BYTES 1048576

/* Close codes of the control channel. */
enum signalling_close {
    SIGNALLING_CLOSE_LEFT = 1000,
    SIGNALLING_CLOSE_PROTOCOL = 1002,
    SIGNALLING_CLOSE_PAYLOAD = 1007,
    SIGNALLING_CLOSE_TOO_BIG = 1009,
    SIGNALLING_CLOSE_DRAINED = 1012,
    SIGNALLING_CLOSE_TOKEN = 4401,
    SIGNALLING_CLOSE_REMOVED = 4403,
    SIGNALLING_CLOSE_NO_JOIN = 4408,
    SIGNALLING_CLOSE_REPLACED = 4409,
    SIGNALLING_CLOSE_SLOW = 4413,
};

struct signalling_server;
struct signalling_connection; /* one WebSocket; valid from on_open to the return of on_close */
struct signalling_frame;      /* a message as it goes over the wire; counted references */

/* An HTTP call that the server did not answer itself. */
struct signalling_http_request {
    bool is_operations; /* which listener */
    const char *method; /* "GET"; HEAD is told as GET, its body is not sent */
    const char *path;   /* decoded, without the query */
    /* A page of another origin asks, not one of this listener: no call may change anything for it.
     * Programs, which send neither Origin nor Sec-Fetch-Site, are not foreign. */
    bool is_foreign;
    const char *content_type; /* of the body; "": not said */
    const char *body;         /* body_len bytes, then a NUL; only operations calls have one */
    size_t body_len;
};

/* Filled by the handler; body is freed by the server with free(). */
struct signalling_http_response {
    int status;
    const char *content_type; /* static text */
    char *body;               /* owned by the server afterwards, NULL: empty */
    size_t body_len;
    char allow[64]; /* with 405: the methods that the path knows, "GET, HEAD" */
    /* In place of a body: server-sent events, signalling_server_publish(). For GET on the
     * operations listener. */
    bool is_stream;
};

/* Event streams since the start, and now. */
struct signalling_stream_counters {
    unsigned open;
    uint64_t opened, dropped; /* dropped: did not take what was sent */
};

/* The handler table. All on the loop's thread; a handler may send on or close any connection. */
struct signalling_handlers {
    void *context;
    void (*on_open)(void *context, struct signalling_connection *connection);
    /* A well-formed request; the server disposes it afterwards. */
    void (*on_request)(void *context, struct signalling_connection *connection,
                       const struct signalling_request *request);
    /* The WebSocket is gone, for whatever reason. */
    void (*on_close)(void *context, struct signalling_connection *connection);
    /* true: answered (response filled); false: 404. */
    bool (*on_http)(void *context, const struct signalling_http_request *request,
                    struct signalling_http_response *response);
    /* One line for the log: refused origins, slow consumers, TLS trouble. */
    void (*on_notice)(void *context, const char *line);
};

struct signalling_server_config {
    const char *public_address; /* host or address without brackets */
    uint16_t public_port;
    const char *operations_address;
    uint16_t operations_port;
    /* Folder of index.html, and of dashboard/, which is the operations listener's. NULL or missing:
     * GET / answers a sentence, 503. */
    const char *web_root;
    const char *hosts[SIGNALLING_NAMES_MAX];   /* accepted Host names (any port), NULL-terminated */
    const char *origins[SIGNALLING_NAMES_MAX]; /* further accepted origins, "https://example.org" */
    /* PEM files of each listener (tls_identity.h), both or none of a pair; NULL: HTTP in clear. */
    const char *public_certificate_file, *public_key_file;
    const char *operations_certificate_file, *operations_key_file;
    /* Addresses or prefixes, "10.20.0.0/24", whose X-Forwarded-For and -Host are believed. */
    const char *trusted_proxies[SIGNALLING_NAMES_MAX];
    /* WebSockets of one address (IPv6: /64); further ones get HTTP 429. 0: no limit. */
    unsigned connections_per_address;
    unsigned connection_rate_per_address; /* new ones a second, 5 times as many at once */
    /* Requests a second of one connection, twice as many at once; then error 429. 0: no limit. */
    unsigned requests_per_second;
    /* An event stream on which nothing was sent for so long gets a comment, so that proxies keep
     * it. 0: 15 s. */
    unsigned stream_silence_ms;
};

/**
 * Bind both listeners.
 *
 * @param loop      runs afterwards; outlives the server
 * @param config    copied
 * @param handlers  copied
 * @param error     written on failure: a sentence with the address, caller's buffer
 * @return          owned; NULL on failure
 */
struct signalling_server *signalling_server_create(uv_loop_t *loop,
                                                   const struct signalling_server_config *config,
                                                   const struct signalling_handlers *handlers,
                                                   char *error, size_t error_cap);

/** The ports that are bound (useful with port 0). */
uint16_t signalling_server_public_port(const struct signalling_server *server);
uint16_t signalling_server_operations_port(const struct signalling_server *server);

/**
 * Read certificates and keys of all listeners again. Connections that are open go on with what they
 * have. On failure nothing changes, for any listener.
 *
 * @param error  written on failure: a sentence with the file
 * @return       listeners with a new certificate (0: none has TLS), or -1
 */
int signalling_server_reload_tls(struct signalling_server *server, char *error, size_t error_cap);

/**
 * Close listeners and connections: each gets close code 1012, unless it was closing already, and
 * its on_close. Runs the loop for that, for 250 ms at most, so it must not be called from one of
 * the loop's callbacks. Leaves no handle behind. NULL is harmless.
 */
void signalling_server_destroy(struct signalling_server *server);

/**
 * Send an event to every open stream (WHATWG HTML, section 9.2). A stream that does not take what
 * is sent is ended and counted.
 *
 * @param event  name, of ours
 * @param data   stolen; NULL is ignored: out of memory
 */
void signalling_server_publish(struct signalling_server *server, const char *event, json_t *data);

/** The streams; as long as the server. */
const struct signalling_stream_counters *
signalling_server_streams(const struct signalling_server *server);

/** Queue a message. Steals message (NULL is ignored: out of memory). Past the queue's limit: 4413.
 */
void signalling_connection_send(struct signalling_connection *connection, json_t *message);

/**
 * Write a message once, for any number of connections.
 *
 * @param message  stolen; NULL: out of memory
 * @return         one reference, to be released; NULL: out of memory
 */
struct signalling_frame *signalling_frame_create(json_t *message);
void signalling_frame_release(struct signalling_frame *frame); /* NULL is harmless */

/** As signalling_connection_send(); takes a reference of its own. NULL is ignored. */
void signalling_connection_send_frame(struct signalling_connection *connection,
                                      struct signalling_frame *frame);

/** Send what is queued, then close with this code and reason (at most 123 bytes). on_close follows.
 */
void signalling_connection_close(struct signalling_connection *connection, int code,
                                 const char *reason);

/**
 * Ask for a sign of life (a ping; RFC 6455, section 5.5.2). Unless anything comes in time, the
 * connection ends without a farewell. Harmless while an earlier probe waits.
 */
void signalling_connection_probe(struct signalling_connection *connection, unsigned seconds);

/** A probe waits for its answer; in on_close: the connection ended with it unanswered. */
bool signalling_connection_is_probed(const struct signalling_connection *connection);

/** The handler's own pointer. */
void signalling_connection_set_user(struct signalling_connection *connection, void *user);
void *signalling_connection_user(const struct signalling_connection *connection);

/** Textual address of the client, for the log: behind a trusted proxy what that says it is. Valid
 * as long as the connection. */
const char *signalling_connection_peer(const struct signalling_connection *connection);

#endif
