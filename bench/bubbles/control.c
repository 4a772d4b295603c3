/*
 * libwebsockets calls back with the connection as its user data. A connection is freed when the
 * library says that it is closed or could not be made; whatever it calls back afterwards is
 * ignored without looking at the connection.
 */
#include "bench/bubbles/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#define MESSAGE_MAX_BYTES (4 << 20)
#define REASON_BYTES      128

/* A text that waits to be sent; LWS_PRE bytes in front of it. */
struct outgoing {
    struct outgoing *next;
    size_t len;
    unsigned char data[];
};

struct bubbles_control {
    struct bubbles_hub *hub;
    struct lws *wsi;
    void *owner; /* NULL: nobody listens */
    struct bubbles_control *next;
    struct outgoing *first, *last;
    char *text; /* of a message being received */
    size_t text_len;
    unsigned close_code;
    char reason[REASON_BYTES];
    bool is_opening, has_failed, is_closing;
};

struct bubbles_hub {
    uv_loop_t *loop;
    struct lws_context *context;
    struct bubbles_url url;
    bool is_insecure;
    struct lws_protocols protocols[2]; /* one, and the end of the list */
    struct bubbles_control_handlers handlers;
    struct bubbles_control *controls;
};

static void release(struct bubbles_control *control)
{
    struct bubbles_control **at = &control->hub->controls;
    while (*at != control)
        at = &(*at)->next;
    *at = control->next;
    while (control->first) {
        struct outgoing *next = control->first->next;
        free(control->first);
        control->first = next;
    }
    free(control->text);
    free(control);
}

/* The library has let go of the connection. */
static void end(struct bubbles_control *control, const char *reason)
{
    if (control->is_opening) { /* bubbles_control_open() still holds it */
        control->has_failed = true;
        return;
    }
    void *owner = control->owner;
    if (owner)
        control->hub->handlers.on_close(owner, control->close_code,
                                        control->reason[0] ? control->reason : reason);
    release(control);
}

static void take_close_frame(struct bubbles_control *control, const unsigned char *data, size_t len)
{
    if (len < 2)
        return;
    control->close_code = (unsigned)(data[0] << 8 | data[1]);
    snprintf(control->reason, sizeof(control->reason), "%.*s", (int)(len - 2), data + 2);
}

/* @return 0, or -1 to end the connection */
static int take_text(struct bubbles_control *control, struct lws *wsi, const char *data, size_t len)
{
    if (control->text_len + len > MESSAGE_MAX_BYTES)
        return -1;
    char *text = realloc(control->text, control->text_len + len + 1);
    if (!text)
        return -1;
    memcpy(text + control->text_len, data, len);
    control->text = text;
    control->text_len += len;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
        return 0;
    json_t *message = json_loadb(control->text, control->text_len, 0, NULL);
    control->text_len = 0;
    if (!message)
        return -1;
    if (control->owner)
        control->hub->handlers.on_message(control->owner, message);
    json_decref(message);
    return 0;
}

static int write_next(struct bubbles_control *control, struct lws *wsi)
{
    struct outgoing *next = control->first;
    if (!next) {
        if (!control->is_closing)
            return 0;
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    if (lws_write(wsi, next->data + LWS_PRE, next->len, LWS_WRITE_TEXT) < (int)next->len)
        return -1;
    control->first = next->next;
    if (!control->first)
        control->last = NULL;
    free(next);
    if (control->first || control->is_closing)
        lws_callback_on_writable(wsi);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct bubbles_control *control = user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        if (control->owner)
            control->hub->handlers.on_open(control->owner);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return take_text(control, wsi, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_next(control, wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        take_close_frame(control, in, len);
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        end(control, in ? in : "cannot connect");
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        end(control, "the connection was lost");
        return 0;
    default:
        return 0;
    }
}

struct bubbles_hub *bubbles_hub_create(uv_loop_t *loop, const struct bubbles_url *url,
                                       bool is_insecure, const char *protocol,
                                       const struct bubbles_control_handlers *handlers)
{
    struct bubbles_hub *hub = calloc(1, sizeof(*hub));
    void *loops[1] = {loop};
    if (!hub)
        return NULL;
    hub->loop = loop;
    hub->url = *url;
    hub->is_insecure = is_insecure;
    hub->handlers = *handlers;
    hub->protocols[0] =
        (struct lws_protocols){.name = protocol, .callback = callback, .rx_buffer_size = 65536};
    lws_set_log_level(0, NULL);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = hub->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .foreign_loops = loops,
        .pcontext = &hub->context,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .timeout_secs = 20,
    };
    hub->context = lws_create_context(&info);
    if (!hub->context) {
        free(hub);
        return NULL;
    }
    return hub;
}

static void count_closing(uv_handle_t *handle, void *count)
{
    *(unsigned *)count += uv_is_closing(handle) != 0;
}

void bubbles_hub_destroy(struct bubbles_hub *hub)
{
    unsigned closing;
    if (!hub)
        return;
    for (struct bubbles_control *control = hub->controls; control; control = control->next)
        control->owner = NULL;
    lws_context_destroy(hub->context); /* asks libuv to close the library's handles */
    do {
        uv_run(hub->loop, UV_RUN_NOWAIT);
        closing = 0;
        uv_walk(hub->loop, count_closing, &closing);
    } while (closing > 0);
    if (hub->context)
        lws_context_destroy(hub->context);
    while (hub->controls)
        release(hub->controls);
    free(hub);
}

struct bubbles_control *bubbles_control_open(struct bubbles_hub *hub, void *owner)
{
    struct bubbles_control *control = calloc(1, sizeof(*control));
    char host[BUBBLES_HOST_BYTES + 16];
    bool is_v6 = strchr(hub->url.host, ':') != NULL;
    if (!control)
        return NULL;
    snprintf(host, sizeof(host), is_v6 ? "[%s]:%u" : "%s:%u", hub->url.host,
             (unsigned)hub->url.port);
    control->hub = hub;
    control->owner = owner;
    control->next = hub->controls;
    hub->controls = control;
    control->is_opening = true;
    int tls = LCCSCF_USE_SSL;
    if (hub->is_insecure)
        tls |=
            LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_ALLOW_EXPIRED;
    struct lws_client_connect_info info = {
        .context = hub->context,
        .address = hub->url.host,
        .port = hub->url.port,
        .path = hub->url.path,
        .host = host,
        .protocol = hub->protocols[0].name,
        .local_protocol_name = hub->protocols[0].name,
        .ssl_connection = hub->url.is_tls ? tls : 0,
        .userdata = control,
        .pwsi = &control->wsi,
    };
    struct lws *wsi = lws_client_connect_via_info(&info);
    control->is_opening = false;
    if (!wsi || control->has_failed) {
        release(control);
        return NULL;
    }
    return control;
}

int bubbles_control_send(struct bubbles_control *control, json_t *message)
{
    size_t len = message ? json_dumpb(message, NULL, 0, JSON_COMPACT) : 0;
    struct outgoing *outgoing = len ? malloc(sizeof(*outgoing) + LWS_PRE + len) : NULL;
    if (outgoing) {
        outgoing->next = NULL;
        outgoing->len = json_dumpb(message, (char *)outgoing->data + LWS_PRE, len, JSON_COMPACT);
        if (control->last)
            control->last->next = outgoing;
        else
            control->first = outgoing;
        control->last = outgoing;
        lws_callback_on_writable(control->wsi);
    }
    json_decref(message);
    return outgoing ? 0 : -1;
}

int bubbles_control_request(struct bubbles_control *control, unsigned id, const char *method,
                            json_t *params)
{
    return bubbles_control_send(control, json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id",
                                                   (int)id, "method", method, "params", params));
}

void bubbles_control_close(struct bubbles_control *control)
{
    if (!control)
        return;
    control->owner = NULL;
    control->is_closing = true;
    if (control->wsi)
        lws_callback_on_writable(control->wsi);
}
