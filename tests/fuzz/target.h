/* What every fuzz target has. */
#ifndef IRIS_FUZZ_TARGET_H
#define IRIS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/** One input; returns 0. libFuzzer calls it, or replay.c with each file of the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assert() would vanish in a release build, with what it calls. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#endif
