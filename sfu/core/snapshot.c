/*
 * A participant's numbers, for whoever takes them: once a second it stands in the engine's list
 * until it is asked for, so the reader decides how many are made in one wake, and nothing is copied
 * twice.
 */
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

#define STATISTICS_PERIOD_US 1000000
#define US_PER_S             1000000
/* A voice that is silent sends every 400 ms; RTCP of who stopped sending goes on for longer. */
#define SENDING_US 1000000

void core_snapshot_schedule(struct core_participant *participant, int64_t now_us)
{
    struct core_engine *engine = participant->engine;
    participant->statistics_us =
        core_room_next(participant->room, STATISTICS_PERIOD_US - CORE_TICK_US, now_us);
    if (participant->is_snapshot_due)
        return;
    participant->is_snapshot_due = true;
    participant->next_snapshot = NULL;
    if (engine->last_snapshot)
        engine->last_snapshot->next_snapshot = participant;
    else
        engine->first_snapshot = participant;
    engine->last_snapshot = participant;
}

void core_snapshot_forget(struct core_participant *participant)
{
    struct core_engine *engine = participant->engine;
    struct core_participant *previous = NULL;
    if (!participant->is_snapshot_due)
        return;
    for (struct core_participant *p = engine->first_snapshot; p != participant;
         p = p->next_snapshot)
        previous = p;
    if (previous)
        previous->next_snapshot = participant->next_snapshot;
    else
        engine->first_snapshot = participant->next_snapshot;
    if (engine->last_snapshot == participant)
        engine->last_snapshot = previous;
    participant->is_snapshot_due = false;
}

/* There and back, so of both directions. Reports on slots alone tell it: an ICE-lite agent makes no
   checks, and browsers send no DLRR unasked (RFC 3611, 4.5). */
static uint64_t rtt_us(const struct core_participant *participant)
{
    return participant->rtt_us > 0 ? (uint64_t)participant->rtt_us : CORE_STATISTIC_UNKNOWN;
}

static void fill_uplink(const struct core_participant *participant, int64_t now_us,
                        struct core_uplink_statistics *out)
{
    const struct transport_counters *counters = transport_counters(participant->transport);
    *out = participant->uplink;
    out->auth_failed = counters->srtp_auth_failed;
    out->replayed = counters->srtp_replayed;
    out->path_changes = counters->path_changes;
    out->rtt_us = rtt_us(participant);
    out->silent_us = (uint64_t)(now_us - participant->heard_us);
}

static void fill_layer(const struct core_layer *layer, struct core_layer_statistics *out)
{
    const struct rtp_reception *reception = &layer->reception;
    *out = layer->statistics;
    out->packets = reception->packets;
    out->bytes = reception->bytes;
    if (reception->sequence.started)
        out->expected = reception->sequence.highest - reception->first_seq + 1;
    out->keyframes = layer->keyframe_count;
    out->height = layer->height > 0 ? layer->height : CORE_STATISTIC_UNKNOWN;
    out->jitter_us = (uint64_t)(reception->jitter * US_PER_S / reception->clock_rate_hz);
}

/* When nothing comes any more, this was still coming: its silence is the network's. */
static bool is_sending(const struct core_track *track)
{
    for (unsigned l = 0; l < CORE_LAYERS_MAX && !track->is_muted; l++)
        if (track->layers[l].id &&
            track->owner->heard_us - track->layers[l].last_packet_us < SENDING_US)
            return true;
    return false;
}

static void fill_track(const struct core_track *track, unsigned index, int64_t now_us,
                       struct core_statistics *out)
{
    if (is_sending(track))
        out->sending_tracks |= (uint8_t)(1u << index);
    out->tracks[index].contract_bps = core_track_contract_bps(track);
    out->tracks[index].policer_rung = track->policer.rung;
    for (unsigned l = 0; l < CORE_LAYERS_MAX; l++) {
        const struct core_layer *layer = &track->layers[l];
        if (!layer->id)
            continue;
        out->seen_layers[index] |= (uint8_t)(1u << l);
        if (core_layer_is_alive(layer, now_us))
            out->live_layers[index] |= (uint8_t)(1u << l);
        fill_layer(layer, &out->layers[index][l]);
    }
}

static void fill_slot(const struct core_slot *slot, unsigned index, int64_t now_us,
                      struct core_statistics *out)
{
    bool is_layered = slot->layer && slot->params.kind != CORE_KIND_AUDIO;
    core_slot_report(slot, now_us, &out->reports[index]);
    out->forwarded[index] = (struct core_slot_layer){.is_forwarding = is_layered};
    if (is_layered) {
        out->forwarded[index].index = (uint8_t)(slot->layer - slot->track->layers);
        out->forwarded[index].temporal =
            slot->layer == slot->target ? slot->target_temporal : slot->interim_temporal;
    }
    out->slots[index] = slot->statistics;
    if (slot->reported.jitter == CORE_SLOT_UNREPORTED)
        out->slots[index].jitter_us = CORE_STATISTIC_UNKNOWN;
    else
        out->slots[index].jitter_us =
            (uint64_t)slot->reported.jitter * US_PER_S / core_kind_clock_hz(slot->params.kind);
}

/* While the receiver reports; what the layers cost is known in any case. */
static void fill_estimate(const struct core_estimate *estimate, const struct core_pace *pace,
                          struct core_downlink_statistics *downlink)
{
    bool is_known = estimate->is_active;
    downlink->estimate_bps =
        is_known ? (uint64_t)estimate->estimator.target_bps : CORE_STATISTIC_UNKNOWN;
    downlink->pacing_bps = is_known ? pace->pacer.rate_bps : CORE_STATISTIC_UNKNOWN;
    downlink->wanted_bps = is_known
                               ? estimate->wanted.ideal_bps * 100 / BWE_HYSTERESIS_MARGIN_PERCENT
                               : CORE_STATISTIC_UNKNOWN;
    downlink->allocated_bps = estimate->allocated_bps;
}

/* What is known of the way to the receiver; and the sums of its slots. */
static void fill_downlink(const struct core_participant *participant, struct core_statistics *out)
{
    struct core_downlink_statistics *downlink = &out->downlink;
    *downlink = participant->downlink;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_slot_statistics *slot = &out->slots[i];
        downlink->packets += slot->packets + slot->retransmitted + slot->filled + slot->probed;
        downlink->bytes += slot->wire_bytes;
        downlink->expected += slot->expected;
        downlink->delivered += slot->delivered;
    }
    downlink->rtt_us = rtt_us(participant);
    downlink->budget_bps = core_allocate_budget_bps(participant);
    fill_estimate(&participant->estimate, &participant->pace, downlink);
}

bool core_engine_next_statistics(struct core_engine *engine, int64_t now_us,
                                 struct core_statistics *statistics)
{
    struct core_participant *participant = engine->first_snapshot;
    if (!participant)
        return false;
    engine->first_snapshot = participant->next_snapshot;
    if (!engine->first_snapshot)
        engine->last_snapshot = NULL;
    participant->is_snapshot_due = false;
    memset(statistics, 0, sizeof(*statistics)); /* it may have been somebody else's */
    statistics->participant = participant->id;
    statistics->at_us = now_us;
    statistics->track_count = (uint8_t)participant->track_count;
    statistics->slot_count = (uint8_t)participant->slot_count;
    fill_uplink(participant, now_us, &statistics->uplink);
    for (unsigned t = 0; t < participant->track_count; t++)
        fill_track(&participant->tracks[t], t, now_us, statistics);
    for (unsigned i = 0; i < participant->slot_count; i++)
        fill_slot(&participant->slots[i], i, now_us, statistics);
    fill_downlink(participant, statistics);
    return true;
}

void core_snapshots_take(struct core_snapshots *snapshots, const struct core_statistics *statistics)
{
    snapshots->before = snapshots->now;
    snapshots->now = *statistics;
    if (snapshots->count < 2)
        snapshots->count++;
}

bool core_engine_has_statistics(const struct core_engine *engine)
{
    return engine->first_snapshot != NULL;
}
