/* Snapshots in, verdicts out. */
#include "sfu/control/verdicts.h"

#include <string.h>

#include "sfu/control/dump.h"
#include "sfu/control/events.h"

#define REPORT_VALID_US 8000000 /* clients report every 5 s */
#define FRAMES_MAX      100000  /* of one report */

/* Who sends what a slot shows, or showed last; NULL: nobody. */
static const struct control_participant *sender_of(const struct core_verdict_shown *shown,
                                                   const struct control_registry *registry)
{
    return shown->participant ? control_registry_find(registry, shown->participant) : NULL;
}

static struct core_verdict_source source_of(const struct core_verdict_shown *shown,
                                            const struct control_registry *registry)
{
    const struct control_participant *sender = sender_of(shown, registry);
    if (!sender)
        return (struct core_verdict_source){{NULL, NULL}, 0};
    return core_verdict_source_of(&sender->snapshots, sender->tracks, shown->csrc);
}

/* It is what somebody else sends, and how. */
static bool is_senders(const struct core_verdict *verdict)
{
    return verdict->cause == CORE_CAUSE_PUBLISHER_UPLINK || verdict->cause == CORE_CAUSE_POLICY;
}

/* Whose media the verdict as a whole names: a number; 0: nobody else's. */
static uint64_t blamed_of(const struct core_verdicts *verdicts)
{
    bool is_named = verdicts->own_slot < CORE_SLOTS_MAX && is_senders(&verdicts->own);
    return is_named ? verdicts->shown[verdicts->own_slot].participant : 0;
}

static json_t *evidence_of(const struct core_verdict *verdict,
                           const struct control_participant *sender)
{
    if (verdict->cause == CORE_CAUSE_NONE)
        return json_null();
    json_t *evidence =
        json_pack("{s:s, s:f, s:s, s:f}", "what", core_evidence_name(verdict->evidence), "value",
                  verdict->value, "unit", core_unit_name(core_evidence_unit(verdict->evidence)),
                  "limit", verdict->limit);
    if (sender && is_senders(verdict))
        json_object_set_new(evidence, "participant", json_string(sender->id));
    return evidence;
}

static json_t *verdict_json(const struct core_verdict *verdict,
                            const struct control_participant *sender)
{
    return json_pack("{s:s, s:s, s:o}", "quality", core_quality_name(verdict->quality), "cause",
                     core_cause_name(verdict->cause), "evidence", evidence_of(verdict, sender));
}

json_t *control_verdict_own(const struct control_participant *participant,
                            const struct control_registry *registry)
{
    const struct core_verdicts *verdicts = &participant->verdicts;
    return verdict_json(&verdicts->own,
                        verdicts->own_slot < CORE_SLOTS_MAX
                            ? sender_of(&verdicts->shown[verdicts->own_slot], registry)
                            : NULL);
}

json_t *control_verdict_slot(const struct control_participant *participant, unsigned slot,
                             const struct control_registry *registry)
{
    return verdict_json(&participant->verdicts.slots[slot].told,
                        sender_of(&participant->verdicts.shown[slot], registry));
}

void control_verdicts_tell(const struct control_participant *participant,
                           const struct control_registry *registry)
{
    if (participant->connection)
        signalling_connection_send(
            participant->connection,
            signalling_jsonrpc_notification(
                "quality",
                json_pack("{s:o}", "verdict", control_verdict_own(participant, registry))));
}

static void tell_own(struct control *control, struct control_participant *participant)
{
    participant->blamed = blamed_of(&participant->verdicts);
    control_verdicts_tell(participant, &control->registry);
    control_event_verdict(control, participant, NULL,
                          control_verdict_own(participant, &control->registry));
}

/* A picture that was moving stands still, by what the server itself has measured: neither by what a
   client says of itself, nor by a long way. */
static bool is_freeze(const struct control_participant *participant, unsigned slot)
{
    const struct core_verdict *verdict = &participant->verdicts.slots[slot].told;
    bool is_far = verdict->evidence == CORE_EVIDENCE_UPLINK_RTT ||
                  verdict->evidence == CORE_EVIDENCE_DOWNLINK_RTT;
    return verdict->quality == CORE_QUALITY_POOR && verdict->cause != CORE_CAUSE_CLIENT &&
           !is_far && participant->slot_kinds[slot] != CORE_KIND_AUDIO &&
           participant->snapshots.now.reports[slot].state == CORE_SLOT_LIVE;
}

static void tell_slot(struct control *control, struct control_participant *participant,
                      unsigned slot)
{
    control_event_verdict(control, participant, participant->slot_mids[slot],
                          control_verdict_slot(participant, slot, &control->registry));
    if (is_freeze(participant, slot))
        control_dump_on_freeze(control, participant);
}

static bool is_same(const struct core_verdict *a, const struct core_verdict *b)
{
    return a->quality == b->quality && a->cause == b->cause;
}

static struct core_verdict_second second_of(const struct control *control,
                                            const struct control_participant *participant)
{
    struct core_verdict_second second = {.pair = core_verdict_pair_of(&participant->snapshots)};
    int64_t now_us = second.pair.now->at_us;
    second.server = control->watches[participant->room->worker].server;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct control_decoding *reported = &participant->decodings[i];
        const struct core_verdict_shown shown =
            core_verdicts_shown(&participant->verdicts, second.pair.now, i);
        second.sources[i] = source_of(&shown, &control->registry);
        if (now_us - reported->at_us < REPORT_VALID_US &&
            reported->csrc == second.pair.now->reports[i].csrc)
            second.decodings[i] = reported->decoding;
    }
    return second;
}

void control_verdicts_follow(struct control *control, struct control_participant *participant)
{
    struct core_verdict before[CORE_SLOTS_MAX];
    struct core_verdict_second second = second_of(control, participant);
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        before[i] = participant->verdicts.slots[i].told;
    bool is_own_changed = core_verdicts_follow(&participant->verdicts, &second);
    for (unsigned i = 0; i < participant->slot_count; i++)
        if (!is_same(&before[i], &participant->verdicts.slots[i].told))
            tell_slot(control, participant, i);
    if (is_own_changed || blamed_of(&participant->verdicts) != participant->blamed)
        tell_own(control, participant);
}

static int slot_of(const struct control_participant *participant, const json_t *entry)
{
    const char *mid = json_string_value(json_object_get(entry, "mid"));
    for (unsigned i = 0; mid && i < participant->slot_count; i++)
        if (strcmp(participant->slot_mids[i], mid) == 0)
            return (int)i;
    return -1;
}

static bool read_frames(const json_t *entry, const char *key, uint32_t *frames)
{
    const json_t *value = json_object_get(entry, key);
    json_int_t number = json_integer_value(value);
    *frames = (uint32_t)number;
    return json_is_integer(value) && number >= 0 && number <= FRAMES_MAX;
}

/* A report on the time since the one before: if another source was in the slot then, it is a
   mixture and judges nobody. */
static void take_decoding(struct control_decoding *known, uint32_t csrc,
                          const struct core_verdict_decoding *reported)
{
    bool is_mixed = known->at_us > 0 && known->csrc != csrc;
    *known = (struct control_decoding){
        .at_us = (int64_t)(uv_hrtime() / 1000), .csrc = csrc, .decoding = *reported};
    known->decoding.is_known &= !is_mixed;
}

const char *control_verdicts_report(struct control_participant *participant, const json_t *list)
{
    struct core_verdict_decoding decodings[CORE_SLOTS_MAX] = {{.is_known = false}};
    size_t i;
    json_t *entry;
    if (!list || json_is_null(list))
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > CORE_SLOTS_MAX)
        return "decoding: an array of at most 8 slots is needed";
    json_array_foreach(list, i, entry)
    {
        int slot = slot_of(participant, entry);
        if (slot < 0)
            return "decoding: mid: one of the receiving lines is needed";
        struct core_verdict_decoding *decoding = &decodings[slot];
        decoding->is_known = true;
        if (!read_frames(entry, "frames_received", &decoding->frames_received) ||
            !read_frames(entry, "frames_decoded", &decoding->frames_decoded))
            return "decoding: frames_received and frames_decoded: numbers up to 100000 are needed";
    }
    for (unsigned s = 0; s < participant->slot_count; s++)
        if (decodings[s].is_known)
            take_decoding(&participant->decodings[s], participant->slots[s].csrc, &decodings[s]);
    return NULL;
}
