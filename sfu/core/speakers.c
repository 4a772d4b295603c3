/* Insertion into a list of eight. */
#include "sfu/core/speakers.h"

#include <stdlib.h>

void core_speakers_add(struct core_speakers *speakers, uint64_t participant, float loudness)
{
    struct core_speaker speaker = {.participant = participant,
                                   .level = (uint8_t)(CORE_VOICE_SILENCE_LEVEL - loudness)};
    unsigned at = speakers->count;
    if (speaker.level > CORE_SPEAKERS_LEVEL_MAX)
        return;
    if (at == CORE_SPEAKERS_MAX) {
        if (speakers->list[--at].level <= speaker.level)
            return;
    } else {
        speakers->count++;
    }
    for (; at > 0 && speakers->list[at - 1].level > speaker.level; at--)
        speakers->list[at] = speakers->list[at - 1];
    speakers->list[at] = speaker;
}

bool core_speakers_differ(const struct core_speakers *a, const struct core_speakers *b)
{
    if (a->count != b->count)
        return true;
    for (unsigned i = 0; i < a->count; i++)
        if (a->list[i].participant != b->list[i].participant ||
            abs(a->list[i].level - b->list[i].level) >= CORE_SPEAKERS_STEP_DB)
            return true;
    return false;
}
