/* Tones in syllables, Opus with DTX, and Goertzel's filter to recognize them. */
#include "bench/bubbles/voice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <opus/opus.h>

#include "bench/bubbles/clip.h"

#define BITRATE_BPS      32000
#define PACKET_MAX       400
#define LOWEST_HZ        330.0
#define STEP_HZ          110.0 /* between voices: no pitch is another's harmonic within the range */
#define PEAK             9000.0
#define SYLLABLE_HZ      3.5
#define QUIETEST_LEVEL   50  /* -dBov; below, nothing can be recognized */
#define STANDS_OUT       4.0 /* so much more power than the second strongest pitch */
#define DTX_PACKET_BYTES 2   /* libopus: as short a packet needs not be sent */

double bubbles_voice_pitch_hz(unsigned source)
{
    return LOWEST_HZ + STEP_HZ * (source % BUBBLES_VOICES);
}

uint8_t bubbles_voice_level(const int16_t *samples, unsigned count)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += (double)samples[i] * samples[i];
    double level = sum > 0 ? -10 * log10(sum / count / (32768.0 * 32768.0)) : 127;
    return (uint8_t)(level > 127 ? 127 : level);
}

/* Syllables swell and fade; breath is noise; in the pause there is only the room. */
static void speak(int16_t *samples, double pitch_hz, unsigned index, uint32_t *noise)
{
    for (unsigned i = 0; i < BUBBLES_VOICE_SAMPLES; i++) {
        double t = (double)(index * BUBBLES_VOICE_SAMPLES + i) / BUBBLES_VOICE_HZ;
        double syllable = 0.25 + 0.75 * fabs(sin(M_PI * SYLLABLE_HZ * t));
        *noise = *noise * 1664525u + 1013904223u;
        double hiss = (double)(int32_t)*noise / 2147483648.0;
        double value = 4 * hiss; /* the room */
        if (index < BUBBLES_TALK_PACKETS)
            value = PEAK * syllable * (sin(2 * M_PI * pitch_hz * t) + 0.05 * hiss);
        samples[i] = (int16_t)value;
    }
}

static OpusEncoder *open_encoder(void)
{
    int error;
    OpusEncoder *encoder = opus_encoder_create(BUBBLES_VOICE_HZ, 1, OPUS_APPLICATION_VOIP, &error);
    if (encoder) {
        opus_encoder_ctl(encoder, OPUS_SET_BITRATE(BITRATE_BPS));
        opus_encoder_ctl(encoder, OPUS_SET_DTX(1));
        opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
        opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(5));
    }
    return encoder;
}

static int encode(struct bubbles_voice *voice, OpusEncoder *encoder)
{
    int16_t samples[BUBBLES_VOICE_SAMPLES];
    uint32_t noise = 1 + voice->source, at = 0;
    bool is_silent = false;
    for (unsigned i = 0; i < BUBBLES_VOICE_PACKETS; i++) {
        speak(samples, bubbles_voice_pitch_hz(voice->source), i, &noise);
        int len =
            opus_encode(encoder, samples, BUBBLES_VOICE_SAMPLES, voice->bytes + at, PACKET_MAX);
        if (len < 0)
            return -1;
        /* libwebrtc sends the first packet of a DTX period and leaves out the others. */
        bool is_dtx = len <= DTX_PACKET_BYTES;
        bool is_left_out = is_dtx && is_silent;
        is_silent = is_dtx;
        voice->packets[i] =
            (struct bubbles_voice_packet){at, is_left_out ? 0 : (uint16_t)len,
                                          bubbles_voice_level(samples, BUBBLES_VOICE_SAMPLES),
                                          bubbles_clip_digest(voice->bytes + at, (size_t)len)};
        at += (uint32_t)len;
    }
    return 0;
}

struct bubbles_voice *bubbles_voice_create(unsigned source)
{
    struct bubbles_voice *voice = calloc(1, sizeof(*voice));
    OpusEncoder *encoder = voice ? open_encoder() : NULL;
    if (encoder) {
        voice->source = source;
        voice->bytes = calloc(BUBBLES_VOICE_PACKETS, PACKET_MAX);
    }
    int error = encoder && voice->bytes ? encode(voice, encoder) : -1;
    if (encoder)
        opus_encoder_destroy(encoder);
    if (error) {
        bubbles_voice_destroy(voice);
        return NULL;
    }
    return voice;
}

void bubbles_voice_destroy(struct bubbles_voice *voice)
{
    if (!voice)
        return;
    free(voice->bytes);
    free(voice);
}

int bubbles_voice_find(const struct bubbles_voice *voice, uint64_t digest)
{
    for (unsigned i = 0; i < BUBBLES_VOICE_PACKETS; i++)
        if (voice->packets[i].digest == digest)
            return (int)i;
    return -1;
}

/* Power at one frequency (Goertzel), under a Hann window so that neighbours do not leak in. */
static double power_at(const int16_t *samples, unsigned count, double hz)
{
    double factor = 2 * cos(2 * M_PI * hz / BUBBLES_VOICE_HZ), s1 = 0, s2 = 0;
    for (unsigned i = 0; i < count; i++) {
        double window = 0.5 - 0.5 * cos(2 * M_PI * i / count);
        double s0 = window * samples[i] + factor * s1 - s2;
        s2 = s1;
        s1 = s0;
    }
    return s1 * s1 + s2 * s2 - factor * s1 * s2;
}

int bubbles_voice_recognize(const int16_t *samples, unsigned count)
{
    double best = 0, second = 0;
    int found = -1;
    if (bubbles_voice_level(samples, count) > QUIETEST_LEVEL)
        return -1;
    for (unsigned source = 0; source < BUBBLES_VOICES; source++) {
        double power = power_at(samples, count, bubbles_voice_pitch_hz(source));
        if (power > best) {
            second = best;
            best = power;
            found = (int)source;
        } else if (power > second) {
            second = power;
        }
    }
    return best > STANDS_OUT * second ? found : -1;
}
