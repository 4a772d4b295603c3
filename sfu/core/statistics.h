/*
 * What is counted of a participant: the one list of every number (name, unit, help, kind), per
 * level: what it sends as a whole (uplink), each track, each layer; what it gets as a whole
 * (downlink), each slot. The lists make the structs, and tables from which control writes JSON and
 * Prometheus text and a test docs/operations.md and docs/openapi.json.
 *
 * Counters only grow, until their stream ends and another begins at 0. A gauge may be unknown.
 * Rates and losses are no fields: who reads two snapshots computes them (core_statistic_value()).
 */
#ifndef IRIS_CORE_STATISTICS_H
#define IRIS_CORE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_STATISTIC_UNKNOWN UINT64_MAX /* of a gauge */

enum core_statistic_kind {
    CORE_STATISTIC_COUNTER,
    CORE_STATISTIC_GAUGE,
    CORE_STATISTIC_RATE, /* of a counter, per second */
    CORE_STATISTIC_LOSS, /* 0-1: of what a counter says was sent, what another says is missing */
};

/* A name ends in its unit, where one might doubt. */
enum core_unit {
    CORE_UNIT_NUMBER,
    CORE_UNIT_BYTES,
    CORE_UNIT_US,
    CORE_UNIT_MS,
    CORE_UNIT_S,
    CORE_UNIT_BPS,
    CORE_UNIT_PER_S,
    CORE_UNIT_PIXELS,
    CORE_UNIT_SHARE,
};

/* Where a counter is exported as a sum: in every case for the node, some also for each room. */
enum core_scope { CORE_SCOPE_NODE, CORE_SCOPE_ROOM };

/*
 * The lists. COUNTER and GAUGE: name, unit, scope, help. RATE: name, unit, help, counter, factor.
 * LOSS: name, help, counter of what arrived, counter of what was sent.
 */
#define CORE_LAYER_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                          \
    COUNTER(packets, NUMBER, ROOM, "RTP packets received, repairs aside")                          \
    COUNTER(bytes, BYTES, ROOM, "RTP payload received, repairs and padding aside")                 \
    COUNTER(expected, NUMBER, ROOM, "packets that were sent, by their sequence numbers")           \
    COUNTER(delivered, NUMBER, ROOM, "packets received, or repaired by retransmission")            \
    COUNTER(frames, NUMBER, NODE, "frames that began (video), those within the contract")          \
    COUNTER(keyframes, NUMBER, NODE, "key frames among them")                                      \
    COUNTER(nacks, NUMBER, NODE, "requests of single packets that were sent (NACK)")               \
    COUNTER(plis, NUMBER, NODE, "requests of key frames that were sent (PLI)")                     \
    COUNTER(policed_packets, NUMBER, NODE, "packets over the contract, dropped")                   \
    COUNTER(policed_bytes, BYTES, ROOM, "RTP payload over the contract, dropped")                  \
    GAUGE(height, PIXELS, NODE, "of the last key frame")                                           \
    GAUGE(jitter_us, US, NODE, "interarrival jitter (RFC 3550, A.8)")                              \
    RATE(bitrate_bps, BPS, "RTP payload", bytes, 8)                                                \
    RATE(frame_rate, PER_S, "frames", frames, 1)                                                   \
    LOSS(loss, "before repair", packets, expected)                                                 \
    LOSS(residual_loss, "after repair", delivered, expected)

#define CORE_TRACK_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                          \
    GAUGE(contract_bps, BPS, NODE, "what may be sent [RTP payload]")                               \
    GAUGE(policer_rung, NUMBER, NODE, "how much the policer drops, 0: nothing")

#define CORE_UPLINK_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                         \
    COUNTER(packets, NUMBER, NODE, "RTP packets that passed authentication")                       \
    COUNTER(bytes, BYTES, NODE, "of these, headers included")                                      \
    COUNTER(unbound, NUMBER, NODE, "of these, of no negotiated track: dropped")                    \
    COUNTER(malformed, NUMBER, NODE, "unreadable RTP and RTCP, RTCP that asks too much: dropped")  \
    COUNTER(repeated, NUMBER, NODE, "repairs of what had arrived, originals after their repair")   \
    COUNTER(policed_packets, NUMBER, NODE, "packets over the contract of all tracks, dropped")     \
    COUNTER(policed_bytes, BYTES, NODE, "RTP payload over the contract of all tracks, dropped")    \
    COUNTER(auth_failed, NUMBER, NODE, "packets that failed SRTP authentication: dropped")         \
    COUNTER(replayed, NUMBER, NODE, "packets seen before, or too old for SRTP: dropped")           \
    COUNTER(path_changes, NUMBER, NODE, "changes of the selected ICE path")                        \
    GAUGE(rtt_us, US, NODE, "round trip, smoothed: the downlink's; of who gets nothing unknown")   \
    GAUGE(silent_us, US, NODE, "since the last authenticated packet, or the join")                 \
    RATE(bitrate_bps, BPS, "RTP, headers included", bytes, 8)

#define CORE_DOWNLINK_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                       \
    COUNTER(packets, NUMBER, NODE, "RTP packets sent; repairs, probes and padding included")       \
    COUNTER(bytes, BYTES, NODE, "of these, UDP payload")                                           \
    COUNTER(send_failures, NUMBER, NODE, "packets not sent: no buffer, or no path")                \
    COUNTER(expected, NUMBER, NODE, "packets that the receiver's reports cover")                   \
    COUNTER(delivered, NUMBER, NODE, "of these, those that arrived")                               \
    GAUGE(rtt_us, US, NODE, "round trip, smoothed")                                                \
    GAUGE(estimate_bps, BPS, NODE, "what the network carries, as estimated [UDP payload]")         \
    GAUGE(budget_bps, BPS, NODE, "of this, what video may take [UDP payload]")                     \
    GAUGE(wanted_bps, BPS, NODE, "what the slots would cost at their best [UDP payload]")          \
    GAUGE(allocated_bps, BPS, NODE, "of this, what the layers forwarded cost [UDP payload]")       \
    GAUGE(pacing_bps, BPS, NODE, "the pace at which video leaves [UDP payload]")                   \
    RATE(bitrate_bps, BPS, "UDP payload of RTP", bytes, 8)                                         \
    LOSS(loss, "as the receiver reports it, before repair", delivered, expected)

#define CORE_SLOT_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                           \
    COUNTER(packets, NUMBER, ROOM, "RTP packets sent, repairs and padding aside")                  \
    COUNTER(bytes, BYTES, ROOM, "RTP payload of these")                                            \
    COUNTER(wire_bytes, BYTES, NODE, "UDP payload sent; repairs, probes and padding included")     \
    COUNTER(retransmitted, NUMBER, ROOM, "repairs sent (RTX)")                                     \
    COUNTER(filled, NUMBER, NODE, "padding in place of late packets that nobody needs any more")   \
    COUNTER(probed, NUMBER, NODE, "sent to find out what the network carries: old ones, padding")  \
    COUNTER(unanswered_requests, NUMBER, NODE, "NACKs and PLIs while idle or paused, or too many") \
    COUNTER(frames, NUMBER, NODE, "frames sent (video)")                                           \
    COUNTER(keyframes, NUMBER, NODE, "key frames among them")                                      \
    COUNTER(switches, NUMBER, NODE, "changes of the source or of the layer forwarded")             \
    COUNTER(nacks, NUMBER, NODE, "packets that the receiver asked for again (NACK)")               \
    COUNTER(plis, NUMBER, NODE, "key frames that the receiver asked for (PLI)")                    \
    COUNTER(reports, NUMBER, NODE, "reports of the receiver (RFC 3550, 6.4.1)")                    \
    COUNTER(expected, NUMBER, ROOM, "packets that the receiver's reports cover")                   \
    COUNTER(delivered, NUMBER, ROOM, "of these, those that arrived")                               \
    GAUGE(max_gap_ms, MS, NODE, "longest time between frames sent while the source sent some")     \
    GAUGE(jitter_us, US, NODE, "interarrival jitter that the receiver reports")                    \
    RATE(bitrate_bps, BPS, "RTP payload, repairs and padding aside", bytes, 8)                     \
    RATE(frame_rate, PER_S, "frames", frames, 1)                                                   \
    LOSS(loss, "as the receiver reports it, before repair", delivered, expected)

/* What makes a struct's fields of a list: a list of a level is LIST(CORE_FIELD, CORE_FIELD, ...).
 */
#define CORE_FIELD(name, unit, scope, help)           uint64_t name;
#define CORE_NO_RATE(name, unit, help, count, factor) /* no field: computed */
#define CORE_NO_LOSS(name, help, arrived, sent)       /* no field: computed */
#define CORE_FIELDS(list)                             list(CORE_FIELD, CORE_FIELD, CORE_NO_RATE, CORE_NO_LOSS)

struct core_layer_statistics {
    CORE_FIELDS(CORE_LAYER_STATISTICS)
};
struct core_track_statistics {
    CORE_FIELDS(CORE_TRACK_STATISTICS)
};
struct core_uplink_statistics {
    CORE_FIELDS(CORE_UPLINK_STATISTICS)
};
struct core_downlink_statistics {
    CORE_FIELDS(CORE_DOWNLINK_STATISTICS)
};
struct core_slot_statistics {
    CORE_FIELDS(CORE_SLOT_STATISTICS)
};

/* One number of a level. */
struct core_statistic {
    enum core_statistic_kind kind;
    enum core_unit unit;
    enum core_scope scope;
    const char *name, *help;
    size_t at;    /* offset of the field; RATE: of the counter; LOSS: of what arrived */
    size_t other; /* LOSS: offset of what was sent */
    double factor;
};

/* A level: its numbers, in the order of the list. */
struct core_statistic_table {
    const char *level; /* "layer" */
    const struct core_statistic *statistics;
    unsigned count;
    size_t bytes; /* of the struct; its numbers are uint64_t */
};

/* The tables of the lists above; sfu/io and sfu/control have those of their levels. */
extern const struct core_statistic_table core_layer_table, core_track_table, core_uplink_table,
    core_downlink_table, core_slot_table;

/* What makes a table: define CORE_TABLE_TYPE as the struct, then CORE_TABLE(list). */
#define CORE_ROW_COUNTER(name, unit, scope, help)                                                  \
    {CORE_STATISTIC_COUNTER,                                                                       \
     CORE_UNIT_##unit,                                                                             \
     CORE_SCOPE_##scope,                                                                           \
     #name,                                                                                        \
     help,                                                                                         \
     offsetof(CORE_TABLE_TYPE, name),                                                              \
     0,                                                                                            \
     0},
#define CORE_ROW_GAUGE(name, unit, scope, help)                                                    \
    {CORE_STATISTIC_GAUGE,                                                                         \
     CORE_UNIT_##unit,                                                                             \
     CORE_SCOPE_##scope,                                                                           \
     #name,                                                                                        \
     help,                                                                                         \
     offsetof(CORE_TABLE_TYPE, name),                                                              \
     0,                                                                                            \
     0},
#define CORE_ROW_RATE(name, unit, help, count, factor)                                             \
    {CORE_STATISTIC_RATE,                                                                          \
     CORE_UNIT_##unit,                                                                             \
     CORE_SCOPE_NODE,                                                                              \
     #name,                                                                                        \
     help,                                                                                         \
     offsetof(CORE_TABLE_TYPE, count),                                                             \
     0,                                                                                            \
     factor},
#define CORE_ROW_LOSS(name, help, arrived, sent)                                                   \
    {CORE_STATISTIC_LOSS,                                                                          \
     CORE_UNIT_SHARE,                                                                              \
     CORE_SCOPE_NODE,                                                                              \
     #name,                                                                                        \
     help,                                                                                         \
     offsetof(CORE_TABLE_TYPE, arrived),                                                           \
     offsetof(CORE_TABLE_TYPE, sent),                                                              \
     0},
#define CORE_ROWS(list) list(CORE_ROW_COUNTER, CORE_ROW_GAUGE, CORE_ROW_RATE, CORE_ROW_LOSS)

/* Two snapshots of one level of one thing. */
struct core_interval {
    const void *now, *before; /* structs of the table's level; before NULL: there is only one */
    int64_t us;               /* between them */
};

/**
 * The value of a number now. A counter that is lower than before has begun anew: what it counts is
 * all new.
 *
 * @param value  written if it is known
 * @return       false: the gauge is unknown; no earlier snapshot for a rate; nothing was sent that
 *               could be lost
 */
bool core_statistic_value(const struct core_statistic *statistic,
                          const struct core_interval *interval, double *value);

/** Add what the counters of a level grew by to those of a sum; its gauges stay. */
void core_statistic_add(const struct core_statistic_table *table,
                        const struct core_interval *interval, void *sum);

/** A unit, for people: "bit/s"; "" for plain numbers. Static text. */
const char *core_unit_name(enum core_unit unit);

#endif
