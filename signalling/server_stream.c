/*
 * Answers that do not end: server-sent events (WHATWG HTML, section 9.2). An event is written once
 * and queued for every stream; a stream is one HTTP/1.1 connection, which ends with it. Bounded:
 * the handler lets SIGNALLING_STREAMS_MAX in, and each queue holds SIGNALLING_STREAM_MAX_BYTES.
 *
 * libwebsockets 4.1.6 spins on what a client says while its call is being answered, does not see
 * that it goes, and writes nothing while told not to read. So a second descriptor of the socket is
 * watched, and whatever comes ends the stream.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signalling/server_internal.h"

#define RETRY     "retry: 2000\n\n" /* when a browser connects again [ms] */
#define HEARTBEAT ":\n\n"           /* a comment: no event */

/* Have libwebsockets close the connection, though not at once. */
static void end(struct signalling_stream *stream)
{
    stream->is_dropped = true;
    signalling_queue_drop(&stream->queue);
    lws_set_timeout(stream->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void queue(struct signalling_stream *stream, struct signalling_frame *frame)
{
    if (!frame || stream->is_dropped)
        return;
    if (signalling_queue_put(&stream->queue, frame, SIGNALLING_STREAM_MAX_BYTES)) {
        lws_callback_on_writable(stream->wsi);
        return;
    }
    stream->server->stream_counters.dropped++;
    signalling_server_notice(stream->server, "slow event stream of %s is ended", stream->peer);
    end(stream);
}

static void queue_text(struct signalling_stream *stream, const char *text)
{
    struct signalling_frame *frame = signalling_frame_of_text(text, strlen(text));

    queue(stream, frame);
    signalling_frame_release(frame);
}

/* The client says something, or is gone. */
static void on_input(uv_poll_t *watch, int status, int events)
{
    struct signalling_stream *stream = watch->data;

    (void)status;
    (void)events;
    uv_poll_stop(watch);
    end(stream);
}

static bool start_watch(struct signalling_stream *stream, uv_loop_t *loop)
{
    stream->watch_fd = fcntl(lws_get_socket_fd(stream->wsi), F_DUPFD_CLOEXEC, 0);
    stream->watch.data = stream;
    if (stream->watch_fd < 0 || uv_poll_init(loop, &stream->watch, stream->watch_fd) != 0) {
        if (stream->watch_fd >= 0)
            close(stream->watch_fd);
        return false;
    }
    uv_poll_start(&stream->watch, UV_READABLE | UV_DISCONNECT, on_input);
    return true;
}

static struct signalling_stream *create(struct lws *wsi)
{
    struct signalling_server *server = signalling_server_of(wsi);
    struct signalling_stream *stream = calloc(1, sizeof(*stream));
    const struct signalling_ip client = signalling_client_ip(wsi);

    if (!stream)
        return NULL;
    stream->wsi = wsi;
    if (!start_watch(stream, server->loop)) {
        free(stream);
        return NULL;
    }
    stream->server = server;
    signalling_ip_format(&client, stream->peer);
    stream->next = server->streams;
    if (stream->next)
        stream->next->previous = stream;
    server->streams = stream;
    server->stream_counters.open++;
    server->stream_counters.opened++;
    return stream;
}

int signalling_stream_open(struct lws *wsi, struct http_session *session)
{
    struct http_answer answer = {.status = 200,
                                 .content_type = "text/event-stream",
                                 .headers =
                                     "X-Accel-Buffering: no\r\n", /* proxies pass on at once */
                                 .is_head = session->is_head,
                                 .is_endless = true};

    if (signalling_http_send(wsi, &answer) < 0 || session->is_head)
        return -1;
    session->stream = create(wsi);
    if (!session->stream)
        return -1;
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    queue_text(session->stream, RETRY);
    return 0;
}

int signalling_stream_continue(struct signalling_stream *stream)
{
    if (stream->is_dropped)
        return -1;
    signalling_queue_acknowledge(&stream->queue);
    lws_set_timer_usecs(stream->wsi, (lws_usec_t)stream->server->stream_silence_ms * 1000);
    return signalling_queue_write(&stream->queue, stream->wsi, LWS_WRITE_HTTP);
}

void signalling_stream_on_silence(struct signalling_stream *stream)
{
    queue_text(stream, HEARTBEAT);
}

static void free_stream(uv_handle_t *watch)
{
    struct signalling_stream *stream = watch->data;

    close(stream->watch_fd);
    free(stream);
}

void signalling_stream_close(struct signalling_stream *stream)
{
    if (!stream)
        return;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        stream->server->streams = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    stream->server->stream_counters.open--;
    signalling_queue_drop(&stream->queue);
    uv_close((uv_handle_t *)&stream->watch, free_stream);
}

/* JSON has no line breaks of its own, so the data is one line. */
static struct signalling_frame *create_event(const char *event, json_t *data)
{
    char *json = data ? json_dumps(data, JSON_COMPACT) : NULL;
    struct signalling_frame *frame = NULL;
    char *text = NULL;
    int len = json ? asprintf(&text, "event: %s\ndata: %s\n\n", event, json) : -1;

    if (len >= 0) {
        frame = signalling_frame_of_text(text, (size_t)len);
        free(text);
    }
    free(json);
    return frame;
}

void signalling_server_publish(struct signalling_server *server, const char *event, json_t *data)
{
    struct signalling_frame *frame = server->streams ? create_event(event, data) : NULL;

    for (struct signalling_stream *stream = server->streams; stream; stream = stream->next)
        queue(stream, frame);
    signalling_frame_release(frame);
    json_decref(data);
}

const struct signalling_stream_counters *
signalling_server_streams(const struct signalling_server *server)
{
    return &server->stream_counters;
}

bool signalling_stream_is_any_unsent(const struct signalling_server *server)
{
    for (const struct signalling_stream *stream = server->streams; stream; stream = stream->next)
        if (stream->queue.bytes > 0)
            return true;
    return false;
}
