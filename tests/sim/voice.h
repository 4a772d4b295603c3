/*
 * A microphone: Opus-like packets every 20 ms while its owner speaks, DTX (one every 400 ms) in the
 * pauses, levels (RFC 6464) that follow. Who speaks is the room's decision (world.c). Sans-IO.
 */
#ifndef IRIS_SIM_VOICE_H
#define IRIS_SIM_VOICE_H

#include "tests/sim/random.h"
#include "tests/sim/stream.h"

#define SIM_VOICE_PACKET_US 20000

struct sim_voice {
    struct sim_stream stream;
    struct sim_random random;
    bool has_levels, has_dtx;
    bool is_talking;
    unsigned pause;     /* packets since the spurt ended */
    uint32_t number;    /* of the last packet sent */
    int64_t started_us; /* sending since; INT64_MAX: not sending */
};

/** The stream's names are written, its numbers are the caller's: sim_stream_init(). */
void sim_voice_init(struct sim_voice *voice, struct sim_random random, bool has_levels,
                    bool has_dtx);

/**
 * 20 ms have passed.
 *
 * @param stamp    room, participant, track and captured_us are the caller's
 * @param content  written: the packet
 * @return         false: DTX, nothing to send
 */
bool sim_voice_advance(struct sim_voice *voice, const struct sim_stamp *stamp,
                       struct sim_content *content);

#endif
