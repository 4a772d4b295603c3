/* Frames of RFC 6455, section 5, over a non-blocking socket watched by GLib. */
#include "tests/integration/websocket_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtp/bytes.h"

#define HANDSHAKE_TIMEOUT_S 20
#define SEND_TIMEOUT_MS     5000
#define READ_BYTES          16384

struct websocket_client {
    int fd;
    guint source; /* 0: not watched */
    int http_status;
    int close_code;
    bool is_closed;
    GByteArray *received; /* bytes that are not yet a whole frame */
    GByteArray *message;  /* fragments of a text message */
    websocket_text_fn on_text;
    void *context;
};

void websocket_client_send_bytes(struct websocket_client *client, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0 && !client->is_closed) {
        ssize_t sent = send(client->fd, at, len, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
            continue;
        }
        struct pollfd waiting = {.fd = client->fd, .events = POLLOUT};
        if (errno != EAGAIN || poll(&waiting, 1, SEND_TIMEOUT_MS) <= 0)
            return; /* the peer is gone: the reading side notices */
    }
}

/* The frame header of RFC 6455, 5.2, without the masking key. */
static size_t write_header(uint8_t *out, const struct websocket_frame *frame, uint64_t len)
{
    uint8_t mask = frame->is_unmasked ? 0 : 0x80;
    out[0] = (uint8_t)((frame->is_final ? 0x80 : 0) | (frame->reserved_bits << 4) | frame->opcode);
    if (len < 126) {
        out[1] = (uint8_t)(mask | len);
        return 2;
    }
    if (len < 65536) {
        out[1] = mask | 126;
        rtp_bytes_put16(out + 2, (uint16_t)len);
        return 4;
    }
    out[1] = mask | 127;
    rtp_bytes_put64(out + 2, len);
    return 10;
}

void websocket_client_send_frame(struct websocket_client *client,
                                 const struct websocket_frame *frame, const void *payload,
                                 size_t len)
{
    uint8_t header[16];
    size_t header_len =
        write_header(header, frame, frame->announced_len > 0 ? frame->announced_len : len);
    uint8_t key[4];
    rtp_bytes_put32(key, g_random_int());
    GByteArray *wire = g_byte_array_new();
    g_byte_array_append(wire, header, (guint)header_len);
    if (!frame->is_unmasked)
        g_byte_array_append(wire, key, sizeof(key));
    guint at = wire->len;
    g_byte_array_append(wire, payload, (guint)len);
    for (size_t i = 0; !frame->is_unmasked && i < len; i++)
        wire->data[at + i] ^= key[i % 4];
    websocket_client_send_bytes(client, wire->data, wire->len);
    g_byte_array_unref(wire);
}

void websocket_client_send_text(struct websocket_client *client, const char *text, size_t len)
{
    const struct websocket_frame frame = {.opcode = WEBSOCKET_TEXT, .is_final = true};
    websocket_client_send_frame(client, &frame, text, len);
}

static void on_close_frame(struct websocket_client *client, const uint8_t *payload, size_t len)
{
    if (client->close_code != 0)
        return;
    client->close_code = len >= 2 ? rtp_bytes_get16(payload) : WEBSOCKET_NO_CLOSE_CODE;
    const struct websocket_frame echo = {.opcode = WEBSOCKET_CLOSE, .is_final = true};
    websocket_client_send_frame(client, &echo, payload, len >= 2 ? 2 : 0);
}

static void on_frame(struct websocket_client *client, uint8_t first, const uint8_t *payload,
                     size_t len)
{
    static const uint8_t terminator = 0;
    uint8_t opcode = first & 0x0F;
    if (opcode == WEBSOCKET_CLOSE)
        on_close_frame(client, payload, len);
    if (opcode == WEBSOCKET_PING) {
        const struct websocket_frame pong = {.opcode = WEBSOCKET_PONG, .is_final = true};
        websocket_client_send_frame(client, &pong, payload, len);
    }
    if (opcode != WEBSOCKET_TEXT && opcode != WEBSOCKET_CONTINUATION)
        return;
    g_byte_array_append(client->message, payload, (guint)len);
    if (!(first & 0x80))
        return;
    /* The callee may send, but not destroy us. */
    GByteArray *message = client->message;
    client->message = g_byte_array_new();
    g_byte_array_append(message, &terminator, 1);
    client->on_text(client->context, (const char *)message->data, message->len - 1);
    g_byte_array_unref(message);
}

/* Take the first whole frame from what was received. */
static bool take_frame(struct websocket_client *client)
{
    const uint8_t *at = client->received->data;
    size_t have = client->received->len, header_len = 2;
    if (have < 2)
        return false;
    uint64_t len = at[1] & 0x7F; /* a server's frames are not masked */
    if (len == 126)
        header_len = 4;
    else if (len == 127)
        header_len = 10;
    if (have < header_len)
        return false;
    if (len == 126)
        len = rtp_bytes_get16(at + 2);
    else if (len == 127)
        len = rtp_bytes_get64(at + 2);
    if (have - header_len < len)
        return false;
    on_frame(client, at[0], at + header_len, (size_t)len);
    g_byte_array_remove_range(client->received, 0, (guint)(header_len + len));
    return true;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user)
{
    struct websocket_client *client = user;
    uint8_t bytes[READ_BYTES];
    (void)condition;
    ssize_t len = recv(fd, bytes, sizeof(bytes), 0);
    if (len > 0) {
        g_byte_array_append(client->received, bytes, (guint)len);
        while (take_frame(client))
            ;
        return G_SOURCE_CONTINUE;
    }
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    client->is_closed = true;
    client->source = 0;
    return G_SOURCE_REMOVE;
}

static void send_request(struct websocket_client *client, uint16_t port,
                         const struct websocket_request *request)
{
    char host[32], text[2048];
    snprintf(host, sizeof(host), "127.0.0.1:%u", (unsigned)port);
    snprintf(text, sizeof(text),
             "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Protocol: %s\r\n%s%s%s\r\n",
             request->path ? request->path : "/v1/ws", request->host ? request->host : host,
             request->subprotocol ? request->subprotocol : "iris.v1",
             request->origin ? "Origin: " : "", request->origin ? request->origin : "",
             request->origin ? "\r\n" : "");
    websocket_client_send_bytes(client, text, strlen(text));
}

/* Read the answer's header; frames that follow it at once are kept. */
static void read_answer(struct websocket_client *client)
{
    uint8_t byte;
    char header[4096];
    size_t len = 0;
    while (len + 1 < sizeof(header) && recv(client->fd, &byte, 1, 0) == 1) {
        header[len++] = (char)byte;
        header[len] = '\0';
        if (len >= 4 && memcmp(header + len - 4, "\r\n\r\n", 4) == 0) {
            if (sscanf(header, "HTTP/1.1 %d", &client->http_status) != 1)
                client->http_status = 0;
            return;
        }
    }
}

struct websocket_client *websocket_client_open(uint16_t port,
                                               const struct websocket_request *request,
                                               websocket_text_fn on_text, void *context)
{
    static const struct websocket_request usual = {0};
    struct websocket_client *client = calloc(1, sizeof(*client));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval timeout = {.tv_sec = HANDSHAKE_TIMEOUT_S};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->on_text = on_text;
    client->context = context;
    client->received = g_byte_array_new();
    client->message = g_byte_array_new();
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        client->is_closed = true;
        return client;
    }
    send_request(client, port, request ? request : &usual);
    read_answer(client);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    client->source = g_unix_fd_add(client->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, client);
    return client;
}

void websocket_client_destroy(struct websocket_client *client)
{
    if (!client)
        return;
    if (client->source != 0)
        g_source_remove(client->source);
    close(client->fd);
    g_byte_array_unref(client->received);
    g_byte_array_unref(client->message);
    free(client);
}

int websocket_client_http_status(const struct websocket_client *client)
{
    return client->http_status;
}

void websocket_client_shutdown(struct websocket_client *client)
{
    shutdown(client->fd, SHUT_WR);
}

void websocket_client_freeze(struct websocket_client *client)
{
    if (client->source != 0)
        g_source_remove(client->source);
    client->source = 0;
}

int websocket_client_close_code(const struct websocket_client *client)
{
    return client->close_code;
}

bool websocket_client_is_closed(const struct websocket_client *client)
{
    return client->is_closed;
}
