/* What operators may do beyond looking: end rooms, remove people, drain, follow events. */
#include "sfu/control/drain.h"
#include "sfu/control/operations.h"

#define DEADLINE_MAX_MS 86400000 /* a day */

void control_call_end_room(struct control *control, const struct control_call *call,
                           struct signalling_http_response *response)
{
    struct control_room *room = call->room;
    control_log(control, CONTROL_LOG_INFO, "room.end", "room", room->name, "by", "operator");
    for (unsigned left = room->count; left > 0; left--) /* the room goes with the last one */
        control_end(control, room->first, "removed", SIGNALLING_CLOSE_REMOVED,
                    "the room was ended by an operator");
    control_answer_nothing(response);
}

void control_call_remove_participant(struct control *control, const struct control_call *call,
                                     struct signalling_http_response *response)
{
    control_log(control, CONTROL_LOG_INFO, "participant.remove", "room", call->room->name,
                "participant", call->participant->id, "by", "operator");
    control_end(control, call->participant, "removed", SIGNALLING_CLOSE_REMOVED,
                "removed by an operator");
    control_answer_nothing(response);
}

/* @return what is wrong, or NULL */
static const char *read_deadline(const json_t *body, uint64_t *deadline_ms)
{
    static const char wrong[] =
        "deadline_ms: a whole number of milliseconds from 0 to 86400000 is needed";
    const json_t *value = json_object_get(body, "deadline_ms");
    json_int_t number = json_integer_value(value);
    if (json_object_size(body) > (value != NULL))
        return "Only deadline_ms is known.";
    if (!value)
        return NULL;
    if (!json_is_integer(value) || number < 0 || number > DEADLINE_MAX_MS)
        return wrong;
    *deadline_ms = (uint64_t)number;
    return NULL;
}

void control_call_drain(struct control *control, const struct control_call *call,
                        struct signalling_http_response *response)
{
    uint64_t deadline_ms = control->config.drain_deadline_ms;
    const char *wrong = read_deadline(call->body, &deadline_ms);
    if (wrong) {
        control_answer_error(response, 422, wrong);
        return;
    }
    control_drain(control, deadline_ms);
    control_answer_json(response, control_drain_report(control));
}

void control_call_drain_report(struct control *control, const struct control_call *call,
                               struct signalling_http_response *response)
{
    (void)call;
    control_answer_json(response, control_drain_report(control));
}

void control_call_events(struct control *control, const struct control_call *call,
                         struct signalling_http_response *response)
{
    (void)call;
    if (signalling_server_streams(control->server)->open >= SIGNALLING_STREAMS_MAX)
        control_answer_error(response, 503, "There are too many event streams.");
    else
        response->is_stream = true;
}
