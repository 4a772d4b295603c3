/*
 * The HTTP calls (protocol.md, section 4): operations.c holds the table from method and path to a
 * handler and finds the room and the participant that a path names. A handler lives in the file of
 * its noun and fills the response with one of the functions below; it is declared here.
 */
#ifndef IRIS_CONTROL_OPERATIONS_H
#define IRIS_CONTROL_OPERATIONS_H

#include "sfu/control/control_internal.h"

/* A call that has a handler. */
struct control_call {
    const struct signalling_http_request *request;
    struct control_room *room;               /* of {room}; NULL: the pattern names none */
    struct control_participant *participant; /* of {participant}, in that room; likewise */
    const json_t *body; /* an object, borrowed; NULL: the call takes no body, or came without */
};

/** Answer a call; control may be changed, the response must be filled. */
typedef void (*control_call_fn)(struct control *control, const struct control_call *call,
                                struct signalling_http_response *response);

/** Answer 200 with a JSON document. Steals body; NULL (no memory) becomes 503. */
void control_answer_json(struct signalling_http_response *response, json_t *body);

/** Answer with a text of our own. @param content_type static text @param text malloc'ed, stolen;
 * NULL (no memory) becomes 503 */
void control_answer_text(struct signalling_http_response *response, const char *content_type,
                         char *text);

/** Answer 204. */
void control_answer_nothing(struct signalling_http_response *response);

/** Answer with {code, message}: the HTTP status and a sentence. */
void control_answer_error(struct signalling_http_response *response, int status,
                          const char *sentence);

/* operator.c */
void control_call_end_room(struct control *control, const struct control_call *call,
                           struct signalling_http_response *response);
void control_call_remove_participant(struct control *control, const struct control_call *call,
                                     struct signalling_http_response *response);
void control_call_drain(struct control *control, const struct control_call *call,
                        struct signalling_http_response *response);
void control_call_drain_report(struct control *control, const struct control_call *call,
                               struct signalling_http_response *response);
void control_call_events(struct control *control, const struct control_call *call,
                         struct signalling_http_response *response);

/* metrics.c: GET /metrics. */
void control_answer_metrics(struct control *control, const struct control_call *call,
                            struct signalling_http_response *response);

#endif
