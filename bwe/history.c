/* The ring of sent packets: see the header. */
#include "bwe/history.h"

#include <string.h>

static struct bwe_sent *slot_of(const struct bwe_history *history, uint64_t ext_seq)
{
    return &history->ring[ext_seq & history->mask];
}

void bwe_history_init(struct bwe_history *history, struct bwe_sent *ring, size_t count)
{
    memset(history, 0, sizeof(*history));
    memset(ring, 0, count * sizeof(*ring));
    history->ring = ring;
    history->mask = (uint32_t)count - 1;
}

static void resolve_one(struct bwe_history *history)
{
    history->outstanding_bytes -= slot_of(history, history->resolved)->bytes;
    history->resolved++;
}

/* Make room for the next number; what the ring loses is not outstanding any more. */
static struct bwe_sent *append(struct bwe_history *history)
{
    if (history->next - history->resolved > history->mask)
        resolve_one(history);
    return slot_of(history, history->next++);
}

void bwe_history_add(struct bwe_history *history, uint16_t seq, struct bwe_sent packet,
                     int64_t now_us)
{
    if (!history->started) {
        history->started = true;
        history->next = history->resolved = UINT64_C(65536) + seq;
    }
    uint16_t ahead = (uint16_t)(seq - (uint16_t)history->next);
    if (ahead >= 0x8000)
        return;
    for (uint16_t i = 0; i < ahead; i++)
        *append(history) = (struct bwe_sent){0};
    packet.sent_us = (uint32_t)now_us;
    packet.fate = BWE_PACKET_OUTSTANDING;
    *append(history) = packet;
    history->outstanding_bytes += packet.bytes;
}

struct bwe_sent *bwe_history_find(const struct bwe_history *history, uint16_t seq, int64_t now_us,
                                  uint64_t *ext_seq)
{
    uint64_t back = (uint16_t)((uint16_t)history->next - 1 - seq);
    if (!history->started || back > history->mask)
        return NULL;
    *ext_seq = history->next - 1 - back;
    struct bwe_sent *packet = slot_of(history, *ext_seq);
    if (packet->bytes == 0 || now_us - bwe_history_sent_us(packet, now_us) > BWE_HISTORY_AGE_US)
        return NULL;
    return packet;
}

int64_t bwe_history_sent_us(const struct bwe_sent *packet, int64_t now_us)
{
    return now_us - (int64_t)((uint32_t)now_us - packet->sent_us);
}

void bwe_history_resolve(struct bwe_history *history, uint64_t ext_seq)
{
    while (history->resolved <= ext_seq && history->resolved < history->next)
        resolve_one(history);
}
