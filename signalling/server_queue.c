/*
 * What waits to be sent on the control channel. A frame is the text of a message, made once for all
 * of its receivers; a connection's queue refers to frames and is bounded by their bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "signalling/server_internal.h"

#define TEXT_SLOW_CONSUMER "the connection does not take what is sent"

struct signalling_frame *signalling_frame_create(json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0;
    struct signalling_frame *frame = text ? malloc(sizeof(*frame) + LWS_PRE + len) : NULL;

    if (frame) {
        frame->references = 1;
        frame->len = len;
        /* A frame has a length, no end. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
        memcpy(frame->bytes + LWS_PRE, text, len);
    }
    free(text);
    json_decref(message);
    return frame;
}

void signalling_frame_release(struct signalling_frame *frame)
{
    if (frame && --frame->references == 0)
        free(frame);
}

struct signalling_frame *signalling_queue_take(struct signalling_connection *connection)
{
    struct queued_frame *first = connection->first;
    struct signalling_frame *frame = first->frame;

    connection->first = first->next;
    if (!connection->first)
        connection->last = NULL;
    free(first);
    return frame;
}

void signalling_queue_drop(struct signalling_connection *connection)
{
    while (connection->first) {
        struct signalling_frame *frame = signalling_queue_take(connection);

        connection->queued_bytes -= frame->len;
        signalling_frame_release(frame);
    }
}

static void enqueue(struct signalling_connection *connection, struct signalling_frame *frame)
{
    struct queued_frame *queued = malloc(sizeof(*queued));

    if (!queued)
        return;
    *queued = (struct queued_frame){.frame = frame};
    frame->references++;
    if (connection->last)
        connection->last->next = queued;
    else
        connection->first = queued;
    connection->last = queued;
    connection->queued_bytes += frame->len;
    lws_callback_on_writable(connection->wsi);
}

void signalling_connection_send_frame(struct signalling_connection *connection,
                                      struct signalling_frame *frame)
{
    if (!frame || connection->is_closing)
        return;
    if (connection->queued_bytes + frame->len <= SIGNALLING_QUEUE_MAX_BYTES) {
        enqueue(connection, frame);
        return;
    }
    signalling_queue_drop(connection);
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
