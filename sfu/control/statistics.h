/*
 * The numbers of the node and of each room, and what control remembers of snapshots: the newest two
 * of each participant and worker, for rates; sums of all counters since the start of the node and
 * of each room, which stay when participants go.
 */
#ifndef IRIS_CONTROL_STATISTICS_H
#define IRIS_CONTROL_STATISTICS_H

#include "sfu/control/histogram.h"
#include "sfu/core/message.h"
#include "sfu/io/statistics.h"

#define CONTROL_ROOM_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                        \
    GAUGE(participants, NUMBER, ROOM, "in the room")                                               \
    GAUGE(microphones, NUMBER, ROOM, "that send and are not muted")                                \
    GAUGE(cameras, NUMBER, ROOM, "that send and are not muted")                                    \
    GAUGE(screens, NUMBER, ROOM, "that are sent and shared")                                       \
    GAUGE(fair, NUMBER, ROOM, "participants whose verdict is fair")                                \
    GAUGE(poor, NUMBER, ROOM, "participants whose verdict is poor")                                \
    GAUGE(age_s, S, ROOM, "since the first join")                                                  \
    GAUGE(up_bps, BPS, ROOM, "RTP that the participants send, headers included")                   \
    GAUGE(down_bps, BPS, ROOM, "UDP payload of RTP that they get")

#define CONTROL_NODE_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                        \
    GAUGE(participants, NUMBER, NODE, "on the node")                                               \
    GAUGE(rooms, NUMBER, NODE, "on the node")                                                      \
    GAUGE(max_participants, NUMBER, NODE, "configured; 0: no limit")                               \
    GAUGE(network_bps, BPS, NODE, "what the network interface carries, as configured")             \
    GAUGE(up_bps, BPS, NODE, "RTP that the participants send, headers included")                   \
    GAUGE(down_bps, BPS, NODE, "UDP payload of RTP that they get")                                 \
    GAUGE(received_bps, BPS, NODE, "UDP payload that the workers receive")                         \
    GAUGE(sent_bps, BPS, NODE, "UDP payload that the workers send")                                \
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

/* The newest two of a worker. All zero: none yet. */
struct control_worker_snapshots {
    unsigned count;
    struct io_statistics now, before;
};

/* What was counted of everybody who ever was there, by kind where it has one. */
struct control_sums {
    struct core_uplink_statistics uplink;
    struct core_downlink_statistics downlink;
    struct core_layer_statistics layers[CORE_KIND_COUNT];
    struct core_slot_statistics slots[CORE_KIND_COUNT];
};

/* What control itself counts. */
struct control_statistics {
    struct control_node_statistics node; /* its counters only */
    struct control_sums sums;
    struct control_histogram join_time;  /* from the request to SRTP's keys */
    struct control_histogram round_trip; /* of each participant, once a second */
};

struct control;
struct control_participant;
struct control_room;

void control_statistics_init(struct control_statistics *statistics);

/** A participant's newest statistics: they become those of now, and go into the sums. */
void control_statistics_take(struct control *control, struct control_participant *participant,
                             const struct core_statistics *statistics);

/** A worker's newest statistics. */
void control_statistics_take_worker(struct control_worker_snapshots *snapshots,
                                    const struct io_statistics *statistics);

/* The two snapshots of a level of something, for core_statistic_value(). @param level its field */
#define CONTROL_INTERVAL(snapshots, level)                                                         \
    ((struct core_interval){.now = &(snapshots)->now.level,                                        \
                            .before = (snapshots)->count > 1 ? &(snapshots)->before.level : NULL,  \
                            .us = (snapshots)->now.at_us - (snapshots)->before.at_us})

/**
 * The two snapshots of a worker. One that has nothing to do makes none: then nothing grew.
 *
 * @param now_us  monotonic, as the snapshots
 */
struct core_interval control_worker_interval(const struct control_worker_snapshots *snapshots,
                                             int64_t now_us);

/** The numbers of a room and of the node now. */
void control_room_statistics_fill(const struct control_room *room, int64_t now_s,
                                  struct control_room_statistics *out);
void control_node_statistics_fill(const struct control *control,
                                  struct control_node_statistics *out);

#endif
