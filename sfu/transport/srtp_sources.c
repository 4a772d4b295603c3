/*
 * SSRC table of an SRTP session. Grows by doubling, which moves the entries and rebuilds the slots:
 * on the first sight of an SSRC only, never again for its packets.
 */
#include "sfu/transport/srtp_sources.h"

#include "rtp/error.h"

#include <stdlib.h>
#include <string.h>

/* Microphone, camera with two layers, screen, and RTX of the three videos: 7. */
#define FIRST_CAPACITY 8
#define PREFETCHED     4 /* of them: what is there first, sends most */

void transport_srtp_sources_init(struct transport_srtp_sources *sources, uint16_t limit)
{
    memset(sources, 0, sizeof(*sources));
    sources->limit = limit;
}

void transport_srtp_sources_dispose(struct transport_srtp_sources *sources)
{
    free(sources->entries);
    memset(sources, 0, sizeof(*sources));
}

/* The slot that holds ssrc, or the free one where it belongs. */
static uint16_t *slot_of(const struct transport_srtp_sources *sources, uint32_t ssrc)
{
    uint32_t mask = 2u * sources->capacity - 1;
    uint32_t at =
        (ssrc * UINT32_C(2654435769)) >> 16; /* Fibonacci hashing: the upper half is mixed */

    for (;; at++) {
        uint16_t *slot = &sources->slots[at & mask];

        if (*slot == 0 || sources->entries[*slot - 1].ssrc == ssrc)
            return slot;
    }
}

struct transport_srtp_source *transport_srtp_sources_find(struct transport_srtp_sources *sources,
                                                          uint32_t ssrc)
{
    uint16_t slot;

    if (sources->count == 0)
        return NULL;
    if (sources->entries[sources->recent].ssrc == ssrc)
        return &sources->entries[sources->recent];
    slot = *slot_of(sources, ssrc);
    if (slot == 0)
        return NULL;
    sources->recent = slot - 1;
    return &sources->entries[sources->recent];
}

void transport_srtp_sources_prefetch(const struct transport_srtp_sources *sources)
{
    if (sources->count == 0)
        return;
    __builtin_prefetch(sources->slots);
    __builtin_prefetch(&sources->entries[sources->recent]);
    for (uint16_t i = 0; i < sources->count && i < PREFETCHED; i++)
        __builtin_prefetch(&sources->entries[i]);
}

static int grow(struct transport_srtp_sources *sources)
{
    uint16_t capacity = sources->capacity ? 2 * sources->capacity : FIRST_CAPACITY;
    struct transport_srtp_source *entries;

    if (sources->count == sources->limit)
        return IRIS_E_FULL;
    entries = calloc(capacity, sizeof(*entries) + 2 * sizeof(*sources->slots));
    if (!entries)
        return IRIS_E_NO_MEMORY;
    if (sources->count > 0)
        memcpy(entries, sources->entries, sources->count * sizeof(*entries));
    free(sources->entries);
    sources->entries = entries;
    sources->slots = (uint16_t *)(entries + capacity);
    sources->capacity = capacity;
    for (uint16_t i = 0; i < sources->count; i++)
        *slot_of(sources, entries[i].ssrc) = i + 1;
    return 0;
}

int transport_srtp_sources_add(struct transport_srtp_sources *sources, uint32_t ssrc,
                               struct transport_srtp_source **source)
{
    struct transport_srtp_source *known = transport_srtp_sources_find(sources, ssrc);

    if (!known) {
        if (sources->count == sources->capacity) {
            int error = grow(sources);

            if (error)
                return error;
        }
        sources->recent = sources->count++;
        known = &sources->entries[sources->recent];
        *slot_of(sources, ssrc) = sources->count;
        known->ssrc = ssrc;
    }
    *source = known;
    return 0;
}

uint64_t transport_srtp_source_estimate(const struct transport_srtp_source *source, uint16_t seq)
{
    uint64_t highest = source ? source->window.highest : 0;
    uint64_t roc = highest >> 16;
    uint16_t last = (uint16_t)highest;

    if (!source)
        return seq;
    if (last < 0x8000) {
        if (seq - last > 0x8000 && roc > 0)
            roc--;
    } else if (last - 0x8000 > seq) {
        roc++;
    }
    return roc << 16 | seq;
}

void transport_srtp_sources_export(const struct transport_srtp_sources *sources,
                                   struct transport_state_writer *writer)
{
    transport_state_put_count(writer, sources->count);
    transport_state_put(writer, sources->entries, sources->count * sizeof(*sources->entries));
}

int transport_srtp_sources_import(struct transport_srtp_sources *sources,
                                  struct transport_state_reader *reader)
{
    size_t count;
    int error = transport_state_get_count(reader, sources->limit, &count);

    for (size_t i = 0; !error && i < count; i++) {
        struct transport_srtp_source entry, *added;

        error = transport_state_get(reader, &entry, sizeof(entry));
        if (!error && transport_srtp_sources_find(sources, entry.ssrc))
            error = IRIS_E_MALFORMED;
        if (!error)
            error = transport_srtp_sources_add(sources, entry.ssrc, &added);
        if (!error)
            *added = entry;
    }
    return error;
}
