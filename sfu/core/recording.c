/*
 * Reading: an index of the ring's records, and of the received packets by stream, in which the runs
 * find what they sent.
 */
#include "sfu/core/recording.h"

#include <stdlib.h>

#include "rtp/error.h"

#define RTX_BIT 1u

/* A received RTP packet, for finding it by its stream. */
struct arrival {
    uint64_t stream; /* participant << 8 | stream without its RTX bit */
    int64_t at_us;
    const struct core_record *record;
    uint32_t order; /* in the ring */
};

/* An entry to be: a record, or one packet of a run. */
struct item {
    int64_t at_us;
    uint32_t order;     /* of the record, or of the received packet that was sent on */
    uint32_t sub_order; /* 0: received; of what was sent, the run's */
    const struct core_record *record; /* the received packet; NULL: padding, made of nothing */
    const struct core_record *run;    /* NULL: not sent */
    uint16_t index;                   /* of the packet in its run */
};

struct list {
    struct item *items; /* owned */
    size_t count, capacity;
};

struct known_member {
    uint32_t participant;
    const struct core_record *record; /* the newest */
    struct core_member member;
};

struct core_recording {
    struct core_recording_options options;
    struct list list;
    size_t next, left_out;
    struct arrival *arrivals; /* owned; by stream, then time */
    size_t arrival_count;
    struct known_member *members; /* owned */
    size_t member_count, member_capacity;
};

/* --- a list of items ------------------------------------------------------------------------- */

static int add(struct list *list, const struct item *item)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4096;
        struct item *items = realloc(list->items, capacity * sizeof(*items));
        if (!items)
            return IRIS_E_NO_MEMORY;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *item;
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->sub_order != y->sub_order)
        return x->sub_order < y->sub_order ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int compare_arrivals(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->stream != y->stream)
        return x->stream < y->stream ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* --- who is who ------------------------------------------------------------------------------ */

const struct core_member *core_recording_member(const struct core_recording *recording,
                                                uint64_t participant)
{
    for (size_t i = 0; i < recording->member_count; i++)
        if (recording->members[i].participant == (uint32_t)participant)
            return &recording->members[i].member;
    return NULL;
}

/* Of several of one participant the newest counts. */
static int add_member(struct core_recording *recording, const struct core_record *record)
{
    size_t i = 0;
    while (i < recording->member_count && recording->members[i].participant != record->participant)
        i++;
    if (i == recording->member_capacity) {
        size_t capacity = recording->member_capacity ? recording->member_capacity * 2 : 64;
        struct known_member *members = realloc(recording->members, capacity * sizeof(*members));
        if (!members)
            return IRIS_E_NO_MEMORY;
        recording->members = members;
        recording->member_capacity = capacity;
    }
    recording->members[i].participant = record->participant;
    memcpy(&recording->members[i].member, record + 1, sizeof(struct core_member));
    if (i == recording->member_count)
        recording->member_count++;
    return 0;
}

/* --- what was received and decided ----------------------------------------------------------- */

static uint64_t stream_of(uint32_t participant, uint8_t stream)
{
    return (uint64_t)participant << 8 | (stream & ~RTX_BIT);
}

static int add_record(struct core_recording *recording, const struct core_record *record,
                      int64_t at_us, uint32_t order)
{
    struct item item = {.at_us = at_us, .order = order, .record = record};
    switch ((enum core_record_kind)record->kind) {
    case CORE_RECORD_RUN:
        return 0;
    case CORE_RECORD_MEMBER:
        return add_member(recording, record);
    case CORE_RECORD_RTP:
        recording->arrivals[recording->arrival_count++] =
            (struct arrival){.stream = stream_of(record->participant, record->stream),
                             .at_us = at_us,
                             .record = record,
                             .order = order};
        break;
    case CORE_RECORD_RTCP:
    case CORE_RECORD_RTCP_SENT:
    case CORE_RECORD_DECISION:
        break;
    }
    return add(&recording->list, &item);
}

/* Records tell the time modulo 2^32 only: the newest is known, and every one is less than 2^32
   older than the next. */
static int read_records(struct core_recording *recording, const struct core_recorder *recorder)
{
    struct core_recorder_walk walk = {0}, again = {0};
    const struct core_record *record;
    uint32_t previous_us = 0, order = 0, arrivals = 0;
    int64_t span_us = 0;
    int error = 0;
    while ((record = core_recorder_walk(recorder, &walk))) {
        span_us += order++ == 0 ? 0 : (uint32_t)(record->time_us - previous_us);
        previous_us = record->time_us;
        arrivals += record->kind == CORE_RECORD_RTP;
    }
    recording->arrivals = malloc((arrivals + 1) * sizeof(*recording->arrivals));
    if (!recording->arrivals)
        return IRIS_E_NO_MEMORY;
    int64_t newest_us = core_recorder_newest_us(recorder);
    int64_t at_us = newest_us - span_us, from_us = newest_us - core_recorder_window_us(recorder);
    for (order = 0; !error && (record = core_recorder_walk(recorder, &again)); order++) {
        at_us += order == 0 ? 0 : (uint32_t)(record->time_us - previous_us);
        previous_us = record->time_us;
        if (at_us >= from_us)
            error = add_record(recording, record, at_us, order);
    }
    qsort(recording->arrivals, recording->arrival_count, sizeof(*recording->arrivals),
          compare_arrivals);
    return error;
}

/* --- what was sent --------------------------------------------------------------------------- */

/* The first arrival of a stream that is not before this time; as if sorted in behind if there is
   none. */
static size_t find_arrival(const struct core_recording *recording, uint64_t stream, int64_t at_us)
{
    size_t low = 0, high = recording->arrival_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct arrival *arrival = &recording->arrivals[middle];
        if (arrival->stream < stream || (arrival->stream == stream && arrival->at_us < at_us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_sent(struct core_recording *recording, const struct core_record *record,
                    const struct arrival *arrival, int64_t at_us, unsigned index)
{
    struct item item = {.at_us = at_us, .run = record, .index = (uint16_t)index};
    item.record = arrival ? arrival->record : NULL;
    item.order = arrival && arrival->at_us == at_us ? arrival->order : UINT32_MAX;
    item.sub_order = 1 + record->participant; /* after what it was made of */
    return add(&recording->list, &item);
}

/* Each of its packets was sent when it came. */
static int add_live(struct core_recording *recording, const struct core_record *record,
                    const struct core_run *run)
{
    uint64_t stream = stream_of(run->source, run->stream);
    int error = 0;
    for (size_t i = find_arrival(recording, stream, run->first_us);
         !error && i < recording->arrival_count; i++) {
        const struct arrival *arrival = &recording->arrivals[i];
        uint16_t index = (uint16_t)(arrival->record->seq - run->in_seq);
        if (arrival->stream != stream || arrival->at_us > run->last_us)
            break;
        if (index < run->count && arrival->record->verdict == CORE_VERDICT_TAKEN)
            error = add_sent(recording, record, arrival, arrival->at_us, index);
    }
    return error;
}

/* Each was sent later than it came: the newest one with its number is meant. */
static int add_later(struct core_recording *recording, const struct core_record *record,
                     const struct core_run *run)
{
    uint64_t stream = stream_of(run->source, run->stream);
    int error = 0;
    for (unsigned k = 0; !error && k < run->count; k++)
        for (size_t i = find_arrival(recording, stream, run->last_us + 1); i-- > 0;) {
            const struct arrival *arrival = &recording->arrivals[i];
            if (arrival->stream != stream)
                break;
            if (arrival->record->seq != (uint16_t)(run->in_seq + k) ||
                arrival->record->verdict == CORE_VERDICT_REPEATED)
                continue;
            error = add_sent(recording, record, arrival, run->last_us, k);
            break;
        }
    return error;
}

static int add_run(struct core_recording *recording, const struct core_record *record)
{
    struct core_run run;
    uint64_t receiver = recording->options.receiver;
    const struct core_member *member = core_recording_member(recording, record->participant);
    memcpy(&run, record + 1, sizeof(run));
    if ((receiver && record->participant != (uint32_t)receiver) || !member ||
        run.slot >= member->slot_count)
        return 0;
    if (run.way == CORE_RUN_LIVE)
        return add_live(recording, record, &run);
    return run.way == CORE_RUN_PADDING ? add_sent(recording, record, NULL, run.last_us, 0)
                                       : add_later(recording, record, &run);
}

static int read_runs(struct core_recording *recording, const struct core_recorder *recorder)
{
    struct core_recorder_walk walk = {0};
    const struct core_record *record;
    int error = 0;
    while (!error && (record = core_recorder_walk(recorder, &walk)))
        if (record->kind == CORE_RECORD_RUN)
            error = add_run(recording, record);
    return error;
}

int core_recording_open(struct core_recording **out, const struct core_recorder *recorder,
                        const struct core_recording_options *options)
{
    struct core_recording *recording = calloc(1, sizeof(*recording));
    if (!recording)
        return IRIS_E_NO_MEMORY;
    recording->options = *options;
    if (read_records(recording, recorder) || read_runs(recording, recorder)) {
        core_recording_close(recording);
        return IRIS_E_NO_MEMORY;
    }
    if (recording->list.count > 0)
        qsort(recording->list.items, recording->list.count, sizeof(struct item), compare_items);
    if (options->packets_max && recording->list.count > options->packets_max)
        recording->next = recording->left_out = recording->list.count - options->packets_max;
    *out = recording;
    return 0;
}

void core_recording_close(struct core_recording *recording)
{
    if (!recording)
        return;
    free(recording->list.items);
    free(recording->arrivals);
    free(recording->members);
    free(recording);
}

size_t core_recording_left_out(const struct core_recording *recording)
{
    return recording->left_out;
}

/* --- entries --------------------------------------------------------------------------------- */

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
    unsigned osn_bytes = record->stream & RTX_BIT ? 2 : 0; /* RFC 4588, section 4 */
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

static void write_media(const struct item *item, const struct core_run *run,
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

static void write_sent(const struct core_recording *recording, const struct item *item,
                       struct core_recording_entry *entry)
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
    entry->verdict = (enum core_verdict)record->verdict;
    if (record->stream != CORE_RECORD_NO_STREAM) {
        entry->track = (int8_t)(record->stream >> 4);
        entry->layer = (int8_t)(record->stream >> 1 & 7);
    }
    entry->original_bytes = record->original_bytes;
    entry->len = record->body_bytes;
    memcpy(entry->data, record + 1, record->body_bytes);
}

static void write_entry(const struct core_recording *recording, const struct item *item,
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

bool core_recording_next(struct core_recording *recording, struct core_recording_entry *entry)
{
    while (recording->next < recording->list.count) {
        write_entry(recording, &recording->list.items[recording->next++], entry);
        /* A header that was too long to be kept cannot be rewritten. */
        if (entry->kind == CORE_RECORDING_DECISION || entry->len > 0)
            return true;
    }
    return false;
}

/* --- texts ----------------------------------------------------------------------------------- */

#define TEXT(name, text)                      text,
#define DECISION_TEXT(name, text, a, b, c)    text,
#define DECISION_NUMBERS(name, text, a, b, c) {a, b, c},

const char *core_verdict_text(enum core_verdict verdict)
{
    static const char *const texts[] = {CORE_VERDICTS(TEXT)};
    return texts[verdict];
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

const char *core_cause_text(enum core_cause cause)
{
    static const char *const texts[] = {CORE_CAUSES(TEXT)};
    return texts[cause];
}
