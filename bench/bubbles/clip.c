/* Frames and their pieces; the encoding is in clip_encode.c. */
#include "bench/bubbles/clip.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST_BYTES 48

void bubbles_clip_destroy(struct bubbles_clip *clip)
{
    if (!clip)
        return;
    free(clip->bytes);
    free(clip->pieces);
    free(clip->frames);
    free(clip->samples);
    free(clip);
}

static int make_room(struct bubbles_clip *clip, size_t len, unsigned pieces)
{
    if (clip->byte_count + len > clip->byte_cap) {
        size_t cap = 2 * (clip->byte_count + len);
        uint8_t *bytes = realloc(clip->bytes, cap);
        if (!bytes)
            return -1;
        clip->bytes = bytes;
        clip->byte_cap = cap;
    }
    if (clip->piece_count + pieces > clip->piece_cap) {
        unsigned cap = 2 * (clip->piece_count + pieces);
        struct bubbles_piece *list = realloc(clip->pieces, cap * sizeof(*list));
        if (!list)
            return -1;
        clip->pieces = list;
        clip->piece_cap = cap;
    }
    return 0;
}

int bubbles_clip_append(struct bubbles_clip *clip, struct bubbles_frame *frame, const uint8_t *data,
                        size_t len)
{
    unsigned count = (unsigned)((len + BUBBLES_PAYLOAD_BYTES - 1) / BUBBLES_PAYLOAD_BYTES);
    size_t at = clip->byte_count;
    if (len == 0 || make_room(clip, len, count))
        return -1;
    memcpy(clip->bytes + at, data, len);
    clip->byte_count += len;
    frame->first_piece = clip->piece_count;
    frame->piece_count = (uint16_t)count;
    for (unsigned i = 0; i < count; i++) {
        size_t piece = len / count + (i >= count - len % count);
        clip->pieces[clip->piece_count++] = (struct bubbles_piece){(uint32_t)at, (uint16_t)piece};
        at += piece;
    }
    const struct bubbles_piece *first = &clip->pieces[frame->first_piece];
    frame->digest = bubbles_clip_digest(clip->bytes + first->offset, first->len);
    return 0;
}

/* FNV-1a over the length and the first bytes: frames of a clip differ early. */
uint64_t bubbles_clip_digest(const uint8_t *piece, size_t len)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ len;
    for (size_t i = 0; i < len && i < DIGEST_BYTES; i++)
        hash = (hash ^ piece[i]) * UINT64_C(0x100000001B3);
    return hash;
}

int bubbles_clip_find(const struct bubbles_clip *clip, uint64_t digest)
{
    for (unsigned i = 0; i < clip->frame_count; i++)
        if (clip->frames[i].digest == digest)
            return (int)i;
    return -1;
}

double bubbles_clip_bps(const struct bubbles_clip *clip)
{
    return (double)clip->byte_count * 8 * clip->frame_rate / clip->frame_count;
}
