/*
 * What waits to be sent. A frame is the text of a message, made once for all of its receivers; a
 * queue refers to frames and is bounded by their bytes. Control channels and event streams have one
 * each.
 */
#include <stdlib.h>
#include <string.h>

#include "signalling/server_internal.h"

#define TEXT_SLOW_CONSUMER "the connection does not take what is sent"

struct signalling_frame *signalling_frame_of_text(const char *text, size_t len)
{
    struct signalling_frame *frame = malloc(sizeof(*frame) + LWS_PRE + len);

    if (!frame)
        return NULL;
    frame->references = 1;
    frame->len = len;
    /* A frame has a length, no end. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
    memcpy(frame->bytes + LWS_PRE, text, len);
    return frame;
}

struct signalling_frame *signalling_frame_create(json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    struct signalling_frame *frame = text ? signalling_frame_of_text(text, strlen(text)) : NULL;

    free(text);
    json_decref(message);
    return frame;
}

void signalling_frame_release(struct signalling_frame *frame)
{
    if (frame && --frame->references == 0)
        free(frame);
}

/* The first frame of a queue that is not empty, with its reference; its bytes still count. */
static struct signalling_frame *take(struct frame_queue *queue)
{
    struct queued_frame *first = queue->first;
    struct signalling_frame *frame = first->frame;

    queue->first = first->next;
    if (!queue->first)
        queue->last = NULL;
    free(first);
    return frame;
}

bool signalling_queue_put(struct frame_queue *queue, struct signalling_frame *frame,
                          size_t max_bytes)
{
    struct queued_frame *queued;

    if (queue->bytes + frame->len > max_bytes)
        return false;
    queued = malloc(sizeof(*queued));
    if (!queued)
        return true;
    *queued = (struct queued_frame){.frame = frame};
    frame->references++;
    if (queue->last)
        queue->last->next = queued;
    else
        queue->first = queued;
    queue->last = queued;
    queue->bytes += frame->len;
    return true;
}

void signalling_queue_acknowledge(struct frame_queue *queue)
{
    queue->bytes -= queue->in_flight_bytes;
    queue->in_flight_bytes = 0;
}

int signalling_queue_write(struct frame_queue *queue, struct lws *wsi,
                           enum lws_write_protocol protocol)
{
    struct signalling_frame *frame;
    int written;

    if (!queue->first)
        return 0;
    frame = take(queue);
    queue->in_flight_bytes = frame->len;
    written = lws_write(wsi, frame->bytes + LWS_PRE, frame->len, protocol);
    signalling_frame_release(frame);
    lws_callback_on_writable(wsi);
    return written < 0 ? -1 : 0;
}

void signalling_queue_drop(struct frame_queue *queue)
{
    while (queue->first) {
        struct signalling_frame *frame = take(queue);

        queue->bytes -= frame->len;
        signalling_frame_release(frame);
    }
}

void signalling_connection_send_frame(struct signalling_connection *connection,
                                      struct signalling_frame *frame)
{
    if (!frame || connection->is_closing)
        return;
    if (signalling_queue_put(&connection->queue, frame, SIGNALLING_QUEUE_MAX_BYTES)) {
        lws_callback_on_writable(connection->wsi);
        return;
    }
    signalling_queue_drop(&connection->queue);
    signalling_server_notice(connection->server, "slow consumer %s is closed", connection->peer);
    signalling_connection_close(connection, SIGNALLING_CLOSE_SLOW, TEXT_SLOW_CONSUMER);
}

void signalling_connection_send(struct signalling_connection *connection, json_t *message)
{
    struct signalling_frame *frame;

    if (connection->is_closing) {
        json_decref(message);
        return;
    }
    frame = signalling_frame_create(message);
    signalling_connection_send_frame(connection, frame);
    signalling_frame_release(frame);
}
