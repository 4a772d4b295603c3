/*
 * What the files of the server share. Only signalling/server*.c include this.
 *
 * One libwebsockets context on the caller's loop, two vhosts (public, operations). server.c owns
 * life and listeners, server_http.c routes calls, server_answer.c writes answers, server_files.c
 * finds files, server_upgrade.c judges who may open a WebSocket, server_websocket.c carries the
 * control channel, server_notice.c says what is logged.
 */
#ifndef IRIS_SIGNALLING_SERVER_INTERNAL_H
#define IRIS_SIGNALLING_SERVER_INTERNAL_H

#include <libwebsockets.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "signalling/server.h"
#include "signalling/server_access.h"

#define SIGNALLING_SUBPROTOCOL "iris.v1"
#define SIGNALLING_PATH        "/v1/ws"

/* Keeps a kind of notice to one line a second. */
struct notice_gate {
    uint64_t next_ms; /* of the loop's clock */
    unsigned held_back;
};

struct signalling_server {
    uv_loop_t *loop;             /* the caller's */
    struct lws_context *context; /* owned; libwebsockets clears it when it is gone */
    struct lws_vhost *vhosts[2]; /* public, operations; the context's */
    uint16_t ports[2];           /* likewise */
    struct signalling_handlers handlers;
    char *web_root;                            /* owned, NULL: none */
    char *names[2 * SIGNALLING_NAMES_MAX];     /* owned: hosts, then origins */
    struct signalling_access access;           /* points into names */
    struct signalling_connection *connections; /* list of all that are open */
    struct notice_gate own_notices, library_notices;
    bool is_running;           /* created: what the library says goes to the handler */
    char first_complaint[160]; /* of the library, while it is being created */
};

/* One message to send. */
struct queued_frame {
    struct queued_frame *next;
    size_t len;
    unsigned char bytes[]; /* LWS_PRE for libwebsockets' header, then len */
};

/* One WebSocket; owned by libwebsockets' session, freed when it closes. */
struct signalling_connection {
    struct signalling_server *server;
    struct signalling_connection *previous, *next;
    struct lws *wsi;
    void *user; /* the handler's */
    char peer[48];
    char *message; /* what has come of the current message, owned */
    size_t message_len, message_cap;
    struct queued_frame *first, *last; /* owned */
    size_t queued_bytes;               /* of the queue and of what libwebsockets still holds */
    size_t in_flight_bytes;            /* given to libwebsockets, released when it asks for more */
    bool is_closing;                   /* nothing is read or queued any more */
    bool is_close_sent;                /* libwebsockets has the close frame */
    int close_code;
    char close_reason[124]; /* RFC 6455, section 5.5: 125 bytes with the code */
};

/* One HTTP call in progress; zeroed by libwebsockets. */
struct http_session {
    bool is_head;
    char method[8];
    char path[1024];
    bool is_sending_file;
    int fd; /* of the file */
    uint64_t left_bytes;
};

/* One answer. */
struct http_answer {
    int status;
    const char *content_type; /* NULL: none */
    const char *headers;      /* further lines, each with its line break, or NULL */
    const char *body;
    size_t body_len;
    uint64_t content_length; /* of a file that follows; 0: body_len is announced */
    bool is_head;            /* announce the body, do not send it */
    bool is_last;            /* the connection ends with it */
};

/** Send an answer: head and body, with the headers that every answer carries. @return 0 or -1 */
int signalling_http_send(struct lws *wsi, const struct http_answer *answer);

/** Send one sentence as the body. @return 0 or -1 */
int signalling_http_send_sentence(struct lws *wsi, int status, bool is_head, bool is_last,
                                  const char *headers, const char *sentence);

/** A header of the request, terminated; false if it is absent or does not fit. */
bool signalling_http_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t cap);

/** LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0 to go on, -1 to end (the refusal has been sent). */
int signalling_http_on_upgrade(struct lws *wsi, const char *protocol);

/** Judge Host, and with_origin Origin. @return 0 or the refusing status, with its sentence */
int signalling_http_check_access(struct lws *wsi, bool with_origin, const char **sentence);

/* A file of the web root, open. */
struct web_file {
    int fd;
    uint64_t size_bytes;
    char etag[48];
    const char *content_type;
};

enum web_file_result { WEB_FILE_OPEN, WEB_FILE_ABSENT, WEB_FILE_NO_ROOT };

/**
 * Open a file below the root. A path that leaves it, by dots or by a symbolic link, is absent; so
 * is what is hidden or no regular file. A path that ends in '/' means its index.html.
 *
 * @param root  folder, NULL: none
 * @param path  decoded, hostile
 * @param file  written when open; the caller closes fd
 */
enum web_file_result signalling_web_file_open(const char *root, const char *path,
                                              struct web_file *file);

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
