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
