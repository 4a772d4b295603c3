/*
 * Microphones that hear people: RFC 6464 levels every 20 ms, made up from a seed. Speech is words
 * of 2-8 syllables (120-260 ms each, with dips of 20-80 ms between them), 80-350 ms between words,
 * a breath of 0.5 s now and then.
 */
#ifndef IRIS_TESTS_SPEECH_TRACE_H
#define IRIS_TESTS_SPEECH_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_PACKET_MS 20

enum trace_sound {
    TRACE_ROOM,   /* a quiet room: 58-66 -dBov */
    TRACE_SPEECH, /* around 26 -dBov, +-6 */
    TRACE_NOISE,  /* a fan: 40-43 -dBov */
    TRACE_MUSIC,  /* 20-23 -dBov without an end */
    TRACE_COUGH,  /* two bursts of 220 ms at 16 -dBov, 120 ms apart; then the room */
    TRACE_KEYS,   /* strokes of 1-2 packets at 25-35 -dBov, 5-8 a second */
};

/* One sound that a person's microphone hears for a while; outside of all: the room. */
struct trace_part {
    unsigned person;
    int from_ms, to_ms;
    enum trace_sound sound;
};

struct trace {
    uint32_t random;
    enum trace_sound sound;
    int began_ms;
    int left_ms;   /* of the piece: a syllable, a dip, a pause, a stroke */
    int syllables; /* left of the word */
    bool is_loud;  /* the piece is a syllable or a stroke */
    uint8_t piece_level;
};

static inline int trace_draw(struct trace *trace, int low, int high)
{
    trace->random = trace->random * 1664525u + 1013904223u;
    return low + (int)((trace->random >> 8) % (uint32_t)(high - low + 1));
}

static inline void trace_next_syllable(struct trace *trace)
{
    trace->is_loud = !trace->is_loud;
    if (trace->is_loud) {
        if (trace->syllables == 0)
            trace->syllables = trace_draw(trace, 2, 8);
        trace->syllables--;
        trace->left_ms = trace_draw(trace, 120, 260);
        trace->piece_level = (uint8_t)trace_draw(trace, 20, 32);
    } else if (trace->syllables > 0) {
        trace->left_ms = trace_draw(trace, 20, 80);
        trace->piece_level = (uint8_t)trace_draw(trace, 40, 54);
    } else {
        trace->left_ms =
            trace_draw(trace, 0, 5) ? trace_draw(trace, 80, 350) : trace_draw(trace, 400, 600);
        trace->piece_level = (uint8_t)trace_draw(trace, 58, 66);
    }
}

static inline void trace_next_stroke(struct trace *trace)
{
    trace->is_loud = !trace->is_loud;
    trace->left_ms =
        trace->is_loud ? TRACE_PACKET_MS * trace_draw(trace, 1, 2) : trace_draw(trace, 100, 170);
    trace->piece_level = (uint8_t)(trace->is_loud ? trace_draw(trace, 25, 35) : 60);
}

/* The level of the packet at a time; to be called every TRACE_PACKET_MS. */
static inline uint8_t trace_level(struct trace *trace, enum trace_sound sound, int now_ms)
{
    if (sound != trace->sound) {
        trace->sound = sound;
        trace->began_ms = now_ms;
        trace->left_ms = trace->syllables = 0;
        trace->is_loud = false;
    }
    int age_ms = now_ms - trace->began_ms;
    switch (sound) {
    case TRACE_NOISE:
        return (uint8_t)trace_draw(trace, 40, 43);
    case TRACE_MUSIC:
        return (uint8_t)trace_draw(trace, 20, 23);
    case TRACE_COUGH:
        return (uint8_t)(age_ms < 220 || (age_ms >= 340 && age_ms < 560)
                             ? trace_draw(trace, 14, 18)
                             : trace_draw(trace, 58, 66));
    case TRACE_SPEECH:
    case TRACE_KEYS:
        if (trace->left_ms <= 0) {
            if (sound == TRACE_SPEECH)
                trace_next_syllable(trace);
            else
                trace_next_stroke(trace);
        }
        trace->left_ms -= TRACE_PACKET_MS;
        return (uint8_t)(trace->piece_level + trace_draw(trace, 0, 4) - 2);
    case TRACE_ROOM:
        break;
    }
    return (uint8_t)trace_draw(trace, 58, 66);
}

static inline enum trace_sound trace_sound_at(const struct trace_part *parts, unsigned count,
                                              unsigned person, int now_ms)
{
    for (unsigned i = 0; i < count; i++)
        if (parts[i].person == person && now_ms >= parts[i].from_ms && now_ms < parts[i].to_ms)
            return parts[i].sound;
    return TRACE_ROOM;
}

#endif
