/*
 * Is what the server says of a room right? Answers of GET /v1/rooms/{room} in, shares out, by the
 * rules of bench/impairment/impairment.h. Sans-IO.
 *
 * The machine of the test may itself delay packets: others use its CPUs. A verdict that blames
 * somebody for a time (a delay, a jitter, a round trip) that the processes of the test waited for a
 * CPU is true, and says nothing about the impairment: it is set aside, neither right nor wrong.
 */
#ifndef IRIS_BENCH_VERDICTS_JUDGE_H
#define IRIS_BENCH_VERDICTS_JUDGE_H

#include <jansson.h>

#include "bench/impairment/impairment.h"

/* Of a room, or of many together. Start with zeroes and the first two members. */
struct verdicts_tally {
    enum impairment impairment;
    bool is_verbose; /* what is wrong goes to stderr */
    unsigned rooms;  /* that answers came of */
    /* Of the victim and of the camera slots that are concerned; without impairment: of everything.
     */
    unsigned samples, right, set_aside; /* set_aside: not among the samples */
    unsigned said[CORE_CAUSE_CLIENT + 1];
    unsigned longest_bad_s; /* without impairment: any verdict that is not good */
    unsigned bad_s[IMPAIRMENT_PEOPLE][CORE_SLOTS_MAX + 1]; /* of that, now; last: own */
};

/**
 * Take one answer, a second after the one before.
 *
 * @param is_due     the impairment has been on for long enough
 * @param waited_ms  that the processes waited for a CPU in a second of those that the verdict is
 *                   made of
 * @return           0, or -1: it is not a room's (nothing counted)
 */
int verdicts_judge(struct verdicts_tally *tally, const json_t *room, bool is_due, double waited_ms);

/** Add up: longest_bad_s is the longest of both. */
void verdicts_tally_add(struct verdicts_tally *sum, const struct verdicts_tally *room);

/** The goal is met. */
bool verdicts_tally_is_met(const struct verdicts_tally *tally);

/** So much was set aside that the rest proves nothing: more than half. */
bool verdicts_tally_is_moot(const struct verdicts_tally *tally);

#endif
