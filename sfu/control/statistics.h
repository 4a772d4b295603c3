/*
 * The numbers of the node and of each room, and what control remembers of snapshots: the newest two
 * of each participant and worker, for rates; sums of all counters since the start of the node and
 * of each room, which stay when participants go.
 */
#ifndef IRIS_CONTROL_STATISTICS_H
#define IRIS_CONTROL_STATISTICS_H

#include "sfu/core/message.h"
#include "sfu/core/statistics.h"

#define CONTROL_ROOM_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                        \
    GAUGE(participants, NUMBER, ROOM, "in the room")                                               \
    GAUGE(microphones, NUMBER, ROOM, "that send")                                                  \
    GAUGE(cameras, NUMBER, ROOM, "that send")                                                      \
    GAUGE(screens, NUMBER, ROOM, "that are sent")                                                  \
    GAUGE(age_s, S, ROOM, "since the first join")                                                  \
    GAUGE(up_bps, BPS, ROOM, "RTP that the participants send, headers included")                   \
    GAUGE(down_bps, BPS, ROOM, "UDP payload of RTP that they get")

#define CONTROL_NODE_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                        \
    GAUGE(participants, NUMBER, NODE, "on the node")                                               \
    GAUGE(rooms, NUMBER, NODE, "on the node")                                                      \
    GAUGE(max_participants, NUMBER, NODE, "configured; 0: no limit")                               \
    GAUGE(network_bps, BPS, NODE, "what the network interface carries, as configured")             \
    GAUGE(uptime_s, S, NODE, "since the start")                                                    \
    COUNTER(joins, NUMBER, NODE, "joins that succeeded")                                           \
    COUNTER(refused_joins, NUMBER, NODE, "joins that were refused")                                \
    COUNTER(resumes, NUMBER, NODE, "sessions that were resumed on another WebSocket")              \
    COUNTER(leaves, NUMBER, NODE, "participants that went, for whatever reason")

struct control_room_statistics {
    CORE_FIELDS(CONTROL_ROOM_STATISTICS)
};
struct control_node_statistics {
    CORE_FIELDS(CONTROL_NODE_STATISTICS)
};

extern const struct core_statistic_table control_room_table, control_node_table;

#endif
