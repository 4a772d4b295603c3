/* HTTP calls that are no files. */
#include <stdlib.h>

#include "sfu/control/control_internal.h"
#include "sfu/control/message.h"

#define ROOMS_PATH   "/v1/rooms/"
#define WORKERS_PATH "/v1/workers"

static bool answer_text(struct signalling_http_response *response, int status, const char *text)
{
    response->status = status;
    response->content_type = "text/plain; charset=utf-8";
    response->body = strdup(text);
    response->body_len = response->body ? strlen(text) : 0;
    return true;
}

static bool answer_json(struct signalling_http_response *response, json_t *body)
{
    response->status = 200;
    response->content_type = "application/json";
    response->body = json_dumps(body, JSON_COMPACT);
    response->body_len = response->body ? strlen(response->body) : 0;
    json_decref(body);
    return true;
}

/* Whether a join would be taken: what a load balancer asks. */
static bool answer_readiness(const struct control *control,
                             struct signalling_http_response *response)
{
    if (control->is_stopping)
        return answer_text(response, 503, "stopping\n");
    if (control_is_full(control, 0))
        return answer_text(response, 503, "full\n");
    return answer_text(response, 200, "ready\n");
}

static json_t *all_workers(const struct control *control)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < control->config.worker_count; i++)
        json_array_append_new(list, control_message_worker(io_worker_port(control->workers[i]),
                                                           &control->statistics[i]));
    return json_pack("{s:o}", "workers", list);
}

bool control_on_http(void *context, const struct signalling_http_request *request,
                     struct signalling_http_response *response)
{
    const struct control *control = context;
    if (strcmp(request->method, "GET") != 0)
        return false;
    if (strcmp(request->path, "/healthz") == 0)
        return answer_text(response, 200, "ok\n");
    if (strcmp(request->path, "/readyz") == 0)
        return answer_readiness(control, response);
    if (request->is_operations && strcmp(request->path, WORKERS_PATH) == 0)
        return answer_json(response, all_workers(control));
    if (!request->is_operations || strncmp(request->path, ROOMS_PATH, strlen(ROOMS_PATH)) != 0)
        return false;
    const struct control_room *room =
        control_registry_find_room(&control->registry, request->path + strlen(ROOMS_PATH));
    return room && answer_json(response, control_message_room(room));
}
