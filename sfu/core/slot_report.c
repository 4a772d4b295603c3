/* What a slot's receiver is told, by the `slots` notification and by sender reports; and what it
   reports. */
#include "sfu/core/participant.h"

#define US_PER_S     1000000
#define REPORTED_MAX 100000 /* packets between two reports: more is none of ours */

bool core_slot_is_live(const struct core_slot *slot, int64_t now_us)
{
    return slot->layer && !slot->track->is_muted && core_layer_is_alive(slot->layer, now_us);
}

static enum core_pause pause_of(const struct core_slot *slot)
{
    if (slot->track->is_muted)
        return CORE_PAUSE_MUTED;
    if (slot->is_held)
        return CORE_PAUSE_LAYOUT;
    return slot->is_starved ? CORE_PAUSE_BANDWIDTH : CORE_PAUSE_SOURCE;
}

void core_slot_report(const struct core_slot *slot, int64_t now_us, struct core_slot_report *report)
{
    memset(report, 0, sizeof(*report));
    if (!slot->track)
        return;
    report->participant = slot->track->owner->id;
    report->csrc = slot->track->params.csrc;
    report->state = core_slot_is_live(slot, now_us) ? CORE_SLOT_LIVE : CORE_SLOT_PAUSED;
    if (report->state == CORE_SLOT_PAUSED)
        report->pause = pause_of(slot);
    report->height = slot->layer ? slot->layer->height : 0;
}

/*
 * Counted from one report to the next. Less lost than before: what was missing came late, and is
 * made up for by counting as much as was sent, never more. A receiver that begins anew, or a lie,
 * counts for nothing.
 */
void core_slot_on_report(struct core_slot *slot, const struct rtcp_report_block *block)
{
    struct core_slot_reported *last = &slot->reported;
    uint32_t sent = block->highest_seq - last->highest_seq;
    int64_t lost = (int64_t)block->cumulative_lost - last->lost;
    slot->statistics.reports++;
    if (last->jitter != CORE_SLOT_UNREPORTED && sent <= REPORTED_MAX) {
        lost = lost < 0 ? 0 : lost;
        slot->statistics.expected += sent;
        slot->statistics.delivered += lost < sent ? sent - (uint32_t)lost : 0;
    }
    *last = (struct core_slot_reported){
        .highest_seq = block->highest_seq,
        .lost = block->cumulative_lost,
        .last_sr = block->last_sr,
        .jitter = block->jitter == CORE_SLOT_UNREPORTED ? block->jitter - 1 : block->jitter};
}

void core_slot_sender_report(const struct core_slot *slot, int64_t now_us, uint64_t ntp,
                             struct rtcp_sender_report *report)
{
    uint32_t timestamp = rtp_rewrite_timestamp_at(&slot->rewrite, now_us);
    bool is_recorded = slot->replay_seq || slot->is_retiming; /* timestamps are those of sending */
    int64_t capture_us =
        slot->layer && !is_recorded
            ? rtp_reception_capture_us(&slot->layer->reception, slot->newest_in_timestamp)
            : INT64_MIN;
    if (capture_us != INT64_MIN && now_us - capture_us < 10 * US_PER_S &&
        capture_us - now_us < US_PER_S) {
        int64_t ticks = (now_us - capture_us) * slot->rewrite.clock_rate_hz / US_PER_S;
        timestamp = slot->rewrite.last_timestamp + (uint32_t)ticks;
    }
    *report = (struct rtcp_sender_report){
        .ssrc = slot->params.ssrc,
        .ntp = ntp,
        .rtp_timestamp = timestamp,
        .packet_count = slot->packet_count,
        .octet_count = slot->octet_count,
    };
}
