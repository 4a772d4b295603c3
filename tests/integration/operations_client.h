/*
 * Calls of the operations listener, and its event stream, over sockets of their own: one connection
 * a call.
 */
#ifndef IRIS_TESTS_OPERATIONS_CLIENT_H
#define IRIS_TESTS_OPERATIONS_CLIENT_H

#include <jansson.h>
#include <stdint.h>

/* One answer; operations_reply_free(). */
struct operations_reply {
    int status;   /* 0: the connection ended without one */
    char *text;   /* head and body */
    json_t *body; /* NULL: it is no JSON */
};

/** Send text as it is to a port of 127.0.0.1 and read until the connection ends, 5 s at most. */
struct operations_reply operations_exchange(uint16_t port, const char *text, size_t len);

/**
 * A call of the operations listener.
 *
 * @param headers  further lines, each with its line break, or ""
 * @param body     JSON, or NULL: none
 */
struct operations_reply operations_call(const char *method, const char *path, const char *headers,
                                        const char *body);

/** Only the status of it. */
int operations_status(const char *method, const char *path, const char *headers, const char *body);

void operations_reply_free(struct operations_reply *reply);

struct event_stream; /* owned by the caller */

/** Open GET /v1/events and wait for its head. @return NULL: refused, status says how */
struct event_stream *event_stream_open(int *status);

/** Wait for an event of this name; earlier ones are skipped. @return its data; NULL: none came */
json_t *event_stream_take(struct event_stream *stream, const char *name, unsigned timeout_ms);

/** Close. NULL is harmless. */
void event_stream_close(struct event_stream *stream);

#endif
