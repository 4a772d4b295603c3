/*
 * Reading: an index of the ring's records, and of the received packets by stream, in which the runs
 * find what they sent.
 */
#include "sfu/core/recording_internal.h"

#include <stdlib.h>

#include "rtp/error.h"

/* --- a list of items ------------------------------------------------------------------------- */

static int add(struct core_recording_list *list, const struct core_recording_item *item)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4096;
        struct core_recording_item *items = realloc(list->items, capacity * sizeof(*items));
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
    const struct core_recording_item *x = a, *y = b;
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
    const struct core_recording_arrival *x = a, *y = b;
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
        struct core_recording_known *members =
            realloc(recording->members, capacity * sizeof(*members));
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
    return (uint64_t)participant << 8 | (stream & ~CORE_RECORDING_RTX_BIT);
}

static int add_record(struct core_recording *recording, const struct core_record *record,
                      int64_t at_us, uint32_t order)
{
    struct core_recording_item item = {.at_us = at_us, .order = order, .record = record};
    switch ((enum core_record_kind)record->kind) {
    case CORE_RECORD_RUN:
        return 0;
    case CORE_RECORD_MEMBER:
        return add_member(recording, record);
    case CORE_RECORD_RTP:
        recording->arrivals[recording->arrival_count++] = (struct core_recording_arrival){
            .stream = stream_of(record->participant, record->stream),
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
        const struct core_recording_arrival *arrival = &recording->arrivals[middle];
        if (arrival->stream < stream || (arrival->stream == stream && arrival->at_us < at_us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_sent(struct core_recording *recording, const struct core_record *record,
                    const struct core_recording_arrival *arrival, int64_t at_us, unsigned index)
{
    struct core_recording_item item = {.at_us = at_us, .run = record, .index = (uint16_t)index};
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
        const struct core_recording_arrival *arrival = &recording->arrivals[i];
        uint16_t index = (uint16_t)(arrival->record->seq - run->in_seq);
        if (arrival->stream != stream || arrival->at_us > run->last_us)
            break;
        if (index < run->count && arrival->record->outcome == CORE_OUTCOME_TAKEN)
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
            const struct core_recording_arrival *arrival = &recording->arrivals[i];
            if (arrival->stream != stream)
                break;
            if (arrival->record->seq != (uint16_t)(run->in_seq + k) ||
                arrival->record->outcome == CORE_OUTCOME_REPEATED)
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
        qsort(recording->list.items, recording->list.count, sizeof(struct core_recording_item),
              compare_items);
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

bool core_recording_next(struct core_recording *recording, struct core_recording_entry *entry)
{
    while (recording->next < recording->list.count) {
        core_recording_write_entry(recording, &recording->list.items[recording->next++], entry);
        /* A header that was too long to be kept cannot be rewritten. */
        if (entry->kind == CORE_RECORDING_DECISION || entry->len > 0)
            return true;
    }
    return false;
}
