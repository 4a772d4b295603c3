/*
 * Two well-behaved participants whose media goes on while a test does harm: at the end nothing that
 * they sent each other may be missing. They have slots for one another only.
 */
#ifndef IRIS_TESTS_PEACE_H
#define IRIS_TESTS_PEACE_H

#include "tests/integration/assertions.h"

struct peace {
    struct media_client *ann, *bob;
};

/** Join a room of this name and wait until both see each other. */
struct peace peace_begin(const char *room);

/** The server lives, media still flows, and nothing of it was lost. */
void peace_assert(struct peace *peace);

#endif
