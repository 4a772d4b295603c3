/* What the files of the control plane share; not for outside sfu/control. */
#ifndef IRIS_CONTROL_CONTROL_INTERNAL_H
#define IRIS_CONTROL_CONTROL_INTERNAL_H

#include "sfu/control/backlog.h"
#include "sfu/control/control.h"
#include "sfu/control/log_gate.h"
#include "sfu/control/negotiate.h"
#include "sfu/control/overload.h"
#include "sfu/control/registry.h"
#include "sfu/io/worker.h"
#include "signalling/limit.h"

#define CONTROL_WORKERS_MAX 64

/* One WebSocket, joined or not. Owned by its connection. */
struct control_session {
    struct control *control;
    struct signalling_connection *connection;
    struct control_participant *participant; /* NULL: not joined */
    uv_timer_t join_timer;                   /* closes 4408 */
    struct signalling_bucket messages;       /* that it may still send to others */
};

/* Who decides how many lines of the log there are. */
enum control_log_source {
    CONTROL_LOG_OWN,       /* the server: no gate */
    CONTROL_LOG_STRANGERS, /* those who connect, join, send: a gate for all of them */
    CONTROL_LOG_VERDICTS,  /* everyone's network: many at once when the server's own is bad */
    CONTROL_LOG_SOURCES,
};

/* A drain (drain.c); zero-initialised: there is none. */
struct control_drain {
    bool is_draining, is_over;
    bool ends_when_empty;           /* not only at the deadline */
    uint64_t begun_ms, deadline_ms; /* of the loop's clock */
    unsigned told, left, cut_off;   /* participants */
    uv_timer_t timer;               /* of the deadline */
};

/* How a worker is judged (load.c). */
struct control_worker_watch {
    int64_t heard_us; /* when its last snapshot was made, or it last had nobody; monotonic */
    struct control_overload overload;
    struct core_verdict_server server; /* its part in the verdicts of the last snapshot */
};

struct control {
    struct control_config config;
    uv_loop_t *loop;
    struct transport_certificate *certificate;
    struct control_server_identity identity;
    struct signalling_server *server;
    struct control_registry registry;
    struct io_worker *workers[CONTROL_WORKERS_MAX];
    struct control_backlog backlogs[CONTROL_WORKERS_MAX];
    struct control_worker_snapshots worker_snapshots[CONTROL_WORKERS_MAX];
    struct control_statistics statistics;
    int64_t started_us; /* monotonic */
    struct control_worker_watch watches[CONTROL_WORKERS_MAX];
    struct control_log_gate log_gates[CONTROL_LOG_SOURCES];
    struct control_drain drain;
    uv_timer_t backlog_timer; /* runs while a command waits */
    uv_timer_t second_timer;
    uv_async_t events_wake;
    struct control_dump *dumps; /* dump.c: under way, owned */
    unsigned dump_count;
    bool is_stopping;
};

/* Of `message` (protocol.md, section 2). */
extern const struct signalling_rate control_message_rate;

/* sessions.c: the handler table's part for WebSockets. */
void control_on_open(void *context, struct signalling_connection *connection);
void control_on_request(void *context, struct signalling_connection *connection,
                        const struct signalling_request *request);
void control_on_close(void *context, struct signalling_connection *connection);

/* A method of the control channel: the reply, a new reference; NULL: there is none, or it has been
 * sent. */
typedef json_t *(*control_method_fn)(struct control_session *session,
                                     const struct signalling_request *request);

/* join.c, resume.c, requests.c, moderate.c: all but join and resume are called for participants
 * only. */
json_t *control_join(struct control_session *session, const struct signalling_request *request);
json_t *control_resume(struct control_session *session, const struct signalling_request *request);
json_t *control_restart(struct control_session *session, const struct signalling_request *request);
json_t *control_update(struct control_session *session, const struct signalling_request *request);
json_t *control_layout(struct control_session *session, const struct signalling_request *request);
json_t *control_relay(struct control_session *session, const struct signalling_request *request);
json_t *control_statistics(struct control_session *session,
                           const struct signalling_request *request);
json_t *control_mute(struct control_session *session, const struct signalling_request *request);
json_t *control_remove(struct control_session *session, const struct signalling_request *request);

/** An error reply with a sentence of its own. */
json_t *control_refuse(const struct signalling_request *request, int code, const char *sentence);

/** 401: the error, then the end of the connection. @return NULL */
json_t *control_refuse_token(struct control_session *session,
                             const struct signalling_request *request, const char *sentence);

/** 503 or 429: when to come back. */
json_t *control_refuse_for_now(const struct signalling_request *request, int code,
                               const char *reason, int retry_after_ms);

/**
 * Bind a session to a participant: it has joined or resumed. Cannot fail, so that nothing has to be
 * undone.
 *
 * @param secret  of its session from now on: control_random_text(), CONTROL_SECRET_BYTES
 */
void control_attach(struct control_session *session, struct control_participant *participant,
                    const char *secret);

/** What join and resume have in common in their results. New reference. */
json_t *control_joined(const struct control_session *session);

/** No more participants fit on the server, even when so many leave. */
bool control_is_full(const struct control *control, unsigned leaving);

/** What is wrong with a display name, or with metadata; NULL: nothing. */
const char *control_check_name(const json_t *name);
const char *control_check_metadata(const json_t *metadata);

/** Nothing of this kind is forwarded from now on, or it is again. */
void control_set_muted(struct control *control, struct control_participant *participant,
                       enum core_kind kind, bool is_muted);

/** Tell the participant's worker; at once, or as soon as it listens. */
void control_command(struct control *control, const struct control_participant *participant,
                     const struct core_command *command);

/** The participant leaves: the room is told why, the engine forgets it, the session is free. */
void control_leave(struct control *control, struct control_participant *participant,
                   const char *reason);

/** As control_leave(); its own connection is told (`closing`) and closed. */
void control_end(struct control *control, struct control_participant *participant,
                 const char *reason, int close_code, const char *sentence);

/** Tell a connection why it is being closed, then close it. */
void control_close(struct signalling_connection *connection, const char *reason, int close_code,
                   const char *sentence);

/** Send a notification to everyone in a room but one (NULL: to all). Steals params. */
void control_broadcast(const struct control_room *room, const struct control_participant *except,
                       const char *method, json_t *params);

/* operations.c: HTTP calls of both listeners; their handlers are declared in operations.h. */
bool control_on_http(void *context, const struct signalling_http_request *request,
                     struct signalling_http_response *response);

/** load.c: a worker's snapshot has been taken: judge what it did since the one before. */
void control_load_on_snapshot(struct control *control, unsigned worker);

/**
 * load.c: a second has passed: judge the workers that have participants and make no snapshots.
 * Those that wait have been taken, so that control's own pauses are nobody's silence.
 *
 * @param now_us  monotonic, as the snapshots
 */
void control_load_on_second(struct control *control, int64_t now_us);

enum { CONTROL_LOG_ERROR, CONTROL_LOG_WARNING, CONTROL_LOG_INFO, CONTROL_LOG_DEBUG };

/**
 * events.c: one line for the log, if its level is written and log_gate.h lets it. Errors always
 * leave; so do lines of level debug: whoever asks for that level wants all.
 *
 * @param source  whose lines it counts among
 * @param pairs   key and text, ended by NULL
 */
void control_log_pairs(struct control *control, enum control_log_source source, int level,
                       const char *event, const char *const *pairs);

/* A line of the server's own: nobody else decides how many there are. */
#define control_log(control, level, event, ...)                                                    \
    control_log_pairs((control), CONTROL_LOG_OWN, (level), (event),                                \
                      (const char *const[]){__VA_ARGS__, NULL})

/* A line that strangers cause. */
#define control_log_stranger(control, level, event, ...)                                           \
    control_log_pairs((control), CONTROL_LOG_STRANGERS, (level), (event),                          \
                      (const char *const[]){__VA_ARGS__, NULL})

#endif
