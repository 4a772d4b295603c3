/* Its memory, bindings, and the way out. */
#include "sfu/core/participant.h"

#include <stdlib.h>

#include "rtp/error.h"
#include "sfu/core/engine_internal.h"

_Static_assert(sizeof(struct core_participant) % CORE_CACHE_LINE_BYTES == 0 &&
                   sizeof(struct core_slot) % CORE_CACHE_LINE_BYTES == 0 &&
                   sizeof(struct rtp_rewrite_segment) % 8 == 0 &&
                   sizeof(struct core_track) % 8 == 0 && sizeof(struct core_layer) % 8 == 0 &&
                   sizeof(struct core_binding) * CORE_SSRC_TABLE % 8 == 0 &&
                   sizeof(struct rtp_arrival_log) % 8 == 0,
               "what lies one behind the other is aligned");

size_t core_participant_bytes(const struct core_participant_shape *shape)
{
    size_t bytes = sizeof(struct core_participant) + shape->slot_count * sizeof(struct core_slot) +
                   shape->segment_count * sizeof(struct rtp_rewrite_segment) +
                   shape->track_count *
                       (sizeof(struct core_track) + CORE_LAYERS_MAX * sizeof(struct core_layer));
    if (shape->track_count > 0)
        bytes += CORE_SSRC_TABLE * sizeof(struct core_binding) + sizeof(struct rtp_arrival_log);
    return (bytes + CORE_CACHE_LINE_BYTES - 1) / CORE_CACHE_LINE_BYTES * CORE_CACHE_LINE_BYTES;
}

struct core_participant_shape core_participant_shape_of(unsigned track_count,
                                                        const struct core_slot_params *slots,
                                                        unsigned slot_count)
{
    struct core_participant_shape shape = {.track_count = track_count, .slot_count = slot_count};
    for (unsigned i = 0; i < slot_count; i++)
        shape.segment_count += core_slot_segment_count(slots[i].kind);
    return shape;
}

struct core_layer *core_participant_layers(const struct core_participant *participant)
{
    return (struct core_layer *)(void *)(participant->tracks + participant->track_count);
}

void core_participant_lay_out(struct core_participant *participant)
{
    participant->slots = (struct core_slot *)(participant + 1);
    participant->segments =
        (struct rtp_rewrite_segment *)(participant->slots + participant->slot_count);
    participant->tracks = (struct core_track *)(participant->segments + participant->segment_count);
    struct core_layer *layers = core_participant_layers(participant);
    for (unsigned i = 0; i < participant->track_count; i++, layers += CORE_LAYERS_MAX)
        participant->tracks[i].layers = layers;
    struct core_binding *rest = (struct core_binding *)layers;
    bool has_tracks = participant->track_count > 0;
    participant->bindings = has_tracks ? rest : NULL;
    participant->arrivals =
        has_tracks ? (struct rtp_arrival_log *)(void *)(rest + CORE_SSRC_TABLE) : NULL;
}

struct core_participant *core_participant_create(const struct core_participant_shape *shape)
{
    /* Zeroed by the system where it is fresh: pages that are never needed are never there. */
    uint8_t *memory = calloc(1, core_participant_bytes(shape) + CORE_CACHE_LINE_BYTES);
    if (!memory)
        return NULL;
    size_t over = (uintptr_t)memory % CORE_CACHE_LINE_BYTES;
    struct core_participant *participant =
        (struct core_participant *)(void *)(memory + CORE_CACHE_LINE_BYTES - over);
    participant->memory = memory;
    participant->track_count = shape->track_count;
    participant->slot_count = shape->slot_count;
    participant->segment_count = shape->segment_count;
    core_participant_lay_out(participant);
    return participant;
}

void core_participant_free(struct core_participant *participant)
{
    free(participant->memory);
}

static unsigned home(uint32_t ssrc)
{
    return (ssrc * 2654435761u) >> 26; /* Knuth's multiplicative hash, to 6 bits */
}

_Static_assert(CORE_SSRC_TABLE == 64, "home() gives 6 bits");

struct core_binding *core_participant_binding(struct core_participant *participant, uint32_t ssrc)
{
    if (!participant->bindings)
        return NULL;
    for (unsigned i = home(ssrc);; i = (i + 1) % CORE_SSRC_TABLE) {
        struct core_binding *binding = &participant->bindings[i];
        if (binding->ssrc == ssrc)
            return ssrc ? binding : NULL;
        if (!binding->ssrc)
            return NULL;
    }
}

void core_participant_prefetch_binding(const struct core_participant *participant, uint32_t ssrc)
{
    if (participant->bindings)
        __builtin_prefetch(&participant->bindings[home(ssrc)]);
}

int core_participant_bind(struct core_participant *participant, uint32_t ssrc, unsigned track,
                          unsigned layer, bool is_rtx)
{
    if (participant->binding_count == CORE_SSRCS_MAX || ssrc == 0)
        return IRIS_E_FULL;
    unsigned i = home(ssrc);
    while (participant->bindings[i].ssrc)
        i = (i + 1) % CORE_SSRC_TABLE;
    participant->bindings[i] = (struct core_binding){
        .ssrc = ssrc, .track = (uint8_t)track, .layer = (uint8_t)layer, .is_rtx = is_rtx};
    participant->binding_count++;
    return 0;
}

void core_participant_unbind(struct core_participant *participant, unsigned track, unsigned layer)
{
    struct core_binding old[CORE_SSRC_TABLE];
    memcpy(old, participant->bindings, sizeof(old));
    memset(participant->bindings, 0, sizeof(old));
    participant->binding_count = 0;
    for (unsigned i = 0; i < CORE_SSRC_TABLE; i++) /* anew: gaps would end the search */
        if (old[i].ssrc && (old[i].track != track || old[i].layer != layer))
            core_participant_bind(participant, old[i].ssrc, old[i].track, old[i].layer,
                                  old[i].is_rtx);
}

struct core_buffer *core_participant_buffer(struct core_participant *participant)
{
    const struct transport_path *path = transport_selected_path(participant->transport);
    struct core_buffer *buffer = NULL;
    if (path && transport_can_send(participant->transport) && !participant->is_gone)
        buffer = core_outbox_take(&participant->engine->outbox);
    if (!buffer) {
        participant->downlink.send_failures++;
        return NULL;
    }
    buffer->path = *path;
    return buffer;
}

void core_participant_send_rtp(struct core_participant *participant, struct core_buffer *buffer,
                               size_t header_len, uint64_t index, bool may_wait)
{
    buffer->transport = participant->transport;
    transport_prefetch_sender(buffer->transport);
    buffer->header_len = (uint16_t)header_len;
    buffer->index = index;
    if (may_wait)
        core_pace_send(participant, buffer);
    else
        core_pace_send_now(participant, buffer);
}

void core_participant_send_rtcp(struct core_participant *participant, const uint8_t *data,
                                size_t len)
{
    if (len == 0 || len + TRANSPORT_SRTP_TRAILER_BYTES > CORE_BUFFER_BYTES)
        return;
    struct core_buffer *buffer = core_participant_buffer(participant);
    if (!buffer)
        return;
    core_recorder_on_rtcp(participant->recorder, participant->id, true, data, len,
                          participant->engine->now_us);
    memcpy(buffer->data, data, len);
    int sealed = transport_seal_rtcp(participant->transport, buffer->data, len);
    if (sealed < 0) {
        participant->downlink.send_failures++;
        core_outbox_release(&participant->engine->outbox, buffer);
        return;
    }
    buffer->len = (uint16_t)sealed;
    core_outbox_push(&participant->engine->outbox, &participant->chain, buffer);
}

void core_participant_prefetch_way(const struct core_participant *participant)
{
    const struct bwe_history *history = &participant->estimate.estimator.history;
    const struct bwe_pacer *pacer = &participant->pace.pacer;
    transport_prefetch(participant->transport);
    __builtin_prefetch(&participant->pace.ring[(pacer->head + pacer->count) & pacer->mask], 1);
    __builtin_prefetch(&participant->estimate.history[history->next % CORE_ESTIMATE_HISTORY], 1);
}

void core_participant_wake(struct core_participant *participant, int64_t at_us)
{
    if (at_us < participant->look_us)
        participant->look_us = at_us;
    core_participant_wake_estimator(participant, at_us);
}

void core_participant_wake_estimator(struct core_participant *participant, int64_t at_us)
{
    if (at_us < participant->deadline_us) {
        participant->deadline_us = at_us;
        participant->engine->deadlines[participant->place].at_us = at_us;
    }
    core_engine_wake(participant->engine, at_us);
}
