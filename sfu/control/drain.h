/* The drain (protocol.md, section 4): its parts for the rest of sfu/control. control.h begins one.
 */
#ifndef IRIS_CONTROL_DRAIN_H
#define IRIS_CONTROL_DRAIN_H

#include "sfu/control/control_internal.h"

/** What has become of it so far; as the event and the answers show it. New reference. */
json_t *control_drain_report(const struct control *control);

/** `draining` for one connection; nothing while there is no drain, or for NULL. */
void control_drain_tell(struct control *control, struct signalling_connection *connection);

/** Somebody has left, by himself as far as a drain is concerned. */
void control_drain_on_leave(struct control *control);

/** The timer's callback: cut off who is left, report, end. */
void control_drain_on_deadline(uv_timer_t *timer);

#endif
