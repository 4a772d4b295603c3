/*
 * A participant's state is seldom in the cache, and where it lies is known step by step. What
 * several datagrams need is fetched for all of them before the first is received: path, owner, its
 * transport and keys, its binding, its layer, and the first of those who receive it. Only media:
 * STUN and DTLS are rare.
 *
 * Invariant: nothing is changed, and nothing is believed that receiving would not look at again.
 */
#include <assert.h>

#include "rtp/bytes.h"
#include "sfu/core/engine_internal.h"

#define RECEIVERS 3 /* of each datagram; further ones are fetched while these are served */

struct expected {
    const struct transport_datagram *datagram;
    struct core_participant *owner;
    struct core_track *track; /* NULL: not known */
    bool is_rtcp;
};

static void fetch(const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CORE_CACHE_LINE_BYTES)
        __builtin_prefetch((const uint8_t *)from + at);
}

struct core_slot *core_prefetch_slot(struct core_slot *slot)
{
    if (slot)
        fetch(slot, CORE_SLOT_HOT_BYTES);
    return slot;
}

void core_prefetch_owner(const struct core_slot *slot)
{
    if (!slot)
        return;
    const struct rtp_rewrite *rewrite = &slot->rewrite;
    fetch(slot->owner, CORE_PARTICIPANT_HOT_BYTES);
    __builtin_prefetch(&slot->owner->estimate);
    __builtin_prefetch(&slot->owner->estimate.estimator.history);
    __builtin_prefetch(&rewrite->memory.segments[rewrite->current]);
}

/* RFC 7983, section 7. */
static bool is_media(const struct transport_datagram *datagram)
{
    return datagram->len >= RTP_HEADER_BYTES && datagram->data[0] >> 6 == 2;
}

static void expect_owner(struct expected *expected)
{
    struct core_participant *owner = expected->owner;
    __builtin_prefetch(owner);
    fetch(&owner->slots, CORE_PARTICIPANT_LOOK_BYTES);
    __builtin_prefetch(&owner->extensions);
    __builtin_prefetch(&owner->heard_us, 1);
    __builtin_prefetch(&owner->path_changes);
    __builtin_prefetch(&owner->uplink, 1);
    if (expected->is_rtcp)
        fetch(&owner->estimate, offsetof(struct core_estimate, audio));
}

static uint32_t ssrc_of(const struct expected *expected)
{
    return rtp_bytes_get32(expected->datagram->data + 8); /* RFC 3550, 5.1: of RTP */
}

static void expect_layer(struct expected *expected)
{
    struct core_participant *owner = expected->owner;
    const struct core_binding *binding =
        expected->is_rtcp ? NULL : core_participant_binding(owner, ssrc_of(expected));
    if (!binding)
        return;
    struct core_track *track = expected->track = &owner->tracks[binding->track];
    const struct core_layer *layer =
        &core_participant_layers(owner)[binding->track * CORE_LAYERS_MAX + binding->layer];
    fetch(layer, CORE_LAYER_HOT_BYTES);
    fetch(&layer->pictures, sizeof(layer->pictures));
    fetch(&layer->meters, sizeof(layer->meters));
    fetch(&layer->last_packet_us, CORE_LAYER_LAST_BYTES);
    __builtin_prefetch(track);
    __builtin_prefetch(&track->candidate);
    fetch(&track->policer, 2 * CORE_CACHE_LINE_BYTES);
    __builtin_prefetch(&track->subscribers);
}

/* @return how many are of somebody */
static unsigned find_owners(const struct core_engine *engine, struct expected *expected,
                            const struct transport_datagram *datagrams, unsigned count)
{
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
        struct expected *next = &expected[found];
        void *claimant;
        if (!is_media(&datagrams[i]))
            continue;
        *next =
            (struct expected){.datagram = &datagrams[i],
                              .owner = transport_directory_find_path(engine->directory,
                                                                     &datagrams[i].path, &claimant),
                              .is_rtcp = rtp_packet_is_rtcp(datagrams[i].data, datagrams[i].len)};
        if (!next->owner)
            continue;
        expect_owner(next);
        found++;
    }
    return found;
}

/* The packets of a frame go to the same receivers. */
static void expect_receivers(const struct expected *expected, unsigned count)
{
    struct core_slot *slots[CORE_PREFETCH_MAX];
    unsigned slot_count = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct core_track *track = expected[i].track;
        if (track && (i == 0 || track != expected[i - 1].track) && track->subscribers)
            slots[slot_count++] = core_prefetch_slot(track->subscribers);
    }
    for (unsigned receiver = 0; receiver < RECEIVERS; receiver++)
        for (unsigned i = 0; i < slot_count; i++) {
            core_prefetch_owner(slots[i]);
            if (slots[i])
                slots[i] = core_prefetch_slot(slots[i]->next_subscriber);
        }
}

void core_engine_prefetch(const struct core_engine *engine,
                          const struct transport_datagram *datagrams, unsigned count)
{
    struct expected expected[CORE_PREFETCH_MAX];
    assert(count <= CORE_PREFETCH_MAX);
    for (unsigned i = 0; i < count; i++)
        if (is_media(&datagrams[i]))
            transport_directory_prefetch_path(engine->directory, &datagrams[i].path);
    unsigned found = find_owners(engine, expected, datagrams, count);
    for (unsigned step = 0; step < 3; step++)
        for (unsigned i = 0; i < found; i++) {
            struct expected *at = &expected[i];
            transport_prefetch_receiver(at->owner->transport, step, at->is_rtcp);
            if (step == 0 && !at->is_rtcp)
                core_participant_prefetch_binding(at->owner, ssrc_of(at));
            if (step == 1)
                expect_layer(at);
        }
    expect_receivers(expected, found);
}
