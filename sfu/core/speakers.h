/*
 * Who speaks in a room, for the `speakers` notification: a pure list from smoothed loudness, and
 * whether it differs enough from what was told to be worth telling.
 */
#ifndef IRIS_CORE_SPEAKERS_H
#define IRIS_CORE_SPEAKERS_H

#include <stdbool.h>

#include "sfu/core/message.h"
#include "sfu/core/voice.h"

#define CORE_SPEAKERS_LEVEL_MAX CORE_VOICE_SPEECH_LEVEL
#define CORE_SPEAKERS_STEP_DB   6      /* a smaller change of level alone is not told */
#define CORE_SPEAKERS_PERIOD_US 300000 /* protocol.md, section 2: at most every 300 ms */

struct core_speakers {
    unsigned count;
    struct core_speaker list[CORE_SPEAKERS_MAX]; /* loudest first */
};

/**
 * Take a voice into the list, if it is loud enough and the list has room for it.
 *
 * @param loudness  smoothed [dB above silence], 0-127
 */
void core_speakers_add(struct core_speakers *speakers, uint64_t participant, float loudness);

/** Other people, another order, or a level that moved by CORE_SPEAKERS_STEP_DB. */
bool core_speakers_differ(const struct core_speakers *a, const struct core_speakers *b);

#endif
