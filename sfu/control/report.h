/*
 * Statistics as JSON (docs/openapi.json): what operators are told of the node, workers, rooms and
 * participants, and participants of themselves. Every function returns a new reference, NULL when
 * memory is short.
 */
#ifndef IRIS_CONTROL_REPORT_H
#define IRIS_CONTROL_REPORT_H

#include <jansson.h>

#include "sfu/control/statistics.h"

struct control_registry;

/** A participant's own statistics: the result of `stats`. */
json_t *control_report_statistics(const struct control_participant *participant,
                                  const struct control_registry *registry);

/** A participant: who it is, and its statistics. */
json_t *control_report_participant(const struct control_participant *participant,
                                   const struct control_registry *registry);

/** A room with its counts and rates; its participants are only counted. @param now_s wall clock */
json_t *control_report_room_summary(const struct control_room *room, int64_t now_s);

/** A room with its participants. */
json_t *control_report_room(const struct control_room *room,
                            const struct control_registry *registry, int64_t now_s);

/** Every room in short. */
json_t *control_report_rooms(const struct control *control, int64_t now_s);

json_t *control_report_node(const struct control *control);

/** The node and its workers. */
json_t *control_report_workers(const struct control *control);

/** @param now_us  monotonic */
json_t *control_report_worker(uint16_t udp_port, const struct control_worker_snapshots *snapshots,
                              int64_t now_us);

/** What changes every second: the node, and every room in short. */
json_t *control_report_rates(const struct control *control, int64_t now_s);

#endif
