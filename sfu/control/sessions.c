/* WebSockets: who speaks, what is asked, who is told. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/drain.h"
#include "sfu/control/dump.h"
#include "sfu/control/events.h"
#include "sfu/control/message.h"

#define JOIN_TIMEOUT_MS 10000 /* protocol.md, section 2 */

void control_broadcast(const struct control_room *room, const struct control_participant *except,
                       const char *method, json_t *params)
{
    struct signalling_frame *frame =
        signalling_frame_create(signalling_jsonrpc_notification(method, params));
    for (const struct control_participant *p = room->first; p; p = p->next)
        if (p != except && p->connection)
            signalling_connection_send_frame(p->connection, frame);
    signalling_frame_release(frame);
}

void control_leave(struct control *control, struct control_participant *participant,
                   const char *reason)
{
    struct core_command command = {.type = CORE_COMMAND_LEAVE, .participant = participant->number};
    control_broadcast(participant->room, participant, "participant_left",
                      json_pack("{s:s, s:s}", "id", participant->id, "reason", reason));
    control_event_left(control, participant, reason);
    control->statistics.node.leaves++;
    control_command(control, participant, &command);
    if (participant->connection) {
        struct control_session *session = signalling_connection_user(participant->connection);
        session->participant = NULL;
    }
    control_dump_on_leave(control, participant);
    const struct control_room *room = participant->room;
    char emptied[CONTROL_ROOM_BYTES] = "";
    if (room->count == 1)
        snprintf(emptied, sizeof(emptied), "%s", room->name);
    control_registry_remove(&control->registry, participant);
    if (emptied[0])
        control_event_room_closed(control, emptied);
    control_drain_on_leave(control);
}

void control_close(struct signalling_connection *connection, const char *reason, int close_code,
                   const char *sentence)
{
    signalling_connection_send(connection, signalling_jsonrpc_notification(
                                               "closing", json_pack("{s:s}", "reason", reason)));
    signalling_connection_close(connection, close_code, sentence);
}

void control_end(struct control *control, struct control_participant *participant,
                 const char *reason, int close_code, const char *sentence)
{
    struct signalling_connection *connection = participant->connection;
    control_leave(control, participant, reason);
    if (connection)
        control_close(connection, reason, close_code, sentence);
}

json_t *control_refuse(const struct signalling_request *request, int code, const char *sentence)
{
    return signalling_jsonrpc_error(request->id, code, sentence, NULL);
}

json_t *control_refuse_token(struct control_session *session,
                             const struct signalling_request *request, const char *sentence)
{
    signalling_connection_send(session->connection,
                               control_refuse(request, SIGNALLING_E_TOKEN, sentence));
    signalling_connection_close(session->connection, SIGNALLING_CLOSE_TOKEN, sentence);
    return NULL;
}

json_t *control_refuse_for_now(const struct signalling_request *request, int code,
                               const char *reason, int retry_after_ms)
{
    return signalling_jsonrpc_error(
        request->id, code, NULL,
        json_pack("{s:s, s:i}", "reason", reason, "retry_after_ms", retry_after_ms));
}

void control_attach(struct control_session *session, struct control_participant *participant,
                    const char *secret)
{
    memcpy(participant->session, secret, CONTROL_SECRET_BYTES);
    session->participant = participant;
    participant->connection = session->connection;
    participant->is_cut_off = false;
    uv_timer_stop(&session->join_timer);
}

json_t *control_joined(const struct control_session *session)
{
    const struct control_participant *participant = session->participant;
    return json_pack(
        "{s:s, s:s, s:[], s:o, s:o, s:o, s:o}", "participant", participant->id, "session",
        participant->session, "ice_servers", "participants", control_message_others(participant),
        "slots", control_message_slots(participant, &session->control->registry), "limits",
        control_message_limits(), "rights", control_message_rights(&participant->grant));
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
    signalling_bucket_init(&session->messages, control_message_rate, uv_now(control->loop));
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
        struct core_command command = {
            .type = CORE_COMMAND_DETACH, .participant = participant->number, .is_set = true};
        participant->connection = NULL;
        participant->is_cut_off = signalling_connection_is_probed(connection);
        control_command(control, participant, &command);
    }
    uv_close((uv_handle_t *)&session->join_timer, free_session);
}

static json_t *leave(struct control_session *session, const struct signalling_request *request)
{
    control_leave(session->control, session->participant, control_message_reason(CORE_REASON_LEFT));
    if (request->id)
        signalling_connection_send(session->connection,
                                   signalling_jsonrpc_result(request->id, json_object()));
    signalling_connection_close(session->connection, SIGNALLING_CLOSE_LEFT, "left");
    return NULL;
}

static const struct {
    const char *name;
    control_method_fn handle;
    bool is_for_strangers; /* works before the join */
} methods[] = {
    {"join", control_join, true},         {"resume", control_resume, true},
    {"offer", control_restart, false},    {"update", control_update, false},
    {"layout", control_layout, false},    {"message", control_relay, false},
    {"stats", control_statistics, false}, {"mute", control_mute, false},
    {"remove", control_remove, false},    {"leave", leave, false},
};

static json_t *dispatch(struct control_session *session, const struct signalling_request *request)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, request->method) != 0)
            continue;
        if (session->participant && methods[i].is_for_strangers)
            return control_refuse(request, SIGNALLING_E_JOINED, NULL);
        if (!session->participant && !methods[i].is_for_strangers)
            return control_refuse(request, SIGNALLING_E_NOT_FOUND, "join first");
        return methods[i].handle(session, request);
    }
    return control_refuse(request, SIGNALLING_E_METHOD, NULL);
}

void control_on_request(void *context, struct signalling_connection *connection,
                        const struct signalling_request *request)
{
    struct control_session *session = signalling_connection_user(connection);
    (void)context;
    if (!session)
        return;
    if (session->participant) /* it has the result, and the secret in it */
        OPENSSL_cleanse(session->participant->older_session, CONTROL_SECRET_BYTES);
    json_t *reply = dispatch(session, request);
    if (request->id)
        signalling_connection_send(connection, reply);
    else
        json_decref(reply);
}
