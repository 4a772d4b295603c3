/*
 * Which layer each video slot of a receiver shall forward: its slots and their tracks' layers put
 * to bwe/allocation, and the choice to the slots. A receiver without a budget of its own gets what
 * the contract allows.
 */
#ifndef IRIS_CORE_ALLOCATE_H
#define IRIS_CORE_ALLOCATE_H

#include "sfu/core/participant.h"

/** Decide for a receiver: when its slots, its layout, its budget or layers have changed, and every
 * CORE_ROOM_PERIOD_US. */
void core_allocate(struct core_participant *receiver, int64_t now_us);

/** The same for one of several in a row: what tracks offer was described since the room's round
 * began, and is not described again (sfu/core/offer.h). */
void core_allocate_in_round(struct core_participant *receiver, int64_t now_us);

/** The same for all receivers of a track: a layer of it has begun, or changed its height. */
void core_allocate_track(struct core_track *track, int64_t now_us);

/** The receiver's budget for video [bit/s]. */
uint64_t core_allocate_budget_bps(const struct core_participant *receiver);

#endif
