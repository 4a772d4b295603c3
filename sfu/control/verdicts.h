/*
 * Why is it bad, for people: the verdicts of sfu/core/verdict.h on every snapshot of a participant,
 * told to the participant (`quality`), to operators (the event `verdict`) and to the flight
 * recorder; and what clients report of their decoding (docs/protocol.md, stats).
 */
#ifndef IRIS_CONTROL_VERDICTS_H
#define IRIS_CONTROL_VERDICTS_H

#include <jansson.h>

#include "sfu/core/verdict.h"

struct control;
struct control_participant;
struct control_registry;

/* What a client last said of a slot, and of whose pictures: it says nothing of the next source's.
 */
struct control_decoding {
    int64_t at_us; /* monotonic; 0: never */
    uint32_t csrc; /* in the slot when it said so */
    struct core_verdict_decoding decoding;
};

/**
 * A participant's newest snapshot has been taken: judge, and tell what has changed: the quality,
 * the cause, or whose media it is that is bad.
 */
void control_verdicts_follow(struct control *control, struct control_participant *participant);

/** Tell a participant its verdict (`quality`): what changed while it could not be told. */
void control_verdicts_tell(const struct control_participant *participant,
                           const struct control_registry *registry);

/**
 * Take the optional parameter `decoding` of the request `stats`.
 *
 * @param list  NULL: none
 * @return      NULL, or a sentence that says what is wrong with it; then nothing was taken
 */
const char *control_verdicts_report(struct control_participant *participant, const json_t *list);

/** {quality, cause, evidence}: of the participant as a whole, and of a slot. New reference. */
json_t *control_verdict_own(const struct control_participant *participant,
                            const struct control_registry *registry);
json_t *control_verdict_slot(const struct control_participant *participant, unsigned slot,
                             const struct control_registry *registry);

#endif
