/*
 * What a slot has decided on frames of which pieces may still come: a frame is sent whole or not at
 * all, though a piece of it was lost on the way to the server and comes after others. Late frames
 * have a ring of their own: a burst of repairs, 30 frames at once, does not push out what was
 * decided on the live ones (random 254760611692683: half a frame).
 */
#ifndef IRIS_CORE_FRAME_FATES_H
#define IRIS_CORE_FRAME_FATES_H

#include <stdbool.h>
#include <stdint.h>

/* 0.7 s of upper temporal layers at 30 pictures a second; late ones come all at once after an
   outage, in more than one round (16 were too few: random 5, 6758). */
#define CORE_FRAME_FATES_LIVE 16
#define CORE_FRAME_FATES_LATE 32

enum core_frame_fate {
    CORE_FRAME_UNKNOWN = 0, /* nothing was decided, or it is forgotten */
    CORE_FRAME_LEFT_OUT,
    CORE_FRAME_SENT,
};

/* All zero: nothing is known. Two rings of keys, which hold layer, timestamp and fate. */
struct core_frame_fates {
    uint32_t keys[CORE_FRAME_FATES_LIVE + CORE_FRAME_FATES_LATE];
    uint32_t live_next, late_next;
};

/** @param layer_id  of the layer; @param timestamp  of the frame, as its source has it */
enum core_frame_fate core_frame_fates_find(const struct core_frame_fates *fates, uint64_t layer_id,
                                           uint32_t timestamp);

/**
 * Remember a decision. What was left out live may be sent by a replay, or the other way round: the
 * newest counts.
 *
 * @param is_late  it came behind newer frames
 */
void core_frame_fates_remember(struct core_frame_fates *fates, uint64_t layer_id,
                               uint32_t timestamp, enum core_frame_fate fate, bool is_late);

#endif
