/*
 * The end of a server that people are on: no more joins, everyone is told where to go and by when;
 * at the deadline whoever is left is cut off, and the process ends (protocol.md, section 4).
 */
#include "sfu/control/drain.h"

#include <stdio.h>

#include "sfu/control/events.h"

#define SENTENCE "the server is drained"

static unsigned count_rooms(const struct control *control)
{
    unsigned count = 0;
    for (const struct control_room *room = control->registry.rooms; room; room = room->next)
        count++;
    return count;
}

static uint64_t left_ms(const struct control *control)
{
    uint64_t now_ms = uv_now(control->loop), end_ms = control->drain.deadline_ms;
    return end_ms > now_ms ? end_ms - now_ms : 0;
}

static uint64_t elapsed_ms(const struct control *control)
{
    return control->drain.is_draining ? uv_now(control->loop) - control->drain.begun_ms : 0;
}

json_t *control_drain_report(const struct control *control)
{
    const struct control_drain *drain = &control->drain;
    bool is_draining = drain->is_draining;
    return json_pack(
        "{s:b, s:o, s:s?, s:i, s:i, s:i, s:i, s:i, s:I}", "draining", is_draining, "deadline_ms",
        is_draining ? json_integer((json_int_t)left_ms(control)) : json_null(), "url",
        control->config.drain_url, "participants", (int)control->registry.participant_count,
        "rooms", (int)count_rooms(control), "told", (int)drain->told, "left", (int)drain->left,
        "cut_off", (int)drain->cut_off, "elapsed_ms", (json_int_t)elapsed_ms(control));
}

void control_drain_tell(struct control *control, struct signalling_connection *connection)
{
    if (!control->drain.is_draining || !connection)
        return;
    signalling_connection_send(
        connection,
        signalling_jsonrpc_notification("draining", json_pack("{s:I, s:s?}", "deadline_ms",
                                                              (json_int_t)left_ms(control), "url",
                                                              control->config.drain_url)));
}

void control_drain_on_leave(struct control *control)
{
    struct control_drain *drain = &control->drain;
    if (!drain->is_draining || drain->is_over)
        return;
    drain->left++;
    if (drain->ends_when_empty && control->registry.participant_count == 0)
        uv_timer_start(&drain->timer, control_drain_on_deadline, 0, 0);
}

static unsigned tell_everyone(struct control *control)
{
    unsigned told = 0;
    for (const struct control_room *room = control->registry.rooms; room; room = room->next)
        for (const struct control_participant *p = room->first; p; p = p->next) {
            control_drain_tell(control, p->connection);
            told += p->connection != NULL;
        }
    return told;
}

static void cut_off_everyone(struct control *control)
{
    while (control->registry.rooms) {
        control->drain.cut_off++;
        control_end(control, control->registry.rooms->first, "drained", SIGNALLING_CLOSE_DRAINED,
                    SENTENCE);
    }
}

static void log_report(struct control *control)
{
    const struct control_drain *drain = &control->drain;
    char told[16], left[16], cut_off[16], elapsed[24];
    snprintf(told, sizeof(told), "%u", drain->told);
    snprintf(left, sizeof(left), "%u", drain->left);
    snprintf(cut_off, sizeof(cut_off), "%u", drain->cut_off);
    snprintf(elapsed, sizeof(elapsed), "%llu", (unsigned long long)elapsed_ms(control));
    control_log(control, CONTROL_LOG_INFO, "server.drained", "told", told, "left", left, "cut_off",
                cut_off, "elapsed_ms", elapsed);
}

void control_drain_on_deadline(uv_timer_t *timer)
{
    struct control *control = timer->data;
    control->drain.is_over = true;
    cut_off_everyone(control);
    log_report(control);
    control_event_draining(control, control_drain_report(control));
    control->config.on_drained(control->config.on_drained_context);
}

/* The time is set; who is there hears of it. Everyone counts as told once. */
static void begin(struct control *control, uint64_t deadline_ms)
{
    struct control_drain *drain = &control->drain;
    char text[24];
    bool is_first = !drain->is_draining;
    uv_update_time(control->loop); /* or the deadline would be as old as this turn of the loop */
    drain->deadline_ms = uv_now(control->loop) + deadline_ms;
    if (is_first)
        drain->begun_ms = uv_now(control->loop);
    drain->is_draining = true;
    unsigned told = tell_everyone(control);
    if (is_first)
        drain->told = told;
    snprintf(text, sizeof(text), "%llu", (unsigned long long)deadline_ms);
    control_log(control, CONTROL_LOG_INFO, "server.drain", "deadline_ms", text);
    uv_timer_start(&drain->timer, control_drain_on_deadline, deadline_ms, 0);
    control_event_draining(control, control_drain_report(control));
}

void control_drain(struct control *control, uint64_t deadline_ms)
{
    if (!control->drain.is_over)
        begin(control, deadline_ms);
}

void control_drain_soon(struct control *control)
{
    struct control_drain *drain = &control->drain;
    uint64_t deadline_ms = control->config.drain_deadline_ms;
    bool is_empty = control->registry.participant_count == 0;
    drain->ends_when_empty = true;
    if (drain->is_draining && left_ms(control) < deadline_ms)
        deadline_ms = left_ms(control);
    control_drain(control, is_empty ? 0 : deadline_ms);
}

bool control_is_draining(const struct control *control)
{
    return control->drain.is_draining;
}
