/* What the files of a recording share; not for outside sfu/core. recording.c finds what was
 * received and sent, recording_entry.c makes entries of it. */
#ifndef IRIS_CORE_RECORDING_INTERNAL_H
#define IRIS_CORE_RECORDING_INTERNAL_H

#include "sfu/core/recording.h"

#define CORE_RECORDING_RTX_BIT 1u /* of core_record_stream() */

/* A received RTP packet, for finding it by its stream. */
struct core_recording_arrival {
    uint64_t stream; /* participant << 8 | stream without its RTX bit */
    int64_t at_us;
    const struct core_record *record;
    uint32_t order; /* in the ring */
};

/* An entry to be: a record, or one packet of a run. */
struct core_recording_item {
    int64_t at_us;
    uint32_t order;     /* of the record, or of the received packet that was sent on */
    uint32_t sub_order; /* 0: received; of what was sent, the run's */
    const struct core_record *record; /* the received packet; NULL: padding, made of nothing */
    const struct core_record *run;    /* NULL: not sent */
    uint16_t index;                   /* of the packet in its run */
};

struct core_recording_list {
    struct core_recording_item *items; /* owned */
    size_t count, capacity;
};

struct core_recording_known {
    uint32_t participant;
    const struct core_record *record; /* the newest */
    struct core_member member;
};

struct core_recording {
    struct core_recording_options options;
    struct core_recording_list list;
    size_t next, left_out;
    struct core_recording_arrival *arrivals; /* owned; by stream, then time */
    size_t arrival_count;
    struct core_recording_known *members; /* owned */
    size_t member_count, member_capacity;
};

/** Make an entry; its len is 0 if the header was too long to be kept whole. */
void core_recording_write_entry(const struct core_recording *recording,
                                const struct core_recording_item *item,
                                struct core_recording_entry *entry);

#endif
