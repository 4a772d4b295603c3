/* The engine's life: its participants and events, and what time it is for whom. */
#include "sfu/core/engine_internal.h"

#include <stdlib.h>

#include "rtp/error.h"

#define EVENTS_MIN    64
#define DEADLINES_MIN 16
/* Packets that wait to be sealed and sent are written to, read and copied: so many that they are
   still in a core's own cache. */
#define WAITING_MAX 1024

/* WebSocket and media gone: others must see it within 5 s (protocol.md, Sessions), so a little
 * less. */
#define DETACHED_MEDIA_US 4500000
#define DETACHED_US       30000000 /* the WebSocket alone */
/* What nobody announces is noticed by then: a source that is silent, a sender above its contract.
 */
#define LOOK_US 40000

uint64_t core_engine_random(struct core_engine *engine)
{
    uint64_t z = engine->random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void core_engine_wake(struct core_engine *engine, int64_t at_us)
{
    int64_t earliest_us = engine->ticked_us + CORE_TICK_US;
    at_us = at_us < earliest_us ? earliest_us : at_us;
    if (at_us < engine->tick_us)
        engine->tick_us = at_us;
}

uint64_t core_engine_ntp(const struct core_engine *engine, int64_t now_us)
{
    return rtp_ntp_from_us(now_us, engine->config.ntp_at_zero);
}

struct core_engine *core_engine_create(const struct core_engine_config *config)
{
    struct core_engine *engine = calloc(1, sizeof(*engine));
    if (!engine)
        return NULL;
    engine->config = *config;
    engine->recorder_budget.bytes_max = config->recorders_bytes;
    engine->random_state = config->seed;
    engine->tick_us = engine->pace_us = INT64_MAX;
    engine->transports = transport_worker_create(config->certificate, config->aead);
    engine->directory = transport_directory_create(core_engine_random(engine));
    engine->events.events = calloc(EVENTS_MIN, sizeof(struct core_event));
    engine->events.capacity = EVENTS_MIN;
    if (!engine->transports || !engine->directory || !engine->events.events ||
        core_outbox_init(&engine->outbox, config->buffer_count)) {
        core_engine_destroy(engine);
        return NULL;
    }
    return engine;
}

int core_engine_grow_deadlines(struct core_engine *engine, unsigned count)
{
    if (count <= engine->deadline_capacity)
        return 0;
    unsigned capacity = count + count / 4 + DEADLINES_MIN; /* not for every join */
    struct core_deadline *deadlines = realloc(engine->deadlines, capacity * sizeof(*deadlines));
    if (!deadlines)
        return IRIS_E_NO_MEMORY;
    engine->deadlines = deadlines;
    engine->deadline_capacity = capacity;
    return 0;
}

void core_engine_list_deadlines(struct core_engine *engine)
{
    unsigned place = engine->participant_count;
    for (struct core_participant *p = engine->participants; p; p = p->next) {
        p->place = --place;
        engine->deadlines[place] = (struct core_deadline){p->deadline_us, p};
    }
}

static void remove_deadline(struct core_engine *engine, const struct core_participant *participant)
{
    for (unsigned i = participant->place; i + 1 < engine->participant_count; i++) {
        engine->deadlines[i] = engine->deadlines[i + 1];
        engine->deadlines[i].participant->place = i;
    }
}

void core_engine_free_participant(struct core_participant *participant)
{
    for (unsigned t = 0; t < participant->track_count; t++)
        for (unsigned l = 0; l < CORE_LAYERS_MAX; l++)
            core_layer_dispose(&participant->tracks[t].layers[l]);
    transport_destroy(participant->transport);
    core_participant_free(participant);
}

void core_engine_drop_empty_room(struct core_engine *engine, struct core_room *room)
{
    struct core_room **at = &engine->rooms;
    if (room->count > 0)
        return;
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    core_recorder_destroy(room->recorder);
    free(room);
}

void core_engine_remove(struct core_engine *engine, struct core_participant *participant)
{
    struct core_room *room = participant->room;
    struct core_participant **at = &engine->participants;
    while (*at != participant)
        at = &(*at)->next;
    *at = participant->next;
    remove_deadline(engine, participant);
    engine->participant_count--;
    core_snapshot_forget(participant);
    core_room_remove(room, participant);
    core_pace_forget(participant);
    core_outbox_forget(&engine->outbox, &participant->chain);
    transport_directory_remove_owner(engine->directory, participant);
    core_engine_free_participant(participant);
    core_engine_drop_empty_room(engine, room);
}

void core_engine_destroy(struct core_engine *engine)
{
    if (!engine)
        return;
    while (engine->participants)
        core_engine_remove(engine, engine->participants);
    core_outbox_dispose(&engine->outbox);
    free(engine->deadlines);
    free(engine->events.events);
    if (engine->directory)
        transport_directory_destroy(engine->directory);
    if (engine->transports)
        transport_worker_destroy(engine->transports);
    free(engine);
}

const char *core_engine_aead_name(const struct core_engine *engine)
{
    return transport_worker_aead_name(engine->transports);
}

struct core_event *core_engine_emit(struct core_engine *engine, enum core_event_type type,
                                    uint64_t participant)
{
    struct core_event_ring *ring = &engine->events;
    if (ring->count == ring->capacity) {
        ring->lost++;
        return NULL;
    }
    struct core_event *event = &ring->events[(ring->first + ring->count++) % ring->capacity];
    memset(event, 0, sizeof(*event));
    event->type = type;
    event->participant = participant;
    return event;
}

void core_engine_refuse(struct core_engine *engine, uint64_t participant)
{
    if (engine->refused_count < CORE_REFUSED_MAX)
        engine->refused[engine->refused_count++] = participant;
    else
        engine->events.lost++;
}

/* Refusals wait for room in the ring, which is made here: control would keep ghosts otherwise. */
static void tell_refused(struct core_engine *engine)
{
    while (engine->refused_count > 0 && engine->events.count < engine->events.capacity)
        core_engine_emit(engine, CORE_EVENT_REFUSED, engine->refused[--engine->refused_count]);
}

bool core_engine_next_event(struct core_engine *engine, struct core_event *event)
{
    struct core_event_ring *ring = &engine->events;
    tell_refused(engine);
    if (ring->count == 0)
        return false;
    *event = ring->events[ring->first];
    ring->first = (ring->first + 1) % ring->capacity;
    ring->count--;
    return true;
}

struct core_participant *core_engine_find(const struct core_engine *engine, uint64_t id)
{
    struct core_participant *participant = engine->participants;
    while (participant && participant->id != id)
        participant = participant->next;
    return participant;
}

void core_engine_end(struct core_participant *participant, enum core_reason reason,
                     const char *detail)
{
    if (participant->is_gone)
        return;
    participant->is_gone = true;
    participant->gone_reason = reason;
    participant->gone_detail = detail;
    core_participant_wake(participant, INT64_MIN);
}

/* Control must hear of it, or it would keep a ghost: while its ring is full, the participant stays.
 */
static bool tell_gone(const struct core_participant *participant)
{
    struct core_event *event =
        core_engine_emit(participant->engine, CORE_EVENT_GONE, participant->id);
    if (!event)
        return false;
    event->reason = participant->gone_reason;
    size_t len = strnlen(participant->gone_detail, sizeof(event->detail) - 1);
    memcpy(event->detail, participant->gone_detail, len);
    return true;
}

bool core_engine_wants_flush(const struct core_engine *engine)
{
    const struct core_outbox *outbox = &engine->outbox;
    unsigned used_count = outbox->total_count - outbox->held_count;
    return used_count - outbox->free_count >= WAITING_MAX || outbox->free_count < used_count / 2;
}

struct core_buffer *core_engine_next_chain(struct core_engine *engine)
{
    struct core_buffer *packets = core_outbox_next(&engine->outbox);
    core_outbox_equalize(packets);
    return packets;
}

size_t core_engine_sealed_bytes(const struct core_buffer *buffer)
{
    return buffer->len + (buffer->transport ? transport_tag_bytes(buffer->transport) : 0);
}

int core_engine_seal(const struct core_buffer *buffer, uint8_t *out)
{
    const struct transport_srtp_clear clear = {buffer->data, buffer->len, buffer->header_len,
                                               buffer->index};
    if (buffer->transport)
        return transport_seal_rtp(buffer->transport, &clear, out);
    if (out != buffer->data)
        memcpy(out, buffer->data, buffer->len);
    return buffer->len;
}

struct core_buffer *core_engine_next_packets(struct core_engine *engine)
{
    struct core_buffer *packets = core_engine_next_chain(engine);
    for (struct core_buffer *buffer = packets; buffer; buffer = buffer->next) {
        int len = core_engine_seal(buffer, buffer->data);
        buffer->len = len > 0 ? (uint16_t)len : 0;
    }
    return packets;
}

void core_engine_release(struct core_engine *engine, struct core_buffer *buffer)
{
    core_outbox_release(&engine->outbox, buffer);
}

int64_t core_engine_deadline(const struct core_engine *engine)
{
    if (!engine->participants)
        return INT64_MAX;
    return engine->tick_us < engine->pace_us ? engine->tick_us : engine->pace_us;
}

static void check_detached(struct core_participant *participant, int64_t now_us)
{
    if (!participant->is_detached)
        return;
    int64_t since_us = participant->heard_us > participant->detached_us ? participant->heard_us
                                                                        : participant->detached_us;
    if (now_us - since_us >= DETACHED_MEDIA_US || now_us - participant->detached_us >= DETACHED_US)
        core_engine_end(participant, CORE_REASON_DISCONNECTED, "WebSocket and media are gone");
}

/* Estimators are looked at far more often than all the rest, which lies elsewhere. */
static void look_at_estimator(struct core_participant *participant, int64_t now_us)
{
    core_downlink_estimate(participant, now_us);
    if (participant->are_slots_dirty)
        core_events_slots(participant, now_us);
    core_participant_wake(participant, participant->look_us);
}

static void look_at_all(struct core_participant *participant, int64_t now_us)
{
    participant->look_us = INT64_MAX;
    transport_advance(participant->transport, now_us);
    core_engine_push_control(participant);
    core_engine_take_events(participant, now_us);
    check_detached(participant, now_us);
    core_downlink_advance(participant, now_us);
    core_feedback_advance(participant, now_us);
    core_events_slots(participant, now_us);
    if (participant->statistics_us <= now_us)
        core_snapshot_schedule(participant, now_us);
    core_participant_wake(participant, transport_deadline(participant->transport));
    core_participant_wake(participant, participant->statistics_us);
    if (participant->estimate.is_active)
        core_participant_wake(participant, now_us + LOOK_US);
}

static void advance_participant(struct core_participant *participant, int64_t now_us)
{
    participant->deadline_us = INT64_MAX;
    participant->engine->deadlines[participant->place].at_us = INT64_MAX;
    if (participant->look_us <= now_us)
        look_at_all(participant, now_us);
    else
        look_at_estimator(participant, now_us);
}

void core_engine_advance(struct core_engine *engine, int64_t now_us)
{
    engine->now_us = now_us;
    core_pace_advance(engine, now_us);
    if (now_us < engine->tick_us)
        return;
    engine->ticked_us = now_us;
    engine->tick_us = INT64_MAX;
    for (struct core_room *room = engine->rooms; room; room = room->next) {
        if (room->deadline_us <= now_us)
            core_room_select(room, now_us);
        core_engine_wake(engine, room->deadline_us);
    }
    for (unsigned i = engine->participant_count; i-- > 0;) {
        struct core_participant *p = engine->deadlines[i].participant;
        if (engine->deadlines[i].at_us > now_us) {
            core_engine_wake(engine, engine->deadlines[i].at_us);
            continue;
        }
        if (!p->is_gone)
            advance_participant(p, now_us);
        core_engine_wake(engine, p->deadline_us);
        /* What is still to be said to it (why its DTLS failed) is sent first. */
        if (p->is_gone && !p->chain.is_queued && tell_gone(p)) {
            core_record_leaving(p, now_us);
            core_engine_remove(engine, p);
        }
    }
}

unsigned core_engine_count(const struct core_engine *engine)
{
    return engine->participant_count;
}

uint64_t core_engine_stray_count(const struct core_engine *engine)
{
    return engine->stray_count;
}

void core_engine_count_losses(const struct core_engine *engine,
                              struct core_engine_counters *counters)
{
    *counters = (struct core_engine_counters){.strays = engine->stray_count,
                                              .lost_events = engine->events.lost,
                                              .missing_buffers = engine->outbox.exhausted};
}

int core_engine_set_keys(struct core_engine *engine, uint64_t participant,
                         const struct transport_srtp_keys *send,
                         const struct transport_srtp_keys *receive)
{
    struct core_participant *found = core_engine_find(engine, participant);
    if (!found)
        return IRIS_E_NOT_FOUND;
    int error = transport_set_keys(found->transport, send, receive);
    core_engine_take_events(found, engine->ticked_us);
    return error;
}
