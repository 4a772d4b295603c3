/* Recording what arrives. What can be judged by one packet alone is judged here. */
#include "tests/integration/slot_receiver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/rtx.h"
#include "rtp/vp8.h"

#define ASK_AGAIN_US     100000
#define GAP_MAX          2000 /* more than that at once is no loss but a break */
#define KEY_HEADER_BYTES 10
#define INTER_HEADER     3

struct slot_receiver *slot_receiver_create(const struct answer_line *line)
{
    struct slot_receiver *slot = calloc(1, sizeof(*slot));
    const struct offer_numbers *ids = &line->extensions;
    snprintf(slot->mid, sizeof(slot->mid), "%s", line->mid);
    slot->is_audio = line->is_audio;
    slot->ssrc = line->ssrc;
    slot->rtx_ssrc = line->rtx_ssrc;
    slot->payload_type = (uint8_t)line->payload_type;
    slot->rtx_payload_type = (uint8_t)line->rtx_payload_type;
    if (ids->mid)
        slot->extensions.kind[ids->mid] = RTP_EXTENSION_MID;
    if (ids->audio_level)
        slot->extensions.kind[ids->audio_level] = RTP_EXTENSION_AUDIO_LEVEL;
    if (ids->transport_seq)
        slot->extensions.kind[ids->transport_seq] = RTP_EXTENSION_TRANSPORT_SEQ;
    slot->packets = g_array_new(FALSE, TRUE, sizeof(struct slot_packet));
    slot->dropped = g_array_new(FALSE, TRUE, sizeof(struct slot_dropped));
    slot->missing = g_array_new(FALSE, TRUE, sizeof(struct slot_missing));
    slot->seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return slot;
}

void slot_receiver_destroy(struct slot_receiver *slot)
{
    if (!slot)
        return;
    g_array_unref(slot->packets);
    g_array_unref(slot->dropped);
    g_array_unref(slot->missing);
    g_hash_table_unref(slot->seen);
    free(slot);
}

static void note(struct slot_receiver *slot, const char *problem, uint64_t ext_seq)
{
    if (slot->problem[0] == '\0')
        snprintf(slot->problem, sizeof(slot->problem), "slot %s, packet %llu: %s", slot->mid,
                 (unsigned long long)ext_seq, problem);
}

/* The full form that a slot always has: 15-bit PictureID, TL0PICIDX, TID and KEYIDX. */
static bool is_full_descriptor(const struct rtp_vp8 *vp8)
{
    return vp8->has_picture_id && vp8->is_picture_id_15_bits && vp8->has_tl0_picture_index &&
           vp8->has_temporal_id && vp8->has_key_index;
}

/* Fill in the video fields. @return bytes before the signature, or -1 */
static int read_vp8(struct slot_receiver *slot, const struct rtp_packet *packet,
                    struct slot_packet *record)
{
    struct rtp_vp8 vp8;
    if (rtp_vp8_parse(&vp8, packet->payload, packet->payload_len) != 0 ||
        !is_full_descriptor(&vp8)) {
        note(slot, "the VP8 descriptor does not have its full form", record->ext_seq);
        return -1;
    }
    record->is_frame_start = vp8.is_frame_start;
    record->is_keyframe = vp8.is_frame_start && vp8.is_keyframe;
    record->temporal_id = vp8.temporal_id;
    record->tl0 = vp8.tl0_picture_index;
    record->key_index = vp8.key_index;
    record->picture_id = vp8.picture_id;
    record->height = vp8.height;
    if (!vp8.is_frame_start)
        return vp8.descriptor_len;
    return vp8.descriptor_len + (vp8.is_keyframe ? KEY_HEADER_BYTES : INTER_HEADER);
}

static void read_payload(struct slot_receiver *slot, const struct rtp_packet *packet,
                         struct slot_packet *record)
{
    int at = slot->is_audio ? 1 : read_vp8(slot, packet, record);
    if (at < 0)
        return;
    if (packet->payload_len < at || !media_payload_read(&record->signature, packet->payload + at,
                                                        packet->payload_len - (size_t)at))
        note(slot, "the payload is not what a client sent", record->ext_seq);
}

/* Everything between the highest number so far and a newer one is missing for now. */
static void note_gap(struct slot_receiver *slot, uint64_t from, uint64_t to)
{
    if (to - from > GAP_MAX) {
        note(slot, "the sequence number jumps", to);
        return;
    }
    for (uint64_t ext_seq = from; ext_seq < to; ext_seq++) {
        const struct slot_missing missing = {.ext_seq = ext_seq};
        g_array_append_val(slot->missing, missing);
    }
}

static bool remove_missing(struct slot_receiver *slot, uint64_t ext_seq)
{
    for (guint i = 0; i < slot->missing->len; i++) {
        if (g_array_index(slot->missing, struct slot_missing, i).ext_seq != ext_seq)
            continue;
        g_array_remove_index(slot->missing, i);
        return true;
    }
    return false;
}

static void record_packet(struct slot_receiver *slot, const struct rtp_packet *packet,
                          uint64_t ext_seq, bool is_rtx, int64_t now_us)
{
    struct slot_packet record = {.ext_seq = ext_seq,
                                 .arrival_us = now_us,
                                 .timestamp = packet->timestamp,
                                 .marker = packet->marker,
                                 .is_rtx = is_rtx};
    if (packet->csrc_count == 1)
        record.csrc = rtp_bytes_get32(packet->data + RTP_HEADER_BYTES);
    else if (!is_rtx) /* RFC 4588, 4: a retransmission has the CSRCs of the original, or none */
        note(slot, "not exactly one CSRC", ext_seq);
    read_payload(slot, packet, &record);
    g_array_append_val(slot->packets, record);
    g_hash_table_add(slot->seen, g_memdup2(&ext_seq, sizeof(ext_seq)));
}

static void drop(struct slot_receiver *slot, const struct rtp_packet *packet, uint64_t ext_seq)
{
    struct slot_dropped dropped = {.ext_seq = ext_seq,
                                   .timestamp = packet->timestamp,
                                   .marker = packet->marker,
                                   .payload_len = packet->payload_len};
    memcpy(dropped.payload, packet->payload, packet->payload_len);
    g_array_append_val(slot->dropped, dropped);
}

static void take_media(struct slot_receiver *slot, const struct rtp_packet *packet, int64_t now_us)
{
    bool is_first = !slot->sequence.started;
    uint64_t highest = slot->sequence.highest;
    uint64_t ext_seq = rtp_sequence_unwrap(&slot->sequence, packet->seq);
    if (is_first)
        slot->first_ext_seq = ext_seq;
    if (packet->payload_type != slot->payload_type)
        note(slot, "the payload type is not the answer's", ext_seq);
    if (g_hash_table_contains(slot->seen, &ext_seq)) {
        slot->duplicates++;
        return;
    }
    if (!is_first && ext_seq > highest)
        note_gap(slot, highest + 1, ext_seq);
    if (slot->drop_every > 0 && !is_first && ext_seq > highest && ext_seq % slot->drop_every == 0) {
        drop(slot, packet, ext_seq);
        note_gap(slot, ext_seq, ext_seq + 1);
        return;
    }
    remove_missing(slot, ext_seq);
    record_packet(slot, packet, ext_seq, false, now_us);
}

/* A repaired packet is the one that was dropped, to the byte. */
static void compare_with_dropped(struct slot_receiver *slot, const struct rtp_packet *packet,
                                 uint64_t ext_seq)
{
    for (guint i = 0; i < slot->dropped->len; i++) {
        struct slot_dropped *dropped = &g_array_index(slot->dropped, struct slot_dropped, i);
        if (dropped->ext_seq != ext_seq)
            continue;
        dropped->is_repaired = true;
        if (dropped->timestamp != packet->timestamp || dropped->marker != packet->marker ||
            dropped->payload_len != packet->payload_len ||
            memcmp(dropped->payload, packet->payload, packet->payload_len) != 0)
            note(slot, "a retransmission differs from its original", ext_seq);
    }
}

static void take_rtx(struct slot_receiver *slot, struct rtp_packet *packet, int64_t now_us)
{
    if (packet->payload_len == 0)
        return; /* padding only: a probe */
    if (packet->payload_type != slot->rtx_payload_type)
        note(slot, "the RTX payload type is not the answer's", packet->seq);
    if (packet->payload_len < RTP_RTX_BYTES ||
        rtp_rtx_restore(packet, slot->ssrc, slot->payload_type) != 0) {
        note(slot, "a retransmission without an original sequence number", packet->seq);
        return;
    }
    slot->rtx_received++;
    uint64_t ext_seq = rtp_sequence_peek(&slot->sequence, packet->seq);
    if (!remove_missing(slot, ext_seq)) {
        slot->rtx_unexpected++;
        return;
    }
    compare_with_dropped(slot, packet, ext_seq);
    record_packet(slot, packet, ext_seq, true, now_us);
}

void slot_receiver_take(struct slot_receiver *slot, struct rtp_packet *packet, int64_t now_us)
{
    slot->received_bytes += packet->payload_len;
    if (packet->ssrc == slot->ssrc)
        take_media(slot, packet, now_us);
    else
        take_rtx(slot, packet, now_us);
}

const struct slot_packet *slot_receiver_newest(const struct slot_receiver *slot)
{
    guint count = slot->packets->len;
    return count > 0 ? &g_array_index(slot->packets, struct slot_packet, count - 1) : NULL;
}

size_t slot_receiver_collect_nacks(struct slot_receiver *slot, int64_t now_us, uint16_t *seqs,
                                   size_t cap)
{
    size_t count = 0;
    for (guint i = 0; i < slot->missing->len && count < cap; i++) {
        struct slot_missing *missing = &g_array_index(slot->missing, struct slot_missing, i);
        if (missing->asked_us != 0 && now_us - missing->asked_us < ASK_AGAIN_US)
            continue;
        missing->asked_us = now_us;
        seqs[count++] = (uint16_t)missing->ext_seq;
    }
    return count;
}

unsigned slot_receiver_count_from(const struct slot_receiver *slot, uint32_t tag)
{
    unsigned count = 0;
    for (guint i = 0; i < slot->packets->len; i++)
        count += g_array_index(slot->packets, struct slot_packet, i).signature.tag == tag;
    return count;
}
