/* A key is a timestamp mixed with its layer's id; its lowest two bits are the fate. */
#include "sfu/core/frame_fates.h"

#define COUNT     (CORE_FRAME_FATES_LIVE + CORE_FRAME_FATES_LATE)
#define FATE_MASK 3u

static uint32_t name(uint64_t layer_id, uint32_t timestamp)
{
    return (timestamp ^ (uint32_t)layer_id * 0x9E3779B1) & ~FATE_MASK;
}

/* @return  index, or COUNT */
static unsigned find(const struct core_frame_fates *fates, uint32_t named)
{
    unsigned i = 0;
    while (i < COUNT && ((fates->keys[i] & ~FATE_MASK) != named || !(fates->keys[i] & FATE_MASK)))
        i++;
    return i;
}

/* @return  index of the oldest one of its ring, which is the next to be written */
static unsigned take_oldest(struct core_frame_fates *fates, bool is_late)
{
    uint32_t *next = is_late ? &fates->late_next : &fates->live_next;
    unsigned taken = *next;
    *next = (taken + 1) % (is_late ? CORE_FRAME_FATES_LATE : CORE_FRAME_FATES_LIVE);
    return taken + (is_late ? CORE_FRAME_FATES_LIVE : 0);
}

enum core_frame_fate core_frame_fates_find(const struct core_frame_fates *fates, uint64_t layer_id,
                                           uint32_t timestamp)
{
    unsigned i = find(fates, name(layer_id, timestamp));
    return i < COUNT ? (enum core_frame_fate)(fates->keys[i] & FATE_MASK) : CORE_FRAME_UNKNOWN;
}

void core_frame_fates_remember(struct core_frame_fates *fates, uint64_t layer_id,
                               uint32_t timestamp, enum core_frame_fate fate, bool is_late)
{
    uint32_t named = name(layer_id, timestamp);
    unsigned i = find(fates, named);
    if (i == COUNT)
        i = take_oldest(fates, is_late);
    fates->keys[i] = named | (uint32_t)fate;
}
