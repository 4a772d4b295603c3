/* The ring of packets that wait, and the frames that come out of it. */
#include "tests/sim/slot.h"

#include <stdlib.h>
#include <string.h>

#define AUDIO_HZ        48000
#define VIDEO_HZ        90000
#define REPAIR_MAX_US   250000 /* a jitter buffer waits no longer */
#define PLAYOUT_US      20000  /* jitter and rendering */
#define PATIENCE_US     600000 /* with a gap: several round trips of retries */
#define WITHOUT_US      1000000
#define KEY_PATIENCE_US 200000 /* libwebrtc: max_wait_for_keyframe_ms */
#define KEY_REPEAT_US   500000

void sim_slot_init(struct sim_slot *slot, const struct core_slot_params *params, int64_t rtt_us,
                   int64_t now_us)
{
    memset(slot, 0, sizeof(*slot));
    slot->repair_us = RTP_NACK_REORDER_US + rtt_us + rtt_us / 2;
    if (slot->repair_us > REPAIR_MAX_US)
        slot->repair_us = REPAIR_MAX_US;
    slot->params = *params;
    slot->reported_us = now_us;
    rtp_reception_init(&slot->reception, params->kind == CORE_KIND_AUDIO ? AUDIO_HZ : VIDEO_HZ);
    rtp_nack_init(&slot->nack);
}

void sim_slot_dispose(struct sim_slot *slot)
{
    free(slot->waiting);
    slot->waiting = NULL;
}

static struct sim_waiting *waiting_at(struct sim_slot *slot, uint64_t ext_seq)
{
    return &slot->waiting[ext_seq % SIM_SLOT_WAITING];
}

/* When a frame is shown: its source's pace, as late as repairs need, as a jitter buffer does. */
static int64_t render_us(struct sim_slot *slot, const struct sim_stamp *stamp, int64_t now_us)
{
    int64_t transit_us = now_us - stamp->captured_us;
    if (slot->decoded_from != stamp->participant || transit_us < slot->transit_us)
        slot->transit_us = transit_us;
    int64_t at_us = stamp->captured_us + slot->transit_us + slot->repair_us + PLAYOUT_US;
    return at_us > now_us ? at_us : now_us;
}

static void decode(struct sim_slot *slot, const struct sim_stamp *stamp, int64_t now_us,
                   struct sim_taken *taken)
{
    uint32_t missing;
    if (sim_decoder_can_decode(&slot->decoder, stamp, &missing)) {
        slot->layer_switches +=
            slot->decoded_from == stamp->participant && slot->decoded_layer != stamp->layer;
        sim_decoder_decoded(&slot->decoder, stamp);
        freeze_on_frame(&slot->freeze, render_us(slot, stamp, now_us));
        slot->decoded_us = now_us;
        slot->decoded_from = stamp->participant;
        slot->decoded_layer = stamp->layer;
        slot->undecodable_us = 0;
        slot->lost_stream = 0;
        slot->frames++;
        taken->decoded++;
        return;
    }
    bool is_same = slot->decoder.stream == sim_stamp_stream(stamp);
    bool is_explained = is_same ? sim_decoder_fate(&slot->decoder, missing) == SIM_FATE_LOST
                                : slot->has_gap || slot->lost_stream == sim_stamp_stream(stamp);
    /* A repair fills its number, though its temporal layer may not be forwarded (yet): else it
       would be asked for again and again. Nothing of the base layer refers to it. */
    is_explained |= slot->is_frame_late && stamp->temporal > 0;
    if (!is_same && is_explained)
        slot->lost_stream = sim_stamp_stream(stamp);
    slot->undecodable++;
    if (slot->undecodable_us == 0)
        slot->undecodable_us = now_us;
    if (is_same)
        sim_decoder_lose(&slot->decoder, stamp->frame, stamp->frame);
    if (is_explained)
        return;
    taken->is_unexplained = true;
    taken->stamp = *stamp;
    taken->missing = missing;
}

/* The frame being consumed goes on with something else: it was cut. */
static void cut_frame(struct sim_slot *slot, const struct sim_stamp *next, struct sim_taken *taken)
{
    bool is_restart = next->piece == 0 && (next->flags & SIM_STAMP_KEY);
    slot->is_in_frame = false;
    if (slot->decoder.stream == sim_stamp_stream(&slot->frame))
        sim_decoder_lose(&slot->decoder, slot->frame.frame, slot->frame.frame);
    if (slot->frame.flags & SIM_STAMP_KEY)
        slot->lost_stream = sim_stamp_stream(&slot->frame);
    if (slot->has_gap || is_restart) /* the server may leave a source in the middle of a frame */
        return;
    taken->is_unexplained = taken->is_cut = true;
    taken->stamp = *next;
    taken->missing = slot->frame.frame;
}

static bool is_next_piece(const struct sim_slot *slot, const struct sim_stamp *stamp)
{
    return slot->is_in_frame && sim_stamp_stream(&slot->frame) == sim_stamp_stream(stamp) &&
           slot->frame.frame == stamp->frame && slot->frame.piece == stamp->piece;
}

static void consume(struct sim_slot *slot, const struct sim_waiting *packet, int64_t now_us,
                    struct sim_taken *taken)
{
    const struct sim_stamp *stamp = &packet->stamp;
    if (packet->is_padding) /* nothing is missing there */
        return;
    if (!packet->is_stamped) { /* a hostile source's; nothing to be decoded */
        slot->is_in_frame = false;
        slot->has_gap = true;
        return;
    }
    if (!is_next_piece(slot, stamp)) {
        if (slot->is_in_frame)
            cut_frame(slot, stamp, taken);
        if (stamp->piece != 0) {
            if (!slot->has_gap) {
                taken->is_unexplained = taken->is_cut = true;
                taken->stamp = *stamp;
                taken->missing = stamp->frame;
            }
            if (slot->decoder.stream == sim_stamp_stream(stamp))
                sim_decoder_lose(&slot->decoder, stamp->frame, stamp->frame);
            return;
        }
        slot->frame = *stamp;
        slot->is_in_frame = true;
        slot->is_frame_late = false;
    }
    slot->is_frame_late |= packet->is_late;
    slot->frame.piece++;
    if (!packet->marker)
        return;
    slot->is_in_frame = false;
    if (slot->frame.piece == stamp->piece_count)
        decode(slot, stamp, now_us, taken);
    slot->has_gap = false;
}

/* When a gap at next_seq showed: what lies behind it had come by then. */
static int64_t gap_since_us(struct sim_slot *slot, int64_t now_us)
{
    for (uint64_t seq = slot->next_seq + 1; seq < slot->end_seq; seq++)
        if (waiting_at(slot, seq)->is_received)
            return waiting_at(slot, seq)->received_us;
    return now_us;
}

static void advance(struct sim_slot *slot, int64_t now_us, struct sim_taken *taken)
{
    while (slot->next_seq < slot->end_seq) {
        struct sim_waiting *packet = waiting_at(slot, slot->next_seq);
        if (!packet->is_received)
            break;
        consume(slot, packet, now_us, taken);
        packet->is_received = false;
        slot->next_seq++;
        slot->gap_us = 0;
    }
    bool is_waiting = slot->next_seq < slot->end_seq;
    if (!is_waiting)
        slot->gap_us = 0;
    else if (slot->gap_us == 0)
        slot->gap_us = gap_since_us(slot, now_us);
}

/* Frames that will never be consumed; one may have been, before a replay sent it again. */
static void lose_frames(struct sim_slot *slot, uint32_t first, uint32_t last)
{
    if (last - first >= SIM_DECODER_FRAMES && last > first)
        first = last - SIM_DECODER_FRAMES + 1;
    for (uint32_t frame = first; frame <= last; frame++)
        if (sim_decoder_fate(&slot->decoder, frame) != SIM_FATE_DECODED)
            sim_decoder_lose(&slot->decoder, frame, frame);
}

/* What may have been in a hole of so many packets: up to this frame, since the last one before the
   hole; or, if a replay has set the source's frames back in it, one in each packet. */
static void lose_hole(struct sim_slot *slot, uint32_t last, uint32_t frame, uint32_t packets)
{
    uint32_t first = frame > last ? last + 1 : frame > packets ? frame - packets : 1;
    if (frame > first)
        lose_frames(slot, first, frame - 1);
}

/* Go on at a frame's start behind a gap: what was received until there is lost, and what may have
   been in the holes between. A replay may set the source's frames back in any of them. */
static void skip_to(struct sim_slot *slot, uint64_t ext_seq)
{
    uint64_t stream = slot->decoder.stream;
    if (slot->is_in_frame && sim_stamp_stream(&slot->frame) == stream)
        sim_decoder_lose(&slot->decoder, slot->frame.frame, slot->frame.frame);
    uint32_t last =
        sim_stamp_stream(&slot->frame) == stream ? slot->frame.frame : slot->decoder.newest;
    uint32_t hole = 0; /* packets */
    for (uint64_t seq = slot->next_seq; seq <= ext_seq; seq++) {
        struct sim_waiting *packet = waiting_at(slot, seq);
        const struct sim_stamp *stamp = &packet->stamp;
        hole += !packet->is_received;
        bool is_of_stream = packet->is_received && packet->is_stamped && !packet->is_padding &&
                            sim_stamp_stream(stamp) == stream;
        if (is_of_stream && hole > 0)
            lose_hole(slot, last, stamp->frame, hole);
        if (is_of_stream && seq < ext_seq)
            lose_frames(slot, stamp->frame, stamp->frame);
        if (is_of_stream) {
            last = stamp->frame;
            hole = 0;
        }
        packet->is_received &= seq == ext_seq;
    }
    slot->is_in_frame = false;
    slot->has_gap = true;
    slot->next_seq = ext_seq;
    slot->gap_us = 0;
}

static bool is_frame_start(struct sim_slot *slot, uint64_t ext_seq)
{
    const struct sim_waiting *packet = waiting_at(slot, ext_seq);
    return packet->is_received && packet->is_stamped && !packet->is_padding &&
           packet->stamp.piece == 0;
}

static bool is_whole_and_decodable(struct sim_slot *slot, uint64_t ext_seq)
{
    const struct sim_waiting *first = waiting_at(slot, ext_seq);
    uint32_t missing;
    if (ext_seq + first->stamp.piece_count > slot->end_seq ||
        !sim_decoder_can_decode(&slot->decoder, &first->stamp, &missing))
        return false;
    for (unsigned i = 1; i < first->stamp.piece_count; i++) {
        const struct sim_waiting *packet = waiting_at(slot, ext_seq + i);
        if (!packet->is_received || packet->stamp.frame != first->stamp.frame ||
            packet->stamp.piece != i)
            return false;
    }
    return true;
}

/* Once a repair should have come, a frame behind the gap that does without what is missing; when
   patience has ended, the next frame's start. */
static void pass_gap(struct sim_slot *slot, int64_t now_us, struct sim_taken *taken)
{
    if (now_us - slot->gap_us < slot->repair_us)
        return;
    bool is_over = now_us - slot->gap_us > PATIENCE_US;
    for (uint64_t seq = slot->next_seq + 1; seq < slot->end_seq; seq++)
        if (is_frame_start(slot, seq) && (is_over || is_whole_and_decodable(slot, seq))) {
            skip_to(slot, seq);
            advance(slot, now_us, taken);
            return;
        }
}

static void clear(struct sim_slot *slot, uint64_t next_seq)
{
    memset(slot->waiting, 0, SIM_SLOT_WAITING * sizeof(*slot->waiting));
    if (slot->next_seq && slot->is_in_frame && slot->decoder.stream)
        sim_decoder_lose(&slot->decoder, slot->decoder.newest, slot->decoder.newest + 1);
    slot->next_seq = slot->end_seq = next_seq;
    slot->is_in_frame = false;
    slot->has_gap = true;
    slot->gap_us = 0;
}

static void order(struct sim_slot *slot, const struct sim_media *media, uint64_t ext_seq,
                  int64_t now_us, struct sim_taken *taken)
{
    if (!slot->waiting) {
        slot->waiting = calloc(SIM_SLOT_WAITING, sizeof(*slot->waiting));
        if (!slot->waiting)
            abort();
    }
    if (slot->next_seq == 0) /* what came before may have been overtaken or lost */
        clear(slot, ext_seq);
    if (ext_seq < slot->next_seq)
        return;
    if (ext_seq >= slot->next_seq + SIM_SLOT_WAITING) {
        slot->decoder.stream = 0;
        clear(slot, ext_seq);
    }
    struct sim_waiting *waiting = waiting_at(slot, ext_seq);
    waiting->is_received = true;
    waiting->is_padding = !media->is_media;
    waiting->received_us = now_us;
    waiting->is_late = media->is_late;
    waiting->marker = media->marker;
    waiting->is_stamped = media->is_stamped;
    waiting->stamp = media->stamp;
    if (ext_seq >= slot->end_seq)
        slot->end_seq = ext_seq + 1;
    advance(slot, now_us, taken);
    if (slot->gap_us && media->marker)
        pass_gap(slot, now_us, taken);
}

static void note_source(struct sim_slot *slot, uint32_t csrc)
{
    if (csrc == slot->csrc)
        return;
    slot->switches += slot->csrc != 0;
    slot->csrc = csrc;
    freeze_break(&slot->freeze);
}

void sim_slot_take(struct sim_slot *slot, const struct sim_media *media, int64_t now_us,
                   struct sim_taken *taken)
{
    uint64_t ext_seq;
    taken->decoded = 0;
    taken->is_unexplained = taken->is_cut = false;
    if (media->is_rtx) {
        ext_seq = rtp_sequence_peek(&slot->reception.sequence, media->seq);
    } else {
        ext_seq = rtp_reception_on_packet(&slot->reception, media->seq, media->timestamp,
                                          media->payload_len, now_us);
        if (media->is_media)
            note_source(slot, media->csrc);
    }
    slot->packets++;
    if (slot->params.kind == CORE_KIND_AUDIO)
        return;
    slot->repairs += rtp_nack_on_packet(&slot->nack, ext_seq, now_us);
    if (media->vp8.is_frame_start && media->vp8.is_keyframe)
        rtp_nack_on_keyframe(&slot->nack, ext_seq);
    order(slot, media, ext_seq, now_us, taken);
}

void sim_slot_advance(struct sim_slot *slot, int64_t now_us, struct sim_taken *taken)
{
    taken->decoded = 0;
    taken->is_unexplained = taken->is_cut = false;
    rtp_nack_take_gave_up(&slot->nack);
    if (slot->gap_us)
        pass_gap(slot, now_us, taken);
    /* Repairs that come one by one are no picture. */
    if (slot->gap_us && slot->undecodable_us == 0 && now_us - slot->decoded_us > WITHOUT_US)
        slot->undecodable_us = now_us;
}

void sim_slot_on_report(struct sim_slot *slot, const struct core_slot_report *report,
                        int64_t now_us)
{
    bool was_live = slot->report.state == CORE_SLOT_LIVE;
    if (report->participant != slot->report.participant || report->state != slot->report.state ||
        report->pause != slot->report.pause)
        slot->reported_us = now_us;
    if (was_live != (report->state == CORE_SLOT_LIVE))
        freeze_break(&slot->freeze);
    slot->report = *report;
}

void sim_slot_on_sent(struct sim_slot *slot, const struct sim_media *media, bool is_lost,
                      int64_t now_us)
{
    const struct sim_stamp *stamp = &media->stamp;
    bool is_key = stamp->flags & SIM_STAMP_KEY;
    bool is_replayed = now_us - stamp->captured_us > SIM_STAMP_REPLAYED_US;
    if (!media->is_stamped)
        return;
    if (is_key && stamp->piece == 0 && !is_replayed)
        slot->keyframes_us[slot->keyframes++ % SIM_SLOT_KEYFRAMES] = now_us;
    if (is_lost)
        slot->lost_us = now_us;
    if (is_lost && (is_key || is_replayed))
        slot->answer_lost_us = now_us;
}

void sim_slot_ask(struct sim_slot *slot, const uint16_t *seqs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        slot->asked[slot->nacks++ % SIM_SLOT_ASKED] = seqs[i];
}

bool sim_slot_has_asked(const struct sim_slot *slot, uint16_t seq)
{
    for (unsigned i = 0; i < slot->nacks && i < SIM_SLOT_ASKED; i++)
        if (slot->asked[i] == seq)
            return true;
    return false;
}

bool sim_slot_wants_key(struct sim_slot *slot, int64_t now_us)
{
    if (slot->undecodable_us == 0 || slot->report.state != CORE_SLOT_LIVE ||
        now_us - slot->undecodable_us < KEY_PATIENCE_US ||
        (slot->pli_us && now_us - slot->pli_us < KEY_REPEAT_US))
        return false;
    slot->pli_us = now_us;
    slot->plis++;
    return true;
}
