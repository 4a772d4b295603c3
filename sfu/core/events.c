/* What the engine tells control: slots and speakers when they change, limits. */
#include "sfu/core/engine_internal.h"

static bool is_equal(const struct core_slot_report *a, const struct core_slot_report *b)
{
    return a->participant == b->participant && a->csrc == b->csrc && a->height == b->height &&
           a->state == b->state && a->pause == b->pause;
}

void core_events_slots(struct core_participant *participant, int64_t now_us)
{
    struct core_slot_report reports[CORE_SLOTS_MAX];
    bool is_changed = false;
    participant->are_slots_dirty = false;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        core_slot_report(&participant->slots[i], now_us, &reports[i]);
        is_changed |= !is_equal(&reports[i], &participant->told[i]);
    }
    if (!is_changed)
        return;
    struct core_event *event =
        core_engine_emit(participant->engine, CORE_EVENT_SLOTS, participant->id);
    if (!event) {
        participant->are_slots_dirty = true;
        return;
    }
    event->slot_count = participant->slot_count;
    memcpy(event->slots, reports, sizeof(reports[0]) * participant->slot_count);
    memcpy(participant->told, reports, sizeof(reports[0]) * participant->slot_count);
}

void core_events_limit(struct core_participant *participant, enum core_kind kind,
                       const struct bwe_policer_excess *excess)
{
    struct core_event *event =
        core_engine_emit(participant->engine, CORE_EVENT_LIMIT, participant->id);
    if (event)
        event->limit = (struct core_limit){
            .kind = kind, .limit_bps = excess->limit_bps, .measured_bps = excess->measured_bps};
}

bool core_events_speakers(struct core_engine *engine, uint64_t room,
                          const struct core_speakers *speakers)
{
    struct core_event *event = core_engine_emit(engine, CORE_EVENT_SPEAKERS, 0);
    if (!event)
        return false;
    event->room = room;
    event->speaker_count = speakers->count;
    memcpy(event->speakers, speakers->list, sizeof(speakers->list));
    return true;
}
