/* Records of their own length in a ring that grows into its memory only as far as it must. */
#include "sfu/core/recorder.h"

#include <stdlib.h>

#define GROW_BYTES 65536
/* When the oldest has to give way, some more of it does: the next records then need not look. */
#define SPARE_BYTES 1024

#define VP8_FRAME_HEADER_BYTES    3  /* RFC 6386, section 9.1: the frame tag */
#define VP8_KEYFRAME_HEADER_BYTES 10 /* and the start code, width and height */
#define TRANSPORT_FEEDBACK_BYTES  20 /* up to the packet chunks */
#define TRANSPORT_FEEDBACK        205
#define TRANSPORT_FEEDBACK_FORMAT 15
#define RTCP_FORMAT_MASK          31

/* Records lie in [tail, head), or, when is_wrapped, in [tail, end) and then [0, head). Nothing
   beyond limit was ever written to. */
struct core_recorder {
    struct core_recorder_budget *budget; /* NULL: none */
    int64_t window_us, newest_us;
    uint32_t capacity, limit;
    uint32_t head, tail, end;
    bool is_wrapped;
    _Alignas(8) uint8_t bytes[];
};

struct core_recorder *core_recorder_create(uint32_t capacity_bytes, int64_t window_us)
{
    struct core_recorder *recorder = malloc(sizeof(*recorder) + capacity_bytes);
    if (!recorder)
        return NULL;
    memset(recorder, 0, sizeof(*recorder)); /* the rest costs no memory until it is needed */
    recorder->capacity = capacity_bytes / GROW_BYTES * GROW_BYTES;
    recorder->limit = GROW_BYTES;
    recorder->window_us = window_us;
    return recorder;
}

void core_recorder_destroy(struct core_recorder *recorder)
{
    core_recorder_set_budget(recorder, NULL);
    free(recorder);
}

void core_recorder_set_budget(struct core_recorder *recorder, struct core_recorder_budget *budget)
{
    if (!recorder)
        return;
    if (recorder->budget)
        recorder->budget->bytes -= recorder->limit;
    if (budget)
        budget->bytes += recorder->limit;
    recorder->budget = budget;
}

/* Take some more memory, if there is any left. */
static bool grow(struct core_recorder *recorder)
{
    struct core_recorder_budget *budget = recorder->budget;
    bool is_spent =
        budget && budget->bytes_max > 0 && budget->bytes + GROW_BYTES > budget->bytes_max;
    if (recorder->limit >= recorder->capacity || is_spent)
        return false;
    recorder->limit += GROW_BYTES;
    if (budget)
        budget->bytes += GROW_BYTES;
    return true;
}

static const struct core_record *record_at(const struct core_recorder *recorder, uint32_t at)
{
    return (const struct core_record *)(const void *)(recorder->bytes + at);
}

/* Of a record with its body; a multiple of 4, so that every record is aligned. */
static uint32_t size_of(unsigned body_bytes)
{
    return (uint32_t)((sizeof(struct core_record) + body_bytes + 3) & ~3u);
}

static void drop_oldest(struct core_recorder *recorder)
{
    recorder->tail += size_of(record_at(recorder, recorder->tail)->body_bytes);
    if (recorder->tail >= recorder->end) {
        recorder->tail = 0;
        recorder->is_wrapped = false;
    }
}

/* The end of a lap: further into the memory while what would be overwritten is still of use, else
   from the start. */
static void turn(struct core_recorder *recorder, int64_t now_us)
{
    while (recorder->is_wrapped) /* the rest of the lap before */
        drop_oldest(recorder);
    uint32_t age_us = (uint32_t)now_us - record_at(recorder, recorder->tail)->time_us;
    if (age_us < recorder->window_us && grow(recorder))
        return;
    recorder->end = recorder->head;
    recorder->head = 0;
    recorder->is_wrapped = true;
}

/* A time before that of the newest record, or so long after it that all is too old.
   @return the time to record */
static __attribute__((noinline)) int64_t leap(struct core_recorder *recorder, int64_t now_us)
{
    if (now_us < recorder->newest_us) /* told by the time of the last tick */
        return recorder->newest_us;
    recorder->head = recorder->tail = 0;
    recorder->is_wrapped = false;
    return now_us;
}

static __attribute__((noinline)) void make_room(struct core_recorder *recorder, uint32_t size,
                                                int64_t now_us)
{
    if (recorder->head + size > recorder->limit)
        turn(recorder, now_us);
    while (recorder->is_wrapped && recorder->tail - recorder->head < size + SPARE_BYTES)
        drop_oldest(recorder);
}

/* A new record, to be filled. On the packet path: two branches that are hardly ever taken. */
static inline struct core_record *append(struct core_recorder *recorder, enum core_record_kind kind,
                                         uint64_t participant, unsigned body_bytes, int64_t now_us)
{
    uint32_t size = size_of(body_bytes);
    uint32_t free_end = recorder->is_wrapped ? recorder->tail : recorder->limit;
    if ((uint64_t)(now_us - recorder->newest_us) > (uint64_t)recorder->window_us) {
        now_us = leap(recorder, now_us);
        free_end = recorder->is_wrapped ? recorder->tail : recorder->limit;
    }
    recorder->newest_us = now_us;
    if (recorder->head + size > free_end)
        make_room(recorder, size, now_us);
    struct core_record *record = (struct core_record *)(void *)(recorder->bytes + recorder->head);
    recorder->head += size;
    *record = (struct core_record){.time_us = (uint32_t)now_us,
                                   .participant = (uint32_t)participant,
                                   .body_bytes = (uint8_t)body_bytes,
                                   .kind = (uint8_t)kind,
                                   .stream = CORE_RECORD_NO_STREAM};
    return record;
}

/* Up to the first byte of a picture or a sound. */
static size_t header_bytes(const struct core_recorder_rtp *rtp)
{
    const struct rtp_packet *packet = rtp->packet;
    size_t len = 0;
    if (rtp->vp8) {
        len = rtp->vp8->descriptor_len;
        if (rtp->vp8->is_frame_start)
            len += rtp->vp8->is_keyframe ? VP8_KEYFRAME_HEADER_BYTES : VP8_FRAME_HEADER_BYTES;
        len = len < packet->payload_len ? len : packet->payload_len;
    }
    len += packet->header_len;
    return len < UINT8_MAX ? len : UINT8_MAX;
}

void core_recorder_on_rtp(struct core_recorder *recorder, const struct core_recorder_rtp *rtp,
                          int64_t now_us)
{
    if (!recorder)
        return;
    const struct rtp_packet *packet = rtp->packet;
    size_t len = header_bytes(rtp);
    struct core_record *record =
        append(recorder, CORE_RECORD_RTP, rtp->participant, (unsigned)len, now_us);
    record->original_bytes =
        (uint16_t)(packet->header_len + packet->payload_len + packet->padding_len);
    record->seq = packet->seq;
    record->stream = rtp->stream;
    record->outcome = (uint8_t)rtp->outcome;
    memcpy(record + 1, packet->data, len);
}

void core_recorder_on_rtcp(struct core_recorder *recorder, uint64_t participant, bool is_sent,
                           const uint8_t *data, size_t len, int64_t now_us)
{
    if (!recorder || len < 2)
        return;
    bool is_feedback =
        data[1] == TRANSPORT_FEEDBACK && (data[0] & RTCP_FORMAT_MASK) == TRANSPORT_FEEDBACK_FORMAT;
    size_t cut = is_feedback ? TRANSPORT_FEEDBACK_BYTES : CORE_RECORDER_RTCP_BYTES;
    cut = len < cut ? len : cut;
    struct core_record *record =
        append(recorder, is_sent ? CORE_RECORD_RTCP_SENT : CORE_RECORD_RTCP, participant,
               (unsigned)cut, now_us);
    record->original_bytes = (uint16_t)len;
    memcpy(record + 1, data, cut);
}

static void append_struct(struct core_recorder *recorder, enum core_record_kind kind,
                          uint64_t participant, const void *body, size_t body_bytes, int64_t now_us)
{
    if (recorder)
        memcpy(append(recorder, kind, participant, (unsigned)body_bytes, now_us) + 1, body,
               body_bytes);
}

void core_recorder_end_run(struct core_recorder *recorder, uint64_t receiver, struct core_run *run,
                           int64_t now_us)
{
    if (run->count > 0)
        append_struct(recorder, CORE_RECORD_RUN, receiver, run, sizeof(*run), now_us);
    run->count = 0;
}

void core_recorder_on_decision(struct core_recorder *recorder, const struct core_decision *decision,
                               int64_t now_us)
{
    append_struct(recorder, CORE_RECORD_DECISION, decision->participant, decision,
                  sizeof(*decision), now_us);
}

void core_recorder_on_member(struct core_recorder *recorder, uint64_t participant,
                             const struct core_member *member, int64_t now_us)
{
    append_struct(recorder, CORE_RECORD_MEMBER, participant, member, sizeof(*member), now_us);
}

_Static_assert(sizeof(struct core_member) <= UINT8_MAX && sizeof(struct core_run) <= UINT8_MAX &&
                   sizeof(struct core_decision) <= UINT8_MAX,
               "a body's length is a byte");

const struct core_record *core_recorder_walk(const struct core_recorder *recorder,
                                             struct core_recorder_walk *walk)
{
    if (!walk->has_begun) {
        walk->has_begun = true;
        walk->at = recorder->tail;
        walk->is_second_lap = !recorder->is_wrapped;
    }
    if (!walk->is_second_lap && walk->at >= recorder->end) {
        walk->at = 0;
        walk->is_second_lap = true;
    }
    if (walk->is_second_lap && walk->at >= recorder->head)
        return NULL;
    const struct core_record *record = record_at(recorder, walk->at);
    walk->at += size_of(record->body_bytes);
    return record;
}

int64_t core_recorder_newest_us(const struct core_recorder *recorder)
{
    return recorder->newest_us;
}

size_t core_recorder_touched_bytes(const struct core_recorder *recorder)
{
    return recorder->limit;
}

int64_t core_recorder_window_us(const struct core_recorder *recorder)
{
    return recorder->window_us;
}
