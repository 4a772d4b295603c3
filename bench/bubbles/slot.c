/* Arrival, order, frames. */
#include "bench/bubbles/slot.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/rtx.h"

#define VIDEO_HZ        90000
#define AUDIO_HZ        48000
#define KEY_PATIENCE_US 200000 /* libwebrtc: max_wait_for_keyframe_ms */
#define KEY_REPEAT_US   500000
#define FLAG_RECEIVED   1
#define FLAG_START      2
#define FLAG_MARKER     4
#define FLAG_KEY        8

int bubbles_slot_init(struct bubbles_slot *slot, enum bubbles_kind kind,
                      const struct bubbles_answer_line *line, bool keeps_payloads)
{
    memset(slot, 0, sizeof(*slot));
    slot->kind = kind;
    slot->line = *line;
    for (unsigned i = 1; i < RTP_EXTENSION_COUNT; i++)
        if (line->ids[i])
            slot->extensions.kind[line->ids[i]] = (uint8_t)i;
    rtp_reception_init(&slot->reception, kind == BUBBLES_VOICE ? AUDIO_HZ : VIDEO_HZ);
    rtp_nack_init(&slot->nack);
    if (keeps_payloads && kind != BUBBLES_VOICE) {
        slot->kept = calloc(BUBBLES_REORDER, sizeof(*slot->kept));
        return slot->kept ? 0 : -1;
    }
    return 0;
}

void bubbles_slot_dispose(struct bubbles_slot *slot)
{
    free(slot->kept);
    slot->kept = NULL;
}

static uint8_t *flags_of(struct bubbles_slot *slot, uint64_t ext_seq)
{
    return &slot->flags[ext_seq % BUBBLES_REORDER];
}

static void await_key(struct bubbles_slot *slot, int64_t now_us)
{
    memset(slot->flags, 0, sizeof(slot->flags));
    slot->next_seq = 0;
    slot->frame_seq = 0;
    if (slot->waiting_since_us == 0)
        slot->waiting_since_us = now_us;
}

/* Whatever lies between here and a key frame is needed no more. */
static void skip_to(struct bubbles_slot *slot, uint64_t ext_seq)
{
    for (uint64_t seq = slot->next_seq; slot->next_seq && seq < ext_seq; seq++)
        *flags_of(slot, seq) = 0;
    slot->next_seq = ext_seq;
    slot->frame_seq = 0;
}

static void complete(struct bubbles_slot *slot, uint64_t last_seq, struct bubbles_taken *taken)
{
    const unsigned cap = sizeof(taken->frames) / sizeof(*taken->frames);
    if (taken->frame_count == cap)
        memmove(taken->frames, taken->frames + 1, --taken->frame_count * sizeof(*taken->frames));
    taken->frames[taken->frame_count++] =
        (struct bubbles_arrived){slot->frame_seq, last_seq, slot->is_frame_key};
    slot->counters.frames++;
    slot->counters.key_frames += slot->is_frame_key;
    slot->frame_seq = 0;
}

/* Consume what is there without a gap. */
static void advance(struct bubbles_slot *slot, struct bubbles_taken *taken)
{
    for (uint8_t *flags; *(flags = flags_of(slot, slot->next_seq)) & FLAG_RECEIVED;) {
        if (*flags & FLAG_START) {
            slot->frame_seq = slot->next_seq;
            slot->is_frame_key = *flags & FLAG_KEY;
        }
        if ((*flags & FLAG_MARKER) && slot->frame_seq)
            complete(slot, slot->next_seq, taken);
        *flags = 0;
        slot->next_seq++;
    }
}

static void keep(struct bubbles_slot *slot, const struct rtp_packet *packet, uint64_t ext_seq)
{
    struct bubbles_kept *kept = &slot->kept[ext_seq % BUBBLES_REORDER];
    kept->len = packet->payload_len <= BUBBLES_PAYLOAD_MAX ? packet->payload_len : 0;
    memcpy(kept->payload, packet->payload, kept->len);
}

static void order(struct bubbles_slot *slot, const struct rtp_packet *packet,
                  const struct rtp_vp8 *vp8, uint64_t ext_seq, struct bubbles_taken *taken,
                  int64_t now_us)
{
    bool is_key_start = vp8->is_frame_start && vp8->is_keyframe;
    if (slot->next_seq && ext_seq >= slot->next_seq + BUBBLES_REORDER)
        await_key(slot, now_us);
    if (is_key_start && ext_seq > slot->next_seq) {
        skip_to(slot, ext_seq);
        slot->waiting_since_us = 0;
    }
    if (slot->next_seq == 0 && slot->waiting_since_us == 0)
        slot->waiting_since_us = now_us;
    if (slot->next_seq == 0 || ext_seq < slot->next_seq)
        return;
    *flags_of(slot, ext_seq) =
        (uint8_t)(FLAG_RECEIVED | (vp8->is_frame_start ? FLAG_START : 0) |
                  (packet->marker ? FLAG_MARKER : 0) | (is_key_start ? FLAG_KEY : 0));
    if (slot->kept)
        keep(slot, packet, ext_seq);
    advance(slot, taken);
}

static void take_video(struct bubbles_slot *slot, const struct rtp_packet *packet,
                       const struct rtp_vp8 *vp8, uint64_t ext_seq, struct bubbles_taken *taken,
                       int64_t now_us)
{
    bool is_repair = rtp_nack_on_packet(&slot->nack, ext_seq, now_us);
    slot->counters.repaired += is_repair;
    if (vp8->is_frame_start && vp8->is_keyframe)
        rtp_nack_on_keyframe(&slot->nack, ext_seq);
    order(slot, packet, vp8, ext_seq, taken, now_us);
    if (rtp_nack_take_gave_up(&slot->nack) && slot->next_seq &&
        slot->nack.lost_below > slot->next_seq)
        await_key(slot, now_us);
}

static void note_source(struct bubbles_slot *slot, const struct rtp_packet *packet,
                        struct bubbles_taken *taken)
{
    /* Iris names the track in every packet; elsewhere a slot has one track for its life. */
    uint32_t csrc =
        packet->csrc_count > 0 ? rtp_bytes_get32(packet->data + RTP_HEADER_BYTES) : slot->csrc;
    if (csrc == slot->csrc)
        return;
    taken->is_new_source = true;
    slot->counters.source_changes += slot->csrc != 0;
    slot->csrc = csrc;
    freeze_break(&slot->freeze);
}

bool bubbles_slot_take(struct bubbles_slot *slot, struct rtp_packet *packet, struct rtp_vp8 *vp8,
                       struct bubbles_taken *taken, int64_t now_us)
{
    bool is_rtx = packet->ssrc != slot->line.ssrc;
    memset(taken, 0, sizeof(*taken));
    slot->counters.rtx_packets += is_rtx;
    if (is_rtx && rtp_rtx_restore(packet, slot->line.ssrc, slot->line.payload_type))
        return false;
    if (packet->payload_type != slot->line.payload_type || packet->payload_len == 0)
        return false;
    if (slot->kind != BUBBLES_VOICE && rtp_vp8_parse(vp8, packet->payload, packet->payload_len))
        return false;
    uint64_t ext_seq;
    if (is_rtx) {
        ext_seq = rtp_sequence_peek(&slot->reception.sequence, packet->seq);
    } else {
        ext_seq = rtp_reception_on_packet(&slot->reception, packet->seq, packet->timestamp,
                                          packet->payload_len, now_us);
        note_source(slot, packet, taken);
    }
    slot->counters.packets++;
    slot->counters.bytes += packet->payload_len;
    if (slot->kind != BUBBLES_VOICE)
        take_video(slot, packet, vp8, ext_seq, taken, now_us);
    if (taken->frame_count > 0)
        freeze_on_frame(&slot->freeze, now_us);
    return true;
}

static uint64_t expected(const struct bubbles_slot *slot)
{
    const struct rtp_reception *reception = &slot->reception;
    return reception->packets ? reception->sequence.highest - reception->first_seq + 1 : 0;
}

void bubbles_slot_reset(struct bubbles_slot *slot)
{
    slot->counters = (struct bubbles_slot_counters){.expected_base = expected(slot),
                                                    .received_base = slot->reception.packets};
    slot->freeze.freezes = 0;
    slot->freeze.frozen_us = 0;
}

uint64_t bubbles_slot_lost(const struct bubbles_slot *slot, uint64_t *unrepaired)
{
    uint64_t due = expected(slot) - slot->counters.expected_base;
    uint64_t received = slot->reception.packets - slot->counters.received_base;
    uint64_t lost = due > received ? due - received : 0;
    *unrepaired = lost > slot->counters.repaired ? lost - slot->counters.repaired : 0;
    return lost;
}

bool bubbles_slot_wants_key(struct bubbles_slot *slot, int64_t now_us)
{
    if (slot->kind == BUBBLES_VOICE || slot->waiting_since_us == 0 || !slot->is_live ||
        now_us - slot->waiting_since_us < KEY_PATIENCE_US ||
        (slot->pli_us && now_us - slot->pli_us < KEY_REPEAT_US))
        return false;
    slot->pli_us = now_us;
    slot->counters.plis++;
    return true;
}

void bubbles_slot_set_live(struct bubbles_slot *slot, bool is_live)
{
    if (slot->is_live != is_live)
        freeze_break(&slot->freeze);
    if (!is_live)
        slot->waiting_since_us = 0;
    slot->is_live = is_live;
}

const struct bubbles_kept *bubbles_slot_kept(const struct bubbles_slot *slot, uint64_t ext_seq)
{
    return slot->kept ? &slot->kept[ext_seq % BUBBLES_REORDER] : NULL;
}
