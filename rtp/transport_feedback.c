/*
 * Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1). After the
 * SSRCs:
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |      base sequence number     |      packet status count      |
 *  |          reference time [64 ms]               | fb pkt count  |
 *  |          packet chunk         |         packet chunk ...      |
 *  |  recv delta [250 us] ...      |  zero padding                 |
 *
 * and a chunk is one of
 *
 *  |0| S |    run length (13)      |   so many times the status S
 *  |1|0|   14 statuses of one bit  |   0 not received, 1 small delta
 *  |1|1|    7 statuses of two bits |
 */
#include "rtp/transport_feedback.h"

#include <string.h>

#include "rtp/bytes.h"
#include "rtp/error.h"

#define HEADER_BYTES      20 /* up to the first chunk */
#define BODY_HEADER_BYTES 16 /* the same, without RTCP's own 4 bytes */
#define TICK_US           250
#define REFERENCE_US      64000
#define TICKS_SHIFT       8 /* 256 ticks in a reference unit */
#define RUN_MAX           0x1FFF
#define ONE_BIT_STATUSES  14
#define TWO_BIT_STATUSES  7

/* Each status but the last is also the number of bytes of its delta. */
enum status { STATUS_LOST = 0, STATUS_SMALL = 1, STATUS_LARGE = 2, STATUS_RESERVED = 3 };

/* A message in the making: the statuses and deltas of the numbers from the base on. */
struct plan {
    size_t count;
    int64_t reference;
    uint8_t statuses[RTP_ARRIVAL_LOG];
    int16_t deltas[RTP_ARRIVAL_LOG];
};

static uint32_t *slot_of(struct rtp_arrival_log *log, uint64_t ext_seq)
{
    return &log->arrival_us[ext_seq % RTP_ARRIVAL_LOG];
}

/* Make the numbers up to ext_seq part of the log, not arrived. */
static void extend(struct rtp_arrival_log *log, uint64_t ext_seq)
{
    uint64_t count = ext_seq + 1 - log->end;
    if (count > RTP_ARRIVAL_LOG)
        count = RTP_ARRIVAL_LOG;
    for (uint64_t i = 0; i < count; i++)
        *slot_of(log, ext_seq - i) = 0;
    log->end = ext_seq + 1;
    /* What fell out of the log is not reported any more. */
    if (log->end > RTP_ARRIVAL_LOG && log->next_base < log->end - RTP_ARRIVAL_LOG)
        log->next_base = log->end - RTP_ARRIVAL_LOG;
}

void rtp_arrival_log_add(struct rtp_arrival_log *log, uint16_t seq, int64_t now_us)
{
    bool is_first = !log->sequence.started;
    uint64_t ext_seq = rtp_sequence_unwrap(&log->sequence, seq);
    if (is_first)
        log->next_base = log->end = ext_seq;
    if (ext_seq >= log->end)
        extend(log, ext_seq);
    else if (ext_seq + RTP_ARRIVAL_LOG < log->end || *slot_of(log, ext_seq))
        return; /* too old, or a duplicate */

    uint32_t stored = (uint32_t)now_us + 1;
    *slot_of(log, ext_seq) = stored != 0 ? stored : 1;
    /* One that was reported lost: the next message goes back to it. */
    if (ext_seq < log->next_base)
        log->next_base = ext_seq;
    log->has_news = true;
}

bool rtp_arrival_log_has_news(const struct rtp_arrival_log *log)
{
    return log->has_news;
}

/* The arrival of a number in the log, in ticks; it was less than 71 minutes ago. */
static int64_t arrival_ticks(uint32_t stored, int64_t now_us)
{
    int64_t arrival_us = now_us - (uint32_t)((uint32_t)now_us + 1 - stored);
    return arrival_us / TICK_US;
}

/* Into a zeroed plan, in which nothing has arrived: statuses and deltas up to the last arrival, or
 * to a delta that 16 bits do not hold. */
static void make_plan(struct plan *plan, struct rtp_arrival_log *log, int64_t now_us)
{
    size_t limit = (size_t)(log->end - log->next_base);
    bool has_reference = false;
    int64_t last_ticks = 0;
    for (size_t i = 0; i < limit; i++) {
        uint32_t stored = *slot_of(log, log->next_base + i);
        if (stored == 0)
            continue;
        int64_t ticks = arrival_ticks(stored, now_us);
        if (!has_reference) {
            has_reference = true;
            plan->reference = ticks >> TICKS_SHIFT;
            last_ticks = plan->reference << TICKS_SHIFT;
        }
        int64_t delta = ticks - last_ticks;
        if (delta < INT16_MIN || delta > INT16_MAX)
            return;
        plan->statuses[i] = delta < 0 || delta > UINT8_MAX ? STATUS_LARGE : STATUS_SMALL;
        plan->deltas[i] = (int16_t)delta;
        plan->count = i + 1; /* ends with an arrival; losses after it open the next message */
        last_ticks = ticks;
    }
}

/* How many statuses from the first on are alike. */
static size_t run_length(const uint8_t *statuses, size_t count)
{
    size_t run = 1;
    while (run < count && run < RUN_MAX && statuses[run] == statuses[0])
        run++;
    return run;
}

static bool has_large(const uint8_t *statuses, size_t count)
{
    return memchr(statuses, STATUS_LARGE, count) != NULL;
}

/* The chunk that covers most of what comes next; *used is how many statuses it takes. */
static uint16_t next_chunk(const uint8_t *statuses, size_t count, size_t *used)
{
    size_t run = run_length(statuses, count);
    size_t one_bit = count < ONE_BIT_STATUSES ? count : ONE_BIT_STATUSES;
    size_t two_bit = count < TWO_BIT_STATUSES ? count : TWO_BIT_STATUSES;
    uint16_t chunk;
    if (run >= one_bit || (run > two_bit && has_large(statuses, one_bit))) {
        *used = run;
        return (uint16_t)(statuses[0] << 13 | run);
    }
    if (!has_large(statuses, one_bit)) {
        chunk = 0x8000;
        for (size_t i = 0; i < one_bit; i++)
            chunk |= (uint16_t)(statuses[i] << (13 - i));
        *used = one_bit;
        return chunk;
    }
    chunk = 0xC000;
    for (size_t i = 0; i < two_bit; i++)
        chunk |= (uint16_t)(statuses[i] << (12 - 2 * i));
    *used = two_bit;
    return chunk;
}

/* How many of the statuses fit so many bytes, chunks and deltas together. */
static size_t count_that_fits(const struct plan *plan, size_t room)
{
    size_t bytes = 0, used;
    for (size_t i = 0; i < plan->count; i += used) {
        next_chunk(plan->statuses + i, plan->count - i, &used);
        bytes += 2;
        for (size_t j = i; j < i + used; j++) {
            bytes += plan->statuses[j];
            if (bytes > room)
                return j;
        }
    }
    return plan->count;
}

/* Shorten the plan to what fits, ending with an arrival; it may be left empty. */
static void fit_plan(struct plan *plan, size_t room)
{
    for (;;) {
        size_t fits = count_that_fits(plan, room);
        if (fits == plan->count)
            return;
        while (fits > 0 && plan->statuses[fits - 1] == STATUS_LOST)
            fits--;
        plan->count = fits;
    }
}

/* Chunks, deltas and padding. Returns the length of the message; the padding octets have the P
   bit's form, a count in the last one (RFC 3550, 6.4.1), though not a multiple of four. */
static size_t write_plan(uint8_t *message, const struct plan *plan)
{
    uint8_t *at = message + HEADER_BYTES;
    size_t used;
    for (size_t i = 0; i < plan->count; i += used, at += 2)
        rtp_bytes_put16(at, next_chunk(plan->statuses + i, plan->count - i, &used));
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->statuses[i] == STATUS_SMALL)
            *at++ = (uint8_t)plan->deltas[i];
        else if (plan->statuses[i] == STATUS_LARGE) {
            rtp_bytes_put16(at, (uint16_t)plan->deltas[i]);
            at += 2;
        }
    }
    size_t len = (size_t)(at - message);
    size_t padding = (4 - len % 4) % 4;
    message[0] = (uint8_t)(0x80 | (padding ? 0x20 : 0) | RTCP_FORMAT_TRANSPORT_FEEDBACK);
    memset(at, 0, padding);
    if (padding)
        at[padding - 1] = (uint8_t)padding;
    return len + padding;
}

int rtp_arrival_log_write(struct rtp_arrival_log *log, struct rtcp_writer *writer,
                          uint32_t sender_ssrc, uint32_t media_ssrc, int64_t now_us)
{
    struct plan plan = {0};
    size_t room = (writer->cap - writer->len) & ~(size_t)3;
    if (!log->has_news)
        return IRIS_E_NOT_FOUND;
    if (room < HEADER_BYTES)
        return IRIS_E_FULL;
    make_plan(&plan, log, now_us);
    fit_plan(&plan, room - HEADER_BYTES);
    if (plan.count == 0)
        return IRIS_E_FULL;

    uint8_t *message = writer->data + writer->len;
    size_t len = write_plan(message, &plan);
    message[1] = RTCP_TRANSPORT_LAYER_FEEDBACK;
    rtp_bytes_put16(message + 2, (uint16_t)(len / 4 - 1));
    rtp_bytes_put32(message + 4, sender_ssrc);
    rtp_bytes_put32(message + 8, media_ssrc);
    rtp_bytes_put16(message + 12, (uint16_t)log->next_base);
    rtp_bytes_put16(message + 14, (uint16_t)plan.count);
    rtp_bytes_put24(message + 16, (uint32_t)plan.reference & 0xFFFFFF);
    message[19] = log->message_count++;
    writer->len += len;
    log->next_base += plan.count;
    log->has_news = log->next_base < log->end;
    return 0;
}

/* Walks the statuses of a received message, chunk by chunk. */
struct status_reader {
    const uint8_t *next;
    const uint8_t *end;
    uint16_t chunk;
    unsigned left; /* statuses that the chunk still has */
};

static unsigned statuses_in(uint16_t chunk)
{
    if (!(chunk & 0x8000))
        return chunk & RUN_MAX;
    return chunk & 0x4000 ? TWO_BIT_STATUSES : ONE_BIT_STATUSES;
}

/* The next status, or an error when the chunks end too early. */
static int read_status(struct status_reader *reader)
{
    while (reader->left == 0) { /* a run may have no length */
        if (reader->end - reader->next < 2)
            return IRIS_E_TRUNCATED;
        reader->chunk = rtp_bytes_get16(reader->next);
        reader->next += 2;
        reader->left = statuses_in(reader->chunk);
    }
    reader->left--;
    if (!(reader->chunk & 0x8000))
        return reader->chunk >> 13;
    if (reader->chunk & 0x4000)
        return reader->chunk >> (2 * reader->left) & 3;
    return reader->chunk >> reader->left & 1;
}

/* Check chunks and deltas. Returns 0 and where the deltas begin, or an error. */
static int check_statuses(struct status_reader reader, unsigned count, const uint8_t **deltas)
{
    size_t delta_bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        int status = read_status(&reader);
        if (status < 0)
            return status;
        if (status == STATUS_RESERVED)
            return IRIS_E_MALFORMED;
        delta_bytes += (size_t)status;
    }
    if ((size_t)(reader.end - reader.next) < delta_bytes)
        return IRIS_E_TRUNCATED;
    *deltas = reader.next;
    return 0;
}

/* The same again, now that all is known to be there. */
static void read_entries(struct status_reader reader, const struct rtp_transport_feedback *feedback,
                         const uint8_t *delta, struct rtp_feedback_entry *entries)
{
    int64_t arrival_us = (int64_t)feedback->reference_time * REFERENCE_US;
    for (unsigned i = 0; i < feedback->status_count; i++) {
        int status = read_status(&reader);
        if (status == STATUS_SMALL)
            arrival_us += delta[0] * TICK_US;
        else if (status == STATUS_LARGE)
            arrival_us += (int16_t)rtp_bytes_get16(delta) * TICK_US;
        delta += status;
        entries[i].seq = (uint16_t)(feedback->base_seq + i);
        entries[i].is_received = status != STATUS_LOST;
        entries[i].arrival_us = status != STATUS_LOST ? arrival_us : 0;
    }
}

int rtp_transport_feedback_count(const struct rtcp_packet *packet)
{
    return packet->body_len < BODY_HEADER_BYTES ? IRIS_E_TRUNCATED
                                                : rtp_bytes_get16(packet->body + 10);
}

int rtp_transport_feedback_parse(struct rtp_transport_feedback *feedback,
                                 const struct rtcp_packet *packet,
                                 struct rtp_feedback_entry *entries, size_t cap)
{
    const uint8_t *body = packet->body;
    if (packet->body_len < BODY_HEADER_BYTES)
        return IRIS_E_TRUNCATED;
    struct rtp_transport_feedback parsed = {
        .sender_ssrc = rtp_bytes_get32(body),
        .media_ssrc = rtp_bytes_get32(body + 4),
        .base_seq = rtp_bytes_get16(body + 8),
        .status_count = rtp_bytes_get16(body + 10),
        .message_count = body[15],
        .reference_time = (int32_t)(rtp_bytes_get24(body + 12) ^ 0x800000) - 0x800000,
    };
    if (parsed.status_count == 0)
        return IRIS_E_MALFORMED;
    if (parsed.status_count > cap)
        return IRIS_E_FULL;
    struct status_reader reader = {
        .next = body + BODY_HEADER_BYTES,
        .end = body + packet->body_len,
    };
    const uint8_t *deltas;
    int error = check_statuses(reader, parsed.status_count, &deltas);
    if (error)
        return error;
    read_entries(reader, &parsed, deltas, entries);
    *feedback = parsed;
    return parsed.status_count;
}
