/* Plain sockets; a stream is read while the event loop runs. */
#include "tests/integration/operations_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/event_loop.h"
#include "tests/integration/server_process.h"

#define ANSWER_MAX_BYTES (4 * 1024 * 1024)
#define TIMEOUT_S        5

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int status_of(const char *text)
{
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? (int)strtol(text + 9, NULL, 10) : 0;
}

struct operations_reply operations_exchange(uint16_t port, const char *text, size_t len)
{
    struct operations_reply reply = {.text = calloc(1, ANSWER_MAX_BYTES)};
    int fd = connect_to(port);
    size_t used = 0;
    ssize_t got = 1;
    if (fd < 0)
        return reply;
    (void)!send(fd, text, len, MSG_NOSIGNAL);
    while (got > 0 && used < ANSWER_MAX_BYTES - 1) {
        got = recv(fd, reply.text + used, ANSWER_MAX_BYTES - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    reply.status = status_of(reply.text);
    const char *body = strstr(reply.text, "\r\n\r\n");
    if (body)
        reply.body = json_loads(body + 4, JSON_REJECT_DUPLICATES, NULL);
    return reply;
}

struct operations_reply operations_call(const char *method, const char *path, const char *headers,
                                        const char *body)
{
    char *text = NULL;
    int len = asprintf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path, headers);
    if (len >= 0 && body) {
        char *whole = NULL;
        len = asprintf(&whole, "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       text, strlen(body), body);
        free(text);
        text = whole;
    } else if (len >= 0) {
        char *whole = NULL;
        len = asprintf(&whole, "%s\r\n", text);
        free(text);
        text = whole;
    }
    struct operations_reply reply =
        operations_exchange(server_process_operations_port(), text, (size_t)len);
    free(text);
    return reply;
}

int operations_status(const char *method, const char *path, const char *headers, const char *body)
{
    struct operations_reply reply = operations_call(method, path, headers, body);
    int status = reply.status;
    operations_reply_free(&reply);
    return status;
}

void operations_reply_free(struct operations_reply *reply)
{
    free(reply->text);
    json_decref(reply->body);
    *reply = (struct operations_reply){0};
}

struct event_stream {
    int fd;
    size_t len;
    char text[1024 * 1024]; /* what has come and was not taken */
    const char *wanted;     /* of event_stream_take() */
    json_t *taken;
};

static void read_more(struct event_stream *stream)
{
    ssize_t got = recv(stream->fd, stream->text + stream->len,
                       sizeof(stream->text) - 1 - stream->len, MSG_DONTWAIT);
    stream->len += got > 0 ? (size_t)got : 0;
    stream->text[stream->len] = '\0';
}

static void consume(struct event_stream *stream, size_t len)
{
    memmove(stream->text, stream->text + len, stream->len - len + 1);
    stream->len -= len;
}

static bool has_head(void *context)
{
    struct event_stream *stream = context;
    read_more(stream);
    return strstr(stream->text, "\r\n\r\n") != NULL;
}

struct event_stream *event_stream_open(int *status)
{
    static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct event_stream *stream = calloc(1, sizeof(*stream));
    stream->fd = connect_to(server_process_operations_port());
    if (stream->fd >= 0)
        (void)!send(stream->fd, request, strlen(request), MSG_NOSIGNAL);
    event_loop_until(has_head, stream, EVENT_LOOP_PATIENCE_MS);
    *status = status_of(stream->text);
    if (*status != 200) {
        event_stream_close(stream);
        return NULL;
    }
    consume(stream, (size_t)(strstr(stream->text, "\r\n\r\n") + 4 - stream->text));
    return stream;
}

/* Take the first whole event. @return its data if it is the one that is wanted */
static json_t *take_first(struct event_stream *stream, size_t len)
{
    char name[64] = "";
    const char *data = strstr(stream->text, "\ndata: ");
    json_t *taken = NULL;
    if (sscanf(stream->text, "event: %63s", name) == 1 && strcmp(name, stream->wanted) == 0 &&
        data && (size_t)(data - stream->text) < len)
        taken = json_loads(data + 7, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
    consume(stream, len);
    return taken;
}

static bool has_wanted(void *context)
{
    struct event_stream *stream = context;
    read_more(stream);
    for (const char *end; !stream->taken && (end = strstr(stream->text, "\n\n"));)
        stream->taken = take_first(stream, (size_t)(end + 2 - stream->text));
    return stream->taken != NULL;
}

json_t *event_stream_take(struct event_stream *stream, const char *name, unsigned timeout_ms)
{
    stream->wanted = name;
    event_loop_until(has_wanted, stream, timeout_ms);
    json_t *taken = stream->taken;
    stream->taken = NULL;
    return taken;
}

void event_stream_close(struct event_stream *stream)
{
    if (!stream)
        return;
    if (stream->fd >= 0)
        close(stream->fd);
    json_decref(stream->taken);
    free(stream);
}
