/*
 * Dumps of a room's flight recorder: when an operator asks or a picture freezes. The worker hands
 * the recorder out, a thread of libuv's pool writes the files (dump_file.h).
 */
#ifndef IRIS_CONTROL_DUMP_H
#define IRIS_CONTROL_DUMP_H

#include "sfu/control/operations.h"

/* Between two that are asked for; and after any dump, until one that is not. */
#define CONTROL_DUMP_PERIOD_US 60000000

/**
 * `POST /v1/rooms/{room}/dump`, body {"participant": id} or none: 202 {"pcapng", "decisions"}, the
 * files that are there within a second. 404 nobody of that id, 409 no recorder configured, 422
 * another body, 429 too soon after the last one that was asked for, 503 too many at once.
 */
void control_dump_call(struct control *control, const struct control_call *call,
                       struct signalling_http_response *response);

/**
 * A moving picture has become poor by what the server measured. Writes a dump with all that was
 * received and what was sent to this participant, unless recording is off or the room had a dump
 * within CONTROL_DUMP_PERIOD_US. May be called as often as one likes.
 */
void control_dump_on_freeze(struct control *control, struct control_participant *participant);

/** A participant leaves: dumps still know it for a while. */
void control_dump_on_leave(struct control *control, const struct control_participant *participant);

/** Take what workers hand out; when they woke control. */
void control_dump_take(struct control *control);

/**
 * At the end: wait for the files that are being written, and give up those that wait for a worker's
 * answer. Runs the loop, so the workers are still there.
 */
void control_dump_finish(struct control *control);

#endif
