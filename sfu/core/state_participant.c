/*
 * Participants as bytes. A struct is copied whole with what it embeds; of its pointers those that
 * lead to owned things and to lists are cleared, and a slot's layers become their numbers in its
 * track (from 1 on).
 */
#include <stdlib.h>

#include "rtp/error.h"
#include "sfu/core/state_internal.h"

/* The reason in words is static text of the process before. */
#define GONE_BEFORE "ended before the hand-over"

size_t core_state_index(const struct core_engine *engine, const void *participant)
{
    size_t index = 1;
    for (const struct core_participant *p = engine->participants; p; p = p->next, index++)
        if (p == participant)
            return index;
    return 0;
}

/* A number in a pointer's place; state_room.c makes a pointer of it again. */
static void *number_of(const struct core_slot *slot, const struct core_layer *layer)
{
    uintptr_t number = layer ? (uintptr_t)(layer - slot->track->layers + 1) : 0;
    void *place;
    memcpy(&place, &number, sizeof(place));
    return place;
}

static void clear_tracks(struct core_participant *image)
{
    for (unsigned i = 0; i < image->track_count; i++) {
        struct core_track *track = &image->tracks[i];
        track->owner = NULL;
        track->candidate.track = NULL;
        track->subscribers = NULL;
        track->offer = (struct core_offer){0};
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++) {
            track->layers[l].nack = NULL;
            track->layers[l].history.entries = NULL;
            track->layers[l].history.bytes = NULL;
        }
    }
}

/* From layers to their numbers; the slots' tracks are still there. */
static void number_layers(struct core_participant *image)
{
    for (unsigned i = 0; i < image->slot_count; i++) {
        struct core_slot *slot = &image->slots[i];
        slot->layer = number_of(slot, slot->layer);
        slot->target = number_of(slot, slot->target);
        slot->refused = number_of(slot, slot->refused);
    }
}

static void clear_slots(struct core_participant *image)
{
    for (unsigned i = 0; i < image->slot_count; i++) {
        image->slots[i].next_subscriber = NULL;
        image->slots[i].owner = NULL;
        image->slots[i].track = NULL;
        image->slots[i].rewrite.memory.segments = NULL;
        image->slots[i].run = (struct core_run){.count = 0}; /* the recorder begins anew, too */
    }
}

/* Every pointer of the struct is named here, in clear_tracks(), clear_slots() or number_layers();
   but for those within its own memory, which are needed until it is written. */
static void clear_pointers(struct core_participant *image)
{
    image->engine = NULL;
    image->transport = NULL;
    image->recorder = NULL;
    image->chain = (struct core_chain){0};
    image->room = NULL;
    image->next_in_room = image->previous_in_room = image->next = NULL;
    image->next_snapshot = NULL;
    image->is_snapshot_due = false; /* in a list that is not handed over */
    memset(image->pinned, 0, sizeof(image->pinned));
    image->gone_detail = NULL;
    core_state_clear_pace(image);
    clear_tracks(image);
    clear_slots(image);
}

/* What a layer owns: its history and, of video, its list of missing packets. */
static void export_layer(const struct core_layer *layer, struct transport_state_writer *writer)
{
    const struct rtp_history *history = &layer->history;
    transport_state_put(writer, history->entries, history->entry_count * sizeof(*history->entries));
    transport_state_put(writer, history->bytes, history->byte_count);
    transport_state_put_count(writer, layer->nack != NULL);
    if (layer->nack)
        transport_state_put(writer, layer->nack, sizeof(*layer->nack));
}

static struct core_participant_shape shape_of(const struct core_participant *participant)
{
    return (struct core_participant_shape){participant->track_count, participant->slot_count,
                                           participant->segment_count};
}

static int export_image(const struct core_participant *participant,
                        struct transport_state_writer *writer)
{
    const struct core_participant_shape shape = shape_of(participant);
    size_t bytes = core_participant_bytes(&shape);
    struct core_participant *image = aligned_alloc(CORE_CACHE_LINE_BYTES, bytes);
    if (!image)
        return IRIS_E_NO_MEMORY;
    memcpy(image, participant, bytes);
    core_participant_lay_out(image);
    number_layers(image);
    clear_pointers(image);
    for (unsigned i = 0; i < image->track_count; i++)
        image->tracks[i].layers = NULL;
    image->memory = NULL;
    image->slots = NULL;
    image->segments = NULL;
    image->tracks = NULL;
    image->bindings = NULL;
    image->arrivals = NULL;
    transport_state_put(writer, image, bytes);
    free(image);
    return 0;
}

int core_state_export_participants(const struct core_engine *engine,
                                   struct transport_state_writer *writer)
{
    transport_state_put_count(writer, engine->participant_count);
    for (const struct core_participant *p = engine->participants; p; p = p->next) {
        int error = export_image(p, writer);
        if (error)
            return error;
        transport_export(p->transport, writer);
        core_state_export_waiting(p, writer);
        for (unsigned t = 0; t < p->track_count; t++)
            for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
                export_layer(&p->tracks[t].layers[l], writer);
    }
    return 0;
}

/* A truth value that was copied; any other is nothing that may be read as one. */
static bool is_bool(const bool *value)
{
    uint8_t byte;
    memcpy(&byte, value, sizeof(byte));
    return byte <= 1;
}

/* What the import itself looks at: counts within their arrays, truth values. Of the struct alone:
   what lies behind it is not read yet. */
static bool is_head_sound(const struct core_participant *p)
{
    return core_state_is_pace_sound(p) && is_bool(&p->estimate.has_begun) && is_bool(&p->is_gone) &&
           p->track_count <= CORE_TRACKS_MAX && p->slot_count <= CORE_SLOTS_MAX &&
           p->segment_count <= CORE_SLOTS_MAX * CORE_SLOT_SEGMENTS_SCREEN &&
           p->path_count <= CORE_PATHS_MAX && p->binding_count <= CORE_SSRCS_MAX &&
           p->layout.pinned_count <= CORE_PINNED_MAX;
}

static bool is_slot_sound(const struct core_slot *slot)
{
    return (unsigned)slot->params.kind < CORE_KIND_COUNT && is_bool(&slot->rewrite.started) &&
           slot->rewrite.current < core_slot_segment_count(slot->params.kind) &&
           slot->fates.live_next < CORE_FRAME_FATES_LIVE &&
           slot->fates.late_next < CORE_FRAME_FATES_LATE &&
           slot->keyframe_limit.oldest < CORE_KEYFRAME_LIMIT_COUNT;
}

/* And of the rest. */
static bool is_rest_sound(const struct core_participant *p)
{
    unsigned segment_count = 0;
    for (unsigned i = 0; i < p->track_count; i++)
        if ((unsigned)p->tracks[i].params.kind >= CORE_KIND_COUNT)
            return false;
    for (unsigned i = 0; i < p->slot_count; i++) {
        if (!is_slot_sound(&p->slots[i]))
            return false;
        segment_count += core_slot_segment_count(p->slots[i].params.kind);
    }
    return segment_count == p->segment_count;
}

/* The layer's history says how large it is; the bytes must be there before room is made. */
static int import_history(struct rtp_history *history, struct transport_state_reader *reader)
{
    struct rtp_history image = *history;
    uint64_t entry_bytes = (uint64_t)image.entry_count * sizeof(*history->entries);
    memset(history, 0, sizeof(*history));
    if (image.entry_count == 0)
        return image.byte_count == 0 ? 0 : IRIS_E_MALFORMED;
    if (image.head > image.byte_count)
        return IRIS_E_MALFORMED;
    if (entry_bytes + image.byte_count > reader->len)
        return IRIS_E_TRUNCATED;
    if (rtp_history_init(history, image.entry_count, image.byte_count))
        return IRIS_E_NO_MEMORY;
    image.entries = history->entries;
    image.bytes = history->bytes;
    *history = image;
    int error = transport_state_get(reader, image.entries, (size_t)entry_bytes);
    if (!error)
        error = transport_state_get(reader, image.bytes, image.byte_count);
    for (uint32_t i = 0; !error && i < image.entry_count; i++)
        if ((uint64_t)image.entries[i].offset + image.entries[i].len > image.byte_count ||
            (image.entries[i].ext_seq && image.entries[i].ext_seq % image.entry_count != i))
            error = IRIS_E_MALFORMED;
    return error;
}

static int import_nack(struct core_layer *layer, struct transport_state_reader *reader)
{
    size_t is_there = 0;
    int error = transport_state_get_count(reader, 1, &is_there);
    if (error || !is_there)
        return error;
    layer->nack = malloc(sizeof(*layer->nack));
    if (!layer->nack)
        return IRIS_E_NO_MEMORY;
    error = transport_state_get(reader, layer->nack, sizeof(*layer->nack));
    return !error && layer->nack->count > RTP_NACK_MAX ? IRIS_E_MALFORMED : error;
}

static int import_layers(struct core_participant *participant,
                         struct transport_state_reader *reader)
{
    int error = 0;
    for (unsigned t = 0; t < participant->track_count; t++)
        for (unsigned l = 0; l < CORE_LAYERS_MAX && !error; l++) {
            error = import_history(&participant->tracks[t].layers[l].history, reader);
            if (!error)
                error = import_nack(&participant->tracks[t].layers[l], reader);
        }
    return error;
}

static void set_owners(struct core_participant *participant)
{
    for (unsigned i = 0; i < participant->track_count; i++) {
        participant->tracks[i].owner = participant;
        participant->tracks[i].candidate.track = &participant->tracks[i];
    }
    struct rtp_rewrite_segment *segments = participant->segments;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        struct core_slot *slot = &participant->slots[i];
        unsigned count = core_slot_segment_count(slot->params.kind);
        slot->owner = participant;
        slot->rewrite.memory = (struct rtp_rewrite_memory){segments, count};
        segments += count;
    }
    participant->next_snapshot = NULL;
    participant->is_snapshot_due = false;
    if (participant->is_gone)
        participant->gone_detail = GONE_BEFORE;
}

/* The struct says how much lies behind it. */
static int import_image(struct transport_state_reader *reader, struct core_participant **image)
{
    struct core_participant head;
    struct transport_state_reader again = *reader;
    int error = transport_state_get(&again, &head, sizeof(head));
    if (error)
        return error;
    if (!is_head_sound(&head))
        return IRIS_E_MALFORMED;
    const struct core_participant_shape shape = shape_of(&head);
    struct core_participant *made = core_participant_create(&shape);
    if (!made)
        return IRIS_E_NO_MEMORY;
    void *memory = made->memory;
    error = transport_state_get(reader, made, core_participant_bytes(&shape));
    made->memory = memory;
    core_participant_lay_out(made);
    if (!error && !is_rest_sound(made))
        error = IRIS_E_MALFORMED;
    if (error) {
        core_participant_free(made);
        return error;
    }
    clear_pointers(made); /* whatever is there instead */
    *image = made;
    return 0;
}

/* A slot's layers stay numbers until its track is known (state_room.c). */
static int import_participant(struct core_state_import *import, struct core_participant **made)
{
    struct transport_state_reader *reader = &import->reader;
    struct core_participant *participant;
    int error = import_image(reader, &participant);
    if (error)
        return error;
    participant->engine = import->engine;
    error = transport_import(import->engine->transports, reader, import->is_skipping,
                             &participant->transport);
    if (error) {
        core_participant_free(participant);
        return error;
    }
    *made = participant; /* from here on it is freed with the engine */
    set_owners(participant);
    core_state_make_pace(participant);
    error = core_state_import_waiting(import, participant);
    return error ? error : import_layers(participant, reader);
}

int core_state_import_participants(struct core_state_import *import)
{
    struct core_participant **at = &import->engine->participants;
    size_t count = 0;
    int error = transport_state_get_count(&import->reader, CORE_STATE_PARTICIPANTS_MAX, &count);
    if (error)
        return error;
    import->participants = calloc(count + 1, sizeof(struct core_participant *));
    if (!import->participants)
        return IRIS_E_NO_MEMORY;
    for (size_t i = 0; i < count && !error; i++) {
        error = import_participant(import, at);
        if (!*at)
            break;
        import->participants[import->count++] = *at;
        (*at)->next = NULL;
        at = &(*at)->next;
    }
    import->engine->participant_count = (unsigned)import->count;
    if (!error)
        error = core_engine_grow_deadlines(import->engine, (unsigned)import->count);
    if (!error)
        core_engine_list_deadlines(import->engine);
    return error;
}
