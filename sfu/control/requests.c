/* What a participant asks for while in the room: update, layout, message, stats. */
#include <stdio.h>
#include <string.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/message.h"
#include "sfu/control/report.h"

#define MESSAGE_MAX_BYTES 16384 /* of data (protocol.md, section 2) */
#define PINNED_IDS_MAX    128   /* of one request; more than a room holds */

const struct signalling_rate control_message_rate = {.per_second = 10, .burst = 10};

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

#define FLAG_COUNT (sizeof(flags) / sizeof(flags[0]))

void control_set_muted(struct control *control, struct control_participant *participant,
                       enum core_kind kind, bool is_muted)
{
    struct core_command command = {.type = CORE_COMMAND_MUTE,
                                   .participant = participant->number,
                                   .kind = kind,
                                   .is_set = is_muted};
    participant->is_muted[kind] = is_muted;
    control_command(control, participant, &command);
}

static const char *check_update(const json_t *params)
{
    const json_t *name = json_object_get(params, "name");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const json_t *value = json_object_get(params, flags[i].key);
        if (value && !json_is_boolean(value))
            return "audio_muted, camera_muted and screen_sharing are true or false";
    }
    return name ? control_check_name(name) : NULL;
}

/* Take the flags over. @return whether one of them is another than before */
static bool update_flags(struct control *control, struct control_participant *participant,
                         const json_t *params)
{
    bool is_changed = false;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const json_t *value = json_object_get(params, flags[i].key);
        bool is_muted = json_is_true(value) == flags[i].mutes_when;
        if (!value || participant->is_muted[flags[i].kind] == is_muted)
            continue;
        control_set_muted(control, participant, flags[i].kind, is_muted);
        is_changed = true;
    }
    return is_changed;
}

/* Name and metadata, likewise; NULL: stays. */
static bool update_profile(struct control_participant *participant, const char *name,
                           json_t *metadata)
{
    bool is_changed = name && strcmp(participant->name, name) != 0;
    if (is_changed)
        snprintf(participant->name, sizeof(participant->name), "%s", name);
    if (!metadata || json_equal(participant->metadata, metadata))
        return is_changed;
    json_decref(participant->metadata);
    participant->metadata = json_incref(metadata);
    return true;
}

static void tell_of(const struct control_participant *participant,
                    const struct control_participant *except)
{
    control_broadcast(participant->room, except, "participant_updated",
                      json_pack("{s:o}", "participant", control_message_participant(participant)));
}

/* One screen at a time: whoever shared before shares no longer, and hears of it like everyone. */
static void replace_sharers(struct control *control, const struct control_participant *sharer)
{
    struct control_participant *next;
    for (struct control_participant *p = sharer->room->first; p; p = next) {
        next = p->next;
        if (p == sharer || p->is_muted[CORE_KIND_SCREEN])
            continue;
        control_set_muted(control, p, CORE_KIND_SCREEN, true);
        tell_of(p, NULL);
        control_log_stranger(control, CONTROL_LOG_INFO, "participant.screen_replaced", "room",
                             p->room->name, "participant", p->id, "by", sharer->id);
    }
}

json_t *control_update(struct control_session *session, const struct signalling_request *request)
{
    struct control_participant *participant = session->participant;
    const char *wrong = check_update(request->params);
    json_t *metadata = json_object_get(request->params, "metadata");
    const char *name = json_string_value(json_object_get(request->params, "name"));
    if (wrong)
        return control_refuse(request, SIGNALLING_E_PARAMS, wrong);
    if ((wrong = control_check_metadata(metadata)))
        return control_refuse(request, SIGNALLING_E_TOO_LARGE, wrong);
    bool shares = json_is_true(json_object_get(request->params, "screen_sharing"));
    if (shares && !participant->grant.publish_screen)
        return control_refuse(request, SIGNALLING_E_FORBIDDEN,
                              "screen_sharing: the token has no right to publish a screen");
    bool is_changed = update_flags(session->control, participant, request->params);
    is_changed |= update_profile(participant, name, metadata);
    if (is_changed)
        tell_of(participant, participant);
    if (shares)
        replace_sharers(session->control, participant);
    return signalling_jsonrpc_result(request->id, json_object());
}

/* Those who are gone or unknown pin nothing. @return what is wrong, or NULL */
static const char *read_pinned(const struct control_room *room, const json_t *pinned,
                               struct core_layout *layout)
{
    static const char wrong[] = "pinned: an array of at most 128 participant ids is needed";
    const json_t *entry;
    size_t i;
    if (!json_is_array(pinned) || json_array_size(pinned) > PINNED_IDS_MAX)
        return wrong;
    layout->pinned_count = 0;
    json_array_foreach(pinned, i, entry)
    {
        const char *id = json_string_value(entry);
        if (!id)
            return wrong;
        const struct control_participant *found =
            layout->pinned_count < CORE_PINNED_MAX ? control_room_find(room, id) : NULL;
        if (found)
            layout->pinned[layout->pinned_count++] = found->number;
    }
    return NULL;
}

static const char *read_number(const json_t *params, const char *key, json_int_t low,
                               json_int_t high, const char *wrong, json_int_t *out)
{
    const json_t *value = json_object_get(params, key);
    if (!value)
        return NULL;
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= low && *out <= high ? NULL : wrong;
}

static const char *read_layout(const struct control_room *room, const json_t *params,
                               struct core_layout *layout)
{
    const json_t *pinned = json_object_get(params, "pinned");
    const json_t *audio_only = json_object_get(params, "audio_only");
    json_int_t max_cameras = layout->max_cameras, max_height = layout->max_height;
    const char *wrong = pinned ? read_pinned(room, pinned, layout) : NULL;
    if (!wrong)
        wrong = read_number(params, "max_cameras", 0, SDP_CAMERA_SLOTS,
                            "max_cameras: a number from 0 to 4 is needed", &max_cameras);
    if (!wrong)
        wrong =
            read_number(params, "max_height", 1, UINT16_MAX,
                        "max_height: a number of pixels from 1 to 65535 is needed", &max_height);
    if (!wrong && audio_only && !json_is_boolean(audio_only))
        wrong = "audio_only: true or false is needed";
    if (audio_only)
        layout->is_audio_only = json_is_true(audio_only);
    layout->max_cameras = (uint8_t)max_cameras;
    layout->max_height = (uint16_t)max_height;
    return wrong;
}

json_t *control_layout(struct control_session *session, const struct signalling_request *request)
{
    struct control *control = session->control;
    struct control_participant *participant = session->participant;
    struct core_command command = {.type = CORE_COMMAND_LAYOUT,
                                   .participant = participant->number,
                                   .layout = participant->layout};
    const char *wrong = read_layout(participant->room, request->params, &command.layout);
    if (wrong)
        return control_refuse(request, SIGNALLING_E_PARAMS, wrong);
    participant->layout = command.layout;
    control_command(control, participant, &command);
    return signalling_jsonrpc_result(
        request->id,
        json_pack("{s:o}", "slots", control_message_slots(participant, &control->registry)));
}

/* A message as its receivers see it; `to` is null for one to the whole room. */
static json_t *message_of(const struct control_participant *from, json_t *to, json_t *data)
{
    return json_pack("{s:s, s:O, s:O}", "from", from->id, "to", to, "data", data);
}

static json_t *relay_to_one(const struct control_participant *from,
                            const struct signalling_request *request, json_t *to, json_t *data)
{
    const char *id = json_string_value(to);
    const struct control_participant *receiver = id ? control_room_find(from->room, id) : NULL;
    if (!id)
        return control_refuse(request, SIGNALLING_E_PARAMS, "to: a participant id is needed");
    if (!receiver)
        return control_refuse(request, SIGNALLING_E_NOT_FOUND, "nobody in the room has this id");
    if (receiver->connection)
        signalling_connection_send(
            receiver->connection,
            signalling_jsonrpc_notification("message", message_of(from, to, data)));
    return signalling_jsonrpc_result(request->id, json_object());
}

json_t *control_relay(struct control_session *session, const struct signalling_request *request)
{
    const struct control_participant *from = session->participant;
    json_t *to = json_object_get(request->params, "to");
    json_t *data = json_object_get(request->params, "data");
    if (!data)
        return control_refuse(request, SIGNALLING_E_PARAMS, "data: any JSON is needed");
    if (json_dumpb(data, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > MESSAGE_MAX_BYTES)
        return control_refuse(request, SIGNALLING_E_TOO_LARGE, "data: at most 16 KiB of JSON");
    uint64_t wait_ms = signalling_bucket_take(&session->messages, control_message_rate, 1,
                                              uv_now(session->control->loop));
    if (wait_ms > 0)
        return control_refuse_for_now(request, SIGNALLING_E_TOO_MANY,
                                      "more than 10 messages a second", (int)wait_ms);
    if (to && !json_is_null(to))
        return relay_to_one(from, request, to, data);
    control_broadcast(from->room, from, "message", message_of(from, json_null(), data));
    return signalling_jsonrpc_result(request->id, json_object());
}

json_t *control_statistics(struct control_session *session,
                           const struct signalling_request *request)
{
    const json_t *decoding = json_object_get(request->params, "decoding");
    const char *wrong = control_verdicts_report(session->participant, decoding);
    if (wrong)
        return control_refuse(request, SIGNALLING_E_PARAMS, wrong);
    if (decoding && !json_is_null(decoding)) /* who tells, asks nothing (docs/decisions/0004) */
        return signalling_jsonrpc_result(request->id, json_object());
    return signalling_jsonrpc_result(
        request->id, control_report_statistics(session->participant, &session->control->registry));
}
