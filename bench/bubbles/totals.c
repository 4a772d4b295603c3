/* Sums over slots and streams. */
#include "bench/bubbles/totals.h"

#include <string.h>

#include "bench/bubbles/participant.h"

/* A first key frame makes any shorter time look fast. */
#define RATE_MIN_S 4

void bubbles_totals_begin(struct bubbles_totals *totals)
{
    memset(totals->received, 0, sizeof(totals->received));
    memset(totals->sent, 0, sizeof(totals->sent));
    memset(&totals->transit, 0, sizeof(totals->transit));
    memset(&totals->lateness, 0, sizeof(totals->lateness));
    totals->max_video_bps = totals->video_bytes = totals->receiver_s = 0;
}

static void add_slot(struct bubbles_received *received, const struct bubbles_slot *slot)
{
    const struct bubbles_slot_counters *counters = &slot->counters;
    uint64_t unrepaired, lost = bubbles_slot_lost(slot, &unrepaired);
    received->packets += counters->packets;
    received->bytes += counters->bytes;
    received->rtx_packets += counters->rtx_packets;
    received->expected += lost + counters->packets - counters->repaired;
    received->lost += lost;
    received->unrepaired += unrepaired;
    received->frames += counters->frames;
    received->key_frames += counters->key_frames;
    received->source_changes += counters->source_changes;
    received->nacks += counters->nacks;
    received->plis += counters->plis;
    received->freezes += slot->freeze.freezes;
    received->frozen_us += slot->freeze.frozen_us;
}

static void add_sent(struct bubbles_totals *totals, const struct bubbles_participant *participant,
                     double duration_s)
{
    double bps[BUBBLES_KINDS] = {0};
    bool is_sender[BUBBLES_KINDS] = {false};
    for (unsigned i = 0; i < participant->stream_count; i++) {
        const struct bubbles_stream *stream = &participant->streams[i];
        struct bubbles_sent_total *sent = &totals->sent[stream->kind];
        sent->packets += stream->counters.packets;
        sent->bytes += stream->counters.bytes;
        sent->key_frames += stream->counters.key_frames;
        sent->retransmitted += stream->counters.retransmitted;
        bps[stream->kind] += (double)stream->counters.bytes * 8 / duration_s;
        is_sender[stream->kind] = true;
    }
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        totals->sent[kind].senders += is_sender[kind];
        totals->sent[kind].sender_s += is_sender[kind] ? duration_s : 0;
        if (bps[kind] > totals->sent[kind].max_bps && duration_s >= RATE_MIN_S)
            totals->sent[kind].max_bps = bps[kind];
    }
}

void bubbles_totals_add_media(struct bubbles_totals *totals,
                              const struct bubbles_participant *participant, double duration_s)
{
    uint64_t video_bytes = 0;
    if (duration_s <= 0)
        return;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++) {
        const struct bubbles_slot *slot = &participant->slots[i];
        add_slot(&totals->received[slot->kind], slot);
        video_bytes += slot->kind == BUBBLES_VOICE ? 0 : slot->counters.bytes;
    }
    double video_bps = (double)video_bytes * 8 / duration_s;
    totals->receiver_s += duration_s;
    totals->video_bytes += (double)video_bytes;
    if (video_bps > totals->max_video_bps && duration_s >= RATE_MIN_S)
        totals->max_video_bps = video_bps;
    add_sent(totals, participant, duration_s);
}

static void add_step(struct bubbles_histogram *histogram, int64_t from_us, int64_t to_us)
{
    if (from_us && to_us)
        bubbles_histogram_add(histogram, to_us - from_us);
}

void bubbles_totals_add_join(struct bubbles_totals *totals,
                             const struct bubbles_participant *participant)
{
    const struct bubbles_milestones *at = &participant->milestones;
    struct bubbles_joins *joins = &totals->joins;
    add_step(&joins->signalling, at->began_us, at->joined_us);
    add_step(&joins->ice, at->joined_us, at->connected_us);
    add_step(&joins->dtls, at->connected_us, at->keyed_us);
    add_step(&joins->whole, at->began_us, at->keyed_us);
    if (!participant->has_company) /* else it would be somebody else's join that is measured */
        return;
    add_step(&joins->first_picture, at->began_us, at->first_picture_us);
    add_step(&joins->first_voice, at->began_us, at->first_voice_us);
}
