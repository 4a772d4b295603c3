/*
 * Bytes of the last two seconds, in slices of 100 ms: what the contracts are counted with
 * (protocol.md, section 5). A span is the whole slices asked for and the one that runs.
 */
#ifndef IRIS_BWE_BYTE_WINDOW_H
#define IRIS_BWE_BYTE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define BWE_BYTE_WINDOW_SLICE_US 100000
#define BWE_BYTE_WINDOW_SLICES   20 /* that are over; one more runs */

/* All zero is an empty window. */
struct bwe_byte_window {
    int64_t slice; /* number of the running slice: time / 100 ms */
    uint64_t sum_bytes;
    uint32_t bytes[BWE_BYTE_WINDOW_SLICES + 1];
};

/** A new slice begins: what bwe_byte_window_advance() calls, a few times for a hundred packets. */
void bwe_byte_window_turn(struct bwe_byte_window *window, int64_t now_us);

/**
 * Let time pass: forget what is older than 2 s and the running slice.
 *
 * @param now_us  monotonic [us]; older than the last call counts as now
 */
static inline void bwe_byte_window_advance(struct bwe_byte_window *window, int64_t now_us)
{
    if (now_us >= (window->slice + 1) * BWE_BYTE_WINDOW_SLICE_US)
        bwe_byte_window_turn(window, now_us);
}

/** Count bytes in the running slice; call bwe_byte_window_advance() first. Saturates. */
void bwe_byte_window_add(struct bwe_byte_window *window, uint32_t bytes);

/** Take back what was added lately: from the running slice, then from those before it. */
void bwe_byte_window_take(struct bwe_byte_window *window, uint32_t bytes);

/** Bytes of the last so many whole slices (at most BWE_BYTE_WINDOW_SLICES) and of the running one.
 */
uint64_t bwe_byte_window_bytes(const struct bwe_byte_window *window, unsigned slices);

/** The mean over these slices, the running one as far as it has got [bit/s]. */
uint64_t bwe_byte_window_mean_bps(const struct bwe_byte_window *window, unsigned slices,
                                  int64_t now_us);

/**
 * Whether so many bytes more keep any 2 s below a limit: the window is 2.0 to 2.1 s long, and is
 * held to what 2 s may carry.
 *
 * @param limit_bps  a contract and its tolerance [bit/s]
 */
bool bwe_byte_window_has_room(const struct bwe_byte_window *window, uint64_t limit_bps,
                              uint64_t bytes);

#endif
