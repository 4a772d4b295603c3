/* The table of HTTP calls, and what their answers share. */
#include "sfu/control/operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "sfu/control/dump.h"
#include "sfu/control/message.h"
#include "sfu/control/path.h"
#include "sfu/control/report.h"

/* A media type without its parameters (RFC 9110, section 8.3.1). */
static bool is_json(const char *content_type)
{
    static const char name[] = "application/json";
    size_t len = strlen(name);
    return strncasecmp(content_type, name, len) == 0 && strchr("; \t", content_type[len]);
}

static void answer_sentence(struct signalling_http_response *response, int status,
                            const char *sentence)
{
    control_answer_text(response, "text/plain; charset=utf-8", strdup(sentence));
    if (response->body)
        response->status = status;
}

/* Whether a join would be taken: what a load balancer asks. /healthz, too, says that; that it says
   something is what a liveness probe asks (docs/decisions/0005-healthz.md). */
static void answer_readiness(struct control *control, const struct control_call *call,
                             struct signalling_http_response *response)
{
    (void)call;
    if (control->is_stopping)
        answer_sentence(response, 503, "stopping\n");
    else if (control_is_draining(control))
        answer_sentence(response, 503, "draining\n");
    else if (control_is_full(control, 0))
        answer_sentence(response, 503, "full\n");
    else
        answer_sentence(response, 200, "ready\n");
}

static void answer_workers(struct control *control, const struct control_call *call,
                           struct signalling_http_response *response)
{
    (void)call;
    control_answer_json(response, control_report_workers(control));
}

static void answer_rooms(struct control *control, const struct control_call *call,
                         struct signalling_http_response *response)
{
    (void)call;
    control_answer_json(response, control_report_rooms(control, time(NULL)));
}

static void answer_room(struct control *control, const struct control_call *call,
                        struct signalling_http_response *response)
{
    control_answer_json(response, control_report_room(call->room, &control->registry, time(NULL)));
}

/* Who may ask, and with what. */
enum {
    IS_PUBLIC = 1,  /* on both listeners; else on the one for operations */
    TAKES_JSON = 2, /* a body, if there is one, is an object; else there may be none */
    IS_GUARDED = 4, /* not for pages of other origins, though it only reads; what writes never is */
};

/* One call a row. HEAD is asked as GET. */
static const struct row {
    const char *method, *pattern;
    unsigned flags;
    control_call_fn handle;
} rows[] = {
    {"GET", "/healthz", IS_PUBLIC, answer_readiness},
    {"GET", "/readyz", IS_PUBLIC, answer_readiness},
    {"GET", "/metrics", 0, control_answer_metrics},
    {"GET", "/v1/rooms", 0, answer_rooms},
    {"GET", "/v1/rooms/{room}", 0, answer_room},
    {"POST", "/v1/rooms/{room}/dump", TAKES_JSON, control_dump_call},
    {"DELETE", "/v1/rooms/{room}", 0, control_call_end_room},
    {"DELETE", "/v1/rooms/{room}/participants/{participant}", 0, control_call_remove_participant},
    {"GET", "/v1/workers", 0, answer_workers},
    {"GET", "/v1/events", IS_GUARDED, control_call_events},
    {"GET", "/v1/drain", 0, control_call_drain_report},
    {"POST", "/v1/drain", TAKES_JSON, control_call_drain},
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

void control_answer_nothing(struct signalling_http_response *response)
{
    response->status = 204;
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

/* The reason to refuse a call before anything is looked up; 0: none. */
static int refuse(const struct row *row, const struct signalling_http_request *request,
                  const char **sentence)
{
    bool is_guarded = row->flags & IS_GUARDED || strcmp(row->method, "GET") != 0;
    if (request->is_foreign && is_guarded) {
        *sentence = "Pages of other origins may not do this.";
        return 403;
    }
    if (request->body_len == 0)
        return 0;
    *sentence =
        row->flags & TAKES_JSON ? "The body must be application/json." : "This call takes no body.";
    return row->flags & TAKES_JSON && is_json(request->content_type) ? 0 : 415;
}

/* The body, if there is one. @return 0 or the refusing status, with its sentence */
static int read_body(const struct signalling_http_request *request, json_t **body,
                     const char **sentence)
{
    if (request->body_len == 0)
        return 0;
    *body = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                       NULL);
    *sentence = *body ? "The body must be a JSON object." : "The body is no JSON.";
    if (json_is_object(*body))
        return 0;
    return *body ? 422 : 400;
}

static void answer_call(struct control *control, const struct row *row,
                        char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES],
                        const struct signalling_http_request *request,
                        struct signalling_http_response *response)
{
    struct control_call call = {.request = request};
    const char *sentence = NULL;
    json_t *body = NULL;
    int status = refuse(row, request, &sentence);
    if (status == 0)
        status = read_body(request, &body, &sentence);
    if (status == 0 && (sentence = find_named(control, row, names, &call)))
        status = 404;
    call.body = body;
    if (status != 0)
        control_answer_error(response, status, sentence);
    else
        row->handle(control, &call, response);
    json_decref(body);
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
        if ((!(rows[i].flags & IS_PUBLIC) && !request->is_operations) ||
            !control_path_match(rows[i].pattern, request->path, names))
            continue;
        if (strcmp(rows[i].method, request->method) == 0) {
            answer_call(control, &rows[i], names, request, response);
            return true;
        }
        add_allowed(response->allow, sizeof(response->allow), rows[i].method);
    }
    if (!response->allow[0])
        return false;
    control_answer_error(response, 405, "This address does not know the method.");
    return true;
}
