/* Start, stop, and the events of the workers. */
#include "sfu/control/control_internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "sfu/control/drain.h"
#include "sfu/control/dump.h"
#include "sfu/control/events.h"
#include "sfu/control/message.h"

/* Statistics come once a second: silence is seen after 1.5 to 2.5 s, the end comes after 4.5 to 5.5
 * s (a probe that takes its whole time may add a second). */
#define SILENCE_US   1500000
#define PROBE_S      2
#define LONG_PROBE_S 4
#define CUT_OFF_US   4500000

static void wake_control(void *context)
{
    struct control *control = context;
    uv_async_send(&control->events_wake);
}

static void on_gone(struct control *control, struct control_participant *participant,
                    const struct core_event *event)
{
    const char *reason = control_message_reason(event->reason);
    control_log_stranger(control, CONTROL_LOG_INFO, "transport.end", "room",
                         participant->room->name, "participant", participant->id, "reason", reason,
                         "detail", event->detail);
    control_end(control, participant, reason, SIGNALLING_CLOSE_LEFT, event->detail);
}

static void on_speakers(struct control *control, const struct core_event *event)
{
    const struct control_room *room = control_registry_room(&control->registry, event->room);
    if (room)
        control_broadcast(room, NULL, "speakers",
                          json_pack("{s:o}", "speakers", control_message_speakers(room, event)));
}

static void on_slots(struct control *control, struct control_participant *participant,
                     const struct core_event *event)
{
    memcpy(participant->slots, event->slots, sizeof(participant->slots));
    if (participant->connection)
        signalling_connection_send(
            participant->connection,
            signalling_jsonrpc_notification(
                "slots", json_pack("{s:o}", "slots",
                                   control_message_slots(participant, &control->registry))));
}

/*
 * A cable that is pulled ends no connection: WebSocket and media both fall silent, and TCP would
 * tell after half a minute. So a WebSocket is probed while media is silent; when it says nothing,
 * too, the participant goes when the 5 s for both are over (protocol.md, resume). Of one who has
 * been silent for long, the WebSocket alone tells, and it is given the 5 s. Media that comes back
 * before, over another network, keeps the session for a resume.
 */
static void on_silence(struct control *control, struct control_participant *participant,
                       int64_t silent_us)
{
    if (silent_us < SILENCE_US) {
        participant->is_cut_off = false;
        return;
    }
    if (participant->connection)
        signalling_connection_probe(participant->connection,
                                    silent_us < CUT_OFF_US ? PROBE_S : LONG_PROBE_S);
    if (participant->is_cut_off && silent_us >= CUT_OFF_US)
        control_leave(control, participant, control_message_reason(CORE_REASON_DISCONNECTED));
}

static void on_limit(struct control *control, const struct control_participant *participant,
                     const struct core_limit *limit)
{
    control_event_limit(control, participant, limit);
    if (participant->connection)
        signalling_connection_send(
            participant->connection,
            signalling_jsonrpc_notification(
                "limit", json_pack("{s:s, s:I, s:I}", "kind", control_message_kind(limit->kind),
                                   "limit_bps", (json_int_t)limit->limit_bps, "measured_bps",
                                   (json_int_t)limit->measured_bps)));
}

static void on_connected(struct control *control, struct control_participant *participant,
                         enum transport_srtp_profile profile)
{
    int64_t taken_us = (int64_t)(uv_hrtime() / 1000) - participant->asked_us;
    participant->profile = profile;
    control_histogram_add(&control->statistics.join_time, (double)taken_us / 1e6);
    control_log_stranger(control, CONTROL_LOG_INFO, "transport.connect", "room",
                         participant->room->name, "participant", participant->id, "srtp_profile",
                         transport_srtp_profile_name(profile));
}

static void on_event(struct control *control, const struct core_event *event)
{
    if (event->type == CORE_EVENT_SPEAKERS) {
        on_speakers(control, event);
        return;
    }
    struct control_participant *participant =
        control_registry_find(&control->registry, event->participant);
    if (!participant)
        return;
    switch (event->type) {
    case CORE_EVENT_CONNECTED:
        on_connected(control, participant, event->profile);
        break;
    case CORE_EVENT_SLOTS:
        on_slots(control, participant, event);
        break;
    case CORE_EVENT_LIMIT:
        on_limit(control, participant, &event->limit);
        break;
    case CORE_EVENT_GONE:
    case CORE_EVENT_REFUSED:
        on_gone(control, participant, event);
        break;
    case CORE_EVENT_SPEAKERS:
        break;
    }
}

static void take_statistics(struct control *control, unsigned worker)
{
    struct io_statistics of_worker;
    struct core_statistics statistics;
    while (io_worker_next_statistics(control->workers[worker], &of_worker)) {
        control_statistics_take_worker(&control->worker_snapshots[worker], &of_worker);
        control_load_on_snapshot(control, worker);
    }
    while (io_worker_next_participant(control->workers[worker], &statistics)) {
        struct control_participant *participant =
            control_registry_find(&control->registry, statistics.participant);
        if (!participant)
            continue;
        control_statistics_take(control, participant, &statistics);
        control_verdicts_follow(control, participant);
        on_silence(control, participant, (int64_t)statistics.uplink.silent_us);
    }
}

static void take_all(struct control *control)
{
    struct core_event event;
    for (unsigned i = 0; i < control->config.worker_count; i++) {
        while (io_worker_next_event(control->workers[i], &event))
            on_event(control, &event);
        take_statistics(control, i);
    }
}

static void on_events(uv_async_t *wake)
{
    struct control *control = wake->data;
    /* Nobody is connected any more: of what workers tell only the recordings still matter. */
    if (!control->is_stopping)
        take_all(control);
    control_dump_take(control);
}

static void on_second(uv_timer_t *timer)
{
    struct control *control = timer->data;
    take_all(control);
    control_load_on_second(control, (int64_t)(uv_hrtime() / 1000));
    control_event_rates(control);
}

static void on_backlog(uv_timer_t *timer)
{
    struct control *control = timer->data;
    bool is_waiting = false;
    for (unsigned i = 0; i < control->config.worker_count; i++)
        is_waiting |= control_backlog_drain(&control->backlogs[i], control->workers[i]);
    if (!is_waiting)
        uv_timer_stop(timer);
}

void control_command(struct control *control, const struct control_participant *participant,
                     const struct core_command *command)
{
    unsigned index = participant->room->worker;
    struct control_backlog *backlog = &control->backlogs[index];
    if (!control_backlog_send(backlog, control->workers[index], command))
        control_log(control, CONTROL_LOG_ERROR, "worker.command_lost", "room",
                    participant->room->name, "participant", participant->id, "reason",
                    "out of memory");
    if (backlog->first)
        uv_timer_start(&control->backlog_timer, on_backlog, CONTROL_BACKLOG_RETRY_MS,
                       CONTROL_BACKLOG_RETRY_MS);
}

static void on_notice(void *context, const char *line)
{
    struct control *control = context;
    control_log_stranger(control, CONTROL_LOG_WARNING, "server.notice", "message", line);
}

static int start_workers(struct control *control, char *error, size_t error_cap)
{
    for (unsigned i = 0; i < control->config.worker_count; i++) {
        struct io_worker_config config = {
            .certificate = control->certificate,
            .aead = control->config.aead,
            .is_unpoliced = control->config.is_unpoliced,
            .addresses = &control->config.addresses,
            .port_first = control->config.udp_port_first,
            .port_last = control->config.udp_port_last,
            .recorder_bytes = control->config.recorder_folder ? control->config.recorder_bytes : 0,
            .recorder_us = control->config.recorder_us,
            .recorders_bytes = control->config.recorders_bytes / control->config.worker_count,
            .on_events = wake_control,
            .context = control,
        };
        if (RAND_bytes((unsigned char *)&config.seed, sizeof(config.seed)) != 1)
            return -1;
        /* 49152 + index, the next free one if it is taken. */
        if (control->config.udp_port_first + i <= control->config.udp_port_last)
            config.port_first = (uint16_t)(control->config.udp_port_first + i);
        control->workers[i] = io_worker_start(&config, error, error_cap);
        if (!control->workers[i])
            return -1;
        char port[16], number[16];
        snprintf(port, sizeof(port), "%u", io_worker_port(control->workers[i]));
        snprintf(number, sizeof(number), "%u", i);
        control_log(control, CONTROL_LOG_INFO, "worker.start", "worker", number, "udp_port", port,
                    "aead", io_worker_aead_name(control->workers[i]));
    }
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    --*(unsigned *)handle->data;
}

static void close_handles(struct control *control)
{
    uv_handle_t *const handles[] = {
        (uv_handle_t *)&control->events_wake, (uv_handle_t *)&control->backlog_timer,
        (uv_handle_t *)&control->second_timer, (uv_handle_t *)&control->drain.timer};
    unsigned open = sizeof(handles) / sizeof(handles[0]);
    for (unsigned i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        handles[i]->data = &open;
        uv_close(handles[i], on_closed);
    }
    while (open > 0)
        uv_run(control->loop, UV_RUN_ONCE);
}

void control_stop(struct control *control)
{
    control->is_stopping = true;
    uv_timer_stop(&control->second_timer);
    uv_timer_stop(&control->drain.timer);
    for (const struct control_room *room = control->registry.rooms; room; room = room->next)
        control_broadcast(room, NULL, "closing", json_pack("{s:s}", "reason", "restarting"));
    signalling_server_destroy(control->server);
    control->server = NULL;
    control_dump_finish(control); /* runs the loop, whose handles call the workers */
    for (unsigned i = 0; i < control->config.worker_count; i++)
        io_worker_stop(control->workers[i]);
    control_registry_dispose(&control->registry);
    for (unsigned i = 0; i < control->config.worker_count; i++)
        control_backlog_dispose(&control->backlogs[i]);
    close_handles(control);
    if (control->certificate)
        transport_certificate_destroy(control->certificate);
    free(control);
}

struct control *control_start(uv_loop_t *loop, const struct control_config *config, char *error,
                              size_t error_cap)
{
    struct control *control = calloc(1, sizeof(*control));
    if (!control) {
        snprintf(error, error_cap, "out of memory");
        return NULL;
    }
    struct signalling_handlers handlers = {.context = control,
                                           .on_open = control_on_open,
                                           .on_request = control_on_request,
                                           .on_close = control_on_close,
                                           .on_http = control_on_http,
                                           .on_notice = on_notice};
    control->config = *config;
    control->loop = loop;
    control->started_us = (int64_t)(uv_hrtime() / 1000);
    control_statistics_init(&control->statistics);
    control_registry_init(&control->registry, config->worker_count);
    uv_async_init(loop, &control->events_wake, on_events);
    uv_timer_init(loop, &control->backlog_timer);
    uv_timer_init(loop, &control->second_timer);
    uv_timer_init(loop, &control->drain.timer);
    control->events_wake.data = control->backlog_timer.data = control;
    control->second_timer.data = control->drain.timer.data = control;
    for (unsigned i = 0; i < CONTROL_LOG_SOURCES; i++)
        control_log_gate_init(&control->log_gates[i], uv_now(loop));
    control->certificate = transport_certificate_create();
    snprintf(error, error_cap, "cannot make the DTLS certificate");
    if (control->certificate) {
        control->identity = (struct control_server_identity){
            .addresses = &control->config.addresses,
            .fingerprint = transport_certificate_fingerprint(control->certificate)};
        if (start_workers(control, error, error_cap) == 0)
            control->server =
                signalling_server_create(loop, &config->server, &handlers, error, error_cap);
    }
    if (!control->server) {
        control_stop(control);
        return NULL;
    }
    uv_timer_start(&control->second_timer, on_second, 1000, 1000);
    return control;
}

uint16_t control_public_port(const struct control *control)
{
    return signalling_server_public_port(control->server);
}

void control_set_token_key(struct control *control, const struct signalling_token_key *key)
{
    control->config.token_key = key;
}

int control_reload_tls(struct control *control, char *error, size_t error_cap)
{
    return signalling_server_reload_tls(control->server, error, error_cap);
}
