/*
 * Who has the floor, for the camera slots: from levels to turns. A turn begins when there was half
 * a second of speech, and is over when it pauses for longer than people do between words.
 *
 * What is no speech: sounds shorter than a syllable (keys, clicks), sounds that last without the
 * dips between syllables (a fan, the street; unless they are very loud), and bursts of less than
 * half a second in all (a cough, "mhm").
 */
#ifndef IRIS_CORE_TURN_H
#define IRIS_CORE_TURN_H

#include <stdbool.h>
#include <stdint.h>

/* Of a voice in the last second or so, before it has the floor. A cough has 0.3-0.45 s. */
#define CORE_TURN_BEGIN_US 500000
/* Silence after which another one may have the floor. */
#define CORE_TURN_PAUSE_US 700000
#define CORE_TURN_DIPS     4

/* All zero: nothing heard yet. */
struct core_turn {
    int64_t updated_us;
    int64_t run_us;                   /* sound without a dip until updated_us */
    int64_t speech_us;                /* counted speech, which leaks away in pauses */
    int64_t spoke_us;                 /* newest speech of a turn; 0: never had the floor */
    bool has_begun;                   /* and has not leaked away */
    int64_t slice;                    /* number of the newest entry of quietest */
    uint8_t quietest[CORE_TURN_DIPS]; /* of each 100 ms [dB above silence] */
};

/** Take a packet's level (RFC 6464) [-dBov, 0-127]. */
void core_turn_on_level(struct core_turn *turn, uint8_t level, int64_t now_us);

/**
 * Take a packet without level: what counts as speech is CORE_VOICE_ACTIVE (voice.h).
 */
void core_turn_on_activity(struct core_turn *turn, bool is_active, int64_t now_us);

/** Speaks, save for pauses of at most CORE_TURN_PAUSE_US. */
bool core_turn_has_floor(const struct core_turn *turn, int64_t now_us);

#endif
