/* JSON shapes, nothing else. */
#include "sfu/control/message.h"

#include "bwe/remb.h"

const char *control_message_kind(enum core_kind kind)
{
    static const char *const names[CORE_KIND_COUNT] = {"audio", "camera", "screen"};
    return names[kind];
}

const char *control_message_reason(enum core_reason reason)
{
    switch (reason) {
    case CORE_REASON_LEFT:
        return "left";
    case CORE_REASON_TIMEOUT:
        return "timeout";
    case CORE_REASON_DISCONNECTED:
        break;
    }
    return "disconnected";
}

json_t *control_message_participant(const struct control_participant *participant)
{
    json_t *metadata = participant->metadata ? json_incref(participant->metadata) : json_null();
    return json_pack("{s:s, s:s, s:o, s:b, s:b, s:b}", "id", participant->id, "name",
                     participant->name, "metadata", metadata, "audio_muted",
                     participant->is_muted[CORE_KIND_AUDIO], "camera_muted",
                     participant->is_muted[CORE_KIND_CAMERA], "screen_sharing",
                     !participant->is_muted[CORE_KIND_SCREEN]);
}

json_t *control_message_others(const struct control_participant *participant)
{
    json_t *list = json_array();
    for (const struct control_participant *p = participant->room->first; p; p = p->next)
        if (p != participant)
            json_array_append_new(list, control_message_participant(p));
    return list;
}

static json_t *slot_reason(const struct core_slot_report *report)
{
    static const char *const reasons[] = {[CORE_PAUSE_SOURCE] = "source",
                                          [CORE_PAUSE_MUTED] = "muted",
                                          [CORE_PAUSE_LAYOUT] = "layout",
                                          [CORE_PAUSE_BANDWIDTH] = "bandwidth"};
    if (report->state != CORE_SLOT_PAUSED)
        return json_null();
    return json_string(reasons[report->pause]);
}

static json_t *slot(const char *mid, enum core_kind kind, const struct core_slot_report *report,
                    const struct control_participant *source)
{
    static const char *const states[] = {
        [CORE_SLOT_IDLE] = "idle", [CORE_SLOT_PAUSED] = "paused", [CORE_SLOT_LIVE] = "live"};
    return json_pack("{s:s, s:s, s:s?, s:o, s:s, s:o, s:i}", "mid", mid, "kind",
                     control_message_kind(kind), "participant", source ? source->id : NULL, "csrc",
                     source ? json_integer(report->csrc) : json_null(), "state",
                     states[source ? report->state : CORE_SLOT_IDLE], "reason",
                     source ? slot_reason(report) : json_null(), "height", (int)report->height);
}

json_t *control_message_slots(const struct control_participant *participant,
                              const struct control_registry *registry)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_slot_report *report = &participant->slots[i];
        const struct control_participant *source =
            report->participant ? control_registry_find(registry, report->participant) : NULL;
        json_array_append_new(
            list, slot(participant->slot_mids[i], participant->slot_kinds[i], report, source));
    }
    return list;
}

json_t *control_message_limits(void)
{
    return json_pack("{s:i, s:i, s:i, s:i}", "up_camera_bps", BWE_CONTRACT_CAMERA_BPS,
                     "up_screen_bps", BWE_CONTRACT_SCREEN_BPS, "up_audio_bps",
                     BWE_CONTRACT_AUDIO_BPS, "down_video_bps", BWE_CONTRACT_DOWN_BPS);
}

json_t *control_message_rights(const struct signalling_grant *grant)
{
    const bool may[CORE_KIND_COUNT] = {grant->publish_audio, grant->publish_camera,
                                       grant->publish_screen};
    json_t *publish = json_array();
    for (int kind = 0; kind < CORE_KIND_COUNT; kind++)
        if (may[kind])
            json_array_append_new(publish, json_string(control_message_kind((enum core_kind)kind)));
    return json_pack("{s:o, s:b, s:b}", "publish", publish, "subscribe", grant->subscribe,
                     "moderator", grant->is_moderator);
}

json_t *control_message_speakers(const struct control_room *room, const struct core_event *event)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < event->speaker_count; i++) {
        const struct control_participant *p = room->first;
        while (p && p->number != event->speakers[i].participant)
            p = p->next;
        if (p)
            json_array_append_new(list, json_pack("{s:s, s:i}", "participant", p->id, "level",
                                                  (int)event->speakers[i].level));
    }
    return list;
}

static json_t *statistics_slot(const struct core_slot_statistics *statistics)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "packets", (json_int_t)statistics->packets,
                     "bytes", (json_int_t)statistics->bytes, "retransmitted",
                     (json_int_t)statistics->retransmitted, "unanswered_requests",
                     (json_int_t)statistics->unanswered, "frames", (json_int_t)statistics->frames,
                     "max_gap_ms", (json_int_t)statistics->max_gap_ms);
}

json_t *control_message_statistics(const struct control_participant *participant,
                                   const struct control_registry *registry)
{
    const struct core_statistics *statistics = &participant->statistics;
    json_t *slots = control_message_slots(participant, registry);
    json_t *entry;
    size_t i;
    json_array_foreach(slots, i, entry)
        json_object_update_new(entry, statistics_slot(&statistics->slots[i]));
    return json_pack(
        "{s:s, s:{s:I, s:I, s:I, s:I, s:I}, s:{s:o}}", "srtp_profile",
        transport_srtp_profile_name(participant->profile), "uplink", "packets",
        (json_int_t)statistics->packets_received, "bytes", (json_int_t)statistics->bytes_received,
        "unbound", (json_int_t)statistics->unbound, "malformed", (json_int_t)statistics->malformed,
        "policed_bytes", (json_int_t)statistics->policed_bytes, "downlink", "slots", slots);
}

static json_t *operator_slot(const struct control_participant *participant, unsigned index)
{
    json_t *slot = statistics_slot(&participant->statistics.slots[index]);
    json_object_set_new(slot, "mid", json_string(participant->slot_mids[index]));
    json_object_set_new(slot, "kind",
                        json_string(control_message_kind(participant->slot_kinds[index])));
    json_object_set_new(slot, "live",
                        json_boolean(participant->slots[index].state == CORE_SLOT_LIVE));
    return slot;
}

static json_t *operator_participant(const struct control_participant *participant)
{
    json_t *slots = json_array();
    for (unsigned i = 0; i < participant->slot_count; i++)
        json_array_append_new(slots, operator_slot(participant, i));
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "id", participant->id, "name",
                     participant->name, "srtp_profile",
                     transport_srtp_profile_name(participant->profile), "packets_received",
                     (json_int_t)participant->statistics.packets_received, "unbound",
                     (json_int_t)participant->statistics.unbound, "malformed",
                     (json_int_t)participant->statistics.malformed, "policed_bytes",
                     (json_int_t)participant->statistics.policed_bytes, "slots", slots);
}

json_t *control_message_room(const struct control_room *room)
{
    json_t *participants = json_array();
    for (const struct control_participant *p = room->first; p; p = p->next)
        json_array_append_new(participants, operator_participant(p));
    return json_pack("{s:s, s:i, s:o}", "room", room->name, "worker", (int)room->worker,
                     "participants", participants);
}

/* [largest time of the bucket, how many], those that are not empty. */
static json_t *delay_buckets(const struct io_delay_histogram *delay)
{
    json_t *buckets = json_array();
    for (unsigned i = 0; i < IO_DELAY_BUCKETS; i++)
        if (delay->buckets[i])
            json_array_append_new(buckets, json_pack("[I, I]", (json_int_t)io_delay_bucket_us(i),
                                                     (json_int_t)delay->buckets[i]));
    return buckets;
}

static json_t *delay_of(const struct io_delay_histogram *delay)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "count", (json_int_t)delay->count, "p50",
                     (json_int_t)io_delay_percentile_us(delay, 0.50), "p95",
                     (json_int_t)io_delay_percentile_us(delay, 0.95), "p99",
                     (json_int_t)io_delay_percentile_us(delay, 0.99), "buckets",
                     delay_buckets(delay));
}

/* [packets of a message, their bytes together, how many messages], those that were sent. */
static json_t *sends_of(const struct io_statistics *statistics)
{
    json_t *sends = json_array();
    for (unsigned packets = 1; packets <= IO_SEGMENTS_MAX; packets++)
        for (unsigned size = 0; size < IO_SEND_SIZES; size++) {
            const struct io_send *send = &statistics->sends[packets - 1][size];
            if (send->count)
                json_array_append_new(sends,
                                      json_pack("[I, I, I]", (json_int_t)packets,
                                                (json_int_t)send->bytes, (json_int_t)send->count));
        }
    return sends;
}

static json_t *losses_of(const struct core_engine_counters *counters)
{
    return json_pack("{s:I, s:I, s:I}", "strays", (json_int_t)counters->strays, "lost_events",
                     (json_int_t)counters->lost_events, "missing_buffers",
                     (json_int_t)counters->missing_buffers);
}

json_t *control_message_worker(uint16_t udp_port, const struct io_statistics *statistics)
{
    return json_pack(
        "{s:i, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I, s:I}, s:o, s:o, s:o}", "udp_port",
        (int)udp_port, "received", "wakes", (json_int_t)statistics->wakes, "datagrams",
        (json_int_t)statistics->received_datagrams, "media", (json_int_t)statistics->received_media,
        "sent", "datagrams", (json_int_t)statistics->sent_datagrams, "calls",
        (json_int_t)statistics->sent_calls, "errors", (json_int_t)statistics->send_errors,
        "would_block", (json_int_t)statistics->would_block, "refused_groups",
        (json_int_t)statistics->refused_groups, "engine", losses_of(&statistics->engine),
        "delay_us", delay_of(&statistics->delay), "sends", sends_of(statistics));
}
