/* A ring of slices and their sum. */
#include "bwe/byte_window.h"

#define RING (BWE_BYTE_WINDOW_SLICES + 1)

/* A slice's place; of 32 bits, as it takes fewer instructions and they last for 13 years. */
static unsigned place_of(int64_t slice)
{
    return (uint32_t)slice % RING;
}

void bwe_byte_window_turn(struct bwe_byte_window *window, int64_t now_us)
{
    int64_t slice = now_us / BWE_BYTE_WINDOW_SLICE_US;
    if (slice - window->slice > RING)
        window->slice = slice - RING; /* the ring is emptied once, however long it was silent */
    while (window->slice < slice) {
        window->slice++;
        uint32_t *oldest = &window->bytes[place_of(window->slice)];
        window->sum_bytes -= *oldest;
        *oldest = 0;
    }
}

void bwe_byte_window_add(struct bwe_byte_window *window, uint32_t bytes)
{
    uint32_t *running = &window->bytes[place_of(window->slice)];
    if (bytes > UINT32_MAX - *running)
        bytes = UINT32_MAX - *running;
    *running += bytes;
    window->sum_bytes += bytes;
}

void bwe_byte_window_take(struct bwe_byte_window *window, uint32_t bytes)
{
    unsigned place = place_of(window->slice);
    for (unsigned age = 0; age < RING && bytes > 0; age++) {
        uint32_t part = bytes < window->bytes[place] ? bytes : window->bytes[place];
        window->bytes[place] -= part;
        window->sum_bytes -= part;
        bytes -= part;
        place = place > 0 ? place - 1 : RING - 1;
    }
}

uint64_t bwe_byte_window_bytes(const struct bwe_byte_window *window, unsigned slices)
{
    if (slices >= BWE_BYTE_WINDOW_SLICES)
        return window->sum_bytes;
    unsigned place = place_of(window->slice);
    uint64_t sum = window->bytes[place];
    for (unsigned age = 1; age <= slices; age++) {
        place = place > 0 ? place - 1 : RING - 1;
        sum += window->bytes[place];
    }
    return sum;
}

uint64_t bwe_byte_window_mean_bps(const struct bwe_byte_window *window, unsigned slices,
                                  int64_t now_us)
{
    int64_t running_us = now_us - window->slice * BWE_BYTE_WINDOW_SLICE_US;
    if (running_us < 0)
        running_us = 0;
    uint64_t span_us = (uint64_t)(slices * BWE_BYTE_WINDOW_SLICE_US + running_us);
    return span_us == 0 ? 0 : bwe_byte_window_bytes(window, slices) * 8000000 / span_us;
}

bool bwe_byte_window_has_room(const struct bwe_byte_window *window, uint64_t limit_bps,
                              uint64_t bytes)
{
    return window->sum_bytes + bytes <= limit_bps * 2 / 8;
}
