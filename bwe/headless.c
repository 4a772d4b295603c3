/* A ring of a few frames. */
#include "bwe/headless.h"

void bwe_headless_note(struct bwe_headless *headless, const struct bwe_frame_packet *packet,
                       uint32_t bytes)
{
    if (packet->is_frame_start)
        headless->begun = packet->timestamp;
    if (packet->timestamp == headless->begun)
        return;
    for (unsigned i = 0; i < BWE_HEADLESS_FRAMES; i++)
        if (headless->frames[i].timestamp == packet->timestamp) {
            headless->frames[i].bytes += bytes;
            return;
        }
    headless->frames[headless->next].timestamp = packet->timestamp;
    headless->frames[headless->next].bytes = bytes;
    headless->next = (uint8_t)((headless->next + 1) % BWE_HEADLESS_FRAMES);
}

uint32_t bwe_headless_take(struct bwe_headless *headless, uint32_t timestamp)
{
    uint32_t bytes = 0;
    for (unsigned i = 0; i < BWE_HEADLESS_FRAMES; i++)
        if (headless->frames[i].timestamp == timestamp) {
            bytes += headless->frames[i].bytes;
            headless->frames[i].bytes = 0;
        }
    return bytes;
}
