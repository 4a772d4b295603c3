/*
 * Lines for the handler's log: our own, and what libwebsockets would write to stderr. However much
 * happens, at most one line of each kind leaves in a second; it counts those that were held back
 * before it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "signalling/server_internal.h"

#define NOTICE_INTERVAL_MS 1000

static void pass_notice(struct signalling_server *server, struct notice_gate *gate,
                        const char *line)
{
    uint64_t now_ms = uv_hrtime() / 1000000;
    char counted[320];

    if (!server->handlers.on_notice)
        return;
    if (now_ms < gate->next_ms) {
        gate->held_back++;
        return;
    }
    gate->next_ms = now_ms + NOTICE_INTERVAL_MS;
    if (gate->held_back > 0) {
        snprintf(counted, sizeof(counted), "%.256s (and %u more like it)", line, gate->held_back);
        line = counted;
        gate->held_back = 0;
    }
    server->handlers.on_notice(server->handlers.context, line);
}

void signalling_server_notice(struct signalling_server *server, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    pass_notice(server, &server->own_notices, line);
}

/* libwebsockets logs per process and without a context: the newest server gets its lines. */
static struct signalling_server *log_owner;

static void on_library_log(int level, const char *text)
{
    struct signalling_server *server = log_owner;
    char line[256];

    (void)level;
    if (!server)
        return;
    snprintf(line, sizeof(line), "libwebsockets: %.*s", (int)strcspn(text, "\r\n"), text);
    if (server->is_running)
        pass_notice(server, &server->library_notices, line);
    else if (server->first_complaint[0] == '\0')
        snprintf(server->first_complaint, sizeof(server->first_complaint), "%.150s", line);
}

void signalling_server_take_library_log(struct signalling_server *server)
{
    log_owner = server;
    lws_set_log_level(LLL_ERR | LLL_WARN, on_library_log);
}

void signalling_server_release_library_log(const struct signalling_server *server)
{
    if (log_owner == server)
        log_owner = NULL;
}
