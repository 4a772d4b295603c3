/* WebSockets: who speaks, what is asked, who is told. */
#include <stdlib.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/message.h"

#define JOIN_TIMEOUT_MS 10000 /* protocol.md, section 2 */

void control_broadcast(const struct control_room *room, const struct control_participant *except,
                       const char *method, json_t *params)
{
    json_t *message = signalling_jsonrpc_notification(method, params);
    struct control_participant *next;
    for (struct control_participant *p = room->first; p; p = next) {
        next = p->next;
        if (p != except && p->connection)
            signalling_connection_send(p->connection, json_incref(message));
    }
    json_decref(message);
}

void control_leave(struct control *control, struct control_participant *participant,
                   const char *reason)
{
    struct core_command command = {.type = CORE_COMMAND_LEAVE, .participant = participant->number};
    control_broadcast(participant->room, participant, "participant_left",
                      json_pack("{s:s, s:s}", "id", participant->id, "reason", reason));
    control_log(control, CONTROL_LOG_INFO, "participant.leave", "room", participant->room->name,
                "participant", participant->id, "reason", reason);
    io_worker_command(control->workers[participant->room->worker], &command);
    if (participant->connection) {
        struct control_session *session = signalling_connection_user(participant->connection);
        session->participant = NULL;
    }
    control_registry_remove(&control->registry, participant);
}

static void on_join_timeout(uv_timer_t *timer)
{
    struct control_session *session = timer->data;
    signalling_connection_close(session->connection, SIGNALLING_CLOSE_NO_JOIN,
                                "no join within 10 s");
}

void control_on_open(void *context, struct signalling_connection *connection)
{
    struct control *control = context;
    struct control_session *session = calloc(1, sizeof(*session));
    if (!session) {
        signalling_connection_close(connection, SIGNALLING_CLOSE_DRAINED, "out of memory");
        return;
    }
    session->control = control;
    session->connection = connection;
    uv_timer_init(control->loop, &session->join_timer);
    session->join_timer.data = session;
    uv_timer_start(&session->join_timer, on_join_timeout, JOIN_TIMEOUT_MS, 0);
    signalling_connection_set_user(connection, session);
}

static void free_session(uv_handle_t *timer)
{
    free(timer->data);
}

void control_on_close(void *context, struct signalling_connection *connection)
{
    struct control *control = context;
    struct control_session *session = signalling_connection_user(connection);
    if (!session)
        return;
    if (session->participant) {
        struct control_participant *participant = session->participant;
        struct core_command command = {.type = CORE_COMMAND_DETACH,
                                       .participant = participant->number,
                                       .is_set = true};
        participant->connection = NULL;
        io_worker_command(control->workers[participant->room->worker], &command);
    }
    uv_close((uv_handle_t *)&session->join_timer, free_session);
}

static json_t *not_joined(json_t *id)
{
    return signalling_jsonrpc_error(id, SIGNALLING_E_NOT_FOUND, "join first", NULL);
}

static json_t *leave(struct control_session *session, const struct signalling_request *request)
{
    if (!session->participant)
        return not_joined(request->id);
    control_leave(session->control, session->participant,
                  control_message_reason(CORE_REASON_LEFT));
    if (request->id)
        signalling_connection_send(session->connection,
                                   signalling_jsonrpc_result(request->id, json_object()));
    signalling_connection_close(session->connection, SIGNALLING_CLOSE_LEFT, "left");
    return NULL;
}

/* The flags of `update`: its key, the kind that it mutes, and the value that mutes. */
static const struct {
    const char *key;
    enum core_kind kind;
    bool mutes_when;
} flags[] = {
    {"audio_muted", CORE_KIND_AUDIO, true},
    {"camera_muted", CORE_KIND_CAMERA, true},
    {"screen_sharing", CORE_KIND_SCREEN, false},
};

static void set_muted(struct control *control, struct control_participant *participant,
                      enum core_kind kind, bool is_muted)
{
    struct core_command command = {.type = CORE_COMMAND_MUTE,
                                   .participant = participant->number,
                                   .kind = kind,
                                   .is_set = is_muted};
    participant->is_muted[kind] = is_muted;
    io_worker_command(control->workers[participant->room->worker], &command);
}

static json_t *update(struct control_session *session, const struct signalling_request *request)
{
    struct control_participant *participant = session->participant;
    if (!participant)
        return not_joined(request->id);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        json_t *value = json_object_get(request->params, flags[i].key);
        if (value && !json_is_boolean(value))
            return signalling_jsonrpc_error(request->id, SIGNALLING_E_PARAMS,
                                            "audio_muted, camera_muted and screen_sharing are "
                                            "true or false",
                                            NULL);
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        json_t *value = json_object_get(request->params, flags[i].key);
        if (value)
            set_muted(session->control, participant, flags[i].kind,
                      json_is_true(value) == flags[i].mutes_when);
    }
    control_broadcast(participant->room, participant, "participant_updated",
                      json_pack("{s:o}", "participant", control_message_participant(participant)));
    return signalling_jsonrpc_result(request->id, json_object());
}

static const struct {
    const char *name;
    json_t *(*handle)(struct control_session *session, const struct signalling_request *request);
} methods[] = {
    {"join", control_join},
    {"leave", leave},
    {"update", update},
};

void control_on_request(void *context, struct signalling_connection *connection,
                        const struct signalling_request *request)
{
    struct control_session *session = signalling_connection_user(connection);
    json_t *reply = NULL;
    (void)context;
    if (!session)
        return;
    size_t i = 0, count = sizeof(methods) / sizeof(methods[0]);
    while (i < count && strcmp(methods[i].name, request->method) != 0)
        i++;
    if (i < count)
        reply = methods[i].handle(session, request);
    else
        reply = signalling_jsonrpc_error(request->id, SIGNALLING_E_METHOD, NULL, NULL);
    if (request->id)
        signalling_connection_send(connection, reply);
    else
        json_decref(reply);
}
