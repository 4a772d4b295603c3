/*
 * How loud a microphone is, for the audio slots: RFC 6464 levels smoothed over syllables, and
 * whether it hears something as loud as speech. What sends no levels is judged by its packets
 * alone: with DTX they pause while nobody speaks (RFC 7587, section 3.1.3).
 *
 * Invariant: a level is never made up. Who sends none is at best CORE_VOICE_ACTIVE, above those
 * whose levels say silence and below all others.
 */
#ifndef IRIS_CORE_VOICE_H
#define IRIS_CORE_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Speech at a usual distance lies between 15 and 45 -dBov, a quiet room's noise above 55 (levels of
   Chromium and Firefox, RFC 6464). */
#define CORE_VOICE_SPEECH_LEVEL  50
#define CORE_VOICE_SILENCE_LEVEL 127 /* -dBov (RFC 6464, section 3) */
#define CORE_VOICE_NO_LEVEL      (-1)
/* Pauses between words are shorter, those between sentences may be longer. */
#define CORE_VOICE_HOLD_US 500000
/* Opus sends a packet every 400 ms in a DTX pause, and pauses only after 200 ms of silence. */
#define CORE_VOICE_PAUSE_US 300000
/* Nobody speaks so long without a breath of CORE_VOICE_PAUSE_US: this source does not use DTX, and
   its packets say nothing. */
#define CORE_VOICE_SPURT_MAX_US 30000000

enum core_voice_activity {
    CORE_VOICE_SILENT,
    CORE_VOICE_ACTIVE,   /* without levels: packets come since a pause */
    CORE_VOICE_LOUD,     /* levels as of speech, now or within CORE_VOICE_HOLD_US */
    CORE_VOICE_SPEAKING, /* and they are speech (turn.h); not told by this module */
};

/* All zero: nothing heard yet. */
struct core_voice {
    float loudness;    /* smoothed, of what was loud [dB above silence] */
    int64_t loud_us;   /* newest packet as loud as speech; 0: none */
    int64_t begun_us;  /* first one of them after a long silence */
    int64_t packet_us; /* newest packet that is no DTX */
    int64_t spurt_us;  /* packets have come without a pause since then */
    bool has_level;    /* the newest packet had one */
};

/**
 * Take a packet.
 *
 * @param level        -dBov, 0-127 (RFC 6464), or CORE_VOICE_NO_LEVEL
 * @param payload_len  at most 2 bytes are a DTX frame (opus_encode(): need not be sent)
 */
void core_voice_on_packet(struct core_voice *voice, int level, size_t payload_len, int64_t now_us);

/** @return what is known of it now, at most CORE_VOICE_LOUD */
enum core_voice_activity core_voice_activity(const struct core_voice *voice, int64_t now_us);

#endif
