/* A session goes on over another WebSocket (resume), or over another network (offer). */
#include <stdio.h>
#include <stdlib.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/drain.h"
#include "sfu/control/message.h"

#define RETRY_MS 1000

/* The token is judged by the key of now, at the time of the join: a session outlives its exp. */
static int check_token(const struct control *control, const struct control_participant *participant,
                       const char **error)
{
    struct signalling_grant grant;
    if (!control->config.token_key)
        return 0;
    *error = "the session began without a token";
    if (!participant->token)
        return SIGNALLING_E_TOKEN;
    return signalling_token_verify(control->config.token_key, participant->token,
                                   participant->room->name, participant->joined_s, &grant, error);
}

static void detach_older(struct control_participant *participant)
{
    struct signalling_connection *older = participant->connection;
    if (!older)
        return;
    struct control_session *session = signalling_connection_user(older);
    session->participant = NULL;
    control_close(older, "replaced", SIGNALLING_CLOSE_REPLACED, "resumed on another connection");
}

/* The result, and then oneself: a moderator may have muted us while nobody could be told. */
static void tell_own_state(struct control_session *session,
                           const struct signalling_request *request)
{
    if (request->id)
        signalling_connection_send(session->connection,
                                   signalling_jsonrpc_result(request->id, control_joined(session)));
    signalling_connection_send(
        session->connection,
        signalling_jsonrpc_notification(
            "participant_updated",
            json_pack("{s:o}", "participant", control_message_participant(session->participant))));
    control_verdicts_tell(session->participant, &session->control->registry);
    control_drain_tell(session->control, session->connection);
}

json_t *control_resume(struct control_session *session, const struct signalling_request *request)
{
    struct control *control = session->control;
    const json_t *secret = json_object_get(request->params, "session");
    const char *wrong = NULL;
    char next[CONTROL_SECRET_BYTES];
    if (!json_is_string(secret))
        return control_refuse(request, SIGNALLING_E_PARAMS,
                              "session: the secret of `join` is needed");
    struct control_participant *participant =
        control_registry_find_session(&control->registry, json_string_value(secret));
    if (!participant)
        return control_refuse(request, SIGNALLING_E_NOT_FOUND,
                              "no such session: it has ended, join again");
    int code = check_token(control, participant, &wrong);
    if (code)
        return control_refuse(request, code, wrong);
    if (control_random_text(next, CONTROL_SECRET_BYTES - 1))
        return control_refuse_for_now(request, SIGNALLING_E_UNAVAILABLE, "no randomness", RETRY_MS);
    struct core_command command = {.type = CORE_COMMAND_DETACH, .participant = participant->number};
    detach_older(participant);
    control->statistics.node.resumes++;
    control_attach(session, participant, next);
    /* The result may be lost with this connection, too: then this secret is all that there is. */
    snprintf(participant->older_session, sizeof(participant->older_session), "%s",
             json_string_value(secret));
    control_command(control, participant, &command);
    control_log_stranger(control, CONTROL_LOG_INFO, "participant.resume", "room",
                         participant->room->name, "participant", participant->id, "peer",
                         signalling_connection_peer(session->connection));
    tell_own_state(session, request);
    return NULL;
}

static json_t *refuse_offer(const struct signalling_request *request, const struct sdp_error *error)
{
    if (!error->reason[0])
        return control_refuse_for_now(request, SIGNALLING_E_UNAVAILABLE, "the server is overloaded",
                                      RETRY_MS);
    return signalling_jsonrpc_error(request->id, SIGNALLING_E_SDP, error->reason,
                                    json_pack("{s:i}", "line", (int)error->line));
}

/* Answer with new credentials, and have the engine take them. */
static json_t *restart(struct control_session *session, const struct signalling_request *request,
                       const struct sdp_offer *offer, char *answer)
{
    struct control *control = session->control;
    struct control_participant *participant = session->participant;
    struct core_command command = {.type = CORE_COMMAND_RESTART_ICE,
                                   .participant = participant->number};
    struct sdp_error error;
    bool is_new;
    if (control_negotiate_restart(&control->identity, participant->negotiation, offer, &is_new,
                                  answer, &error))
        return refuse_offer(request, &error);
    command.ice = participant->negotiation->ice;
    if (is_new) {
        control_command(control, participant, &command);
        /* As often as a client likes: not for the log of every day. */
        control_log_stranger(control, CONTROL_LOG_DEBUG, "participant.restart_ice", "room",
                             participant->room->name, "participant", participant->id);
    }
    return signalling_jsonrpc_result(request->id, json_pack("{s:s}", "answer", answer));
}

json_t *control_restart(struct control_session *session, const struct signalling_request *request)
{
    const json_t *text = json_object_get(request->params, "offer");
    if (!json_is_string(text))
        return control_refuse(request, SIGNALLING_E_PARAMS,
                              "offer: the SDP text of an offer is needed");
    struct sdp_error error = {0};
    struct sdp_offer *offer = malloc(sizeof(*offer));
    char *answer = malloc(SDP_ANSWER_MAX_BYTES);
    json_t *reply;
    if (!offer || !answer ||
        signalling_sdp_parse_offer(offer, json_string_value(text), json_string_length(text),
                                   &error))
        reply = refuse_offer(request, &error);
    else
        reply = restart(session, request, offer, answer);
    free(answer);
    free(offer);
    return reply;
}
