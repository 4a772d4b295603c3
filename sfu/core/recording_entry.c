/*
 * Entries of a recording: a received packet as it came, one that was sent as the slot made it, once
 * more from what came and the run's offsets. And the names of what is in them.
 */
#include "sfu/core/recording_internal.h"

/* A received packet as it was recorded, to be parsed: what is cut off is missing, padding as well,
   and a byte is behind it for VP8's descriptor to describe. @return false: it cannot be */
static bool view(const struct core_record *record, uint8_t bytes[UINT8_MAX + 1],
                 struct rtp_packet *packet)
{
    memcpy(bytes, record + 1, record->body_bytes);
    bytes[record->body_bytes] = 0;
    bytes[0] &= (uint8_t)~0x20u; /* P */
    if (rtp_packet_parse(packet, bytes, record->body_bytes + 1u))
        return false;
    unsigned osn_bytes = record->stream & CORE_RECORDING_RTX_BIT ? 2 : 0; /* RFC 4588, section 4 */
    if (packet->payload_len < osn_bytes)
        return false;
    packet->header_len = (uint16_t)(packet->header_len + osn_bytes);
    packet->payload += osn_bytes;
    packet->payload_len = (uint16_t)(packet->payload_len - osn_bytes);
    return true;
}

static uint32_t csrc_of(const struct core_recording *recording, const struct core_run *run)
{
    const struct core_member *source = core_recording_member(recording, run->source);
    unsigned track = run->stream >> 4;
    return source && track < source->track_count ? source->tracks[track].csrc : 0;
}

/* The descriptor as the slot wrote it, in the place of the source's. @return bytes */
static size_t rewrite_vp8(uint8_t *out, const struct rtp_packet *packet, const struct core_run *run,
                          struct rtp_vp8 *vp8)
{
    if (rtp_vp8_parse(vp8, packet->payload, packet->payload_len))
        return 0;
    vp8->picture_id = (vp8->picture_id + (uint16_t)(run->offsets >> 16)) & 0x7FFF;
    vp8->tl0_picture_index = (uint8_t)(vp8->tl0_picture_index + (run->offsets >> 8));
    vp8->key_index = (vp8->key_index + (uint8_t)run->offsets) & 0x1F;
    rtp_vp8_write_descriptor(out, vp8);
    size_t rest = packet->payload_len - vp8->descriptor_len - 1u; /* without the byte of view() */
    memcpy(out + RTP_VP8_DESCRIPTOR_BYTES, packet->payload + vp8->descriptor_len, rest);
    return RTP_VP8_DESCRIPTOR_BYTES + rest;
}

/* Padding: a header and one byte (slot_send.c). */
static void write_padding(const struct rtp_header_fields *header,
                          struct core_recording_entry *entry)
{
    entry->len = (uint16_t)rtp_packet_write_header(entry->data, header);
    entry->data[0] |= 0x20;
    entry->data[entry->len++] = 1;
    entry->original_bytes = entry->len;
}

static void write_media(const struct core_recording_item *item, const struct core_run *run,
                        struct rtp_header_fields *header, const struct core_member_slot *slot,
                        struct core_recording_entry *entry)
{
    uint8_t bytes[UINT8_MAX + 1];
    struct rtp_packet packet;
    struct rtp_vp8 vp8 = {0};
    if (!view(item->record, bytes, &packet))
        return;
    header->marker = packet.marker || (run->is_marked && item->index == 0);
    header->timestamp = packet.timestamp + (uint32_t)(run->offsets >> 32);
    size_t len = rtp_packet_write_header(entry->data, header);
    if (run->way == CORE_RUN_REPAIR) {
        entry->data[len++] = (uint8_t)(run->out_seq >> 8);
        entry->data[len++] = (uint8_t)run->out_seq;
    }
    size_t payload = (size_t)(item->record->original_bytes - packet.header_len), header_len = len;
    if (slot->kind != CORE_KIND_AUDIO) {
        len += rewrite_vp8(entry->data + len, &packet, run, &vp8);
        payload += RTP_VP8_DESCRIPTOR_BYTES - (size_t)vp8.descriptor_len;
    }
    entry->len = (uint16_t)len;
    entry->original_bytes = (uint16_t)(header_len + payload);
}

static void write_sent(const struct core_recording *recording,
                       const struct core_recording_item *item, struct core_recording_entry *entry)
{
    struct core_run run;
    memcpy(&run, item->run + 1, sizeof(run));
    const struct core_member *member = core_recording_member(recording, item->run->participant);
    const struct core_member_slot *slot = &member->slots[run.slot];
    bool is_repair = run.way == CORE_RUN_REPAIR;
    struct rtp_header_fields header = {
        .ssrc = is_repair ? slot->rtx_ssrc : slot->ssrc,
        .payload_type = (uint8_t)(is_repair ? slot->rtx_payload_type : slot->payload_type),
        .seq = (uint16_t)(is_repair ? run.rtx_seq : run.out_seq + item->index),
        .csrc = csrc_of(recording, &run)};
    header.has_csrc = header.csrc != 0;
    entry->is_sent = true;
    entry->slot = (int8_t)run.slot;
    entry->way = (enum core_run_way)run.way;
    entry->source = run.source;
    entry->track = (int8_t)(run.stream >> 4);
    entry->layer = (int8_t)(run.stream >> 1 & 7);
    entry->participant = item->run->participant;
    if (item->record) {
        write_media(item, &run, &header, slot, entry);
        return;
    }
    header.timestamp = (uint32_t)(run.offsets >> 32);
    write_padding(&header, entry);
}

static void write_received(const struct core_record *record, struct core_recording_entry *entry)
{
    entry->participant = record->participant;
    if (record->kind == CORE_RECORD_DECISION) {
        entry->kind = CORE_RECORDING_DECISION;
        memcpy(&entry->decision, record + 1, sizeof(entry->decision));
        return;
    }
    entry->is_rtcp = record->kind != CORE_RECORD_RTP;
    entry->is_sent = record->kind == CORE_RECORD_RTCP_SENT;
    entry->outcome = (enum core_outcome)record->outcome;
    if (record->stream != CORE_RECORD_NO_STREAM) {
        entry->track = (int8_t)(record->stream >> 4);
        entry->layer = (int8_t)(record->stream >> 1 & 7);
    }
    entry->original_bytes = record->original_bytes;
    entry->len = record->body_bytes;
    memcpy(entry->data, record + 1, record->body_bytes);
}

void core_recording_write_entry(const struct core_recording *recording,
                                const struct core_recording_item *item,
                                struct core_recording_entry *entry)
{
    memset(entry, 0, offsetof(struct core_recording_entry, data));
    entry->kind = CORE_RECORDING_PACKET;
    entry->at_us = item->at_us;
    entry->track = entry->layer = entry->slot = -1;
    if (item->run)
        write_sent(recording, item, entry);
    else
        write_received(item->record, entry);
}

/* --- texts ----------------------------------------------------------------------------------- */

#define TEXT(name, text)                      text,
#define DECISION_TEXT(name, text, a, b, c)    text,
#define DECISION_NUMBERS(name, text, a, b, c) {a, b, c},

const char *core_outcome_text(enum core_outcome outcome)
{
    static const char *const texts[] = {CORE_OUTCOMES(TEXT)};
    return texts[outcome];
}

const char *core_decision_text(enum core_decision_kind kind)
{
    static const char *const texts[] = {CORE_DECISIONS(DECISION_TEXT)};
    return texts[kind];
}

const char *core_decision_number_text(enum core_decision_kind kind, unsigned index)
{
    static const char *const texts[][3] = {CORE_DECISIONS(DECISION_NUMBERS)};
    return texts[kind][index];
}

const char *core_trigger_text(enum core_trigger cause)
{
    static const char *const texts[] = {CORE_TRIGGERS(TEXT)};
    return texts[cause];
}
