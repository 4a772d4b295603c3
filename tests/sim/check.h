/*
 * The invariants, each with a name, and what broke them first. Breaking one is never fatal: the run
 * goes on, so that a self-test can see that nothing else broke.
 */
#ifndef IRIS_SIM_CHECK_H
#define IRIS_SIM_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* X(NAME, "name", "what holds") */
#define SIM_CHECK_LIST(X)                                                                          \
    X(SSRC, "ssrc", "a slot keeps its SSRC, its RTX SSRC and their payload types")                 \
    X(NONCE, "nonce", "every packet authenticates, and no (SSRC, index) is sealed twice")          \
    X(PAYLOAD, "payload", "what a source sent comes out as it was, under its CSRC")                \
    X(SEQUENCE, "sequence", "sequence numbers neither regress nor jump without cause")             \
    X(TIMESTAMP, "timestamp", "timestamps neither regress nor jump without cause")                 \
    X(PICTURE, "picture", "picture ids and TL0PICIDX go on without a break")                       \
    X(RETRANSMISSION, "retransmission", "RTX repeats what was sent under that sequence number")    \
    X(DECODABLE, "decodable", "every forwarded frame is decodable, or its loss is explained")      \
    X(AUDIO, "audio", "no audio packet of a slot's owner is dropped by the server")                \
    X(SKEW, "skew", "who is seen is heard within 80 ms, where nothing is lost; or 500 ms")         \
    X(REPAIR, "repair", "most of the video that a network loses is repaired, in time to be shown") \
    X(STUCK, "stuck", "no live source is without a decoded frame for 2 s on healthy links")        \
    X(POLICER, "policer", "no more of a track is forwarded than 115 % of its contract")            \
    X(BUDGET, "budget", "a receiver's video stays within its budget and its contract")             \
    X(NETWORK, "network",                                                                          \
      "a receiver gets what its network carries: voices, layers without flaps")                    \
    X(JOIN, "join", "who joins sees somebody at once, at little cost for the others")              \
    X(ROOM, "room", "nobody receives from another room")                                           \
    X(ONESELF, "oneself", "nobody receives oneself")                                               \
    X(STORM, "storm", "a source is asked for key frames within their budget")                      \
    X(MEMORY, "memory", "memory is back at the start level when all have left")                    \
    X(HANDOVER, "handover", "export and import of the engine changes no byte sent")

enum sim_check {
#define X(name, text, claim) SIM_CHECK_##name,
    SIM_CHECK_LIST(X)
#undef X
        SIM_CHECK_COUNT
};

#define SIM_CHECK_BIT(check) (1u << (check))
#define SIM_CHECKS_ALL       (SIM_CHECK_BIT(SIM_CHECK_COUNT) - 1)

struct sim_breach {
    uint64_t count;
    int64_t at_us; /* of the first, in virtual time from the start of the run */
    uint64_t participant;
    char detail[160];
};

struct sim_checks {
    int64_t now_us, begin_us; /* kept by the world */
    struct sim_breach breaches[SIM_CHECK_COUNT];
};

/** "ssrc"; static text. */
const char *sim_check_name(enum sim_check check);

/** The sentence; static text. */
const char *sim_check_claim(enum sim_check check);

/** An invariant broke at a receiver (of memory: 0). */
void sim_check_fail(struct sim_checks *checks, enum sim_check check, uint64_t participant,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Whether any of these (bits) broke. */
bool sim_checks_are_broken(const struct sim_checks *checks, uint32_t bits);

#endif
