/* The join request, step by step; every refusal says what is wrong. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/message.h"

#define METADATA_MAX_BYTES 1024
#define NAME_MAX_CHARACTERS 128

/* What a join asks for, checked. */
struct join_request {
    const char *room, *name, *token, *offer_text;
    size_t offer_len;
    json_t *metadata; /* borrowed, NULL: none */
    struct signalling_grant grant;
    struct sdp_offer offer;
};

static bool is_room_name(const char *name, size_t len)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~";
    return len > 0 && len < CONTROL_ROOM_BYTES && strspn(name, allowed) == len;
}

static size_t count_characters(const char *utf8)
{
    size_t count = 0;
    for (; *utf8; utf8++)
        count += ((unsigned char)*utf8 & 0xC0) != 0x80;
    return count;
}

static const char *check_params(json_t *params, struct join_request *join)
{
    json_t *room = json_object_get(params, "room"), *name = json_object_get(params, "name");
    json_t *token = json_object_get(params, "token"), *offer = json_object_get(params, "offer");
    if (!json_is_string(room) || !is_room_name(json_string_value(room), json_string_length(room)))
        return "room: 1 to 128 characters of A-Z a-z 0-9 . _ - ~ are needed";
    if (!json_is_string(name) || count_characters(json_string_value(name)) > NAME_MAX_CHARACTERS)
        return "name: a string of at most 128 characters is needed";
    if (token && !json_is_string(token))
        return "token: must be a string";
    if (!json_is_string(offer))
        return "offer: the SDP text of an offer is needed";
    join->room = json_string_value(room);
    join->name = json_string_value(name);
    join->token = token ? json_string_value(token) : NULL;
    join->offer_text = json_string_value(offer);
    join->offer_len = json_string_length(offer);
    join->metadata = json_object_get(params, "metadata");
    return NULL;
}

static bool is_metadata_too_large(json_t *metadata)
{
    return metadata && json_dumpb(metadata, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) >
                           METADATA_MAX_BYTES;
}

/* Without a key everyone may do everything (the server then listens on loopback only). */
static int check_token(const struct control *control, struct join_request *join,
                       const char **error)
{
    join->grant = (struct signalling_grant){.publish_audio = true,
                                            .publish_camera = true,
                                            .publish_screen = true,
                                            .subscribe = true};
    if (!control->config.token_key)
        return 0;
    if (!join->token) {
        *error = "this server wants a token to join";
        return SIGNALLING_E_TOKEN;
    }
    return signalling_token_verify(control->config.token_key, join->token, join->room, time(NULL),
                                   &join->grant, error);
}

static int new_identity(struct control_participant *participant)
{
    uint64_t random;
    if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
        return -1;
    snprintf(participant->id, sizeof(participant->id), "p-%016llx", (unsigned long long)random);
    return control_random_text(participant->session, CONTROL_SECRET_BYTES - 1);
}

static struct control_participant *admit(struct control *control, const struct join_request *join)
{
    struct control_participant *participant = control_registry_add(&control->registry, join->room);
    if (!participant)
        return NULL;
    const char *name = join->name[0] || !join->grant.name[0] ? join->name : join->grant.name;
    snprintf(participant->name, sizeof(participant->name), "%s", name);
    participant->metadata = json_incref(join->metadata);
    participant->is_muted[CORE_KIND_SCREEN] = true; /* nothing is shared yet */
    if (new_identity(participant) == 0)
        return participant;
    control_registry_remove(&control->registry, participant);
    return NULL;
}

static void remember_slots(struct control_participant *participant, const struct core_join *join)
{
    participant->slot_count = join->slot_count;
    for (unsigned i = 0; i < join->slot_count; i++) {
        memcpy(participant->slot_mids[i], join->slots[i].mid, CORE_TOKEN_BYTES);
        participant->slot_kinds[i] = join->slots[i].kind;
    }
}

/* Negotiate and hand over to the worker. @return the answer, malloc'ed, or NULL */
static char *start_media(struct control *control, struct control_participant *participant,
                         const struct join_request *join)
{
    struct io_worker *worker = control->workers[participant->room->worker];
    struct core_command *command = calloc(1, sizeof(*command));
    char *answer = malloc(SDP_ANSWER_MAX_BYTES);
    struct sdp_rights rights = {.audio = join->grant.publish_audio,
                                .camera = join->grant.publish_camera,
                                .screen = join->grant.publish_screen,
                                .subscribe = join->grant.subscribe};
    bool is_started = false;
    if (command && answer) {
        command->type = CORE_COMMAND_JOIN;
        command->join.room = participant->room->id;
        command->join.participant = participant->number;
        is_started = control_negotiate(&control->identity, &join->offer, &rights,
                                       io_worker_port(worker), &command->join, answer) == 0 &&
                     io_worker_command(worker, command);
        remember_slots(participant, &command->join);
    }
    free(command);
    if (!is_started) {
        free(answer);
        return NULL;
    }
    return answer;
}

static json_t *unavailable(json_t *id)
{
    return signalling_jsonrpc_error(
        id, SIGNALLING_E_UNAVAILABLE, NULL,
        json_pack("{s:s, s:i}", "reason", "the server is overloaded", "retry_after_ms", 2000));
}

static json_t *joined(struct control_session *session, struct control_participant *participant,
                      json_t *id, const char *answer)
{
    struct control *control = session->control;
    session->participant = participant;
    participant->connection = session->connection;
    uv_timer_stop(&session->join_timer);
    control_broadcast(participant->room, participant, "participant_joined",
                      json_pack("{s:o}", "participant", control_message_participant(participant)));
    control_log(control, CONTROL_LOG_INFO, "participant.join", "room", participant->room->name,
                "participant", participant->id, "name", participant->name, "peer",
                signalling_connection_peer(session->connection));
    return signalling_jsonrpc_result(
        id, json_pack("{s:s, s:s, s:s, s:[], s:o, s:o, s:o}", "participant", participant->id,
                      "session", participant->session, "answer", answer, "ice_servers",
                      "participants", control_message_others(participant), "slots",
                      control_message_slots(participant, &control->registry), "limits",
                      control_message_limits()));
}

static json_t *start(struct control_session *session, const struct join_request *join, json_t *id)
{
    struct control *control = session->control;
    struct control_participant *participant = admit(control, join);
    if (!participant)
        return unavailable(id);
    char *answer = start_media(control, participant, join);
    if (!answer) {
        control_registry_remove(&control->registry, participant);
        return unavailable(id);
    }
    json_t *reply = joined(session, participant, id, answer);
    free(answer);
    return reply;
}

static json_t *check_offer(struct join_request *join, json_t *id)
{
    struct sdp_error error;
    if (signalling_sdp_parse_offer(&join->offer, join->offer_text, join->offer_len, &error) == 0)
        return NULL;
    return signalling_jsonrpc_error(id, SIGNALLING_E_SDP, error.reason,
                                    json_pack("{s:i}", "line", (int)error.line));
}

json_t *control_join(struct control_session *session, const struct signalling_request *request)
{
    struct join_request join = {0};
    const char *wrong = check_params(request->params, &join);
    if (session->participant)
        return signalling_jsonrpc_error(request->id, SIGNALLING_E_JOINED, NULL, NULL);
    if (wrong)
        return signalling_jsonrpc_error(request->id, SIGNALLING_E_PARAMS, wrong, NULL);
    if (is_metadata_too_large(join.metadata))
        return signalling_jsonrpc_error(request->id, SIGNALLING_E_TOO_LARGE,
                                        "metadata: at most 1 KiB of JSON", NULL);
    int code = check_token(session->control, &join, &wrong);
    if (code) {
        json_t *reply = signalling_jsonrpc_error(request->id, code, wrong, NULL);
        if (code == SIGNALLING_E_TOKEN) {
            signalling_connection_send(session->connection, reply);
            signalling_connection_close(session->connection, SIGNALLING_CLOSE_TOKEN, wrong);
            return NULL;
        }
        return reply;
    }
    json_t *refusal = check_offer(&join, request->id);
    return refusal ? refusal : start(session, &join, request->id);
}
