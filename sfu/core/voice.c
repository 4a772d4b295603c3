/* A mean of what is loud, and a clock of talk spurts. */
#include "sfu/core/voice.h"

#define SPEECH_DB (CORE_VOICE_SILENCE_LEVEL - CORE_VOICE_SPEECH_LEVEL)
/* The mean is of everything loud since the last silence of two seconds, and of two seconds at most:
   after a syllable it is right within a few dB, and people who talk alike are alike. */
#define SMOOTHING_US 2000000
/* Packets are 10-60 ms long. One after a pause counts as 20 ms, one of a burst as 10 ms. */
#define PACKET_MIN_US     10000
#define PACKET_USUAL_US   20000
#define PACKET_MAX_US     60000
#define DTX_PAYLOAD_BYTES 2
/* The lone packet of a DTX pause is no spurt. */
#define SPURT_MIN_US 60000

static bool is_loud(const struct core_voice *voice, int64_t now_us)
{
    return voice->loud_us && now_us - voice->loud_us < CORE_VOICE_HOLD_US;
}

static bool is_in_spurt(const struct core_voice *voice, int64_t now_us)
{
    return now_us - voice->packet_us < CORE_VOICE_PAUSE_US &&
           voice->packet_us - voice->spurt_us >= SPURT_MIN_US &&
           now_us - voice->spurt_us < CORE_VOICE_SPURT_MAX_US;
}

enum core_voice_activity core_voice_activity(const struct core_voice *voice, int64_t now_us)
{
    if (voice->has_level)
        return is_loud(voice, now_us) ? CORE_VOICE_LOUD : CORE_VOICE_SILENT;
    return is_in_spurt(voice, now_us) ? CORE_VOICE_ACTIVE : CORE_VOICE_SILENT;
}

static int64_t clamp(int64_t duration_us)
{
    if (duration_us > PACKET_MAX_US)
        return PACKET_USUAL_US;
    return duration_us > PACKET_MIN_US ? duration_us : PACKET_MIN_US;
}

static void smooth(struct core_voice *voice, float level_db, int64_t now_us)
{
    if (!voice->loud_us || now_us - voice->loud_us >= SMOOTHING_US) {
        voice->loudness = level_db;
        voice->begun_us = now_us;
    }
    int64_t packet_us = clamp(now_us - voice->loud_us);
    int64_t window_us = now_us - voice->begun_us + packet_us;
    if (window_us > SMOOTHING_US)
        window_us = SMOOTHING_US;
    voice->loudness += (float)packet_us / (float)window_us * (level_db - voice->loudness);
    voice->loud_us = now_us;
}

static void count_spurt(struct core_voice *voice, int64_t now_us)
{
    if (!voice->packet_us || now_us - voice->packet_us >= CORE_VOICE_PAUSE_US)
        voice->spurt_us = now_us;
    voice->packet_us = now_us;
}

void core_voice_on_packet(struct core_voice *voice, int level, size_t payload_len, int64_t now_us)
{
    voice->has_level = level >= 0;
    if (voice->has_level && CORE_VOICE_SILENCE_LEVEL - level >= SPEECH_DB)
        smooth(voice, (float)(CORE_VOICE_SILENCE_LEVEL - level), now_us);
    if (payload_len > DTX_PAYLOAD_BYTES)
        count_spurt(voice, now_us);
}
