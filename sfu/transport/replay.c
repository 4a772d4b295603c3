/*
 * The replay window as a ring of bits: advancing clears the bits of the indices that were jumped
 * over, so that a bit always speaks of the one index in the window that maps to it.
 */
#include "sfu/transport/replay.h"

#include "rtp/error.h"

#include <string.h>

static uint64_t *word_of(struct transport_replay *replay, uint64_t index)
{
    return &replay->bits[index % TRANSPORT_REPLAY_BITS / 64];
}

static uint64_t bit_of(uint64_t index)
{
    return UINT64_C(1) << (index % 64);
}

int transport_replay_check(const struct transport_replay *replay, uint64_t index)
{
    if (!replay->started || index > replay->highest)
        return 0;
    if (replay->highest - index >= TRANSPORT_REPLAY_BITS)
        return IRIS_E_REPLAY;
    if (replay->bits[index % TRANSPORT_REPLAY_BITS / 64] & bit_of(index))
        return IRIS_E_REPLAY;
    return 0;
}

/* Make index the highest; nothing between the old highest and it has been accepted. */
static void advance(struct transport_replay *replay, uint64_t index)
{
    if (!replay->started || index - replay->highest >= TRANSPORT_REPLAY_BITS) {
        memset(replay->bits, 0, sizeof(replay->bits));
    } else {
        for (uint64_t skipped = replay->highest + 1; skipped < index; skipped++)
            *word_of(replay, skipped) &= ~bit_of(skipped);
    }
    replay->highest = index;
    replay->started = true;
}

void transport_replay_accept(struct transport_replay *replay, uint64_t index)
{
    if (!replay->started || index > replay->highest)
        advance(replay, index);
    *word_of(replay, index) |= bit_of(index);
}
