/* Header, the engine's own, events, and the tag around all of it. */
#include "sfu/core/state.h"

#include <stdlib.h>

#include "rtp/error.h"
#include "sfu/core/state_internal.h"

/* commands.c makes room for five a participant at most. */
#define EVENTS_MAX (5 * (CORE_STATE_PARTICIPANTS_MAX + 1))

static void fill_header(struct core_state_header *header, size_t len)
{
    memset(header, 0, sizeof(*header));
    header->magic = CORE_STATE_MAGIC;
    header->version = CORE_STATE_VERSION;
    header->len = len;
    transport_state_sizes(header->sizes);
    header->sizes[TRANSPORT_STATE_SIZES] = sizeof(struct core_engine);
    header->sizes[TRANSPORT_STATE_SIZES + 1] = sizeof(struct core_participant);
    header->sizes[TRANSPORT_STATE_SIZES + 2] = sizeof(struct core_room);
    header->sizes[TRANSPORT_STATE_SIZES + 3] = sizeof(struct core_event);
    header->sizes[TRANSPORT_STATE_SIZES + 4] = sizeof(struct rtp_history_entry);
    header->sizes[TRANSPORT_STATE_SIZES + 5] = sizeof(struct core_slot);
    header->sizes[TRANSPORT_STATE_SIZES + 6] = sizeof(struct rtp_nack);
    header->sizes[TRANSPORT_STATE_SIZES + 7] = sizeof(struct core_pace);
    header->sizes[TRANSPORT_STATE_SIZES + 8] = sizeof(struct core_estimate);
    header->sizes[TRANSPORT_STATE_SIZES + 9] = sizeof(struct core_track);
    header->sizes[TRANSPORT_STATE_SIZES + 11] = sizeof(struct core_layer);
    header->sizes[TRANSPORT_STATE_SIZES + 10] = sizeof(struct rtp_rewrite_segment);
}

/* What is this process's own, and not a state: cleared when exported, kept when imported. */
static void take_own(struct core_engine *engine, const struct core_engine *own)
{
    uint64_t exhausted = engine->outbox.exhausted, lost = engine->events.lost;
    engine->config = own->config;
    engine->recorder_budget = own->recorder_budget;
    engine->transports = own->transports;
    engine->directory = own->directory;
    engine->outbox = own->outbox;
    engine->outbox.exhausted = exhausted;
    engine->events = own->events;
    engine->events.lost = lost;
    engine->rooms = own->rooms;
    engine->participants = own->participants;
    engine->deadlines = own->deadlines;
    engine->deadline_capacity = own->deadline_capacity;
    engine->pacing = own->pacing;
    engine->first_snapshot = own->first_snapshot;
    engine->last_snapshot = own->last_snapshot;
}

static void export_engine(const struct core_engine *engine, struct transport_state_writer *writer)
{
    static const struct core_engine nothing;
    struct core_engine image;
    memcpy(&image, engine, sizeof(image));
    take_own(&image, &nothing);
    transport_state_put(writer, &image, sizeof(image));
}

static void export_events(const struct core_event_ring *ring, struct transport_state_writer *writer)
{
    transport_state_put_count(writer, ring->capacity);
    transport_state_put_count(writer, ring->count);
    for (unsigned i = 0; i < ring->count; i++)
        transport_state_put(writer, &ring->events[(ring->first + i) % ring->capacity],
                            sizeof(struct core_event));
}

static int export_sections(const struct core_engine *engine, size_t len,
                           struct transport_state_writer *writer)
{
    struct core_state_header header;
    fill_header(&header, len);
    transport_state_put(writer, &header, sizeof(header));
    export_engine(engine, writer);
    export_events(&engine->events, writer);
    int error = core_state_export_participants(engine, writer);
    return error ? error : core_state_export_rooms(engine, writer);
}

int core_engine_export(const struct core_engine *engine, const struct core_state_options *options,
                       uint8_t *out, size_t cap, size_t *len)
{
    const struct core_outbox *outbox = &engine->outbox;
    struct transport_state_writer counter = {.len = 0};
    struct transport_state_writer writer = {.out = out, .cap = cap};
    if (outbox->first || outbox->free_count + outbox->held_count != outbox->total_count)
        return IRIS_E_STATE;
    int error = export_sections(engine, 0, &counter);
    if (error)
        return error;
    *len = counter.len + TRANSPORT_STATE_TAG_BYTES;
    if (*len > cap)
        return IRIS_E_FULL;
    error = export_sections(engine, *len, &writer);
    return error ? error : transport_state_tag(options->key, out, writer.len, out + writer.len);
}

static int check_header(const struct core_state_options *options, const uint8_t *data, size_t len)
{
    struct core_state_header header, ours;
    fill_header(&ours, len);
    if (len < sizeof(header) + TRANSPORT_STATE_TAG_BYTES)
        return IRIS_E_TRUNCATED;
    memcpy(&header, data, sizeof(header));
    if (header.magic != CORE_STATE_MAGIC)
        return IRIS_E_MALFORMED;
    if (header.version != CORE_STATE_VERSION ||
        memcmp(header.sizes, ours.sizes, sizeof(ours.sizes)) != 0)
        return IRIS_E_UNSUPPORTED;
    if (header.len != len)
        return header.len > len ? IRIS_E_TRUNCATED : IRIS_E_MALFORMED;
    size_t tagged_len = len - TRANSPORT_STATE_TAG_BYTES;
    if (!transport_state_is_authentic(options->key, data, tagged_len, data + tagged_len))
        return IRIS_E_AUTH;
    return 0;
}

/* Far from where adding to a time overflows. */
static bool is_time(int64_t time_us)
{
    return time_us > INT64_MIN / 2 && time_us < INT64_MAX / 2;
}

static int import_engine(struct core_state_import *import)
{
    struct core_engine image;
    int error = transport_state_get(&import->reader, &image, sizeof(image));
    if (error)
        return error;
    if (!is_time(image.ticked_us))
        return IRIS_E_MALFORMED;
    take_own(&image, import->engine);
    memcpy(import->engine, &image, sizeof(image));
    return 0;
}

static int import_events(struct core_state_import *import)
{
    struct core_event_ring *ring = &import->engine->events;
    size_t capacity = 0, count = 0;
    int error = transport_state_get_count(&import->reader, EVENTS_MAX, &capacity);
    if (!error)
        error = transport_state_get_count(&import->reader, capacity, &count);
    if (error)
        return error;
    if (capacity == 0)
        return IRIS_E_MALFORMED;
    if (capacity != ring->capacity) {
        struct core_event *events = calloc(capacity, sizeof(*events));
        if (!events)
            return IRIS_E_NO_MEMORY;
        free(ring->events);
        ring->events = events;
        ring->capacity = (unsigned)capacity;
    }
    ring->count = (unsigned)count;
    return transport_state_get(&import->reader, ring->events, count * sizeof(*ring->events));
}

static int import_sections(struct core_state_import *import)
{
    int error = import_engine(import);
    if (!error)
        error = import_events(import);
    if (!error)
        error = core_state_import_participants(import);
    if (!error)
        error = core_state_import_rooms(import);
    return !error && import->reader.len > 0 ? IRIS_E_MALFORMED : error;
}

/* What is half made is in no order to be removed one by one. */
static void discard(struct core_engine *engine)
{
    for (struct core_participant *p = engine->participants, *next; p; p = next) {
        next = p->next;
        core_engine_free_participant(p);
    }
    for (struct core_room *room = engine->rooms, *next; room; room = next) {
        next = room->next;
        free(room);
    }
    engine->participants = NULL;
    engine->rooms = NULL;
    core_engine_destroy(engine);
}

int core_engine_import(const struct core_engine_config *config,
                       const struct core_state_options *options, const uint8_t *data, size_t len,
                       struct core_engine **engine)
{
    int error = check_header(options, data, len);
    if (error)
        return error;
    struct core_state_import import = {
        .engine = core_engine_create(config),
        .reader = {.data = data + sizeof(struct core_state_header),
                   .len = len - sizeof(struct core_state_header) - TRANSPORT_STATE_TAG_BYTES},
        .is_skipping = options->is_skipping};
    if (!import.engine)
        return IRIS_E_NO_MEMORY;
    error = import_sections(&import);
    free(import.participants);
    if (error) {
        discard(import.engine);
        return error;
    }
    if (options->is_skipping)
        core_state_skip(import.engine);
    *engine = import.engine;
    return 0;
}
