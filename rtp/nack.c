/*
 * The list of missing packets: an ordered array, since it is short (empty, most of the time) and
 * read from the oldest on.
 */
#include "rtp/nack.h"

#include <string.h>

#define RTT_UNKNOWN_US 100000
#define RETRY_MIN_US   20000
#define RETRY_MAX_US   500000

void rtp_nack_init(struct rtp_nack *nack)
{
    memset(nack, 0, sizeof(*nack));
}

/* Remove count entries from the index-th on. */
static void remove_entries(struct rtp_nack *nack, size_t index, size_t count)
{
    memmove(nack->entries + index, nack->entries + index + count,
            (nack->count - index - count) * sizeof(nack->entries[0]));
    nack->count -= count;
}

/* The first entry that is not below ext_seq; nack->count if there is none. */
static size_t lower_bound(const struct rtp_nack *nack, uint64_t ext_seq)
{
    size_t low = 0, high = nack->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (nack->entries[middle].ext_seq < ext_seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void give_up(struct rtp_nack *nack, uint64_t ext_seq)
{
    nack->gave_up = true;
    if (ext_seq >= nack->lost_below)
        nack->lost_below = ext_seq + 1;
}

/* Give up the oldest count entries. */
static void give_up_oldest(struct rtp_nack *nack, size_t count)
{
    if (count == 0)
        return;
    give_up(nack, nack->entries[count - 1].ext_seq);
    remove_entries(nack, 0, count);
}

/* The numbers between the highest and ext_seq are missing. */
static void open_gap(struct rtp_nack *nack, uint64_t ext_seq, int64_t now_us)
{
    uint64_t first = nack->highest + 1;
    uint64_t missing = ext_seq - first;
    bool is_outage =
        missing > RTP_NACK_OUTAGE_MAX && now_us - nack->highest_us > RTP_NACK_OUTAGE_US;
    if (missing > RTP_NACK_MAX ||
        is_outage) { /* an outage or a restart: asking would only add load */
        nack->count = 0;
        give_up(nack, ext_seq - 1);
        return;
    }
    if (nack->count + missing > RTP_NACK_MAX)
        give_up_oldest(nack, nack->count + (size_t)missing - RTP_NACK_MAX);
    for (uint64_t seq = first; seq < ext_seq; seq++) {
        nack->entries[nack->count++] = (struct rtp_nack_entry){
            .ext_seq = seq,
            .next_us = now_us + RTP_NACK_REORDER_US,
        };
    }
}

bool rtp_nack_is_missing(const struct rtp_nack *nack, uint64_t ext_seq)
{
    size_t index = lower_bound(nack, ext_seq);
    return index < nack->count && nack->entries[index].ext_seq == ext_seq;
}

/* A packet below the highest: it fills its gap, if it has one. */
static bool fill_gap(struct rtp_nack *nack, uint64_t ext_seq)
{
    size_t index = lower_bound(nack, ext_seq);
    if (index == nack->count || nack->entries[index].ext_seq != ext_seq)
        return false;
    bool was_asked_for = nack->entries[index].tries > 0;
    remove_entries(nack, index, 1);
    return was_asked_for;
}

bool rtp_nack_on_packet(struct rtp_nack *nack, uint64_t ext_seq, int64_t now_us)
{
    if (!nack->started) {
        nack->started = true;
        nack->highest = ext_seq;
        nack->highest_us = now_us;
        return false;
    }
    if (ext_seq <= nack->highest)
        return nack->count > 0 && fill_gap(nack, ext_seq);
    if (ext_seq > nack->highest + 1)
        open_gap(nack, ext_seq, now_us);
    nack->highest = ext_seq;
    nack->highest_us = now_us;
    if (nack->count > 0 && ext_seq > RTP_NACK_AGE)
        give_up_oldest(nack, lower_bound(nack, ext_seq - RTP_NACK_AGE));
    return false;
}

void rtp_nack_on_keyframe(struct rtp_nack *nack, uint64_t ext_seq)
{
    remove_entries(nack, 0, lower_bound(nack, ext_seq));
    if (nack->lost_below <= ext_seq)
        nack->gave_up = false; /* what it would ask for has come */
}

size_t rtp_nack_collect(struct rtp_nack *nack, int64_t now_us, int64_t rtt_us, unsigned tries,
                        uint16_t *out, size_t cap)
{
    int64_t retry_us = rtt_us > 0 ? rtt_us : RTT_UNKNOWN_US;
    if (retry_us < RETRY_MIN_US)
        retry_us = RETRY_MIN_US;
    if (retry_us > RETRY_MAX_US)
        retry_us = RETRY_MAX_US;

    size_t written = 0, kept = 0;
    for (size_t i = 0; i < nack->count; i++) {
        struct rtp_nack_entry entry = nack->entries[i];
        if (entry.next_us <= now_us && entry.tries >= tries) {
            give_up(nack, entry.ext_seq);
            continue;
        }
        if (entry.next_us <= now_us && written < cap) {
            out[written++] = (uint16_t)entry.ext_seq;
            entry.tries++;
            entry.next_us = now_us + retry_us;
        }
        nack->entries[kept++] = entry;
    }
    nack->count = kept;
    return written;
}

int64_t rtp_nack_deadline(const struct rtp_nack *nack)
{
    int64_t deadline_us = INT64_MAX;
    for (size_t i = 0; i < nack->count; i++) {
        if (nack->entries[i].next_us < deadline_us)
            deadline_us = nack->entries[i].next_us;
    }
    return deadline_us;
}

bool rtp_nack_take_gave_up(struct rtp_nack *nack)
{
    bool gave_up = nack->gave_up;
    nack->gave_up = false;
    return gave_up;
}
