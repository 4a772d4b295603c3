/*
 * The control channel: messages put together from fragments, JSON-RPC framing, closing. A
 * connection that is closing reads nothing more; its queue still drains before the close frame, for
 * at most CLOSE_LIMIT_S.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signalling/server_internal.h"

#define CLOSE_LIMIT_S 5
/* A larger message buffer is given back once it is empty: a join with its offer is one of few. */
#define BUFFER_KEEP_BYTES 2048
#define TEXT_TOO_BIG      "messages are at most 256 KiB"
#define TEXT_BINARY       "frames of this channel are text"

/* Cut text to what fits a close frame, at a character's end. */
static void copy_reason(char out[124], const char *reason)
{
    size_t len = strnlen(reason, 124);

    if (len == 124)
        for (len = 123; len > 0 && ((unsigned char)reason[len] & 0xc0) == 0x80;)
            len--;
    memcpy(out, reason, len);
    out[len] = '\0';
}

void signalling_connection_close(struct signalling_connection *connection, int code,
                                 const char *reason)
{
    if (connection->is_closing)
        return;
    connection->is_closing = true;
    connection->close_code = code;
    copy_reason(connection->close_reason, reason ? reason : "");
    free(connection->message);
    connection->message = NULL;
    connection->message_len = connection->message_cap = 0;
    signalling_rate_resume(connection); /* the peer's close frame is to be read */
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, CLOSE_LIMIT_S);
    lws_callback_on_writable(connection->wsi);
}

void signalling_connection_probe(struct signalling_connection *connection, unsigned seconds)
{
    if (connection->is_closing || connection->is_probed)
        return;
    connection->is_probed = connection->is_ping_due = true;
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, (int)seconds);
    lws_callback_on_writable(connection->wsi);
}

bool signalling_connection_is_probed(const struct signalling_connection *connection)
{
    return connection->is_probed;
}

/* Anything that comes is a sign of life. */
static void on_sign_of_life(struct signalling_connection *connection)
{
    if (!connection->is_probed)
        return;
    connection->is_probed = connection->is_ping_due = false;
    if (!connection->is_closing) /* else the limit is the close's */
        lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
}

void signalling_connection_set_user(struct signalling_connection *connection, void *user)
{
    connection->user = user;
}

void *signalling_connection_user(const struct signalling_connection *connection)
{
    return connection->user;
}

const char *signalling_connection_peer(const struct signalling_connection *connection)
{
    return connection->peer;
}

static struct signalling_connection *open_connection(struct lws *wsi)
{
    struct signalling_server *server = signalling_server_of(wsi);
    struct signalling_connection *connection = calloc(1, sizeof(*connection));
    const struct signalling_ip client = signalling_client_ip(wsi);

    if (!connection)
        return NULL;
    connection->server = server;
    connection->wsi = wsi;
    signalling_ip_format(&client, connection->peer);
    connection->address = signalling_limit_hold(&server->limit, &client, signalling_now_ms());
    signalling_rate_init(connection);
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    server->handlers.on_open(server->handlers.context, connection);
    return connection;
}

static void close_connection(struct signalling_connection *connection)
{
    struct signalling_server *server = connection->server;

    connection->is_closing = true; /* what the handler still sends goes nowhere */
    server->handlers.on_close(server->handlers.context, connection);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    signalling_limit_release(connection->address, signalling_now_ms());
    signalling_queue_drop(&connection->queue);
    free(connection->message);
    free(connection);
}

/* Make room for len more bytes; grows by what has come, never by what a header announces. */
static bool reserve(struct signalling_connection *connection, size_t len)
{
    size_t needed = connection->message_len + len;
    size_t cap = needed * 2 < SIGNALLING_FRAME_MAX_BYTES ? needed * 2 : SIGNALLING_FRAME_MAX_BYTES;
    char *grown;

    if (needed <= connection->message_cap)
        return true;
    grown = realloc(connection->message, cap);
    if (!grown)
        return false;
    connection->message = grown;
    connection->message_cap = cap;
    return true;
}

static void deliver(struct signalling_connection *connection)
{
    struct signalling_server *server = connection->server;
    struct signalling_request request;
    uint64_t retry_ms = signalling_rate_request(connection, connection->message_len);
    json_t *reply;

    if (signalling_jsonrpc_parse(connection->message ? connection->message : "",
                                 connection->message_len, &request, &reply) != 0) {
        signalling_connection_send(connection, reply);
    } else {
        if (retry_ms == 0)
            server->handlers.on_request(server->handlers.context, connection, &request);
        else if (request.id)
            signalling_connection_send(connection, signalling_rate_refusal(request.id, retry_ms));
        signalling_request_dispose(&request);
    }
    if (retry_ms > 0)
        signalling_rate_charge(connection, connection->message_len);
}

static void on_fragment(struct signalling_connection *connection, const void *bytes, size_t len)
{
    struct lws *wsi = connection->wsi;
    size_t announced = lws_remaining_packet_payload(wsi);

    if (connection->is_closing)
        return;
    if (lws_frame_is_binary(wsi)) {
        signalling_connection_close(connection, SIGNALLING_CLOSE_PROTOCOL, TEXT_BINARY);
        return;
    }
    if (len > SIGNALLING_FRAME_MAX_BYTES || announced > SIGNALLING_FRAME_MAX_BYTES ||
        connection->message_len + len + announced > SIGNALLING_FRAME_MAX_BYTES) {
        signalling_connection_close(connection, SIGNALLING_CLOSE_TOO_BIG, TEXT_TOO_BIG);
        return;
    }
    if (len > 0) {
        if (!reserve(connection, len)) {
            signalling_connection_close(connection, SIGNALLING_CLOSE_DRAINED, "out of memory");
            return;
        }
        memcpy(connection->message + connection->message_len, bytes, len);
        connection->message_len += len;
    }
    if (!lws_is_final_fragment(wsi)) {
        if (len == 0)
            signalling_rate_charge(connection, 0);
        return;
    }
    deliver(connection);
    connection->message_len = 0;
    if (connection->message_cap > BUFFER_KEEP_BYTES) {
        free(connection->message);
        connection->message = NULL;
        connection->message_cap = 0;
    }
}

/* With content: libwebsockets does not tell of pongs without. */
static int write_ping(struct signalling_connection *connection)
{
    unsigned char bytes[LWS_PRE + 4] = {0};

    memcpy(bytes + LWS_PRE, "iris", 4);
    connection->is_ping_due = false;
    lws_callback_on_writable(connection->wsi);
    return lws_write(connection->wsi, bytes + LWS_PRE, 4, LWS_WRITE_PING) < 0 ? -1 : 0;
}

/* libwebsockets has sent all it held. Give it a ping, the next frame, or the close. */
static int on_writable(struct signalling_connection *connection)
{
    signalling_queue_acknowledge(&connection->queue);
    if (connection->is_ping_due && !connection->is_closing)
        return write_ping(connection);
    /* From here, lws_close_reason() would end the connection without its frame (4.1.6). */
    if (!connection->queue.first && connection->is_closing)
        lws_set_timer_usecs(connection->wsi, 1);
    return signalling_queue_write(&connection->queue, connection->wsi, LWS_WRITE_TEXT);
}

/* The queue is empty and the connection is to end: say why. libwebsockets awaits the answer. */
static int on_close_due(struct signalling_connection *connection)
{
    if (!connection->is_closing || connection->queue.first || connection->is_close_sent)
        return 0;
    connection->is_close_sent = true;
    lws_close_reason(connection->wsi, (enum lws_close_status)connection->close_code,
                     (unsigned char *)connection->close_reason, strlen(connection->close_reason));
    return -1;
}

int signalling_websocket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                                  void *in, size_t len)
{
    struct signalling_connection **slot = user;

    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        *slot = open_connection(wsi);
        return *slot ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        on_sign_of_life(*slot);
        on_fragment(*slot, in, len);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        on_sign_of_life(*slot);
        signalling_rate_charge(*slot, 0);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(*slot);
    case LWS_CALLBACK_TIMER:
        signalling_rate_resume(*slot);
        return on_close_due(*slot);
    case LWS_CALLBACK_CLOSED:
        if (slot && *slot)
            close_connection(*slot);
        if (slot)
            *slot = NULL;
        return 0;
    default:
        return 0;
    }
}
