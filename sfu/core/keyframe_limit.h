/*
 * How many key frames of a source one receiver may cause (bwe.md, "Allocation", 6: at most 3 in
 * 10 s), whatever it asks for: each is one for everybody who sees the source, and takes from a
 * budget that they share, which holds five or so (keyframe_budget.h).
 *
 * A receiver asks by PLI and NACK, and by what it does: another layout, muting all pictures and
 * taking them again, another path. Who does that all day may wait for a third of the time, with the
 * layer that it had meanwhile.
 *
 * Of each slot, not of all that a receiver has: a network that was away takes all pictures at once,
 * and on one that loses much the next is lost again, so that an honest receiver of five sources
 * needs five key frames for every one that each of them is asked for.
 *
 * What the server wants for a receiver (the layer that its bandwidth allows, another source)
 * counts, but is never refused: the allocation limits it, and no receiver can make it wait by
 * asking. In turn a picture that was lost while layers changed waits for a third of the time at
 * most. Sends nothing.
 */
#ifndef IRIS_CORE_KEYFRAME_LIMIT_H
#define IRIS_CORE_KEYFRAME_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define CORE_KEYFRAME_LIMIT_COUNT 3
#define CORE_KEYFRAME_LIMIT_US    10000000

/* Of one slot. All zero: nothing was wanted yet. */
struct core_keyframe_limit {
    int64_t wanted_us[CORE_KEYFRAME_LIMIT_COUNT]; /* a ring; 0: empty */
    int64_t asked_us; /* the newest that the receiver asked for; 0: none */
    uint32_t oldest;
};

/**
 * May the receiver's request cause a key frame now?
 *
 * @param now_us  monotonic, > 0 [us]
 */
bool core_keyframe_limit_allows(const struct core_keyframe_limit *limit, int64_t now_us);

/** A key frame is wanted for this slot. @param is_asked  by what its receiver says or does; by the
 * server otherwise
 */
void core_keyframe_limit_on_wanted(struct core_keyframe_limit *limit, bool is_asked,
                                   int64_t now_us);

#endif
