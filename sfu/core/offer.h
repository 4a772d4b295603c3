/*
 * What a track has to offer all its receivers: the layers that can be forwarded now, and what each
 * costs. Described once in a look at the room, however many receivers the track has.
 *
 * Invariant: a description is used in the round that it was made in, and nothing is received,
 * muted or bound within a round.
 */
#ifndef IRIS_CORE_OFFER_H
#define IRIS_CORE_OFFER_H

#include "bwe/allocation.h"
#include "sfu/core/layer.h"

struct core_track;

/* All zero: none was made yet. Rounds are counted from 1. */
struct core_offer {
    uint64_t round;
    struct bwe_allocation_track track; /* but for what is the receiver's: pins, height, kind */
    struct core_layer *layers[CORE_LAYERS_MAX]; /* as the track's */
};

/**
 * Describe a track as of now, unless that was done in this round.
 *
 * @param round  of the track's room
 * @return       the track's own, valid until the next round
 */
const struct core_offer *core_offer_describe(struct core_track *track, uint64_t round,
                                             int64_t now_us);

#endif
