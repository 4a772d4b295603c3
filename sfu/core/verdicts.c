/* All verdicts of a participant, second by second. */
#include "sfu/core/verdict.h"

#include <string.h>

struct core_verdict_pair core_verdict_pair_of(const struct core_snapshots *snapshots)
{
    return (struct core_verdict_pair){
        .now = snapshots->count > 0 ? &snapshots->now : NULL,
        .before = snapshots->count > 1 ? &snapshots->before : NULL,
    };
}

struct core_verdict_source core_verdict_source_of(const struct core_snapshots *sender,
                                                  const struct core_track_params *tracks,
                                                  uint32_t csrc)
{
    for (unsigned t = 0; t < sender->now.track_count; t++)
        if (tracks[t].csrc == csrc)
            return (struct core_verdict_source){core_verdict_pair_of(sender), t};
    return (struct core_verdict_source){{NULL, NULL}, 0};
}

struct core_verdict_shown core_verdicts_shown(const struct core_verdicts *verdicts,
                                              const struct core_statistics *now, unsigned slot)
{
    const struct core_slot_report *report = &now->reports[slot];
    if (report->participant == 0)
        return verdicts->shown[slot];
    return (struct core_verdict_shown){report->participant, report->csrc};
}

/* What the slot showed is still being sent, but does not arrive; a track that ended, is muted or is
   not wanted any more is nobody's fault. */
static bool is_missed(const struct core_verdict_source *source)
{
    const struct core_statistics *sender = source->pair.now;
    return sender && sender->sending_tracks & 1u << source->track &&
           sender->uplink.silent_us >= 1000 * (uint64_t)core_evidence_limit(
                                                  CORE_EVIDENCE_UPLINK_SILENCE, CORE_QUALITY_FAIR);
}

static void follow_slot(struct core_verdicts *verdicts, const struct core_verdict_second *second,
                        unsigned slot)
{
    struct core_verdict_history *history = &verdicts->slots[slot];
    struct core_verdict_coverage *coverage = &verdicts->coverages[slot];
    struct core_verdict_shown shown = core_verdicts_shown(verdicts, second->pair.now, slot);
    struct core_verdict_second seen = *second;
    struct core_evidences evidences;
    bool is_idle = second->pair.now->reports[slot].participant == 0;
    if (is_idle && !is_missed(&second->sources[slot])) {
        seen.sources[slot].pair.now = NULL;
        shown = (struct core_verdict_shown){0, 0};
    }
    if (shown.csrc != verdicts->shown[slot].csrc) {
        core_verdict_restart(history);
        memset(coverage, 0, sizeof(*coverage));
        seen.pair.before = NULL; /* that was the other source's */
    }
    verdicts->shown[slot] = shown;
    core_verdict_measure_slot(&seen, slot, coverage, &evidences);
    core_verdict_follow(history, &evidences);
}

static void follow_track(struct core_verdicts *verdicts, const struct core_verdict_second *second,
                         unsigned track)
{
    struct core_evidences evidences;
    core_verdict_measure_uplink(&second->pair, track, &second->server, &evidences);
    core_verdict_follow(&verdicts->tracks[track], &evidences);
}

bool core_verdicts_follow(struct core_verdicts *verdicts, const struct core_verdict_second *second)
{
    struct core_verdict before = verdicts->own;
    verdicts->own = (struct core_verdict){.quality = CORE_QUALITY_GOOD};
    verdicts->own_slot = CORE_SLOTS_MAX;
    for (unsigned t = 0; t < second->pair.now->track_count; t++) {
        follow_track(verdicts, second, t);
        verdicts->own = *core_verdict_worse(&verdicts->own, &verdicts->tracks[t].told);
    }
    for (unsigned i = 0; i < second->pair.now->slot_count; i++) {
        follow_slot(verdicts, second, i);
        if (verdicts->slots[i].told.quality > verdicts->own.quality) {
            verdicts->own = verdicts->slots[i].told;
            verdicts->own_slot = i;
        }
    }
    return before.quality != verdicts->own.quality || before.cause != verdicts->own.cause;
}
