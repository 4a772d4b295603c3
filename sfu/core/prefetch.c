/*
 * What several datagrams need, fetched for all of them before the first is received: path, owner,
 * its transport and keys, its binding, its layer. Only media: STUN and DTLS are rare.
 *
 * Invariant: nothing is changed, and nothing is believed that receiving would not look at again.
 */
#include "rtp/bytes.h"
#include "sfu/core/engine_internal.h"

struct expected {
    const struct transport_datagram *datagram;
    struct core_participant *owner;
    bool is_rtcp;
};

static void fetch(const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CORE_CACHE_LINE_BYTES)
        __builtin_prefetch((const uint8_t *)from + at);
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
    fetch(&owner->slots,
          offsetof(struct core_participant, memory) - offsetof(struct core_participant, slots));
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

static void expect_layer(const struct expected *expected)
{
    struct core_participant *owner = expected->owner;
    const struct core_binding *binding =
        expected->is_rtcp ? NULL : core_participant_binding(owner, ssrc_of(expected));
    if (!binding)
        return;
    const struct core_track *track = &owner->tracks[binding->track];
    const struct core_layer *layer =
        &core_participant_layers(owner)[binding->track * CORE_LAYERS_MAX + binding->layer];
    fetch(layer, offsetof(struct core_layer, seen));
    fetch(&layer->pictures, sizeof(layer->pictures));
    fetch(&layer->meters, sizeof(layer->meters));
    fetch(&layer->last_packet_us, sizeof(*layer) - offsetof(struct core_layer, last_packet_us));
    __builtin_prefetch(track);
    __builtin_prefetch(&track->candidate);
    fetch(&track->policer, 2 * CORE_CACHE_LINE_BYTES);
    __builtin_prefetch(&track->subscribers);
}

void core_engine_prefetch(const struct core_engine *engine,
                          const struct transport_datagram *datagrams, unsigned count)
{
    struct expected expected[CORE_PREFETCH_MAX];
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++)
        if (is_media(&datagrams[i]))
            transport_directory_prefetch_path(engine->directory, &datagrams[i].path);
    for (unsigned i = 0; i < count && found < CORE_PREFETCH_MAX; i++) {
        struct expected *next = &expected[found];
        void *claimant;
        if (!is_media(&datagrams[i]))
            continue;
        next->owner =
            transport_directory_find_path(engine->directory, &datagrams[i].path, &claimant);
        if (!next->owner)
            continue;
        next->datagram = &datagrams[i];
        next->is_rtcp = rtp_packet_is_rtcp(datagrams[i].data, datagrams[i].len);
        expect_owner(next);
        found++;
    }
    for (unsigned step = 0; step < 3; step++)
        for (unsigned i = 0; i < found; i++) {
            const struct expected *at = &expected[i];
            transport_prefetch_receiver(at->owner->transport, step, at->is_rtcp);
            if (step == 0 && !at->is_rtcp)
                core_participant_prefetch_binding(at->owner, ssrc_of(at));
            if (step == 1)
                expect_layer(at);
        }
}
