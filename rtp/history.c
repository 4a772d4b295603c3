/*
 * The ring of payloads. Nothing is ever removed: an entry says where in the endless stream of
 * written bytes its payload lies, and is void once the ring has come round to it.
 */
#include "rtp/history.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/error.h"

#define MAX_ENTRIES (UINT32_C(1) << 31)

int rtp_history_init(struct rtp_history *history, uint32_t entry_count, uint32_t byte_count)
{
    memset(history, 0, sizeof(*history));
    if (entry_count > MAX_ENTRIES)
        return IRIS_E_NO_MEMORY;
    entry_count = entry_count > 0 ? entry_count : 1;
    history->entries = calloc(entry_count, sizeof(*history->entries));
    history->bytes = calloc(1, byte_count > 0 ? byte_count : 1);
    if (!history->entries || !history->bytes) {
        rtp_history_dispose(history);
        return IRIS_E_NO_MEMORY;
    }
    history->entry_count = entry_count;
    history->byte_count = byte_count;
    return 0;
}

void rtp_history_dispose(struct rtp_history *history)
{
    free(history->entries);
    free(history->bytes);
    memset(history, 0, sizeof(*history));
}

static struct rtp_history_entry *slot_of(const struct rtp_history *history, uint64_t ext_seq)
{
    return &history->entries[ext_seq % history->entry_count];
}

/* The entry is this packet's, and its bytes are still there. */
static bool holds(const struct rtp_history *history, const struct rtp_history_entry *entry,
                  uint64_t ext_seq)
{
    return entry->ext_seq == ext_seq && history->written - entry->position <= history->byte_count;
}

/* Where len bytes go, in one piece: what is left at the ring's end is passed over if too short. */
static uint32_t take_room(struct rtp_history *history, uint16_t len)
{
    uint32_t to_end = history->byte_count - history->head;
    if (len > to_end) {
        history->written += to_end;
        history->head = 0;
    }
    uint32_t offset = history->head;
    history->head += len;
    history->written += len;
    return offset;
}

void rtp_history_add(struct rtp_history *history, const struct rtp_history_packet *packet)
{
    bool is_below_reach = packet->ext_seq + history->entry_count <= history->highest;
    if (history->entry_count == 0 || packet->ext_seq == 0 || is_below_reach ||
        packet->payload_len > history->byte_count / 2)
        return;
    struct rtp_history_entry *entry = slot_of(history, packet->ext_seq);
    if (holds(history, entry, packet->ext_seq))
        return; /* the original after its repair */
    uint32_t offset = take_room(history, packet->payload_len);
    memcpy(history->bytes + offset, packet->payload, packet->payload_len);
    *entry = (struct rtp_history_entry){
        .ext_seq = packet->ext_seq,
        .received_us = packet->received_us,
        .position = history->written - packet->payload_len,
        .offset = offset,
        .timestamp = packet->timestamp,
        .len = packet->payload_len,
        .marker = packet->marker,
        .is_void = packet->is_void,
        .picture_id = packet->picture_id,
        .tl0_picture_index = packet->tl0_picture_index,
        .key_index = packet->key_index,
    };
    if (packet->ext_seq > history->highest)
        history->highest = packet->ext_seq;
}

bool rtp_history_get(const struct rtp_history *history, uint64_t ext_seq,
                     struct rtp_history_packet *packet)
{
    if (ext_seq == 0 || history->entry_count == 0)
        return false;
    const struct rtp_history_entry *entry = slot_of(history, ext_seq);
    if (!holds(history, entry, ext_seq))
        return false;
    *packet = (struct rtp_history_packet){
        .ext_seq = ext_seq,
        .received_us = entry->received_us,
        .payload = history->bytes + entry->offset,
        .payload_len = entry->len,
        .timestamp = entry->timestamp,
        .marker = entry->marker,
        .is_void = entry->is_void,
        .picture_id = entry->picture_id,
        .tl0_picture_index = entry->tl0_picture_index,
        .key_index = entry->key_index,
    };
    return true;
}

bool rtp_history_find(const struct rtp_history *history, uint64_t ext_seq, int64_t now_us,
                      struct rtp_history_packet *packet)
{
    struct rtp_history_packet found;
    if (!rtp_history_get(history, ext_seq, &found) || found.is_void ||
        now_us - found.received_us > RTP_HISTORY_AGE_US)
        return false;
    *packet = found;
    return true;
}
