/* Snapshots come in, sums and gauges go out. */
#include "sfu/control/statistics.h"

#include <string.h>

#include "sfu/control/control_internal.h"

#define JOIN_FIRST_S       0.05 /* doubling, to 12.8 s */
#define JOIN_BOUNDS        9
#define ROUND_TRIP_FIRST_S 0.005 /* to 1.28 s */
#define ROUND_TRIP_BOUNDS  9
#define WORKER_SILENT_US   2500000 /* a worker that does anything makes a snapshot a second */

#define CORE_TABLE_TYPE struct control_room_statistics
static const struct core_statistic room_rows[] = {CORE_ROWS(CONTROL_ROOM_STATISTICS)};
#undef CORE_TABLE_TYPE
#define CORE_TABLE_TYPE struct control_node_statistics
static const struct core_statistic node_rows[] = {CORE_ROWS(CONTROL_NODE_STATISTICS)};

const struct core_statistic_table control_room_table = {"room", room_rows,
                                                        sizeof(room_rows) / sizeof(room_rows[0]),
                                                        sizeof(struct control_room_statistics)};
const struct core_statistic_table control_node_table = {"node", node_rows,
                                                        sizeof(node_rows) / sizeof(node_rows[0]),
                                                        sizeof(struct control_node_statistics)};

void control_statistics_init(struct control_statistics *statistics)
{
    memset(statistics, 0, sizeof(*statistics));
    control_histogram_init(&statistics->join_time, JOIN_FIRST_S, JOIN_BOUNDS);
    control_histogram_init(&statistics->round_trip, ROUND_TRIP_FIRST_S, ROUND_TRIP_BOUNDS);
}

static void add_tracks(const struct control_participant *participant, struct control_sums *sums)
{
    const struct core_snapshots *snapshots = &participant->snapshots;
    for (unsigned t = 0; t < participant->track_count; t++)
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++) {
            const struct core_interval interval = CONTROL_INTERVAL(snapshots, layers[t][l]);
            if (snapshots->now.seen_layers[t] >> l & 1)
                core_statistic_add(&core_layer_table, &interval,
                                   &sums->layers[participant->tracks[t].kind]);
        }
}

static void add(const struct control_participant *participant, struct control_sums *sums)
{
    const struct core_snapshots *snapshots = &participant->snapshots;
    const struct core_interval uplink = CONTROL_INTERVAL(snapshots, uplink);
    const struct core_interval downlink = CONTROL_INTERVAL(snapshots, downlink);
    core_statistic_add(&core_uplink_table, &uplink, &sums->uplink);
    core_statistic_add(&core_downlink_table, &downlink, &sums->downlink);
    add_tracks(participant, sums);
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_interval interval = CONTROL_INTERVAL(snapshots, slots[i]);
        core_statistic_add(&core_slot_table, &interval, &sums->slots[participant->slot_kinds[i]]);
    }
}

void control_statistics_take(struct control *control, struct control_participant *participant,
                             const struct core_statistics *statistics)
{
    uint64_t rtt_us = statistics->downlink.rtt_us;
    core_snapshots_take(&participant->snapshots, statistics);
    add(participant, &control->statistics.sums);
    add(participant, &participant->room->sums);
    if (rtt_us != CORE_STATISTIC_UNKNOWN)
        control_histogram_add(&control->statistics.round_trip, (double)rtt_us / 1e6);
}

void control_statistics_take_worker(struct control_worker_snapshots *snapshots,
                                    const struct io_statistics *statistics)
{
    snapshots->before = snapshots->now;
    snapshots->now = *statistics;
    if (snapshots->count < 2)
        snapshots->count++;
}

struct core_interval control_worker_interval(const struct control_worker_snapshots *snapshots,
                                             int64_t now_us)
{
    struct core_interval interval = {.now = &snapshots->now,
                                     .before = snapshots->count > 1 ? &snapshots->before : NULL,
                                     .us = snapshots->now.at_us - snapshots->before.at_us};
    if (interval.before && now_us - snapshots->now.at_us > WORKER_SILENT_US)
        interval = (struct core_interval){&snapshots->now, &snapshots->now, WORKER_SILENT_US};
    return interval;
}

/* A rate of a level, by its name; 0 while it is unknown. */
static uint64_t rate_of(const struct core_statistic_table *table, const char *name,
                        const struct core_interval *interval)
{
    double value = 0;
    for (unsigned i = 0; i < table->count; i++)
        if (strcmp(table->statistics[i].name, name) == 0)
            core_statistic_value(&table->statistics[i], interval, &value);
    return (uint64_t)value;
}

static void count_tracks(const struct control_participant *participant,
                         struct control_room_statistics *out)
{
    uint64_t *const counts[CORE_KIND_COUNT] = {&out->microphones, &out->cameras, &out->screens};
    for (unsigned t = 0; t < participant->track_count; t++) {
        enum core_kind kind = participant->tracks[t].kind;
        *counts[kind] +=
            !participant->is_muted[kind] && participant->snapshots.now.live_layers[t] != 0;
    }
}

static void add_rates(const struct control_room *room, uint64_t *up_bps, uint64_t *down_bps)
{
    for (const struct control_participant *p = room->first; p; p = p->next) {
        const struct core_interval uplink = CONTROL_INTERVAL(&p->snapshots, uplink);
        const struct core_interval downlink = CONTROL_INTERVAL(&p->snapshots, downlink);
        *up_bps += rate_of(&core_uplink_table, "bitrate_bps", &uplink);
        *down_bps += rate_of(&core_downlink_table, "bitrate_bps", &downlink);
    }
}

void control_room_statistics_fill(const struct control_room *room, int64_t now_s,
                                  struct control_room_statistics *out)
{
    *out = (struct control_room_statistics){.participants = room->count};
    out->age_s = now_s > room->opened_s ? (uint64_t)(now_s - room->opened_s) : 0;
    for (const struct control_participant *p = room->first; p; p = p->next) {
        count_tracks(p, out);
        out->fair += p->verdicts.own.quality == CORE_QUALITY_FAIR;
        out->poor += p->verdicts.own.quality == CORE_QUALITY_POOR;
    }
    add_rates(room, &out->up_bps, &out->down_bps);
}

void control_node_statistics_fill(const struct control *control,
                                  struct control_node_statistics *out)
{
    int64_t now_us = (int64_t)(uv_hrtime() / 1000);
    *out = control->statistics.node;
    out->participants = control->registry.participant_count;
    out->max_participants = control->config.max_participants;
    out->network_bps = control->config.network_bps;
    out->uptime_s = (uint64_t)(now_us - control->started_us) / 1000000;
    for (const struct control_room *room = control->registry.rooms; room; room = room->next) {
        out->rooms++;
        add_rates(room, &out->up_bps, &out->down_bps);
    }
    for (unsigned i = 0; i < control->config.worker_count; i++) {
        const struct core_interval interval =
            control_worker_interval(&control->worker_snapshots[i], now_us);
        out->received_bps += rate_of(&io_statistics_table, "received_bps", &interval);
        out->sent_bps += rate_of(&io_statistics_table, "sent_bps", &interval);
    }
}
