/*
 * What the files of the server share. Only signalling/server*.c include this.
 *
 * One libwebsockets context on the caller's loop, two vhosts (public, operations). server.c owns
 * life and listeners, server_http.c routes calls, server_body.c reads their bodies,
 * server_answer.c writes answers, server_stream.c those that do not end, server_files.c finds
 * files, server_upgrade.c judges who may open a WebSocket, server_websocket.c reads the control
 * channel, server_queue.c holds what is to be sent, server_rate.c limits what is asked for,
 * server_tls.c has certificates, server_forwarded.c knows the client behind a proxy,
 * server_notice.c says what is logged.
 */
#ifndef IRIS_SIGNALLING_SERVER_INTERNAL_H
#define IRIS_SIGNALLING_SERVER_INTERNAL_H

#include <libwebsockets.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "signalling/limit.h"
#include "signalling/server.h"
#include "signalling/server_access.h"
#include "signalling/server_proxy.h"
#include "signalling/tls_identity.h"

#define SIGNALLING_SUBPROTOCOL "iris.v1"
#define SIGNALLING_PATH        "/v1/ws"

/* Keeps a kind of notice to one line a second. */
struct notice_gate {
    uint64_t next_ms; /* of the loop's clock */
    unsigned held_back;
};

/* TLS of one listener; without an identity it speaks in clear. */
struct listener_tls {
    char *certificate_file, *key_file;        /* owned */
    struct signalling_tls_identity *identity; /* owned; replaced by a reload */
    bool is_prepared;                         /* libwebsockets has made a context for it */
};

struct signalling_server {
    uv_loop_t *loop;             /* the caller's */
    struct lws_context *context; /* owned; libwebsockets clears it when it is gone */
    struct lws_vhost *vhosts[2]; /* public, operations; the context's */
    uint16_t ports[2];           /* likewise */
    struct signalling_handlers handlers;
    char *web_root;                        /* owned, NULL: none */
    char *names[2 * SIGNALLING_NAMES_MAX]; /* owned: hosts, then origins */
    struct signalling_access access;       /* points into names */
    struct listener_tls tls[2];            /* public, operations */
    int opening;                           /* the listener that is being opened: 0 or 1 */
    struct signalling_ip_prefix trusted[SIGNALLING_NAMES_MAX];
    struct signalling_proxies proxies; /* points into trusted */
    struct signalling_limit limit;
    struct signalling_rate request_rate;
    struct signalling_connection *connections; /* list of all that are open */
    struct signalling_stream *streams;         /* likewise */
    struct signalling_stream_counters stream_counters;
    unsigned stream_silence_ms;
    struct notice_gate own_notices, library_notices;
    bool is_running;           /* created: what the library says goes to the handler */
    char first_complaint[160]; /* of the library, while it is being created */
};

/* A message as text. libwebsockets writes its header before it: the same for every receiver. */
struct signalling_frame {
    unsigned references;
    size_t len;
    unsigned char bytes[]; /* LWS_PRE for libwebsockets' header, then len */
};

/* A frame's place in a queue. */
struct queued_frame {
    struct queued_frame *next;
    struct signalling_frame *frame; /* one reference */
};

/* What waits to be sent on one connection. */
struct frame_queue {
    struct queued_frame *first, *last; /* owned */
    size_t bytes;                      /* of these, and of what libwebsockets still holds */
    size_t in_flight_bytes;            /* given to libwebsockets, released when it asks for more */
};

/* One WebSocket; owned by libwebsockets' session, freed when it closes. */
struct signalling_connection {
    struct signalling_server *server;
    struct signalling_connection *previous, *next;
    struct lws *wsi;
    void *user; /* the handler's */
    char peer[SIGNALLING_IP_TEXT_BYTES];
    struct signalling_limit_entry *address; /* where it is counted, NULL: nowhere */
    struct signalling_bucket requests, refusals;
    bool is_paused;     /* for its rate: nothing is read until the timer */
    unsigned owed;      /* what the refusal that paused it costs: paid when reading goes on */
    bool is_flood_told; /* the log knows */
    char *message;      /* what has come of the current message, owned */
    size_t message_len, message_cap;
    struct frame_queue queue;
    bool is_probed;     /* a sign of life is awaited */
    bool is_ping_due;   /* and was not yet asked for */
    bool is_closing;    /* nothing is read or queued any more */
    bool is_close_sent; /* libwebsockets has the close frame */
    int close_code;
    char close_reason[124]; /* RFC 6455, section 5.5: 125 bytes with the code */
};

/* An answer that does not end: server-sent events. Owned by its call; freed when that has closed
 * and libuv has let go of the watch. */
struct signalling_stream {
    struct signalling_server *server;
    struct signalling_stream *previous, *next;
    struct lws *wsi;
    struct frame_queue queue;
    char peer[SIGNALLING_IP_TEXT_BYTES];
    uv_poll_t watch; /* of a second descriptor of the socket: whether anything comes */
    int watch_fd;
    bool is_dropped; /* it did not take what was sent: nothing is queued any more */
};

/* One HTTP call in progress; zeroed by libwebsockets. */
struct http_session {
    bool is_head;
    char method[8];
    char path[1024];
    bool is_sending_file;
    int fd; /* of the file */
    uint64_t left_bytes;
    char *body; /* owned, NULL: the call has none, or it has been answered */
    size_t body_len, body_expected;
    struct signalling_stream *stream; /* owned; NULL: the answer ends */
};

/* One answer. */
struct http_answer {
    int status;
    const char *content_type; /* NULL: none */
    const char *headers;      /* further lines, each with its line break, or NULL */
    const char *body;
    size_t body_len;
    uint64_t content_length; /* of a file that follows; 0: body_len is announced */
    bool is_endless;         /* no length is announced: the connection's end is the answer's */
    bool is_head;            /* announce the body, do not send it */
    bool is_last;            /* the connection ends with it */
};

/** Send an answer: head and body, with the headers that every answer carries. @return 0 or -1 */
int signalling_http_send(struct lws *wsi, const struct http_answer *answer);

/** Send one sentence as the body: text, on the operations listener {code, message}. @return 0 or -1
 */
int signalling_http_send_sentence(struct lws *wsi, int status, bool is_head, bool is_last,
                                  const char *headers, const char *sentence);

/** RFC 9112, section 6: the length of the body that follows the head. @return 0 or the refusing
 * status */
int signalling_body_check(struct lws *wsi, const struct http_session *session, size_t *len);

/** Expect a body of so many bytes. @return false: no memory */
bool signalling_body_expect(struct http_session *session, size_t len);

/** A piece of the body has come. @return false: it is none that was expected */
bool signalling_body_take(struct http_session *session, const void *bytes, size_t len);

/** Give the memory back. Harmless without a body. */
void signalling_body_drop(struct http_session *session);

/** Begin an answer of server-sent events. @return 0 or -1 */
int signalling_stream_open(struct lws *wsi, struct http_session *session);

/** The socket takes more. @return 0, or -1: the connection is to end */
int signalling_stream_continue(struct signalling_stream *stream);

/** Nothing was sent for a while. */
void signalling_stream_on_silence(struct signalling_stream *stream);

/** The connection is gone. NULL is harmless. */
void signalling_stream_close(struct signalling_stream *stream);

/** Whether a stream has not yet been given all that was published. */
bool signalling_stream_is_any_unsent(const struct signalling_server *server);

/** Whether a page of another origin asks (Origin, Sec-Fetch-Site). */
bool signalling_http_is_foreign(struct lws *wsi);

/** A header of the request, terminated; false if it is absent or does not fit. */
bool signalling_http_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t cap);

/** LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0 to go on, -1 to end (the refusal has been sent). */
int signalling_http_on_upgrade(struct lws *wsi, const char *protocol);

/** Judge Host, and with_origin Origin. @return 0 or the refusing status, with its sentence */
int signalling_http_check_access(struct lws *wsi, bool with_origin, const char **sentence);

/** The client: who is connected, or whom a trusted proxy names. */
struct signalling_ip signalling_client_ip(struct lws *wsi);

/** The Host that the client asked for: the header, or what a trusted proxy names; false: none. */
bool signalling_client_host(struct lws *wsi, char *out, size_t cap);

/** The clock of limits [ms]. */
uint64_t signalling_now_ms(void);

/**
 * Whether a client may open one more WebSocket.
 *
 * @param headers  written when refused: the line Retry-After
 */
bool signalling_rate_admit(struct signalling_server *server, const struct signalling_ip *client,
                           char *headers, size_t cap);

/** Fill the buckets of a new connection. */
void signalling_rate_init(struct signalling_connection *connection);

/** Take a frame of len bytes from the rate. @return 0, or it is refused: when to come back [ms] */
uint64_t signalling_rate_request(struct signalling_connection *connection, size_t len);

/** Pay for a refusal, or for what is no request; reading pauses when that budget is used up. */
void signalling_rate_charge(struct signalling_connection *connection, size_t len);

/** Read again; harmless when it was not paused. */
void signalling_rate_resume(struct signalling_connection *connection);

/** The error 429. @return new reference, NULL: no memory */
json_t *signalling_rate_refusal(json_t *id, uint64_t retry_ms);

/** Read the certificates that a configuration names. @return 0, or -1 with a sentence */
int signalling_tls_configure(struct signalling_server *server,
                             const struct signalling_server_config *config, char *error,
                             size_t error_cap);
void signalling_tls_dispose(struct signalling_server *server);

/** What a listener's vhost needs to speak TLS; nothing if it does not. */
void signalling_tls_fill_vhost(const struct signalling_server *server, int index,
                               struct lws_context_creation_info *info);

/** Set up the context that libwebsockets has made for a listener. @return 0 or -1 */
int signalling_tls_prepare(struct signalling_server *server, int index, struct ssl_ctx_st *context);

/** Whether a listener speaks TLS if and only if it is to: libwebsockets leaves it out without a
 * word when its options do not suit it. */
bool signalling_tls_is_as_configured(const struct signalling_server *server, int index);

/* A file of the web root, open. */
struct web_file {
    int fd;
    uint64_t size_bytes;
    char etag[48];
    const char *content_type;
    bool is_gzip; /* compressed beforehand: NAME.gz beside NAME */
};

enum web_file_result { WEB_FILE_OPEN, WEB_FILE_ABSENT, WEB_FILE_NO_ROOT };

/**
 * Open a file below the root. A path that leaves it, by dots or by a symbolic link, is absent; so
 * is what is hidden or no regular file. A path that ends in '/' means its index.html.
 *
 * @param root  folder, NULL: none
 * @param path       decoded, hostile
 * @param wants_gzip  take NAME.gz in place of NAME where there is one (RFC 9110, section 8.4)
 * @param file       written when open; the caller closes fd
 */
enum web_file_result signalling_web_file_open(const char *root, const char *path, bool wants_gzip,
                                              struct web_file *file);

/** Text of len bytes as a frame. @return one reference; NULL: out of memory */
struct signalling_frame *signalling_frame_of_text(const char *text, size_t len);

/**
 * Queue a frame (a reference of its own). Out of memory, it is lost.
 *
 * @return  false: the queue would hold more than max_bytes; nothing has changed
 */
bool signalling_queue_put(struct frame_queue *queue, struct signalling_frame *frame,
                          size_t max_bytes);

/** libwebsockets has sent all that it held. */
void signalling_queue_acknowledge(struct frame_queue *queue);

/** Give it the first frame; harmless when there is none. @return 0, or -1: the connection is over
 */
int signalling_queue_write(struct frame_queue *queue, struct lws *wsi,
                           enum lws_write_protocol protocol);

/** Forget what was not given to libwebsockets. */
void signalling_queue_drop(struct frame_queue *queue);

/** libwebsockets' callbacks for HTTP and for iris.v1. */
int signalling_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                             void *in, size_t len);
int signalling_websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                                  void *in, size_t len);

/** Tell the handler one line, at most one a second; the next line counts those held back. */
void signalling_server_notice(struct signalling_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Have the library's warnings and errors told to this server's handler, of all in the process. */
void signalling_server_take_library_log(struct signalling_server *server);
void signalling_server_release_library_log(const struct signalling_server *server);

/** The server that a connection of libwebsockets belongs to, and its listener. */
struct signalling_server *signalling_server_of(struct lws *wsi);
bool signalling_server_is_operations(struct lws *wsi);

#endif
