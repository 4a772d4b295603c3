/*
 * What happens, for operators: each event is one line of the log and one server-sent event of
 * `GET /v1/events` (docs/operations.md). Whoever makes something happen calls the function of its
 * noun here; names and shapes stand in one place.
 */
#ifndef IRIS_CONTROL_EVENTS_H
#define IRIS_CONTROL_EVENTS_H

#include "sfu/control/control_internal.h"
#include "sfu/control/overload.h"

/** Somebody joined; the first one opened the room. @param peer address, for the log only */
void control_event_joined(struct control *control, const struct control_participant *participant,
                          const char *peer);

/** Somebody leaves (is still in the registry). */
void control_event_left(struct control *control, const struct control_participant *participant,
                        const char *reason);

/** The last one has left. @param name of the room that is gone */
void control_event_room_closed(struct control *control, const char *name);

/** Somebody sends more than the contract. */
void control_event_limit(struct control *control, const struct control_participant *participant,
                         const struct core_limit *limit);

/**
 * A verdict has changed (protocol.md, section 4).
 *
 * @param mid      of the slot; NULL: of the participant as a whole
 * @param verdict  {quality, cause, evidence}; stolen
 */
void control_event_verdict(struct control *control, const struct control_participant *participant,
                           const char *mid, json_t *verdict);

/** A worker has become overloaded, or is no longer. */
void control_event_worker_overload(struct control *control, unsigned worker, bool is_overloaded,
                                   const struct control_evidence *evidence);

/** The drain began, changed, or is over. @param report control_drain_report(), stolen */
void control_event_draining(struct control *control, json_t *report);

/** The numbers of this second (rates.c), if anybody listens. */
void control_event_rates(struct control *control);

/** Any other event. @param event static text @param data stolen */
void control_event_publish(struct control *control, const char *event, json_t *data);

#endif
