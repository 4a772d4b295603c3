/*
 * Which layer each video slot of a receiver shall forward: its slots and their tracks' layers put
 * to bwe/allocation, and the choice to the slots. The budget is what its network carries, as far as
 * that is known (sfu/core/estimate.h), and what the contract allows.
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

/** What it may get of video at most: the contract, or what control allows [bit/s]. */
uint64_t core_allocate_most_bps(const struct core_participant *receiver);

/** Its network carries more than that: its budget is small for good. */
bool core_allocate_is_final(const struct core_participant *receiver);

/** The receiver's budget for video: of that, what its network carries [bit/s]. */
uint64_t core_allocate_budget_bps(const struct core_participant *receiver);

#endif
