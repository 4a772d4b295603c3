/*
 * Departure. The engine looks at its receivers every 10 ms, which is too coarse for a probe of 25:
 * whoever has something waiting is in a list of its own, looked at more often. What was due since
 * the last look is sent as of the time at which it was due, so that the rate is the pacer's.
 */
#include "sfu/core/pace.h"

#include "rtp/bytes.h"
#include "sfu/core/engine_internal.h"

#define PROBE_TICK_US      1000 /* between two looks while a probe runs */
#define PACE_TICK_US       5000 /* and while video waits */
#define WAIT_LEFT_MIN_US   50000
#define AGAIN_US           200000
#define GROUP_MAX          32 /* packets of a frame taken at once */
#define PACKETS_SPARE      32 /* for repairs that came late, and for padding of holes */
#define PROBE_PACKET_BYTES 1200
#define ABS_SEND_TIME_BITS 18 /* of its fraction of a second */

void core_pace_init(struct core_pace *pace)
{
    bwe_pacer_init(&pace->pacer, pace->ring, CORE_PACE_PACKETS);
}

static uint16_t wire_bytes(const struct core_buffer *buffer)
{
    return (uint16_t)(buffer->len + TRANSPORT_AEAD_TAG_BYTES);
}

/* Numbers follow the order of leaving: what overtakes what waits would look reordered. */
static void depart(struct core_participant *participant, struct core_buffer *buffer)
{
    struct core_engine *engine = participant->engine;
    participant->pace.filled_bytes += wire_bytes(buffer);
    if (buffer->transport_seq_at) {
        uint16_t seq = participant->transport_seq++;
        rtp_bytes_put16(buffer->data + buffer->transport_seq_at, seq);
        core_estimate_on_sent(participant, seq, wire_bytes(buffer), participant->pace.cluster);
    } else if (buffer->send_time_at) {
        uint64_t time = ((uint64_t)engine->now_us << ABS_SEND_TIME_BITS) / 1000000;
        rtp_bytes_put24(buffer->data + buffer->send_time_at, (uint32_t)time & 0xFFFFFF);
        core_estimate_set_early_pace(participant);
        core_estimate_on_unnumbered(participant, wire_bytes(buffer));
    } else {
        core_estimate_on_unnumbered(participant, wire_bytes(buffer));
    }
    core_outbox_push(&engine->outbox, &participant->chain, buffer);
}

void core_pace_send_now(struct core_participant *participant, struct core_buffer *buffer)
{
    struct core_pace *pace = &participant->pace;
    if (pace->is_pacing && !pace->cluster)
        bwe_pacer_on_unpaced(&pace->pacer, wire_bytes(buffer), participant->engine->now_us);
    depart(participant, buffer);
}

/* Until its time has come, whoever else is looked at more often. */
static void list(struct core_participant *participant)
{
    struct core_pace *pace = &participant->pace;
    struct core_engine *engine = participant->engine;
    if (pace->due_us < engine->pace_us)
        engine->pace_us = pace->due_us;
    if (pace->is_listed)
        return;
    pace->is_listed = true;
    pace->next = engine->pacing;
    engine->pacing = participant;
}

static void list_next(struct core_participant *participant, int64_t now_us)
{
    struct core_pace *pace = &participant->pace;
    int64_t due_us = bwe_pacer_deadline(&pace->pacer);
    if (due_us == INT64_MAX)
        return;
    int64_t earliest_us = now_us + (pace->pacer.probe.id ? PROBE_TICK_US : PACE_TICK_US);
    pace->due_us = due_us < earliest_us ? earliest_us : due_us;
    list(participant);
}

static struct core_buffer *buffer_of(const struct bwe_paced *paced)
{
    /* A handle is the address of a buffer of ours (core_pace_send()). */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (struct core_buffer *)(uintptr_t)paced->handle;
}

/* The network may have changed while it waited. */
static void release(struct core_participant *participant, const struct bwe_paced *paced)
{
    struct core_buffer *buffer = buffer_of(paced);
    const struct transport_path *path = transport_selected_path(participant->transport);
    participant->engine->outbox.held_count--;
    if (!path) {
        participant->downlink.send_failures++;
        core_outbox_release(&participant->engine->outbox, buffer);
        return;
    }
    buffer->path = *path;
    depart(participant, buffer);
}

/* What fills a probe when no media waits: packets that were sent before, over RTX, so that they
   may repair something; then padding. Without RTX the same packet sealed anew would repeat a nonce:
   all is padding then. */
static void fill_probe(struct core_participant *participant, uint16_t bytes)
{
    struct core_pace *pace = &participant->pace;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        pace->filler_slot = (uint8_t)((pace->filler_slot + 1) % participant->slot_count);
        if (core_slot_send_old(&participant->slots[pace->filler_slot], bytes,
                               participant->engine->now_us))
            return;
    }
    for (unsigned i = 0; i < participant->slot_count; i++)
        if (core_slot_send_filler(&participant->slots[i], bytes))
            return;
}

/* @return false: nothing was due */
static bool send_due(struct core_participant *participant, int64_t at_us)
{
    struct core_pace *pace = &participant->pace;
    struct bwe_paced packets[GROUP_MAX];
    size_t count = bwe_pacer_pop(&pace->pacer, at_us, packets, GROUP_MAX, &pace->cluster);
    for (size_t i = 0; i < count; i++)
        release(participant, &packets[i]);
    uint16_t bytes = 0;
    if (count == 0)
        bytes = bwe_pacer_padding(&pace->pacer, at_us, PROBE_PACKET_BYTES, &pace->cluster);
    pace->filled_bytes = 0;
    if (bytes > 0)
        fill_probe(participant, bytes);
    if (bytes > 0) /* the old packet was another size; or there is nowhere to send */
        bwe_pacer_on_padding(&pace->pacer, pace->filled_bytes > 0 ? pace->filled_bytes : bytes,
                             at_us);
    pace->cluster = 0;
    return count > 0 || bytes > 0;
}

void core_pace_run(struct core_participant *participant, int64_t now_us)
{
    struct bwe_pacer *pacer = &participant->pace.pacer;
    int64_t oldest_us = now_us - PACE_TICK_US, due_us;
    while ((due_us = bwe_pacer_deadline(pacer)) <= now_us)
        if (!send_due(participant, due_us < oldest_us ? oldest_us : due_us))
            break;
    list_next(participant, now_us);
}

/* Packets of a frame: same stream, same timestamp. */
static uint16_t frame_of(const struct core_buffer *buffer)
{
    uint32_t ssrc = rtp_bytes_get32(buffer->data + 8),
             timestamp = rtp_bytes_get32(buffer->data + 4);
    return (uint16_t)((ssrc * 31 + timestamp) * 2654435761u >>
                      16); /* Knuth's multiplicative hash */
}

void core_pace_send(struct core_participant *participant, struct core_buffer *buffer)
{
    struct core_pace *pace = &participant->pace;
    struct core_engine *engine = participant->engine;
    if (!pace->is_pacing) {
        depart(participant, buffer);
        return;
    }
    struct bwe_paced paced = {
        .handle = (uintptr_t)buffer, .bytes = wire_bytes(buffer), .frame = frame_of(buffer)};
    if (!bwe_pacer_push(&pace->pacer, &paced, engine->now_us)) {
        participant->downlink.send_failures++;
        core_outbox_release(&engine->outbox, buffer);
        return;
    }
    engine->outbox.held_count++;
    core_pace_run(participant, engine->now_us);
}

void core_pace_set_rate(struct core_participant *participant, uint32_t rate_bps, uint32_t burst_us,
                        int64_t now_us)
{
    struct bwe_pacer *pacer = &participant->pace.pacer;
    if (pacer->count > 0) {
        uint32_t age_us = (uint32_t)now_us - pacer->ring[pacer->head & pacer->mask].queued_us;
        uint32_t left_us = age_us + WAIT_LEFT_MIN_US < CORE_PACE_WAIT_US
                               ? CORE_PACE_WAIT_US - age_us
                               : WAIT_LEFT_MIN_US;
        uint64_t least_bps = (uint64_t)pacer->queued_bytes * 8000000 / left_us;
        rate_bps = rate_bps < least_bps ? (uint32_t)least_bps : rate_bps;
    }
    bwe_pacer_set_rate(pacer, rate_bps, burst_us, now_us);
}

uint32_t core_pace_room(const struct core_participant *participant)
{
    const struct bwe_pacer *pacer = &participant->pace.pacer;
    const struct core_outbox *outbox = &participant->engine->outbox;
    if (!participant->pace.is_pacing)
        return UINT32_MAX;
    /* The rest of the pool is for what cannot wait, of everybody on this worker. */
    if (outbox->free_count <= outbox->total_count / 2)
        return 0;
    uint64_t most = (uint64_t)pacer->rate_bps * BWE_PACER_QUEUE_MS / 8000;
    if (pacer->count >= CORE_PACE_PACKETS - PACKETS_SPARE || pacer->queued_bytes >= most)
        return 0;
    return (uint32_t)(most - pacer->queued_bytes);
}

bool core_pace_is_behind(const struct core_participant *participant)
{
    if (core_pace_room(participant) == 0)
        return true;
    for (unsigned i = 0; participant->replaying >> i; i++)
        if (participant->replaying >> i & 1 && participant->slots[i].replay_seq &&
            participant->slots[i].is_waiting)
            return true;
    return false;
}

int64_t core_pace_behind_us(struct core_participant *participant, int64_t now_us)
{
    struct core_pace *pace = &participant->pace;
    if (now_us - pace->waited_us > AGAIN_US)
        pace->behind_us = now_us;
    if (core_pace_is_behind(participant))
        pace->waited_us = now_us;
    return now_us - pace->waited_us > AGAIN_US ? 0 : now_us - pace->behind_us;
}

void core_pace_advance(struct core_engine *engine, int64_t now_us)
{
    struct core_participant *at = engine->pacing, *next;
    if (now_us < engine->pace_us)
        return;
    engine->pacing = NULL;
    engine->pace_us = INT64_MAX;
    for (; at; at = next) { /* whoever has something left lists itself again */
        next = at->pace.next;
        if (next)
            __builtin_prefetch(&next->pace);
        at->pace.is_listed = false;
        if (at->pace.due_us <= now_us)
            core_pace_run(at, now_us);
        else
            list(at);
    }
}

void core_pace_forget(struct core_participant *participant)
{
    struct core_pace *pace = &participant->pace;
    struct core_engine *engine = participant->engine;
    for (uint32_t i = 0; i < pace->pacer.count; i++) {
        core_outbox_release(&engine->outbox,
                            buffer_of(&pace->ring[(pace->pacer.head + i) & pace->pacer.mask]));
        engine->outbox.held_count--;
    }
    bwe_pacer_clear(&pace->pacer);
    struct core_participant **at = &engine->pacing;
    while (*at && *at != participant)
        at = &(*at)->pace.next;
    if (*at)
        *at = pace->next;
    pace->is_listed = false;
}
