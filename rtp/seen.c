/*
 * The replay window as a ring of bits: advancing clears the bits of the indices that were jumped
 * over, so that a bit always speaks of the one index in the window that maps to it.
 */
#include "rtp/seen.h"

#include "rtp/error.h"

#include <string.h>

static uint64_t *word_of(struct rtp_seen *seen, uint64_t index)
{
    return &seen->bits[index % RTP_SEEN_BITS / 64];
}

static uint64_t bit_of(uint64_t index)
{
    return UINT64_C(1) << (index % 64);
}

int rtp_seen_check(const struct rtp_seen *seen, uint64_t index)
{
    if (!seen->started || index > seen->highest)
        return 0;
    if (seen->highest - index >= RTP_SEEN_BITS)
        return IRIS_E_REPLAY;
    if (seen->bits[index % RTP_SEEN_BITS / 64] & bit_of(index))
        return IRIS_E_REPLAY;
    return 0;
}

/* Make index the highest; nothing between the old highest and it has been accepted. */
static void advance(struct rtp_seen *seen, uint64_t index)
{
    if (!seen->started || index - seen->highest >= RTP_SEEN_BITS) {
        memset(seen->bits, 0, sizeof(seen->bits));
    } else {
        for (uint64_t skipped = seen->highest + 1; skipped < index; skipped++)
            *word_of(seen, skipped) &= ~bit_of(skipped);
    }
    seen->highest = index;
    seen->started = true;
}

void rtp_seen_accept(struct rtp_seen *seen, uint64_t index)
{
    if (!seen->started || index > seen->highest)
        advance(seen, index);
    *word_of(seen, index) |= bit_of(index);
}
