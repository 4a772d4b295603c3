/*
 * Who is seen and heard: pure functions from inputs to a list of sources, one per slot.
 *
 * Common rule: who is shown keeps the slot, so that nothing shuffles; free slots go to those not
 * yet shown. Sources are the caller's numbers, never 0.
 */
#ifndef IRIS_CORE_SELECTION_H
#define IRIS_CORE_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

/* A newcomer must be so much louder than a slot's owner to take it [dB]: words are not cut. */
#define CORE_SELECTION_MARGIN_DB 6.0f
#define CORE_SELECTION_SLOTS_MAX 8

struct core_candidate {
    uint64_t source;
    float loudness; /* [dB above silence]; audio only */
    unsigned pin;   /* 1: pinned first; 0: not pinned; cameras only */
};

/**
 * Cameras (and the screen): pinned ones in their order, then those shown now, then the others in
 * the order given. Who stays shown keeps its slot.
 *
 * @param slots       in: what each slot shows (0: nothing); out: what it shall show
 * @param slot_count  at most CORE_SELECTION_SLOTS_MAX
 * @param shown_max   slots to be used, at most slot_count
 * @param candidates  without the receiver itself, those live now, preferred first
 */
void core_selection_cameras(uint64_t *slots, unsigned slot_count, unsigned shown_max,
                            const struct core_candidate *candidates, unsigned candidate_count);

/**
 * Voices: the loudest, with hysteresis.
 *
 * An owner that is no candidate any more loses its slot. A candidate not heard takes a free slot,
 * or the quietest owner's if it is louder by CORE_SELECTION_MARGIN_DB.
 *
 * @param candidates  without the receiver itself, loudest first
 */
void core_selection_voices(uint64_t *slots, unsigned slot_count,
                           const struct core_candidate *candidates, unsigned candidate_count);

#endif
