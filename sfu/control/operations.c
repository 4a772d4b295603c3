/* The table of HTTP calls, and what their answers share. */
#include "sfu/control/operations.h"

#include <stdio.h>
#include <stdlib.h>

#include "sfu/control/dump.h"
#include "sfu/control/message.h"
#include "sfu/control/path.h"

#define CALLS_PREFIX "/v1/" /* of the operations listener's calls; other paths may be files */

static void answer_sentence(struct signalling_http_response *response, int status,
                            const char *sentence)
{
    control_answer_text(response, "text/plain; charset=utf-8", strdup(sentence));
    if (response->body)
        response->status = status;
}

static void answer_health(struct control *control, const struct control_call *call,
                          struct signalling_http_response *response)
{
    (void)control;
    (void)call;
    answer_sentence(response, 200, "ok\n");
}

/* Whether a join would be taken: what a load balancer asks. */
static void answer_readiness(struct control *control, const struct control_call *call,
                             struct signalling_http_response *response)
{
    (void)call;
    if (control->is_stopping)
        answer_sentence(response, 503, "stopping\n");
    else if (control_is_full(control, 0))
        answer_sentence(response, 503, "full\n");
    else
        answer_sentence(response, 200, "ready\n");
}

static void answer_workers(struct control *control, const struct control_call *call,
                           struct signalling_http_response *response)
{
    json_t *list = json_array();
    (void)call;
    for (unsigned i = 0; i < control->config.worker_count; i++)
        json_array_append_new(list, control_message_worker(io_worker_port(control->workers[i]),
                                                           &control->statistics[i]));
    control_answer_json(response, json_pack("{s:o}", "workers", list));
}

static void answer_room(struct control *control, const struct control_call *call,
                        struct signalling_http_response *response)
{
    (void)control;
    control_answer_json(response, control_message_room(call->room));
}

/* One call a row; the calls of one path stand together. HEAD is asked as GET. */
static const struct row {
    const char *method, *pattern;
    bool is_public; /* on both listeners; else on the one for operations */
    control_call_fn handle;
} rows[] = {
    {"GET", "/healthz", true, answer_health},
    {"GET", "/readyz", true, answer_readiness},
    {"GET", "/v1/rooms/{room}", false, answer_room},
    {"POST", "/v1/rooms/{room}/dump", false, control_dump_call},
    {"GET", "/v1/workers", false, answer_workers},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

void control_answer_text(struct signalling_http_response *response, const char *content_type,
                         char *text)
{
    response->status = text ? 200 : 503;
    response->content_type = text ? content_type : NULL;
    response->body = text;
    response->body_len = text ? strlen(text) : 0;
}

void control_answer_json(struct signalling_http_response *response, json_t *body)
{
    control_answer_text(response, "application/json", body ? json_dumps(body, JSON_COMPACT) : NULL);
    json_decref(body);
}

void control_answer_error(struct signalling_http_response *response, int status,
                          const char *sentence)
{
    control_answer_json(response, json_pack("{s:i, s:s}", "code", status, "message", sentence));
    if (response->body)
        response->status = status;
}

/* The rooms and participants that a path names, in the order of its places. @return what is not
 * there, or NULL */
static const char *find_named(const struct control *control, const struct row *row,
                              char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES],
                              struct control_call *call)
{
    if (strstr(row->pattern, "{room}")) {
        call->room = control_registry_find_room(&control->registry, names[0]);
        if (!call->room)
            return "There is no such room.";
    }
    if (strstr(row->pattern, "{participant}")) {
        call->participant = control_room_find(call->room, names[1]);
        if (!call->participant)
            return "Nobody in the room has this id.";
    }
    return NULL;
}

static void answer_call(struct control *control, const struct row *row,
                        char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES],
                        const struct signalling_http_request *request,
                        struct signalling_http_response *response)
{
    struct control_call call = {.request = request};
    const char *missing = find_named(control, row, names, &call);
    if (missing)
        control_answer_error(response, 404, missing);
    else
        row->handle(control, &call, response);
}

/* One more method for Allow; HEAD comes with GET (RFC 9110, section 9.3.2). */
static void add_allowed(char *allow, size_t cap, const char *method)
{
    size_t len = strlen(allow);
    snprintf(allow + len, cap - len, "%s%s%s", len ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

bool control_on_http(void *context, const struct signalling_http_request *request,
                     struct signalling_http_response *response)
{
    struct control *control = context;
    char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES];
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((!rows[i].is_public && !request->is_operations) ||
            !control_path_match(rows[i].pattern, request->path, names))
            continue;
        if (strcmp(rows[i].method, request->method) == 0) {
            answer_call(control, &rows[i], names, request, response);
            return true;
        }
        add_allowed(response->allow, sizeof(response->allow), rows[i].method);
    }
    if (response->allow[0])
        control_answer_error(response, 405, "This address does not know the method.");
    else if (request->is_operations &&
             strncmp(request->path, CALLS_PREFIX, strlen(CALLS_PREFIX)) == 0)
        control_answer_error(response, 404, "There is no such call.");
    else
        return false;
    return true;
}
