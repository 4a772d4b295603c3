/* Segments of constant offsets, one after the other. */
#include "rtp/rewrite.h"

#include <assert.h>
#include <string.h>

#include "rtp/sequence.h"

#define PICTURE_ID_MASK  0x7FFF
#define KEY_INDEX_MASK   0x1F
#define US_PER_S         1000000
#define NOBODY           UINT64_MAX /* no source has this name */
#define INTERVAL_UNKNOWN 3000       /* 30 pictures a second, at VP8's 90 kHz */

void rtp_rewrite_init(struct rtp_rewrite *rewrite, struct rtp_rewrite_memory memory,
                      uint32_t clock_rate_hz, uint16_t first_seq, uint32_t first_timestamp,
                      uint16_t first_picture_id)
{
    memset(rewrite, 0, sizeof(*rewrite));
    rewrite->memory = memory;
    rewrite->clock_rate_hz = clock_rate_hz;
    /* What comes next is always one more than the last. */
    rewrite->highest_out_seq = rewrite->newest_out_seq = RTP_SEQUENCE_FIRST + first_seq - 1;
    rewrite->last_timestamp = first_timestamp;
    rewrite->last_picture_id = (first_picture_id - 1) & PICTURE_ID_MASK;
    rewrite->last_tl0 = UINT8_MAX;
    rewrite->last_key_index = KEY_INDEX_MASK;
}

static uint32_t ticks(const struct rtp_rewrite *rewrite, int64_t elapsed_us)
{
    return (uint32_t)(elapsed_us * rewrite->clock_rate_hz / US_PER_S);
}

/* Where a new source's timestamps begin: after the last one by wall clock, and by a tick at least.
 */
static uint32_t next_timestamp(const struct rtp_rewrite *rewrite, int64_t now_us)
{
    if (!rewrite->started)
        return rewrite->last_timestamp;
    int64_t elapsed_us = now_us - rewrite->last_sent_us;
    uint32_t step = elapsed_us > 0 ? ticks(rewrite, elapsed_us) : 0;
    return rewrite->last_timestamp + (step > 0 ? step : 1);
}

static struct rtp_rewrite_segment *current_segment(const struct rtp_rewrite *rewrite)
{
    return &rewrite->memory.segments[rewrite->current];
}

/* The segment after one that is not the newest. */
static const struct rtp_rewrite_segment *next_of(const struct rtp_rewrite *rewrite,
                                                 const struct rtp_rewrite_segment *segment)
{
    const struct rtp_rewrite_memory *memory = &rewrite->memory;
    return segment + 1 < memory->segments + memory->count ? segment + 1 : memory->segments;
}

static const struct rtp_rewrite_segment *previous_of(const struct rtp_rewrite *rewrite,
                                                     const struct rtp_rewrite_segment *segment)
{
    const struct rtp_rewrite_memory *memory = &rewrite->memory;
    return segment > memory->segments ? segment - 1 : memory->segments + memory->count - 1;
}

const struct rtp_rewrite_segment *rtp_rewrite_current(const struct rtp_rewrite *rewrite)
{
    return rewrite->started ? current_segment(rewrite) : NULL;
}

/* Room for one more segment; one that never sent nor reserved anything is replaced. */
static struct rtp_rewrite_segment *next_segment(struct rtp_rewrite *rewrite, uint64_t out_seq)
{
    if (rewrite->started && current_segment(rewrite)->first_out_seq != out_seq)
        rewrite->current = rewrite->current + 1 < rewrite->memory.count ? rewrite->current + 1 : 0;
    return current_segment(rewrite);
}

void rtp_rewrite_start(struct rtp_rewrite *rewrite, uint64_t source,
                       const struct rtp_rewrite_fields *first, int64_t now_us)
{
    assert(source != 0);
    uint64_t out_seq = rewrite->highest_out_seq + 1;
    uint64_t unsent = rewrite->highest_out_seq - rewrite->newest_out_seq;
    uint32_t timestamp = next_timestamp(rewrite, now_us);
    *next_segment(rewrite, out_seq) = (struct rtp_rewrite_segment){
        .source = source,
        .is_start = true,
        .first_out_seq = out_seq,
        .first_in_seq = first->ext_seq,
        .timestamp_offset = timestamp - first->timestamp,
        .picture_id_offset =
            (uint16_t)(rewrite->last_picture_id + 1 - first->picture_id) & PICTURE_ID_MASK,
        .tl0_offset = (uint8_t)(rewrite->last_tl0 + 1 - first->tl0_picture_index),
        .key_offset = (uint8_t)(rewrite->last_key_index + 1 - first->key_index) & KEY_INDEX_MASK,
        .closed_count = (uint16_t)(unsent < UINT16_MAX ? unsent : UINT16_MAX),
    };
    rewrite->started = true;
    rewrite->last_timestamp = timestamp;
    rewrite->last_sent_us = now_us;
}

void rtp_rewrite_retime(struct rtp_rewrite *rewrite, const struct rtp_rewrite_fields *first,
                        int64_t now_us)
{
    struct rtp_rewrite_segment segment = *current_segment(rewrite);
    uint32_t timestamp = next_timestamp(rewrite, now_us);
    segment.first_out_seq += first->ext_seq - segment.first_in_seq;
    segment.first_in_seq = first->ext_seq;
    segment.timestamp_offset = timestamp - first->timestamp;
    if (segment.first_out_seq != current_segment(rewrite)->first_out_seq) {
        segment.is_start = segment.is_after_skip = false;
        segment.closed_count = 0;
    }
    *next_segment(rewrite, segment.first_out_seq) = segment;
    rewrite->last_timestamp = timestamp;
    rewrite->last_sent_us = now_us;
}

/* The segment that ends what was before has no packet: whatever comes is older than its first. */
void rtp_rewrite_leave_out(struct rtp_rewrite *rewrite, uint32_t count)
{
    rewrite->highest_out_seq += count;
    if (!rewrite->started)
        return;
    uint64_t out_seq = rewrite->highest_out_seq + 1;
    *next_segment(rewrite, out_seq) = (struct rtp_rewrite_segment){
        .source = NOBODY,
        .is_start = true,
        .first_out_seq = out_seq,
        .first_in_seq = UINT64_MAX / 2,
        .closed_count = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX),
    };
}

/* The source's next packet gets the number after it. Before the first segment there is nothing to
   be shifted. */
void rtp_rewrite_pad(struct rtp_rewrite *rewrite, struct rtp_rewrite_fields *fields)
{
    uint64_t out_seq = rewrite->highest_out_seq + 1;
    *fields = (struct rtp_rewrite_fields){.ext_seq = out_seq, .timestamp = rewrite->last_timestamp};
    if (rewrite->started) {
        struct rtp_rewrite_segment segment = *current_segment(rewrite);
        bool is_empty = segment.first_out_seq == out_seq;
        if (!is_empty) {
            segment.first_in_seq = rtp_rewrite_next_in_seq(rewrite);
            segment.is_start = segment.is_after_skip = false;
            segment.closed_count = 0;
        }
        segment.first_out_seq = out_seq + 1;
        segment.closed_count += segment.closed_count < UINT16_MAX;
        *next_segment(rewrite, out_seq) = segment;
    }
    rewrite->highest_out_seq = out_seq;
}

uint64_t rtp_rewrite_next_in_seq(const struct rtp_rewrite *rewrite)
{
    const struct rtp_rewrite_segment *segment = current_segment(rewrite);
    return segment->first_in_seq + (rewrite->highest_out_seq + 1 - segment->first_out_seq);
}

bool rtp_rewrite_continues(const struct rtp_rewrite *rewrite, uint64_t source, uint64_t ext_seq)
{
    return rewrite->started && current_segment(rewrite)->source == source &&
           ext_seq == rtp_rewrite_next_in_seq(rewrite);
}

void rtp_rewrite_map(const struct rtp_rewrite_segment *segment, struct rtp_rewrite_fields *fields)
{
    fields->ext_seq += segment->first_out_seq - segment->first_in_seq;
    fields->timestamp += segment->timestamp_offset;
    fields->picture_id = (fields->picture_id + segment->picture_id_offset) & PICTURE_ID_MASK;
    fields->tl0_picture_index = (uint8_t)(fields->tl0_picture_index + segment->tl0_offset);
    fields->key_index = (fields->key_index + segment->key_offset) & KEY_INDEX_MASK;
}

bool rtp_rewrite_is_skipped(const struct rtp_rewrite *rewrite,
                            const struct rtp_rewrite_segment *segment, uint16_t picture_id)
{
    const struct rtp_rewrite_segment *newer = next_of(rewrite, segment);
    if (segment->is_after_skip && picture_id == segment->last_skipped_id)
        return true;
    return segment != current_segment(rewrite) && newer->is_after_skip &&
           picture_id == newer->first_skipped_id;
}

/* A late packet: which segment its number was reserved in, if any; those of its source, from the
   newest on. */
static enum rtp_rewrite_verdict place_late(const struct rtp_rewrite *rewrite,
                                           struct rtp_rewrite_fields *fields)
{
    const struct rtp_rewrite_segment *newer = NULL, *segment = current_segment(rewrite);
    uint16_t id = fields->picture_id;
    for (unsigned i = 0; i < rewrite->memory.count; i++, segment = previous_of(rewrite, segment)) {
        if (segment->source == 0)
            break;
        if (fields->ext_seq < segment->first_in_seq) {
            if (segment->is_start)
                break;
            newer = segment;
            continue;
        }
        rtp_rewrite_map(segment, fields);
        bool is_closed = newer && fields->ext_seq >= newer->first_out_seq;
        if (is_closed || fields->ext_seq + RTP_REWRITE_LATE_MAX < rewrite->highest_out_seq)
            return RTP_REWRITE_NOTHING;
        return rtp_rewrite_is_skipped(rewrite, segment, id) ? RTP_REWRITE_FILL : RTP_REWRITE_SEND;
    }
    return RTP_REWRITE_NOTHING;
}

/* What is sent is the newest: the next segment goes on from it. */
static void note_newest(struct rtp_rewrite *rewrite, const struct rtp_rewrite_fields *sent,
                        int64_t now_us)
{
    rewrite->newest_out_seq = sent->ext_seq;
    if (sent->timestamp != rewrite->last_timestamp) {
        rewrite->last_timestamp = sent->timestamp;
        rewrite->last_sent_us = now_us;
    }
    rewrite->last_picture_id = sent->picture_id;
    rewrite->last_tl0 = sent->tl0_picture_index;
    rewrite->last_key_index = sent->key_index;
}

enum rtp_rewrite_verdict rtp_rewrite_apply(struct rtp_rewrite *rewrite,
                                           struct rtp_rewrite_fields *fields, int64_t now_us)
{
    if (!rewrite->started)
        return RTP_REWRITE_NOTHING;
    if (fields->ext_seq < rtp_rewrite_next_in_seq(rewrite)) {
        struct rtp_rewrite_fields mapped = *fields;
        enum rtp_rewrite_verdict verdict = place_late(rewrite, &mapped);
        if (verdict != RTP_REWRITE_NOTHING)
            *fields = mapped;
        if (verdict == RTP_REWRITE_SEND && mapped.ext_seq > rewrite->newest_out_seq)
            note_newest(rewrite, &mapped, now_us);
        return verdict;
    }
    rtp_rewrite_map(current_segment(rewrite), fields);
    rewrite->highest_out_seq = fields->ext_seq;
    note_newest(rewrite, fields, now_us);
    return RTP_REWRITE_SEND;
}

/* The numbers of a picture, once for all its packets. */
static void close_picture(struct rtp_rewrite_segment *segment, uint16_t id, bool is_run,
                          bool is_base)
{
    bool is_new = !segment->is_after_skip || segment->last_skipped_id != id;
    segment->picture_id_offset = (segment->picture_id_offset - is_new) & PICTURE_ID_MASK;
    segment->tl0_offset = (uint8_t)(segment->tl0_offset - (is_new && is_base));
    if (!is_run)
        segment->first_skipped_id = id;
    segment->last_skipped_id = id;
    segment->is_after_skip = true;
}

enum rtp_rewrite_verdict rtp_rewrite_skip(struct rtp_rewrite *rewrite,
                                          struct rtp_rewrite_fields *fields,
                                          enum rtp_rewrite_skipped skipped)
{
    if (!rewrite->started)
        return RTP_REWRITE_NOTHING;
    if (fields->ext_seq < rtp_rewrite_next_in_seq(rewrite)) {
        struct rtp_rewrite_fields mapped = *fields;
        if (place_late(rewrite, &mapped) == RTP_REWRITE_NOTHING)
            return RTP_REWRITE_NOTHING;
        *fields = mapped;
        return RTP_REWRITE_FILL;
    }
    const struct rtp_rewrite_segment *current = current_segment(rewrite);
    struct rtp_rewrite_segment segment = *current;
    bool is_run = segment.is_after_skip && fields->ext_seq == segment.first_in_seq;
    segment.first_out_seq += fields->ext_seq - segment.first_in_seq;
    segment.first_in_seq = fields->ext_seq + 1;
    if (segment.first_out_seq != current->first_out_seq) {
        segment.is_start = false; /* else nothing was sent of the source yet */
        segment.closed_count = 0;
    }
    if (skipped != RTP_REWRITE_PADDING)
        close_picture(&segment, fields->picture_id, is_run, skipped == RTP_REWRITE_BASE_PICTURE);
    else if (!is_run)
        segment.is_after_skip = false;
    rewrite->highest_out_seq = segment.first_out_seq - 1;
    *next_segment(rewrite, segment.first_out_seq) = segment;
    return RTP_REWRITE_NOTHING;
}

/* Of the kept pictures the newest that is not later than a timestamp, the oldest at worst. */
static unsigned find_picture(const struct rtp_rewrite_pictures *pictures, uint32_t timestamp)
{
    unsigned index = pictures->newest;
    for (unsigned i = 1; i < pictures->count; i++) {
        if (!rtp_timestamp_is_later(pictures->ring[index].timestamp, timestamp))
            break;
        index = (index + RTP_REWRITE_PICTURES - 1) % RTP_REWRITE_PICTURES;
    }
    return index;
}

/* How many pictures a timestamp is after another, by the source's pace, and one at least. */
static unsigned pictures_between(const struct rtp_rewrite_pictures *pictures, uint32_t from,
                                 uint32_t to)
{
    uint32_t interval = pictures->interval > 0 ? pictures->interval : INTERVAL_UNKNOWN;
    unsigned steps = (unsigned)(((uint64_t)(to - from) + interval / 2) / interval);
    return steps > 0 ? steps : 1;
}

/* A pause is no pace: the interval shrinks at once, and grows by an eighth at most. */
static void note_interval(struct rtp_rewrite_pictures *pictures, uint32_t interval)
{
    uint32_t limit = pictures->interval + pictures->interval / 8;
    pictures->interval = pictures->interval == 0 || interval < limit ? interval : limit;
}

/* The next number that ends in these 7 bits, after the known picture's or before it. */
static uint16_t widen(uint16_t known, uint16_t picture_id, bool is_after)
{
    unsigned steps = (unsigned)(is_after ? picture_id - known : known - picture_id) & 0x7F;
    steps = steps > 0 ? steps : 0x80;
    return (uint16_t)(is_after ? known + steps : known - steps) & PICTURE_ID_MASK;
}

/* The number of a picture newer than all before. */
static uint16_t next_picture_id(struct rtp_rewrite_pictures *pictures, const struct rtp_vp8 *vp8,
                                uint32_t timestamp, uint64_t ext_seq)
{
    const struct rtp_rewrite_picture *newest = &pictures->ring[pictures->newest];
    uint64_t missing = ext_seq - pictures->highest_seq - 1;
    if (vp8->is_picture_id_15_bits || pictures->count == 0)
        return vp8->picture_id;
    if (vp8->has_picture_id)
        return widen(newest->picture_id, vp8->picture_id, true);
    if (ext_seq <= pictures->highest_seq || missing == 0) {
        note_interval(pictures, timestamp - newest->timestamp);
        return (newest->picture_id + 1) & PICTURE_ID_MASK;
    }
    unsigned steps = pictures_between(pictures, newest->timestamp, timestamp);
    steps = steps > missing + 1 ? (unsigned)missing + 1 : steps;
    return (uint16_t)(newest->picture_id + steps) & PICTURE_ID_MASK;
}

static unsigned add_picture(struct rtp_rewrite_pictures *pictures, const struct rtp_vp8 *vp8,
                            uint32_t timestamp, uint64_t ext_seq)
{
    bool is_keyframe = pictures->count > 0 && vp8->is_frame_start && vp8->is_keyframe;
    struct rtp_rewrite_picture picture = {
        .timestamp = timestamp,
        .picture_id = next_picture_id(pictures, vp8, timestamp, ext_seq),
        .key_index =
            (uint8_t)(pictures->ring[pictures->newest].key_index + is_keyframe) & KEY_INDEX_MASK,
    };
    pictures->newest = (pictures->newest + 1) % RTP_REWRITE_PICTURES;
    if (pictures->count < RTP_REWRITE_PICTURES)
        pictures->count++;
    pictures->ring[pictures->newest] = picture;
    return pictures->newest;
}

/* The number of a picture that is late as a whole: between its neighbours, if there is room. */
static uint16_t late_picture_id(const struct rtp_rewrite_pictures *pictures, unsigned index,
                                const struct rtp_vp8 *vp8, uint32_t timestamp)
{
    const struct rtp_rewrite_picture *before = &pictures->ring[index];
    const struct rtp_rewrite_picture *after = &pictures->ring[(index + 1) % RTP_REWRITE_PICTURES];
    bool is_after = !rtp_timestamp_is_later(before->timestamp, timestamp);
    if (vp8->has_picture_id)
        return widen(before->picture_id, vp8->picture_id, is_after);
    if (index == pictures->newest || !is_after)
        return before->picture_id;
    unsigned room = (unsigned)(after->picture_id - before->picture_id - 1) & PICTURE_ID_MASK;
    unsigned steps = pictures_between(pictures, before->timestamp, timestamp);
    if (steps <= room || room == 0)
        return (uint16_t)(before->picture_id + (room ? steps : 0)) & PICTURE_ID_MASK;
    /* There was a pause before it: counted back from the other side. */
    unsigned back = pictures_between(pictures, timestamp, after->timestamp);
    return (uint16_t)(after->picture_id - (back < room ? back : room)) & PICTURE_ID_MASK;
}

void rtp_rewrite_complete_vp8(struct rtp_rewrite_pictures *pictures, const struct rtp_vp8 *vp8,
                              uint32_t timestamp, struct rtp_rewrite_fields *fields)
{
    const struct rtp_rewrite_picture *newest = &pictures->ring[pictures->newest];
    bool is_new = pictures->count == 0 || rtp_timestamp_is_later(timestamp, newest->timestamp);
    unsigned index = is_new ? add_picture(pictures, vp8, timestamp, fields->ext_seq)
                            : find_picture(pictures, timestamp);
    const struct rtp_rewrite_picture *picture = &pictures->ring[index];
    if (fields->ext_seq > pictures->highest_seq)
        pictures->highest_seq = fields->ext_seq;
    fields->picture_id = picture->picture_id;
    if (vp8->is_picture_id_15_bits)
        fields->picture_id = vp8->picture_id;
    else if (picture->timestamp != timestamp)
        fields->picture_id = late_picture_id(pictures, index, vp8, timestamp);
    /* Without TL0PICIDX every picture is of the base layer, and its number counts both. */
    fields->tl0_picture_index =
        vp8->has_tl0_picture_index ? vp8->tl0_picture_index : (uint8_t)fields->picture_id;
    fields->key_index = vp8->has_key_index ? vp8->key_index : picture->key_index;
}

/* A number that was kept when another source began, above the newest sent until then. */
static bool is_closed(const struct rtp_rewrite *rewrite, const struct rtp_rewrite_segment *segment,
                      uint64_t ext_seq)
{
    const struct rtp_rewrite_segment *newer = next_of(rewrite, segment);
    return segment != current_segment(rewrite) &&
           ext_seq + newer->closed_count >= newer->first_out_seq;
}

const struct rtp_rewrite_segment *rtp_rewrite_find(const struct rtp_rewrite *rewrite,
                                                   uint16_t out_seq, uint64_t *in_seq,
                                                   uint64_t *out_ext_seq)
{
    uint16_t behind = (uint16_t)(rewrite->highest_out_seq - out_seq);
    uint64_t ext_seq = rewrite->highest_out_seq - behind;
    const struct rtp_rewrite_segment *segment = current_segment(rewrite);
    for (unsigned i = 0; i < rewrite->memory.count; i++, segment = previous_of(rewrite, segment)) {
        if (segment->source == 0 || ext_seq < segment->first_out_seq)
            continue;
        if (is_closed(rewrite, segment, ext_seq))
            return NULL;
        *in_seq = ext_seq - segment->first_out_seq + segment->first_in_seq;
        *out_ext_seq = ext_seq;
        return segment;
    }
    return NULL;
}

bool rtp_rewrite_has_restarted(const struct rtp_rewrite *rewrite,
                               const struct rtp_rewrite_segment *segment)
{
    while (segment != current_segment(rewrite)) {
        segment = next_of(rewrite, segment);
        if (segment->is_start)
            return true;
    }
    return false;
}

uint32_t rtp_rewrite_timestamp_at(const struct rtp_rewrite *rewrite, int64_t now_us)
{
    return rewrite->last_timestamp + ticks(rewrite, now_us - rewrite->last_sent_us);
}
