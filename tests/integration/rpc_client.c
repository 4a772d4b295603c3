/* Replies are matched by id; everything with a method is a notification. */
#include "tests/integration/rpc_client.h"

#include <stdlib.h>
#include <string.h>

#include "tests/integration/event_loop.h"

struct rpc_client {
    struct websocket_client *websocket;
    rpc_notification_fn on_notification;
    void *context;
    json_t *notifications; /* array of whole messages */
    json_t *reply;         /* the newest one that is awaited */
    json_int_t last_id;
    bool takes_any_reply;
};

static rpc_observer_fn observe;

void rpc_client_observe(rpc_observer_fn observer)
{
    observe = observer;
}

static void on_text(void *user, const char *text, size_t len)
{
    struct rpc_client *rpc = user;
    json_t *message = json_loadb(text, len, 0, NULL);
    const char *method = json_string_value(json_object_get(message, "method"));
    if (observe)
        observe(message, false);
    if (method) {
        json_array_append(rpc->notifications, message);
        if (rpc->on_notification)
            rpc->on_notification(rpc->context, method, json_object_get(message, "params"));
    } else if (rpc->takes_any_reply ||
               json_integer_value(json_object_get(message, "id")) == rpc->last_id) {
        json_decref(rpc->reply);
        rpc->reply = json_incref(message);
    }
    json_decref(message);
}

struct rpc_client *rpc_client_connect(uint16_t port, rpc_notification_fn on_notification,
                                      void *context)
{
    struct rpc_client *rpc = calloc(1, sizeof(*rpc));
    rpc->on_notification = on_notification;
    rpc->context = context;
    rpc->notifications = json_array();
    rpc->websocket = websocket_client_open(port, NULL, on_text, rpc);
    if (websocket_client_http_status(rpc->websocket) != 101) {
        rpc_client_destroy(rpc);
        return NULL;
    }
    return rpc;
}

void rpc_client_destroy(struct rpc_client *rpc)
{
    if (!rpc)
        return;
    websocket_client_destroy(rpc->websocket);
    json_decref(rpc->notifications);
    json_decref(rpc->reply);
    free(rpc);
}

static bool has_reply_or_closed(void *user)
{
    struct rpc_client *rpc = user;
    return rpc->reply || websocket_client_is_closed(rpc->websocket);
}

static json_t *await_reply(struct rpc_client *rpc)
{
    event_loop_until(has_reply_or_closed, rpc, EVENT_LOOP_PATIENCE_MS);
    json_t *reply = rpc->reply;
    rpc->reply = NULL;
    return reply;
}

json_t *rpc_client_call(struct rpc_client *rpc, const char *method, json_t *params)
{
    rpc->takes_any_reply = false;
    json_t *request =
        json_pack("{s:s, s:I, s:s}", "jsonrpc", "2.0", "id", ++rpc->last_id, "method", method);
    if (params)
        json_object_set_new(request, "params", params);
    if (observe)
        observe(request, true);
    char *text = json_dumps(request, JSON_COMPACT);
    websocket_client_send_text(rpc->websocket, text, strlen(text));
    free(text);
    json_decref(request);
    return await_reply(rpc);
}

json_t *rpc_client_exchange(struct rpc_client *rpc, const char *text, size_t len)
{
    rpc->takes_any_reply = true;
    websocket_client_send_text(rpc->websocket, text, len);
    return await_reply(rpc);
}

int rpc_client_error_code(const json_t *reply)
{
    if (!reply)
        return -1;
    return (int)json_integer_value(json_object_get(json_object_get(reply, "error"), "code"));
}

struct take {
    struct rpc_client *rpc;
    const char *method;
    json_t *params;
};

static bool take_notification(void *user)
{
    struct take *take = user;
    size_t index;
    json_t *message;
    json_array_foreach(take->rpc->notifications, index, message)
    {
        if (strcmp(json_string_value(json_object_get(message, "method")), take->method) != 0)
            continue;
        take->params = json_incref(json_object_get(message, "params"));
        json_array_remove(take->rpc->notifications, index);
        return true;
    }
    return false;
}

json_t *rpc_client_take(struct rpc_client *rpc, const char *method, unsigned timeout_ms)
{
    struct take take = {.rpc = rpc, .method = method};
    event_loop_until(take_notification, &take, timeout_ms);
    return take.params;
}

static bool is_closed(void *user)
{
    struct rpc_client *rpc = user;
    return websocket_client_close_code(rpc->websocket) != 0 ||
           websocket_client_is_closed(rpc->websocket);
}

int rpc_client_await_close(struct rpc_client *rpc)
{
    event_loop_until(is_closed, rpc, EVENT_LOOP_PATIENCE_MS);
    return websocket_client_close_code(rpc->websocket);
}

struct websocket_client *rpc_client_websocket(struct rpc_client *rpc)
{
    return rpc->websocket;
}
