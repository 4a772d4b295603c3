/* The join request, step by step; every refusal says what is wrong. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/events.h"
#include "sfu/control/message.h"

#define METADATA_MAX_BYTES  1024
#define NAME_MAX_CHARACTERS 128
#define RETRY_OVERLOADED_MS 2000
#define RETRY_FULL_MS       10000
#define RETRY_DRAINING_MS   1000 /* elsewhere: a balancer chooses another server */

/* What a join asks for, checked. */
struct join_request {
    const char *room, *name, *token, *offer_text;
    size_t offer_len;
    json_t *metadata; /* borrowed, NULL: none */
    struct signalling_grant grant;
    struct control_negotiation *negotiation; /* owned until the participant takes it */
    struct control_participant *older;       /* who goes when this one has joined; NULL: nobody */
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

const char *control_check_name(const json_t *name)
{
    if (!json_is_string(name) || count_characters(json_string_value(name)) > NAME_MAX_CHARACTERS)
        return "name: a string of at most 128 characters is needed";
    return NULL;
}

const char *control_check_metadata(const json_t *metadata)
{
    size_t len = metadata ? json_dumpb(metadata, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
    return len > METADATA_MAX_BYTES ? "metadata: at most 1 KiB of JSON" : NULL;
}

static const char *check_params(json_t *params, struct join_request *join)
{
    json_t *room = json_object_get(params, "room"), *name = json_object_get(params, "name");
    json_t *token = json_object_get(params, "token"), *offer = json_object_get(params, "offer");
    if (!json_is_string(room) || !is_room_name(json_string_value(room), json_string_length(room)))
        return "room: 1 to 128 characters of A-Z a-z 0-9 . _ - ~ are needed";
    if (control_check_name(name))
        return control_check_name(name);
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

/* Without a key everyone may do everything (the server then listens on loopback only). */
static int check_token(const struct control *control, struct join_request *join, const char **error)
{
    join->grant = (struct signalling_grant){
        .publish_audio = true, .publish_camera = true, .publish_screen = true, .subscribe = true};
    if (!control->config.token_key)
        return 0;
    if (!join->token) {
        *error = "this server wants a token to join";
        return SIGNALLING_E_TOKEN;
    }
    return signalling_token_verify(control->config.token_key, join->token, join->room, time(NULL),
                                   &join->grant, error);
}

/* What others call it, and what only it knows. */
static int draw_identity(struct control_participant *participant, char *secret)
{
    uint64_t random;
    if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
        return -1;
    snprintf(participant->id, sizeof(participant->id), "p-%016llx", (unsigned long long)random);
    return control_random_text(secret, CONTROL_SECRET_BYTES - 1);
}

/* The participant takes over what the request holds. NULL: no memory. */
static struct control_participant *admit(struct control *control, struct join_request *join)
{
    char *token = join->token ? strdup(join->token) : NULL;
    struct control_participant *participant = control_registry_add(&control->registry, join->room);
    if (!participant || (join->token && !token)) {
        free(token);
        if (participant)
            control_registry_remove(&control->registry, participant);
        return NULL;
    }
    const char *name = join->name[0] || !join->grant.name[0] ? join->name : join->grant.name;
    snprintf(participant->name, sizeof(participant->name), "%s", name);
    participant->metadata = json_incref(join->metadata);
    participant->is_muted[CORE_KIND_SCREEN] = true; /* nothing is shared yet */
    participant->token = token;
    participant->joined_s = time(NULL);
    participant->asked_us = (int64_t)(uv_hrtime() / 1000);
    if (participant->room->count == 1)
        participant->room->opened_s = participant->joined_s;
    participant->grant = join->grant;
    participant->layout =
        (struct core_layout){.max_cameras = SDP_CAMERA_SLOTS, .max_height = UINT16_MAX};
    participant->negotiation = join->negotiation;
    join->negotiation = NULL;
    return participant;
}

static void remember_media(struct control_participant *participant, const struct core_join *join)
{
    participant->track_count = join->track_count;
    memcpy(participant->tracks, join->tracks, sizeof(participant->tracks));
    participant->slot_count = join->slot_count;
    for (unsigned i = 0; i < join->slot_count; i++) {
        memcpy(participant->slot_mids[i], join->slots[i].mid, CORE_TOKEN_BYTES);
        participant->slot_kinds[i] = join->slots[i].kind;
    }
}

static struct sdp_rights rights_of(const struct signalling_grant *grant)
{
    return (struct sdp_rights){.audio = grant->publish_audio,
                               .camera = grant->publish_camera,
                               .screen = grant->publish_screen,
                               .subscribe = grant->subscribe};
}

static bool has_csrc_of_room(const struct core_join *join, const struct control_room *room)
{
    for (unsigned i = 0; i < join->track_count; i++)
        if (control_room_has_csrc(room, join->tracks[i].csrc))
            return true;
    return false;
}

/* Fill a join and its answer; once more when a CSRC is somebody's in the room already. */
static int negotiate(struct control *control, struct control_participant *participant,
                     struct core_join *join, char *answer)
{
    const struct sdp_rights rights = rights_of(&participant->grant);
    participant->negotiation->session_id = participant->number;
    participant->negotiation->port = io_worker_port(control->workers[participant->room->worker]);
    do {
        memset(join, 0, sizeof(*join));
        join->room = participant->room->id;
        join->participant = participant->number;
        if (control_negotiate(&control->identity, participant->negotiation, &rights, join, answer))
            return -1;
    } while (has_csrc_of_room(join, participant->room));
    return 0;
}

/* Negotiate and hand over to the worker. @return the answer, malloc'ed; NULL, and why */
static char *start_media(struct control *control, struct control_participant *participant,
                         const char **why)
{
    unsigned worker = participant->room->worker;
    struct core_command *command = calloc(1, sizeof(*command));
    char *answer = malloc(SDP_ANSWER_MAX_BYTES);
    *why = "out of memory";
    if (command && answer) {
        bool is_negotiated = negotiate(control, participant, &command->join, answer) == 0;
        command->type = CORE_COMMAND_JOIN;
        remember_media(participant, &command->join);
        *why = !is_negotiated ? "no answer can be made"
               : control_backlog_try(&control->backlogs[worker], control->workers[worker], command)
                   ? NULL
                   : "the server is overloaded";
    }
    free(command);
    if (!*why)
        return answer;
    free(answer);
    return NULL;
}

static json_t *refuse_for_now(const struct signalling_request *request, const char *why)
{
    return control_refuse_for_now(request, SIGNALLING_E_UNAVAILABLE, why, RETRY_OVERLOADED_MS);
}

/* It has joined: everyone hears of it, and it gets its result. */
static json_t *welcome(struct control_session *session, const struct signalling_request *request,
                       const char *answer)
{
    struct control_participant *participant = session->participant;
    control_broadcast(participant->room, participant, "participant_joined",
                      json_pack("{s:o}", "participant", control_message_participant(participant)));
    control_event_joined(session->control, participant,
                         signalling_connection_peer(session->connection));
    json_t *result = control_joined(session);
    json_object_set_new(result, "answer", json_string(answer));
    return signalling_jsonrpc_result(request->id, result);
}

static json_t *start(struct control_session *session, struct join_request *join,
                     const struct signalling_request *request)
{
    struct control *control = session->control;
    struct control_participant *participant = admit(control, join);
    char secret[CONTROL_SECRET_BYTES];
    const char *why = "no randomness";
    if (!participant)
        return refuse_for_now(request, "out of memory");
    char *answer =
        draw_identity(participant, secret) == 0 ? start_media(control, participant, &why) : NULL;
    if (!answer) { /* the worker knows nothing of it */
        control_registry_remove(&control->registry, participant);
        return refuse_for_now(request, why);
    }
    control_attach(session, participant, secret);
    if (join->older)
        control_end(control, join->older, "replaced", SIGNALLING_CLOSE_REPLACED,
                    "the same person has joined from elsewhere");
    json_t *reply = welcome(session, request, answer);
    free(answer);
    return reply;
}

/* The older of two with one identity, where identities are unique. */
static struct control_participant *find_older(const struct control *control,
                                              const struct join_request *join)
{
    const struct control_room *room = control_registry_find_room(&control->registry, join->room);
    struct control_participant *participant = room ? room->first : NULL;
    if (!control->config.unique_identities || !join->grant.subject[0])
        return NULL;
    while (participant && strcmp(participant->grant.subject, join->grant.subject) != 0)
        participant = participant->next;
    return participant;
}

bool control_is_full(const struct control *control, unsigned leaving)
{
    return control->config.max_participants &&
           control->registry.participant_count - leaving >= control->config.max_participants;
}

/* Why there is no room for one more, when somebody may go for it; NULL: there is. */
static const char *check_capacity(const struct control *control, const struct join_request *join)
{
    const struct control_room *room = control_registry_find_room(&control->registry, join->room);
    unsigned leaving = join->older != NULL;
    if (control_is_full(control, leaving))
        return "the server is full";
    if (control->config.room_max_participants && room &&
        room->count - leaving >= control->config.room_max_participants)
        return "the room is full";
    return NULL;
}

static json_t *check_offer(struct join_request *join, const struct signalling_request *request)
{
    struct sdp_error error;
    join->negotiation = calloc(1, sizeof(*join->negotiation));
    if (!join->negotiation)
        return refuse_for_now(request, "out of memory");
    if (signalling_sdp_parse_offer(&join->negotiation->offer, join->offer_text, join->offer_len,
                                   &error) == 0)
        return NULL;
    return signalling_jsonrpc_error(request->id, SIGNALLING_E_SDP, error.reason,
                                    json_pack("{s:i}", "line", (int)error.line));
}

/* With no line to answer there would be no transport, and the participant would time out. */
static bool has_any_role(const struct join_request *join)
{
    const struct sdp_offer *offer = &join->negotiation->offer;
    const struct sdp_rights rights = rights_of(&join->grant);
    struct sdp_role roles[SDP_LINES_MAX];
    signalling_sdp_assign_roles(offer, &rights, roles);
    for (unsigned i = 0; i < offer->line_count; i++)
        if (roles[i].sends != SDP_SOURCE_NONE || roles[i].slot != SDP_SOURCE_NONE)
            return true;
    return false;
}

static json_t *join_checked(struct control_session *session, struct join_request *join,
                            const struct signalling_request *request)
{
    struct control *control = session->control;
    json_t *refusal = check_offer(join, request);
    if (refusal)
        return refusal;
    if (!has_any_role(join))
        return control_refuse(request, SIGNALLING_E_FORBIDDEN,
                              "the token allows no line of the offer to send or to receive");
    join->older = find_older(control, join);
    const char *full = check_capacity(control, join);
    if (full)
        return control_refuse_for_now(request, SIGNALLING_E_UNAVAILABLE, full, RETRY_FULL_MS);
    return start(session, join, request);
}

static json_t *judge(struct control_session *session, const struct signalling_request *request)
{
    struct join_request join = {0};
    const char *wrong = check_params(request->params, &join);
    if (wrong)
        return control_refuse(request, SIGNALLING_E_PARAMS, wrong);
    if ((wrong = control_check_metadata(join.metadata)))
        return control_refuse(request, SIGNALLING_E_TOO_LARGE, wrong);
    int code = check_token(session->control, &join, &wrong);
    if (code == SIGNALLING_E_TOKEN)
        return control_refuse_token(session, request, wrong);
    if (code)
        return control_refuse(request, code, wrong);
    if (control_is_draining(session->control))
        return control_refuse_for_now(request, SIGNALLING_E_UNAVAILABLE, "draining",
                                      RETRY_DRAINING_MS);
    json_t *reply = join_checked(session, &join, request);
    free(join.negotiation);
    return reply;
}

json_t *control_join(struct control_session *session, const struct signalling_request *request)
{
    struct control_node_statistics *numbers = &session->control->statistics.node;
    json_t *reply = judge(session, request);
    if (session->participant)
        numbers->joins++;
    else
        numbers->refused_joins++;
    return reply;
}
