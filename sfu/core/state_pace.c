/*
 * What waits in a participant's pacer, and the memory that pacer and estimator were given: packets
 * follow their participant in order; who has something waiting is a list of numbers.
 */
#include "rtp/error.h"
#include "sfu/core/state_internal.h"

static bool is_waiting(const struct bwe_pacer *pacer, uint32_t index)
{
    return ((index - pacer->head) & pacer->mask) < pacer->count;
}

void core_state_clear_pace(struct core_participant *image)
{
    struct core_pace *pace = &image->pace;
    for (uint32_t i = 0; i < CORE_PACE_PACKETS; i++)
        if (is_waiting(&pace->pacer, i))
            pace->ring[i].handle = 0;
        else
            pace->ring[i] = (struct bwe_paced){0};
    pace->next = NULL;
    pace->is_listed = false;
    pace->pacer.ring = NULL;
    image->estimate.estimator.tuning = NULL;
    image->estimate.estimator.history.ring = NULL;
}

bool core_state_is_pace_sound(const struct core_participant *participant)
{
    const struct bwe_pacer *pacer = &participant->pace.pacer;
    const struct core_estimate *estimate = &participant->estimate;
    return pacer->mask == CORE_PACE_PACKETS - 1 && pacer->count <= CORE_PACE_PACKETS &&
           (!estimate->has_begun || estimate->estimator.history.mask == CORE_ESTIMATE_HISTORY - 1);
}

void core_state_make_pace(struct core_participant *participant)
{
    struct core_estimate *estimate = &participant->estimate;
    participant->pace.pacer.ring = participant->pace.ring;
    if (!estimate->has_begun)
        return;
    estimate->estimator.tuning = &bwe_tuning_iris;
    estimate->estimator.history.ring = estimate->history;
}

void core_state_export_waiting(const struct core_participant *participant,
                               struct transport_state_writer *writer)
{
    const struct core_pace *pace = &participant->pace;
    for (uint32_t i = 0; i < pace->pacer.count; i++) {
        const struct bwe_paced *paced = &pace->ring[(pace->pacer.head + i) & pace->pacer.mask];
        /* A handle is the address of a buffer of ours (pace.c). */
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        struct core_buffer image = *(const struct core_buffer *)(uintptr_t)paced->handle;
        image.next = NULL;
        image.transport = NULL;
        memset(image.data + image.len, 0, sizeof(image.data) - image.len);
        transport_state_put(writer, &image, sizeof(image));
    }
}

static int import_buffer(struct core_state_import *import, struct core_buffer *buffer)
{
    int error = transport_state_get(&import->reader, buffer, sizeof(*buffer));
    if (error)
        return error;
    if (buffer->len + TRANSPORT_SRTP_TRAILER_BYTES > CORE_BUFFER_BYTES ||
        buffer->header_len > buffer->len || buffer->transport_seq_at + 2u > buffer->len ||
        buffer->send_time_at + 3u > buffer->len)
        return IRIS_E_MALFORMED;
    return 0;
}

int core_state_import_waiting(struct core_state_import *import,
                              struct core_participant *participant)
{
    struct core_pace *pace = &participant->pace;
    struct core_outbox *outbox = &import->engine->outbox;
    for (uint32_t i = 0; i < pace->pacer.count; i++) {
        struct core_buffer *buffer = core_outbox_take(outbox);
        if (!buffer)
            return IRIS_E_NO_MEMORY;
        int error = import_buffer(import, buffer);
        if (error)
            return error;
        buffer->transport = participant->transport;
        pace->ring[(pace->pacer.head + i) & pace->pacer.mask].handle = (uintptr_t)buffer;
        outbox->held_count++;
    }
    return 0;
}

void core_state_export_pacing(const struct core_engine *engine,
                              struct transport_state_writer *writer)
{
    size_t count = 0;
    for (const struct core_participant *p = engine->pacing; p; p = p->pace.next)
        count++;
    transport_state_put_count(writer, count);
    for (const struct core_participant *p = engine->pacing; p; p = p->pace.next)
        transport_state_put_count(writer, core_state_index(engine, p));
}

int core_state_import_pacing(struct core_state_import *import)
{
    struct core_participant **at = &import->engine->pacing;
    size_t count = 0, index;
    int error = transport_state_get_count(&import->reader, import->count, &count);
    for (size_t i = 0; i < count && !error; i++) {
        error = transport_state_get_count(&import->reader, import->count, &index);
        if (!error && (index == 0 || import->participants[index - 1]->pace.is_listed))
            error = IRIS_E_MALFORMED;
        if (error)
            break;
        *at = import->participants[index - 1];
        (*at)->pace.is_listed = true;
        at = &(*at)->pace.next;
    }
    return error;
}
