/*
 * JSON-RPC 2.0 over text frames (protocol.md, section 2): one object a frame, no batches.
 */
#ifndef IRIS_SIGNALLING_JSONRPC_H
#define IRIS_SIGNALLING_JSONRPC_H

#include <jansson.h>
#include <stddef.h>

/* Error codes of the control channel and the sentence that goes with each by default. */
#define SIGNALLING_ERROR_LIST(X)                                                                   \
    X(PARSE, -32700, "the frame is not JSON")                                                      \
    X(REQUEST, -32600, "the frame is not a JSON-RPC 2.0 request")                                  \
    X(METHOD, -32601, "there is no such method")                                                   \
    X(PARAMS, -32602, "the parameters are not those of the method")                                \
    X(TOKEN, 401, "no token, or one that is not valid here")                                       \
    X(FORBIDDEN, 403, "not allowed")                                                               \
    X(NOT_FOUND, 404, "no such room, participant or session")                                      \
    X(JOINED, 409, "already joined")                                                               \
    X(TOO_LARGE, 413, "too large")                                                                 \
    X(SDP, 422, "the SDP cannot be answered")                                                      \
    X(TOO_MANY, 429, "too many requests")                                                          \
    X(UNAVAILABLE, 503, "full or draining")

enum signalling_error {
#define X(name, code, text) SIGNALLING_E_##name = (code),
    SIGNALLING_ERROR_LIST(X)
#undef X
};

/* A request (id set) or a notification of the client (id NULL). Holds references of its own. */
struct signalling_request {
    json_t *id;     /* string, number or null; NULL: a notification, nothing is answered */
    char *method;   /* owned */
    json_t *params; /* an object; an empty one if absent */
};

/**
 * Parse a frame.
 *
 * @param text     len bytes, hostile (depth and size bounded, no NUL, duplicate keys refused)
 * @param request  written on success; dispose it
 * @param reply    on failure the error object to send, owned by the caller; NULL if none is due
 * @return         0 or a code of SIGNALLING_ERROR_LIST
 */
int signalling_jsonrpc_parse(const char *text, size_t len, struct signalling_request *request,
                             json_t **reply);
void signalling_request_dispose(struct signalling_request *request);

/** A reply with a result. Steals result, borrows id. @return new reference, NULL: no memory */
json_t *signalling_jsonrpc_result(json_t *id, json_t *result);

/**
 * A reply with an error.
 *
 * @param id       borrowed; NULL: null
 * @param message  NULL: the list's sentence
 * @param data     stolen; NULL: none
 */
json_t *signalling_jsonrpc_error(json_t *id, int code, const char *message, json_t *data);

/** A notification of the server. Steals params. */
json_t *signalling_jsonrpc_notification(const char *method, json_t *params);

#endif
