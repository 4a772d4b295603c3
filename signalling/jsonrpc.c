/*
 * JSON-RPC 2.0 framing (https://www.jsonrpc.org/specification). Nesting is bounded before the
 * parser runs: jansson accepts 2048 levels both ways, so what a client sends at the limit could be
 * read but no longer be wrapped in a notification and written.
 */
#include "signalling/jsonrpc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS  1000
#define DEPTH_MAX 64 /* metadata and messages are shallow; far below jansson's 2048 */

static const char *sentence(int code)
{
    switch (code) {
#define X(name, number, text)                                                                      \
    case number:                                                                                   \
        return text;
        SIGNALLING_ERROR_LIST(X)
#undef X
    default:
        return "error";
    }
}

/* Brackets outside of strings; says nothing about well-formedness, which is the parser's to judge.
 */
static bool is_too_deep(const char *text, size_t len)
{
    bool in_string = false;
    size_t depth = 0;

    for (size_t i = 0; i < len; i++) {
        if (in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && (text[i] == '{' || text[i] == '[')) {
            if (++depth > DEPTH_MAX)
                return true;
        } else if (!in_string && (text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

static int refuse(json_t *id, int code, const char *message, json_t **reply)
{
    *reply = signalling_jsonrpc_error(id, code, message, NULL);
    return code;
}

static bool is_id(const json_t *id)
{
    return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/* Check the members of an object and, on success, take references to them. */
static int read_members(json_t *object, struct signalling_request *request, json_t **reply)
{
    json_t *id = json_object_get(object, "id");
    json_t *method = json_object_get(object, "method");
    json_t *params = json_object_get(object, "params");
    const char *version = json_string_value(json_object_get(object, "jsonrpc"));
    struct signalling_request parsed;

    if (id && !is_id(id))
        return refuse(NULL, SIGNALLING_E_REQUEST, "id is neither a string, a number nor null",
                      reply);
    if (!version || strcmp(version, "2.0") != 0)
        return refuse(id, SIGNALLING_E_REQUEST, "jsonrpc is not \"2.0\"", reply);
    if (!json_is_string(method))
        return refuse(id, SIGNALLING_E_REQUEST, "method is not a string", reply);
    if (params && !json_is_object(params)) {
        /* By position is well-formed JSON-RPC, but no method here takes it; a notification is
         * never answered once it is a valid one. */
        if (!json_is_array(params))
            return refuse(id, SIGNALLING_E_REQUEST, "params is not an object", reply);
        if (id)
            refuse(id, SIGNALLING_E_PARAMS, "parameters are passed by name, in an object", reply);
        return SIGNALLING_E_PARAMS;
    }
    parsed.id = json_incref(id);
    parsed.method = strdup(json_string_value(method));
    parsed.params = params ? json_incref(params) : json_object();
    if (!parsed.method || !parsed.params) {
        signalling_request_dispose(&parsed);
        *reply = signalling_jsonrpc_error(
            id, SIGNALLING_E_UNAVAILABLE, NULL,
            json_pack("{s:s, s:i}", "reason", "out of memory", "retry_after_ms", RETRY_MS));
        return SIGNALLING_E_UNAVAILABLE;
    }
    *request = parsed;
    return 0;
}

int signalling_jsonrpc_parse(const char *text, size_t len, struct signalling_request *request,
                             json_t **reply)
{
    json_error_t error;
    json_t *root;
    int result;

    *reply = NULL;
    if (is_too_deep(text, len))
        return refuse(NULL, SIGNALLING_E_REQUEST, "the frame is nested too deeply", reply);
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!root && json_error_code(&error) == json_error_duplicate_key)
        return refuse(NULL, SIGNALLING_E_REQUEST, "a key stands twice in one object", reply);
    if (!root)
        return refuse(NULL, SIGNALLING_E_PARSE, NULL, reply);
    if (json_is_array(root))
        result = refuse(NULL, SIGNALLING_E_REQUEST, "batches are not accepted here", reply);
    else if (!json_is_object(root))
        result = refuse(NULL, SIGNALLING_E_REQUEST, NULL, reply);
    else
        result = read_members(root, request, reply);
    json_decref(root);
    return result;
}

void signalling_request_dispose(struct signalling_request *request)
{
    json_decref(request->id);
    json_decref(request->params);
    free(request->method);
    memset(request, 0, sizeof(*request));
}

/* An envelope with the version in it; NULL: no memory. */
static json_t *envelope(void)
{
    json_t *object = json_object();

    if (object && json_object_set_new(object, "jsonrpc", json_string("2.0")) == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* Add a member; steals the value, and the object too when there is no memory. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
    if (!object) {
        json_decref(value);
        return NULL;
    }
    if (json_object_set_new(object, key, value) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *id_or_null(json_t *id)
{
    return id ? json_incref(id) : json_null();
}

json_t *signalling_jsonrpc_result(json_t *id, json_t *result)
{
    return with(with(envelope(), "id", id_or_null(id)), "result", result);
}

json_t *signalling_jsonrpc_error(json_t *id, int code, const char *message, json_t *data)
{
    json_t *error = with(json_object(), "code", json_integer(code));

    error = with(error, "message", json_string(message ? message : sentence(code)));
    if (data)
        error = with(error, "data", data);
    return with(with(envelope(), "id", id_or_null(id)), "error", error);
}

json_t *signalling_jsonrpc_notification(const char *method, json_t *params)
{
    return with(with(envelope(), "method", json_string(method)), "params", params);
}
