/*
 * Recorded voices: each is a tone of its own, in syllables, as Opus packets of 20 ms with their
 * true levels (RFC 6464); first somebody talks, then there is a pause in which the encoder turns to
 * DTX. Immutable once made.
 */
#ifndef IRIS_BENCH_BUBBLES_VOICE_H
#define IRIS_BENCH_BUBBLES_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUBBLES_VOICES        8 /* different tones */
#define BUBBLES_VOICE_HZ      48000
#define BUBBLES_VOICE_SAMPLES 960 /* of one packet */
#define BUBBLES_VOICE_US      20000
#define BUBBLES_TALK_PACKETS  200
#define BUBBLES_PAUSE_PACKETS 100
#define BUBBLES_VOICE_PACKETS (BUBBLES_TALK_PACKETS + BUBBLES_PAUSE_PACKETS)
#define BUBBLES_PAUSE_LOOP    20 /* DTX repeats its comfort noise every 400 ms */

struct bubbles_voice_packet {
    uint32_t offset;
    uint16_t len;    /* 0: DTX, nothing is sent */
    uint8_t level;   /* 0 (loudest) - 127 [-dBov] */
    uint64_t digest; /* bubbles_clip_digest() of it */
};

struct bubbles_voice {
    unsigned source;
    uint8_t *bytes;
    struct bubbles_voice_packet packets[BUBBLES_VOICE_PACKETS];
};

/** Pitch of a voice [Hz]. @param source any; equal modulo BUBBLES_VOICES */
double bubbles_voice_pitch_hz(unsigned source);

/** @return owned; NULL: no memory, or libopus refuses */
struct bubbles_voice *bubbles_voice_create(unsigned source);
void bubbles_voice_destroy(struct bubbles_voice *voice);

/** The packet with this digest; -1: it is not of this voice. */
int bubbles_voice_find(const struct bubbles_voice *voice, uint64_t digest);

/**
 * Whose voice it is: the pitch that is strongest.
 *
 * @param samples  mono, BUBBLES_VOICE_HZ
 * @return         0 to BUBBLES_VOICES - 1; -1: too quiet, or no pitch stands out
 */
int bubbles_voice_recognize(const int16_t *samples, unsigned count);

/** Level of PCM (RFC 6464): 0 (full scale) - 127 [-dBov]. */
uint8_t bubbles_voice_level(const int16_t *samples, unsigned count);

#endif
