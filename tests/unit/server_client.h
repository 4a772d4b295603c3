/*
 * The server on real loopback sockets, with handlers that take notes, and a small raw client that
 * speaks HTTP and WebSocket to it, well and badly. Client and server share the thread; waiting
 * means running the loop. For test_server*.c and test_websocket.c.
 */
#ifndef IRIS_TESTS_SERVER_CLIENT_H
#define IRIS_TESTS_SERVER_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "signalling/server.h"

#define WAIT_MS          5000
#define BIG_ANSWER_BYTES 3000000
#define INPUT_CAP        (4 * 1024 * 1024)
#define ECHO_CALL        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"a\":1}}"
#define ECHO_REPLY       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}"

enum { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

/* The web root of every server that set_up() makes; NULL: none. */
extern const char *server_root;

/* Changes what create_server() would configure; NULL: nothing. */
extern void (*server_adjust)(struct signalling_server_config *config);

/* ---- the server under test, and what its handlers saw ---- */

struct fixture {
    uv_loop_t loop;
    struct signalling_server *server;
    unsigned opened, closed, requests, notices;
    struct signalling_connection *last;
    bool was_probed; /* the last one that closed, when it did */
    char notice[512];
    char peer[48];
};

/* The handlers that write down in a fixture what they see, and answer. */
struct signalling_handlers handlers_of(struct fixture *f);

/* @param port  0: any. @param web_root  NULL: none. @param error  256 bytes. @return NULL: told
 * there */
struct signalling_server *create_server(struct fixture *f, uint16_t port, const char *web_root,
                                        char *error);

/* A fixture with a server, made as server_root and server_adjust say. */
int set_up(void **state);

/* Every test ends with this check: no handle is left, whatever it did to the server. */
int tear_down(void **state);

#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ---- the client ---- */

struct client {
    struct fixture *f;
    int fd;
    SSL *ssl;      /* NULL: in clear */
    bool is_ended; /* by the server */
    unsigned char *input;
    size_t len;
};

/* Connect in clear; the server answers in later turns. */
void client_open(struct client *c, struct fixture *f, uint16_t port);

/* Open a connection with TLS; false: the handshake failed. */
bool client_open_tls(struct client *c, struct fixture *f, uint16_t port, SSL_CTX *context);

/* Hang up and free. */
void client_close(struct client *c);

/* One turn of the server's loop, then whatever has come. Returns what the clock says. */
uint64_t turn(struct client *c);

/* Send everything, running the server meanwhile. */
void client_send(struct client *c, const void *bytes, size_t len);

/* The same with text. */
void client_text(struct client *c, const char *text);

/* Forget the first bytes of the input. */
void consume(struct client *c, size_t len);

/* ---- HTTP ---- */

struct response {
    int status; /* 0: the connection ended without one */
    char head[4096];
    unsigned char *body; /* in the client's input */
    size_t body_len;
};

/* Wait for one response; consume it with the next call or by hand. Returns its length. */
size_t receive_response(struct client *c, struct response *r, bool is_head);

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define V13     "Sec-WebSocket-Version: 13\r\n"
#define IRIS    "Sec-WebSocket-Protocol: iris.v1\r\n"
#define GOOD    "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13 IRIS

/* Write a request with "@" replaced. */
void send_request(struct client *c, const char *request);

/* ---- event streams ---- */

/* Turns of the loop in 100 ms in which there is nothing to do: some twenty, by the timer. */
unsigned idle_turns(struct fixture *f);

/* The text is in what has come. */
bool has_text(const struct client *c, const char *text);

/* Fails the test if it does not come within WAIT_MS. */
void wait_for_text(struct client *c, const char *text);

/* ---- WebSocket ---- */

/* Make a connection that is open a control channel. */
void upgrade_channel(struct client *c);

/* Connect to the public port, and open a control channel. */
void open_channel(struct client *c, struct fixture *f);

/* One frame, masked as a client must (RFC 6455, section 5.2). */
void send_frame(struct client *c, int op, bool is_final, const void *payload, size_t len);

/* A whole message. */
void send_text(struct client *c, const char *text);

struct frame {
    int op; /* -1: none came, or the end */
    int close_code;
    size_t len;
    char text[512]; /* the beginning of the payload, behind a close code */
};

/* The next frame of the input. @return false: it is not there yet */
bool take_frame(struct client *c, struct frame *frame);

/* The next frame, within WAIT_MS. */
struct frame receive_frame(struct client *c);

/* The channel answers. */
void assert_echo(struct client *c);

/* The server ends the connection within WAIT_MS. */
void wait_for_end(struct client *c);

#endif
