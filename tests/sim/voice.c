/* Levels and sizes of a talk spurt. */
#include "tests/sim/voice.h"

#include <string.h>

#define DTX_EVERY     20 /* packets: 400 ms */
#define HANGOVER      10 /* packets after the last word that are still sent as speech */
#define BODY_MIN      (SIM_STAMP_BYTES + SIM_STAMP_CHECK_BYTES)
#define SPEECH_BYTES  90
#define SILENT_LEVEL  127
#define NOISE_LEVEL   70
#define SPEECH_LEVEL  25
#define SPEECH_SPREAD 15

void sim_voice_init(struct sim_voice *voice, struct sim_random random, bool has_levels,
                    bool has_dtx)
{
    memset(voice, 0, sizeof(*voice));
    voice->random = random;
    voice->has_levels = has_levels;
    voice->has_dtx = has_dtx;
    voice->pause = HANGOVER;
    voice->started_us = INT64_MAX;
    voice->stream.payload_type = SIM_PT_OPUS;
    voice->stream.mid = "mic";
}

static int level_of(struct sim_voice *voice, bool is_speech)
{
    if (!voice->has_levels)
        return -1;
    if (!is_speech)
        return voice->has_dtx ? SILENT_LEVEL : NOISE_LEVEL;
    return (int)sim_random_between(&voice->random, SPEECH_LEVEL, SPEECH_LEVEL + SPEECH_SPREAD);
}

bool sim_voice_advance(struct sim_voice *voice, const struct sim_stamp *stamp,
                       struct sim_content *content)
{
    voice->pause = voice->is_talking ? 0 : voice->pause + 1;
    bool is_speech = voice->pause < HANGOVER;
    if (!is_speech && voice->has_dtx && voice->pause % DTX_EVERY != 0)
        return false;
    memset(content, 0, sizeof(*content));
    content->stamp = *stamp;
    content->stamp.flags = is_speech ? 0 : SIM_STAMP_DTX;
    content->stamp.frame = ++voice->number;
    content->stamp.piece_count = 1;
    content->level = (int8_t)level_of(voice, is_speech);
    content->body_len = BODY_MIN;
    if (is_speech)
        content->body_len =
            (uint16_t)sim_random_between(&voice->random, SPEECH_BYTES - 20, SPEECH_BYTES + 20);
    content->marker = is_speech && voice->number == 1;
    return true;
}
