/* What moderators may do to others: mute, remove. */
#include "sfu/control/control_internal.h"
#include "sfu/control/message.h"

/* The participant that a moderator's request names; NULL with the refusal written. */
static struct control_participant *find_target(const struct control_session *session,
                                               const struct signalling_request *request,
                                               json_t **refusal)
{
    const char *id = json_string_value(json_object_get(request->params, "participant"));
    struct control_participant *target =
        id ? control_room_find(session->participant->room, id) : NULL;
    if (!session->participant->grant.is_moderator)
        *refusal = control_refuse(request, SIGNALLING_E_FORBIDDEN,
                                  "only moderators may do this: the token needs moderator: true");
    else if (!id)
        *refusal = control_refuse(request, SIGNALLING_E_PARAMS, "participant: an id is needed");
    else if (!target)
        *refusal =
            control_refuse(request, SIGNALLING_E_NOT_FOUND, "nobody in the room has this id");
    else
        return target;
    return NULL;
}

static int kind_of(const char *name)
{
    for (int kind = 0; name && kind < CORE_KIND_COUNT; kind++)
        if (strcmp(control_message_kind((enum core_kind)kind), name) == 0)
            return kind;
    return -1;
}

json_t *control_mute(struct control_session *session, const struct signalling_request *request)
{
    json_t *refusal = NULL;
    struct control_participant *target = find_target(session, request, &refusal);
    int kind = kind_of(json_string_value(json_object_get(request->params, "kind")));
    if (!target)
        return refusal;
    if (kind < 0)
        return control_refuse(request, SIGNALLING_E_PARAMS,
                              "kind: \"audio\", \"camera\" or \"screen\" is needed");
    control_set_muted(session->control, target, (enum core_kind)kind, true);
    control_broadcast(target->room, NULL, "participant_updated",
                      json_pack("{s:o}", "participant", control_message_participant(target)));
    control_log_stranger(session->control, CONTROL_LOG_INFO, "participant.mute", "room",
                         target->room->name, "participant", target->id, "kind",
                         control_message_kind((enum core_kind)kind), "by",
                         session->participant->id);
    return signalling_jsonrpc_result(request->id, json_object());
}

json_t *control_remove(struct control_session *session, const struct signalling_request *request)
{
    json_t *refusal = NULL;
    struct control_participant *target = find_target(session, request, &refusal);
    const json_t *reason = json_object_get(request->params, "reason");
    if (!target)
        return refusal;
    if (reason && !json_is_null(reason) && !json_is_string(reason))
        return control_refuse(request, SIGNALLING_E_PARAMS, "reason: must be a string");
    control_log_stranger(session->control, CONTROL_LOG_INFO, "participant.remove", "room",
                         target->room->name, "participant", target->id, "by",
                         session->participant->id);
    const char *sentence =
        json_is_string(reason) ? json_string_value(reason) : "removed by a moderator";
    bool is_self = target == session->participant;
    /* One who removes himself gets his answer first. */
    if (is_self && request->id)
        signalling_connection_send(session->connection,
                                   signalling_jsonrpc_result(request->id, json_object()));
    control_end(session->control, target, "removed", SIGNALLING_CLOSE_REMOVED, sentence);
    return is_self ? NULL : signalling_jsonrpc_result(request->id, json_object());
}
