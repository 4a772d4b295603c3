/*
 * What verdicts are made of: a sender and a receiver at two times, with nothing wrong, until a test
 * spoils something.
 */
#ifndef IRIS_TESTS_VERDICT_WORLD_H
#define IRIS_TESTS_VERDICT_WORLD_H

#include "sfu/core/verdict.h"

#define TRACK 1 /* that is sent */
#define SLOT  3 /* that it is received in */

/* A sender and a receiver at two times: 100 packets and 20 frames a second, nothing wrong. */
struct world {
    struct core_statistics sender[2], receiver[2];
    struct core_verdict_server server;
    struct core_verdict_decoding decoding;
};

/** Everything is well, and has been for the second between the two times. */
void world_init(struct world *world);

/** What the server knows of that second. @return points into the world */
struct core_verdict_second second_of(const struct world *world);

/** The verdict on the slot from a second alone. */
struct core_verdict judge_second(const struct core_verdict_second *second);

/** The same from the world's. */
struct core_verdict judge_slot(const struct world *world);

/** Fails the test unless the slot is blamed on this evidence, with this value. */
void assert_blames(const struct world *world, enum core_evidence evidence, double value);

#endif
