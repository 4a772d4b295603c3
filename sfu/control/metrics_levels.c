/* The levels that /metrics has, and which samples each of them puts. */
#include "sfu/control/message.h"
#include "sfu/control/metrics.h"

static void visit_node(const struct control_metrics *metrics)
{
    control_metrics_put(metrics, "", &(struct core_interval){.now = &metrics->node_statistics});
}

static void visit_workers(const struct control_metrics *metrics)
{
    char labels[CONTROL_METRICS_LABELS_BYTES];
    for (unsigned i = 0; i < metrics->control->config.worker_count; i++) {
        const struct core_interval interval =
            control_worker_interval(&metrics->control->worker_snapshots[i], metrics->now_us);
        snprintf(labels, sizeof(labels), ",worker=\"%u\"", i);
        control_metrics_put(metrics, labels, &interval);
    }
}

static void put_by_kind(const struct control_metrics *metrics, const char *labels,
                        const void *levels, size_t level_bytes)
{
    char all[CONTROL_METRICS_LABELS_BYTES];
    for (int kind = 0; kind < CORE_KIND_COUNT; kind++) {
        snprintf(all, sizeof(all), "%s,kind=\"%s\"", labels,
                 control_message_kind((enum core_kind)kind));
        control_metrics_put(
            metrics, all,
            &(struct core_interval){.now = (const char *)levels + (size_t)kind * level_bytes});
    }
}

static void visit_uplink_sums(const struct control_metrics *metrics)
{
    control_metrics_put(metrics, "",
                        &(struct core_interval){.now = &metrics->control->statistics.sums.uplink});
}

static void visit_downlink_sums(const struct control_metrics *metrics)
{
    control_metrics_put(
        metrics, "", &(struct core_interval){.now = &metrics->control->statistics.sums.downlink});
}

static void visit_layer_sums(const struct control_metrics *metrics)
{
    const struct control_sums *sums = &metrics->control->statistics.sums;
    put_by_kind(metrics, "", sums->layers, sizeof(sums->layers[0]));
}

static void visit_slot_sums(const struct control_metrics *metrics)
{
    const struct control_sums *sums = &metrics->control->statistics.sums;
    put_by_kind(metrics, "", sums->slots, sizeof(sums->slots[0]));
}

/* A room's name needs no escape (protocol.md, join). */
static void room_labels(char labels[CONTROL_METRICS_LABELS_BYTES], const struct control_room *room)
{
    snprintf(labels, CONTROL_METRICS_LABELS_BYTES, ",room=\"%s\"", room->name);
}

static void visit_rooms(const struct control_metrics *metrics)
{
    char labels[CONTROL_METRICS_LABELS_BYTES];
    const struct control_room_statistics *statistics = metrics->rooms;
    for (const struct control_room *room = metrics->control->registry.rooms; room;
         room = room->next, statistics++) {
        room_labels(labels, room);
        control_metrics_put(metrics, labels, &(struct core_interval){.now = statistics});
    }
}

static void visit_room_layers(const struct control_metrics *metrics)
{
    char labels[CONTROL_METRICS_LABELS_BYTES];
    for (const struct control_room *room = metrics->control->registry.rooms; room;
         room = room->next) {
        room_labels(labels, room);
        put_by_kind(metrics, labels, room->sums.layers, sizeof(room->sums.layers[0]));
    }
}

static void visit_room_slots(const struct control_metrics *metrics)
{
    char labels[CONTROL_METRICS_LABELS_BYTES];
    for (const struct control_room *room = metrics->control->registry.rooms; room;
         room = room->next) {
        room_labels(labels, room);
        put_by_kind(metrics, labels, room->sums.slots, sizeof(room->sums.slots[0]));
    }
}

/* Everybody of whom there is a snapshot. */
static void for_each_participant(const struct control_metrics *metrics,
                                 void (*put)(const struct control_metrics *metrics,
                                             const struct control_participant *participant,
                                             const char *labels))
{
    char labels[CONTROL_METRICS_LABELS_BYTES];
    for (const struct control_room *room = metrics->control->registry.rooms; room;
         room = room->next)
        for (const struct control_participant *p = room->first; p; p = p->next) {
            snprintf(labels, sizeof(labels), ",room=\"%s\",participant=\"%s\"", room->name, p->id);
            if (p->snapshots.count > 0)
                put(metrics, p, labels);
        }
}

static void put_uplink(const struct control_metrics *metrics,
                       const struct control_participant *participant, const char *labels)
{
    const struct core_interval interval = CONTROL_INTERVAL(&participant->snapshots, uplink);
    control_metrics_put(metrics, labels, &interval);
}

static void put_downlink(const struct control_metrics *metrics,
                         const struct control_participant *participant, const char *labels)
{
    const struct core_interval interval = CONTROL_INTERVAL(&participant->snapshots, downlink);
    control_metrics_put(metrics, labels, &interval);
}

/* A layer is named by its index: RIDs are the client's, and any text. */
static void put_layers(const struct control_metrics *metrics,
                       const struct control_participant *participant, const char *labels)
{
    char all[CONTROL_METRICS_LABELS_BYTES + 32];
    for (unsigned t = 0; t < participant->track_count; t++)
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++) {
            const struct core_interval interval =
                CONTROL_INTERVAL(&participant->snapshots, layers[t][l]);
            if (!(participant->snapshots.now.seen_layers[t] >> l & 1))
                continue;
            snprintf(all, sizeof(all), "%s,kind=\"%s\",layer=\"%u\"", labels,
                     control_message_kind(participant->tracks[t].kind), l);
            control_metrics_put(metrics, all, &interval);
        }
}

static void put_slots(const struct control_metrics *metrics,
                      const struct control_participant *participant, const char *labels)
{
    char all[CONTROL_METRICS_LABELS_BYTES + 32];
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_interval interval = CONTROL_INTERVAL(&participant->snapshots, slots[i]);
        snprintf(all, sizeof(all), "%s,kind=\"%s\",slot=\"%u\"", labels,
                 control_message_kind(participant->slot_kinds[i]), i);
        control_metrics_put(metrics, all, &interval);
    }
}

static void visit_uplinks(const struct control_metrics *metrics)
{
    for_each_participant(metrics, put_uplink);
}

static void visit_downlinks(const struct control_metrics *metrics)
{
    for_each_participant(metrics, put_downlink);
}

static void visit_layers(const struct control_metrics *metrics)
{
    for_each_participant(metrics, put_layers);
}

static void visit_slots(const struct control_metrics *metrics)
{
    for_each_participant(metrics, put_slots);
}

#define NODE        CORE_SCOPE_NODE, CONTROL_METRICS_NODE
#define ROOM        CORE_SCOPE_ROOM, CONTROL_METRICS_ROOM
#define PARTICIPANT CORE_SCOPE_NODE, CONTROL_METRICS_PARTICIPANT

const struct control_metrics_level control_metrics_levels[] = {
    {"", &control_node_table, false, NODE, visit_node},
    {"worker_", &io_statistics_table, false, NODE, visit_workers},
    {"uplink_", &core_uplink_table, true, NODE, visit_uplink_sums},
    {"downlink_", &core_downlink_table, true, NODE, visit_downlink_sums},
    {"layer_", &core_layer_table, true, NODE, visit_layer_sums},
    {"slot_", &core_slot_table, true, NODE, visit_slot_sums},
    {"room_", &control_room_table, false, ROOM, visit_rooms},
    {"room_layer_", &core_layer_table, true, ROOM, visit_room_layers},
    {"room_slot_", &core_slot_table, true, ROOM, visit_room_slots},
    {"participant_uplink_", &core_uplink_table, false, PARTICIPANT, visit_uplinks},
    {"participant_downlink_", &core_downlink_table, false, PARTICIPANT, visit_downlinks},
    {"participant_layer_", &core_layer_table, false, PARTICIPANT, visit_layers},
    {"participant_slot_", &core_slot_table, false, PARTICIPANT, visit_slots},
    {.prefix = NULL},
};
