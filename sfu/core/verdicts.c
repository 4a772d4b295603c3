/* All verdicts of a participant, second by second. */
#include "sfu/core/verdict.h"

#include <string.h>

static void follow_slot(struct core_verdicts *verdicts, const struct core_verdict_second *second,
                        unsigned slot)
{
    struct core_verdict_history *history = &verdicts->slots[slot];
    struct core_verdict_coverage *coverage = &verdicts->coverages[slot];
    struct core_verdict_second seen = *second;
    uint32_t csrc = second->pair.now->reports[slot].csrc;
    struct core_evidences evidences;
    if (csrc != verdicts->csrcs[slot]) {
        verdicts->csrcs[slot] = csrc;
        core_verdict_restart(history);
        memset(coverage, 0, sizeof(*coverage));
        seen.pair.before = NULL; /* that was the other source's */
    }
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
