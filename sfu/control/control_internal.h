/* What the files of the control plane share; not for outside sfu/control. */
#ifndef IRIS_CONTROL_CONTROL_INTERNAL_H
#define IRIS_CONTROL_CONTROL_INTERNAL_H

#include "sfu/control/control.h"
#include "sfu/control/negotiate.h"
#include "sfu/control/registry.h"
#include "sfu/io/worker.h"

#define CONTROL_WORKERS_MAX 64

/* One WebSocket, joined or not. Owned by its connection. */
struct control_session {
    struct control *control;
    struct signalling_connection *connection;
    struct control_participant *participant; /* NULL: not joined */
    uv_timer_t join_timer;                   /* closes 4408 */
    bool is_closed;
};

struct control {
    struct control_config config;
    uv_loop_t *loop;
    struct transport_certificate *certificate;
    struct control_server_identity identity;
    struct signalling_server *server;
    struct control_registry registry;
    struct io_worker *workers[CONTROL_WORKERS_MAX];
    uv_async_t events_wake;
    bool is_stopping;
};

/* sessions.c: the handler table's part for WebSockets. */
void control_on_open(void *context, struct signalling_connection *connection);
void control_on_request(void *context, struct signalling_connection *connection,
                        const struct signalling_request *request);
void control_on_close(void *context, struct signalling_connection *connection);

/* join.c: the method; the reply is a new reference. */
json_t *control_join(struct control_session *session, const struct signalling_request *request);

/** The participant leaves: the room is told why, the engine forgets it, the session is free. */
void control_leave(struct control *control, struct control_participant *participant,
                   const char *reason);

/** Send a notification to everyone in a room but one (NULL: to all). Steals params. */
void control_broadcast(const struct control_room *room, const struct control_participant *except,
                       const char *method, json_t *params);

/* operations.c: HTTP calls of both listeners. */
bool control_on_http(void *context, const struct signalling_http_request *request,
                     struct signalling_http_response *response);

/** One line for the log; pairs of key and text, ended by NULL. */
#define control_log(control, level, event, ...)                                                    \
    (control)->config.log((level), (event), (const char *const[]){__VA_ARGS__, NULL})

enum { CONTROL_LOG_ERROR, CONTROL_LOG_WARNING, CONTROL_LOG_INFO, CONTROL_LOG_DEBUG };

#endif
