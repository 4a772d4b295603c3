/* Log lines and server-sent events, side by side. */
#include "sfu/control/events.h"

#include <stdio.h>

#include "sfu/control/message.h"
#include "sfu/control/report.h"

static const char *source_name(enum control_log_source source)
{
    return source == CONTROL_LOG_VERDICTS ? "verdicts" : "strangers";
}

/* @return whether a line of this source may leave */
static bool pass_gate(struct control *control, enum control_log_source source)
{
    struct control_log_gate *gate = &control->log_gates[source];
    unsigned held_back = 0;
    char count[16];
    if (!control_log_gate_admit(gate, uv_now(control->loop), &held_back))
        return false;
    snprintf(count, sizeof(count), "%u", held_back);
    if (held_back > 0)
        control_log(control, CONTROL_LOG_WARNING, "log.held_back", "of", source_name(source),
                    "count", count);
    return true;
}

void control_log_pairs(struct control *control, enum control_log_source source, int level,
                       const char *event, const char *const *pairs)
{
    bool is_gated =
        source != CONTROL_LOG_OWN && (level == CONTROL_LOG_WARNING || level == CONTROL_LOG_INFO);
    if (level > control->config.log_level) /* not written: it uses nothing up */
        return;
    if (is_gated && !pass_gate(control, source))
        return;
    control->config.log(level, event, pairs);
}

void control_event_publish(struct control *control, const char *event, json_t *data)
{
    if (control->server)
        signalling_server_publish(control->server, event, data);
    else
        json_decref(data);
}

void control_event_joined(struct control *control, const struct control_participant *participant,
                          const char *peer)
{
    const char *room = participant->room->name;
    if (participant->room->count == 1) {
        control_log_stranger(control, CONTROL_LOG_INFO, "room.open", "room", room);
        control_event_publish(control, "room_opened", json_pack("{s:s}", "room", room));
    }
    control_log_stranger(control, CONTROL_LOG_INFO, "participant.join", "room", room, "participant",
                         participant->id, "name", participant->name, "subject",
                         participant->grant.subject, "peer", peer);
    control_event_publish(control, "joined",
                          json_pack("{s:s, s:{s:s, s:s}}", "room", room, "participant", "id",
                                    participant->id, "name", participant->name));
}

void control_event_left(struct control *control, const struct control_participant *participant,
                        const char *reason)
{
    const char *room = participant->room->name;
    control_log_stranger(control, CONTROL_LOG_INFO, "participant.leave", "room", room,
                         "participant", participant->id, "reason", reason);
    control_event_publish(
        control, "left",
        json_pack("{s:s, s:s, s:s}", "room", room, "id", participant->id, "reason", reason));
}

void control_event_room_closed(struct control *control, const char *name)
{
    control_log_stranger(control, CONTROL_LOG_INFO, "room.close", "room", name);
    control_event_publish(control, "room_closed", json_pack("{s:s}", "room", name));
}

void control_event_limit(struct control *control, const struct control_participant *participant,
                         const struct core_limit *limit)
{
    const char *room = participant->room->name, *kind = control_message_kind(limit->kind);
    char limit_text[16], measured_text[16];
    snprintf(limit_text, sizeof(limit_text), "%u", limit->limit_bps);
    snprintf(measured_text, sizeof(measured_text), "%u", limit->measured_bps);
    control_log(control, CONTROL_LOG_WARNING, "participant.limit", "room", room, "participant",
                participant->id, "kind", kind, "limit_bps", limit_text, "measured_bps",
                measured_text);
    control_event_publish(control, "limit",
                          json_pack("{s:s, s:s, s:s, s:I, s:I}", "room", room, "participant",
                                    participant->id, "kind", kind, "limit_bps",
                                    (json_int_t)limit->limit_bps, "measured_bps",
                                    (json_int_t)limit->measured_bps));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Without an exponent, as the log's numbers are. */
static void write_number(const json_t *object, const char *key, char *text, size_t cap)
{
    snprintf(text, cap, "%.3f", json_number_value(json_object_get(object, key)));
}

/* The number that decided goes in three fields, so that logs can be filtered by it. */
static void log_verdict(struct control *control, const struct control_participant *participant,
                        const char *mid, const json_t *verdict)
{
    const char *room = participant->room->name;
    const char *quality = text_of(verdict, "quality"), *cause = text_of(verdict, "cause");
    const json_t *evidence = json_object_get(verdict, "evidence");
    char value[32], limit[32];
    if (!json_is_object(evidence)) {
        control_log_pairs(control, CONTROL_LOG_VERDICTS, CONTROL_LOG_INFO, "participant.verdict",
                          (const char *const[]){"room", room, "participant", participant->id, "mid",
                                                mid, "quality", quality, "cause", cause, NULL});
        return;
    }
    write_number(evidence, "value", value, sizeof(value));
    write_number(evidence, "limit", limit, sizeof(limit));
    control_log_pairs(control, CONTROL_LOG_VERDICTS, CONTROL_LOG_INFO, "participant.verdict",
                      (const char *const[]){"room", room, "participant", participant->id, "mid",
                                            mid, "quality", quality, "cause", cause, "evidence",
                                            text_of(evidence, "what"), "value", value, "limit",
                                            limit, NULL});
}

void control_event_verdict(struct control *control, const struct control_participant *participant,
                           const char *mid, json_t *verdict)
{
    log_verdict(control, participant, mid ? mid : "", verdict);
    control_event_publish(control, "verdict",
                          json_pack("{s:s, s:s, s:s?, s:o}", "room", participant->room->name,
                                    "participant", participant->id, "mid", mid, "verdict",
                                    verdict));
}

void control_event_worker_overload(struct control *control, unsigned worker, bool is_overloaded,
                                   const struct control_evidence *evidence)
{
    char number[16], value[24];
    snprintf(number, sizeof(number), "%u", worker);
    snprintf(value, sizeof(value), "%lld", (long long)evidence->value);
    if (is_overloaded)
        control_log(control, CONTROL_LOG_WARNING, "worker.overload", "worker", number, "evidence",
                    evidence->name, "value", value);
    else
        control_log(control, CONTROL_LOG_INFO, "worker.overload_end", "worker", number);
    control_event_publish(control, "worker_overload",
                          json_pack("{s:i, s:b, s:{s:s, s:I}}", "worker", (int)worker, "overloaded",
                                    is_overloaded, "evidence", "name", evidence->name, "value",
                                    (json_int_t)evidence->value));
}

void control_event_draining(struct control *control, json_t *report)
{
    control_event_publish(control, "draining", report);
}

void control_event_rates(struct control *control)
{
    if (signalling_server_streams(control->server)->open > 0)
        control_event_publish(control, "rates", control_report_rates(control, time(NULL)));
}
