/* Participants and rooms; report_worker.c: the node and its workers. */
#include "sfu/control/report.h"

#include "sfu/control/message.h"
#include "sfu/control/report_internal.h"

/* Counters and rates of bits are whole numbers, other rates and losses are not. */
static json_t *number_of(const struct core_statistic *statistic,
                         const struct core_interval *interval)
{
    double value;
    if (!core_statistic_value(statistic, interval, &value))
        return json_null();
    if (statistic->unit == CORE_UNIT_SHARE || statistic->unit == CORE_UNIT_PER_S)
        return json_real(value);
    return json_integer((json_int_t)value);
}

void control_report_add(json_t *object, const struct core_statistic_table *table,
                        const struct core_interval *interval)
{
    for (unsigned i = 0; i < table->count; i++)
        json_object_set_new(object, table->statistics[i].name,
                            number_of(&table->statistics[i], interval));
}

static json_t *layer(const struct control_participant *participant, unsigned track, unsigned index)
{
    const struct core_snapshots *snapshots = &participant->snapshots;
    const struct core_track_params *params = &participant->tracks[track];
    const struct core_interval interval = CONTROL_INTERVAL(snapshots, layers[track][index]);
    json_t *object =
        json_pack("{s:s?, s:b}", "rid", index < params->rid_count ? params->rids[index] : NULL,
                  "live", snapshots->now.live_layers[track] >> index & 1);
    control_report_add(object, &core_layer_table, &interval);
    return object;
}

static json_t *track(const struct control_participant *participant, unsigned index)
{
    const struct core_snapshots *snapshots = &participant->snapshots;
    const struct core_track_params *params = &participant->tracks[index];
    const struct core_interval interval = CONTROL_INTERVAL(snapshots, tracks[index]);
    json_t *layers = json_array();
    for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
        if (snapshots->now.seen_layers[index] >> l & 1)
            json_array_append_new(layers, layer(participant, index, l));
    json_t *object = json_pack("{s:s, s:s, s:I, s:b, s:o}", "mid", params->mid, "kind",
                               control_message_kind(params->kind), "csrc", (json_int_t)params->csrc,
                               "muted", participant->is_muted[params->kind], "layers", layers);
    control_report_add(object, &core_track_table, &interval);
    return object;
}

static json_t *uplink(const struct control_participant *participant)
{
    const struct core_interval interval = CONTROL_INTERVAL(&participant->snapshots, uplink);
    json_t *tracks = json_array();
    for (unsigned t = 0; t < participant->track_count; t++)
        json_array_append_new(tracks, track(participant, t));
    json_t *object = json_pack("{s:o}", "tracks", tracks);
    control_report_add(object, &core_uplink_table, &interval);
    return object;
}

static void add_slot(json_t *object, const struct control_participant *participant, unsigned index,
                     const struct control_registry *registry)
{
    const struct core_snapshots *snapshots = &participant->snapshots;
    const struct core_slot_layer *forwarded = &snapshots->now.forwarded[index];
    const struct core_interval interval = CONTROL_INTERVAL(snapshots, slots[index]);
    bool is_layered = forwarded->is_forwarding;
    json_object_set_new(object, "layer", is_layered ? json_integer(forwarded->index) : json_null());
    json_object_set_new(object, "temporal",
                        is_layered ? json_integer(forwarded->temporal) : json_null());
    json_object_set_new(object, "verdict", control_verdict_slot(participant, index, registry));
    control_report_add(object, &core_slot_table, &interval);
}

static json_t *downlink(const struct control_participant *participant,
                        const struct control_registry *registry)
{
    const struct core_interval interval = CONTROL_INTERVAL(&participant->snapshots, downlink);
    json_t *slots = control_message_slots(participant, registry), *slot;
    size_t i;
    json_array_foreach(slots, i, slot) add_slot(slot, participant, (unsigned)i, registry);
    json_t *object = json_pack("{s:o}", "slots", slots);
    control_report_add(object, &core_downlink_table, &interval);
    return object;
}

json_t *control_report_statistics(const struct control_participant *participant,
                                  const struct control_registry *registry)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "srtp_profile",
                     transport_srtp_profile_name(participant->profile), "verdict",
                     control_verdict_own(participant, registry), "uplink", uplink(participant),
                     "downlink", downlink(participant, registry));
}

json_t *control_report_participant(const struct control_participant *participant,
                                   const struct control_registry *registry)
{
    json_t *object = control_message_participant(participant);
    json_t *numbers = control_report_statistics(participant, registry);
    json_object_set_new(object, "joined_s", json_integer(participant->joined_s));
    json_object_set_new(object, "connected", json_boolean(participant->connection != NULL));
    json_object_update(object, numbers);
    json_decref(numbers);
    return object;
}

static enum core_quality worst_of(const struct control_room *room)
{
    enum core_quality worst = CORE_QUALITY_GOOD;
    for (const struct control_participant *p = room->first; p; p = p->next)
        if (p->verdicts.own.quality > worst)
            worst = p->verdicts.own.quality;
    return worst;
}

json_t *control_report_room_summary(const struct control_room *room, int64_t now_s)
{
    struct control_room_statistics statistics;
    control_room_statistics_fill(room, now_s, &statistics);
    json_t *object = json_pack("{s:s, s:i, s:s}", "room", room->name, "worker", (int)room->worker,
                               "quality", core_quality_name(worst_of(room)));
    control_report_add(object, &control_room_table, &(struct core_interval){.now = &statistics});
    return object;
}

json_t *control_report_room(const struct control_room *room,
                            const struct control_registry *registry, int64_t now_s)
{
    json_t *object = control_report_room_summary(room, now_s);
    json_t *participants = json_array();
    for (const struct control_participant *p = room->first; p; p = p->next)
        json_array_append_new(participants, control_report_participant(p, registry));
    json_object_set_new(object, "participants", participants); /* in place of their number */
    return object;
}
