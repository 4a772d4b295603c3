/* A slot's stream: no break over changes of source, wraps of every field, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/rewrite.h"

#define SEGMENTS 64
/* Of the block in which a stream is initialised. */
#define MEMORY                                                                                     \
    ((struct rtp_rewrite_memory){(struct rtp_rewrite_segment[SEGMENTS]){{.source = 0}}, SEGMENTS})

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           1000
#define S            INT64_C(1000000)

static void assert_fields(const struct rtp_rewrite_fields *a, const struct rtp_rewrite_fields *b)
{
    assert_int_equal(a->ext_seq, b->ext_seq);
    assert_int_equal(a->timestamp, b->timestamp);
    assert_int_equal(a->picture_id, b->picture_id);
    assert_int_equal(a->tl0_picture_index, b->tl0_picture_index);
    assert_int_equal(a->key_index, b->key_index);
}

/* One stream; a row with a source begins a segment. */
static void test_stream(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        uint64_t source;
        struct rtp_rewrite_fields in, out;
        bool is_dropped;
    } table[] = {
        /* The start: everything as rtp_rewrite_init() was told. */
        {0, 7, {70000, 500, 9, 200, 3}, {0x10000 + 1000, 4294967000u, 32766, 0, 0}, false},
        {0, 0, {70001, 500, 9, 200, 3}, {0x10000 + 1001, 4294967000u, 32766, 0, 0}, false},
        /* In a segment all is constant: a lost packet leaves a hole; wraps of 32 and 15 bits. */
        {33, 0, {70003, 3500, 11, 201, 3}, {0x10000 + 1003, 2704, 0, 1, 0}, false},
        {34, 0, {70002, 500, 9, 200, 3}, {0x10000 + 1002, 4294967000u, 32766, 0, 0}, false},
        {35, 0, {69999, 500, 8, 199, 3}, {0, 0, 0, 0, 0}, true}, /* before the first */
        /* Another source 67 ms after the newest picture: 67 * 90 = 6030 ticks. */
        {100, 8, {3000000, 77, 32767, 255, 31}, {0x10000 + 1004, 8734, 1, 2, 1}, false},
        {101, 0, {3000001, 77, 32767, 255, 31}, {0x10000 + 1005, 8734, 1, 2, 1}, false},
        {102, 0, {70004, 500, 9, 200, 3}, {0, 0, 0, 0, 0}, true}, /* not of this segment */
        {133, 0, {3000002, 3077, 0, 0, 0}, {0x10000 + 1006, 11734, 2, 3, 2}, false},
        /* The source's timestamp jumps back inside its segment: it is carried over. */
        {166, 0, {3000003, 77, 1, 1, 0}, {0x10000 + 1007, 8734, 3, 4, 2}, false},
        /* Back to the first source, at the same moment: one tick at least. */
        {166, 7, {70100, 900000, 500, 7, 4}, {0x10000 + 1008, 8735, 4, 5, 3}, false},
        {176, 0, {70101, 900900, 501, 8, 4}, {0x10000 + 1009, 9635, 5, 6, 3}, false},
        /* The clock cannot go back, but if it did, so would not the timestamps. */
        {100, 9, {80000, 5, 0, 0, 0}, {0x10000 + 1010, 9636, 6, 7, 4}, false},
        /* A pause of an hour. */
        {3600100, 8, {3000500, 1, 2, 3, 4}, {0x10000 + 1011, 9636 + 324000000, 7, 8, 5}, false},
    };
    struct rtp_rewrite rewrite;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 1000, 4294967000u, 32766);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_rewrite_fields fields = table[i].in;
        int64_t now_us = table[i].at_ms * MS;
        print_message("row %zu\n", i);
        if (table[i].source)
            rtp_rewrite_start(&rewrite, table[i].source, &table[i].in, now_us);
        bool is_applied = rtp_rewrite_apply(&rewrite, &fields, now_us);
        assert_int_equal(is_applied, !table[i].is_dropped);
        assert_fields(&fields, is_applied ? &table[i].out : &table[i].in);
    }
}

static void test_not_started(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_fields fields = {.ext_seq = 70000};
    uint64_t in_seq, out_seq;
    rtp_rewrite_init(&rewrite, MEMORY, 48000, 0, 0, 0);
    assert_false(rtp_rewrite_apply(&rewrite, &fields, 0));
    for (uint32_t seq = 0; seq <= 65535; seq += 257)
        assert_null(rtp_rewrite_find(&rewrite, (uint16_t)seq, &in_seq, &out_seq));
}

/* 8-bit and 5-bit indices go on over their wraps, from one source to the next. */
static void test_index_wraps(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 32760);
    for (unsigned i = 0; i < 600; i++) {
        const struct rtp_rewrite_fields first = {.ext_seq = 70000 + 31 * (i % 7),
                                                 .timestamp = i * 0x12345678,
                                                 .picture_id = i * 77 % 32768,
                                                 .tl0_picture_index = (uint8_t)(i * 13),
                                                 .key_index = i * 5 % 32};
        struct rtp_rewrite_fields fields = first;
        rtp_rewrite_start(&rewrite, i + 1, &first, i);
        assert_true(rtp_rewrite_apply(&rewrite, &fields, i));
        assert_int_equal(fields.ext_seq, 65536 + i);
        assert_int_equal(fields.timestamp, i);
        assert_int_equal(fields.picture_id, (32760 + i) % 32768);
        assert_int_equal(fields.tl0_picture_index, i % 256);
        assert_int_equal(fields.key_index, i % 32);
    }
}

/* Send packets first..last of a source, all of one picture. */
static void send_packets(struct rtp_rewrite *rewrite, uint64_t source, uint64_t first,
                         uint64_t last)
{
    struct rtp_rewrite_fields fields = {.ext_seq = first};
    rtp_rewrite_start(rewrite, source, &fields, 0);
    for (uint64_t seq = first; seq <= last; seq++) {
        fields = (struct rtp_rewrite_fields){.ext_seq = seq};
        assert_true(rtp_rewrite_apply(rewrite, &fields, 0));
    }
}

static void test_find(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 32760, 0, 0);
    send_packets(&rewrite, 1, 100000, 100009); /* 32760-32769 */
    send_packets(&rewrite, 2, 500, 549);       /* 32770-32819 */
    send_packets(&rewrite, 1, 100020, 100020); /* 32820 */
    static const struct {
        uint16_t out_seq;
        uint64_t source, in_seq; /* 0: not found */
    } table[] = {{32759, 0, 0},   {32760, 1, 100000}, {32769, 1, 100009},
                 {32770, 2, 500}, {32819, 2, 549},    {32820, 1, 100020},
                 {32821, 0, 0},   {0, 0, 0},          {65535, 0, 0}};
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t in_seq = 9, out_seq = 9;
        const struct rtp_rewrite_segment *segment =
            rtp_rewrite_find(&rewrite, table[i].out_seq, &in_seq, &out_seq);
        if (table[i].source == 0) {
            assert_null(segment);
            assert_true(in_seq == 9 && out_seq == 9);
            continue;
        }
        assert_non_null(segment);
        assert_int_equal(segment->source, table[i].source);
        assert_int_equal(in_seq, table[i].in_seq);
        assert_int_equal(out_seq, 65536 + table[i].out_seq);
    }
}

/* Over the wrap of the outgoing numbers, the nearest one that was sent is meant. */
static void test_find_over_wrap(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    uint64_t in_seq, out_seq;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 0);
    send_packets(&rewrite, 1, 1000000, 1000000 + 65536 + 10);
    assert_non_null(rtp_rewrite_find(&rewrite, 10, &in_seq, &out_seq));
    assert_int_equal(in_seq, 1000000 + 65536 + 10);
    assert_int_equal(out_seq, 131072 + 10);
    assert_non_null(rtp_rewrite_find(&rewrite, 11, &in_seq, &out_seq));
    assert_int_equal(in_seq, 1000000 + 11);
    assert_int_equal(out_seq, 65536 + 11);
}

/* Only the last segments are remembered; one that sent nothing takes no place. */
static void test_find_forgets(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    uint64_t in_seq, out_seq;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 0);
    for (uint64_t i = 0; i < SEGMENTS + 4; i++) {
        const struct rtp_rewrite_fields unused = {.ext_seq = 5};
        rtp_rewrite_start(&rewrite, 1000 + i, &unused, 0);
        assert_null(rtp_rewrite_find(&rewrite, (uint16_t)i, &in_seq, &out_seq));
        send_packets(&rewrite, 1 + i, 70000 + 100 * i, 70000 + 100 * i);
    }
    for (uint64_t i = 0; i < SEGMENTS + 4; i++) {
        const struct rtp_rewrite_segment *segment =
            rtp_rewrite_find(&rewrite, (uint16_t)i, &in_seq, &out_seq);
        if (i < 4) {
            assert_null(segment);
            continue;
        }
        assert_non_null(segment);
        assert_int_equal(segment->source, 1 + i);
        assert_int_equal(in_seq, 70000 + 100 * i);
    }
}

/* A retransmission gets the very fields that the first transmission had. */
static void test_map_repeats(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_fields in = {70000, 5, 6, 7, 8}, sent = in, again = in;
    uint64_t in_seq, out_seq;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 10, 20, 30);
    rtp_rewrite_start(&rewrite, 1, &in, 0);
    assert_true(rtp_rewrite_apply(&rewrite, &sent, 0));
    send_packets(&rewrite, 2, 900, 950);
    const struct rtp_rewrite_segment *segment = rtp_rewrite_find(&rewrite, 10, &in_seq, &out_seq);
    assert_non_null(segment);
    assert_int_equal(in_seq, in.ext_seq);
    rtp_rewrite_map(segment, &again);
    assert_fields(&again, &sent);
}

static void test_timestamp_at(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_fields in = {.ext_seq = 70000, .timestamp = 5}, fields = in;
    rtp_rewrite_init(&rewrite, MEMORY, 48000, 0, 4294967000u, 0);
    rtp_rewrite_start(&rewrite, 1, &in, S);
    assert_int_equal(rtp_rewrite_timestamp_at(&rewrite, S), 4294967000u);
    rtp_rewrite_apply(&rewrite, &fields, S);
    fields = in;
    fields.ext_seq++;
    rtp_rewrite_apply(&rewrite, &fields, S + 5 * MS); /* the same picture, paced */
    assert_int_equal(rtp_rewrite_timestamp_at(&rewrite, S + 20 * MS), 4294967000u + 960);
    fields.ext_seq = 70002;
    fields.timestamp = 5 + 960;
    rtp_rewrite_apply(&rewrite, &fields, S + 21 * MS);
    assert_int_equal(rtp_rewrite_timestamp_at(&rewrite, S + 21 * MS), 4294967000u + 960);
    assert_int_equal(rtp_rewrite_timestamp_at(&rewrite, S + 41 * MS), 4294967000u + 1920);
}

/* What packets carry, what they are completed to, and what is sent. */
struct vp8_row {
    uint64_t source; /* begins a segment */
    uint32_t timestamp;
    struct rtp_vp8 vp8;
    uint16_t picture_id;
    uint8_t tl0, key_index;
};

#define KEY    .is_frame_start = true, .is_partition_start = true, .is_keyframe = true
#define START  .is_frame_start = true, .is_partition_start = true
#define PID7   .has_picture_id = true, .picture_id
#define PID15  .has_picture_id = true, .is_picture_id_15_bits = true, .picture_id
#define TL0    .has_tl0_picture_index = true, .tl0_picture_index
#define KEYIDX .has_key_index = true, .key_index

static void run_vp8(const struct vp8_row *rows, size_t count)
{
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_pictures pictures = {0};
    uint64_t ext_seq = 70000;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 100);
    for (size_t i = 0; i < count; i++, ext_seq++) {
        struct rtp_rewrite_fields fields = {.ext_seq = ext_seq, .timestamp = rows[i].timestamp};
        print_message("row %zu\n", i);
        if (rows[i].source)
            pictures = (struct rtp_rewrite_pictures){0}; /* each stream has its own */
        rtp_rewrite_complete_vp8(&pictures, &rows[i].vp8, rows[i].timestamp, &fields);
        if (rows[i].source)
            rtp_rewrite_start(&rewrite, rows[i].source, &fields, (int64_t)i);
        assert_true(rtp_rewrite_apply(&rewrite, &fields, (int64_t)i));
        assert_int_equal(fields.picture_id, rows[i].picture_id);
        assert_int_equal(fields.tl0_picture_index, rows[i].tl0);
        assert_int_equal(fields.key_index, rows[i].key_index);
    }
}

static void test_vp8_with_nothing(void **state)
{
    (void)state;
    static const struct vp8_row rows[] = {
        {1, 0xFFFFFF00, {KEY}, 100, 0, 0},
        {0, 0xFFFFFF00, {.partition = 1}, 100, 0, 0},
        {0, 0x00000AB8, {START}, 101, 1, 0}, /* over the timestamps' wrap */
        {0, 0x00001670, {START}, 102, 2, 0},
        {0, 0x00000AB8, {.partition = 2}, 101, 1, 0}, /* late, of the picture before */
        {0, 0x00001670, {.partition = 2}, 102, 2, 0},
        {0, 0x00002228, {.partition = 2}, 103, 3, 0}, /* its start was lost */
        {0, 0x00003000, {KEY}, 104, 4, 1},
        {0, 0x00002228, {.partition = 2}, 103, 3, 0}, /* late, from before the key frame */
        {0, 0x00003000, {.partition = 1}, 104, 4, 1},
        {0, 0x00000AB8, {.partition = 2}, 101, 1, 0}, /* repaired three pictures late */
        {0, 0x00000FFF, {.partition = 2}, 101, 1, 0}, /* all of its picture is: the one before */
        {0, 0x00003000, {.partition = 1}, 104, 4, 1},
        {2, 0x90000000, {KEY}, 105, 5, 2}, /* another source, "before" the old one */
        {0, 0x90000000, {.partition = 1}, 105, 5, 2},
        {0, 0x90000BB8, {START}, 106, 6, 2},
        {3, 0x90000BB8, {KEY}, 107, 7, 3}, /* by chance with the same timestamp */
        {0, 0x90000BB8, {.partition = 1}, 107, 7, 3},
        {0, 0x90001770, {START}, 108, 8, 3},
        {0, 0x90002328, {KEY}, 109, 9, 4},
    };
    run_vp8(rows, COUNT(rows));
}

static void test_vp8_with_picture_ids(void **state)
{
    (void)state;
    static const struct vp8_row rows[] = {
        {1, 1000, {KEY, PID15 = 32766}, 100, 0, 0},
        {0, 4000, {START, PID15 = 32767}, 101, 1, 0},
        {0, 10000, {START, PID15 = 1}, 103, 3, 0}, /* a lost picture leaves its hole in both */
        {0, 7000, {START, PID15 = 0}, 102, 2, 0},  /* and it comes late */
        {0, 13000, {KEY, PID15 = 2}, 104, 4, 1},
        {2, 500, {KEY, PID7 = 126}, 105, 5, 2}, /* 7 bits, which wrap */
        {0, 3500, {START, PID7 = 127}, 106, 6, 2},
        {0, 9500, {START, PID7 = 1}, 108, 8, 2},
        {0, 6500, {START, PID7 = 0}, 107, 7, 2},
        {0, 12500, {START, PID7 = 2}, 109, 9, 2},
        {0, 3500, {.partition = 1, PID7 = 127}, 106, 6, 2}, /* repaired three pictures late */
        {0, 12500, {.partition = 1, PID7 = 2}, 109, 9, 2},
        {5, 0, {KEY, PID15 = 500}, 110, 10, 3},
        {0, 3000, {START, PID15 = 800}, 410, 54, 3}, /* 299 lost at once */
        {0, 6000, {START, PID15 = 501}, 111, 11, 3}, /* the encoder counts anew */
        {3, 100, {KEY, PID15 = 9, TL0 = 255, KEYIDX = 31}, 112, 12, 4}, /* all of it */
        {0, 3100, {START, PID15 = 10, TL0 = 255, KEYIDX = 31}, 113, 12, 4},
        {0, 6100, {START, PID15 = 11, TL0 = 0, KEYIDX = 31}, 114, 13, 4},
        {0, 9100, {KEY, PID15 = 12, TL0 = 1, KEYIDX = 0}, 115, 14, 5},
        {4, 0x80000000, {KEY}, 116, 15, 6}, /* and nothing of it */
        {0, 0x80000BB8, {START}, 117, 16, 6},
        {6, 0, {KEY, PID7 = 2}, 118, 17, 7},
        {0, 294000, {START, PID7 = 100}, 216, 115, 7}, /* 97 lost at once: on, not back */
        {0, 0, {.partition = 1, PID7 = 2}, 118, 17, 7},
    };
    run_vp8(rows, COUNT(rows));
}

/* Without picture ids, pictures lost whole keep their places: by the frame interval, and never more
   than there are numbers missing. */
static void test_vp8_lost_pictures(void **state)
{
    (void)state;
    static const struct {
        uint64_t ext_seq;
        uint32_t timestamp;
        uint16_t picture_id;
    } rows[] = {
        {100, 0xFFFFF000, 0},
        {101, 0xFFFFFBB8, 1}, /* 3000 apart */
        {104, 0x00001EE0, 4}, /* two are missing */
        {103, 0x00001328, 3},
        {102, 0x00000770, 2},
        {105, 0x00002A98, 5}, /* and come late */
        {107, 0x00007000, 7}, /* one at most */
        {106, 0x00003650, 6},
        {108, 0x00007000, 7},
        {109, 0x00207000, 8}, /* after a pause, which is no pace */
        {111, 0x00207BB8 + 3000, 10},
        {116, 0x00407BB8 + 12000, 15}, /* after a pause four are missing */
        {112, 0x00407BB8, 11},
        {114, 0x00407BB8 + 6000, 13},
    };
    struct rtp_rewrite_pictures pictures = {0};
    struct rtp_rewrite_pictures young = {0};
    const struct rtp_vp8 start = {START};
    struct rtp_rewrite_fields first = {.ext_seq = 100}, third = {.ext_seq = 102};
    rtp_rewrite_complete_vp8(&young, &start, 0, &first);
    rtp_rewrite_complete_vp8(&young, &start, 7200, &third); /* the pace is not known yet */
    assert_int_equal(third.picture_id, 2);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct rtp_vp8 vp8 = {START};
        struct rtp_rewrite_fields fields = {.ext_seq = rows[i].ext_seq};
        print_message("row %zu\n", i);
        rtp_rewrite_complete_vp8(&pictures, &vp8, rows[i].timestamp, &fields);
        assert_int_equal(fields.picture_id, rows[i].picture_id);
        assert_int_equal(fields.tl0_picture_index, rows[i].picture_id);
    }
}

/* 7-bit ids over several of their wraps, with losses: the widened ones never step back. */
static void test_vp8_seven_bits_for_long(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_pictures pictures = {0};
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 0);
    for (unsigned i = 0; i < 40000; i += 1 + i % 50) {
        const struct rtp_vp8 vp8 = {START, PID7 = i % 128};
        struct rtp_rewrite_fields fields = {.ext_seq = 70000 + i, .timestamp = i * 3000};
        rtp_rewrite_complete_vp8(&pictures, &vp8, i * 3000, &fields);
        if (i == 0)
            rtp_rewrite_start(&rewrite, 1, &fields, 0);
        assert_true(rtp_rewrite_apply(&rewrite, &fields, i));
        assert_int_equal(fields.picture_id, i % 32768);
    }
}

/* Whether a packet comes right after the newest one sent, so that no new segment is needed. */
static void test_continues(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 32760, 0, 0);
    assert_false(rtp_rewrite_continues(&rewrite, 1, 70000));         /* nothing was sent */
    assert_false(rtp_rewrite_continues(&rewrite, 0, 65536 + 32760)); /* no more by the empty name */
    send_packets(&rewrite, 1, 70000, 70009);
    static const struct {
        const char *what;
        uint64_t source, ext_seq;
        bool is_continued;
    } table[] = {
        {"the next one", 1, 70010, true},
        {"the newest one again", 1, 70009, false},
        {"one is missing", 1, 70011, false},
        {"a late one", 1, 70004, false},
        {"one of before the segment", 1, 69999, false},
        {"a cycle later", 1, 70010 + 65536, false},
        {"a cycle earlier", 1, 70010 - 65536, false},
        {"another source", 2, 70010, false},
        {"another source with the outgoing number", 2, 65536 + 32770, false},
        {"no source", 0, 70010, false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(rtp_rewrite_continues(&rewrite, table[i].source, table[i].ext_seq),
                         table[i].is_continued);
    }
    struct rtp_rewrite_fields late = {.ext_seq = 70003};
    assert_true(rtp_rewrite_apply(&rewrite, &late, 0)); /* late ones move nothing */
    assert_true(rtp_rewrite_continues(&rewrite, 1, 70010));
    send_packets(&rewrite, 2, 500, 500);
    assert_false(rtp_rewrite_continues(&rewrite, 1, 70010)); /* no more the newest segment */
    assert_true(rtp_rewrite_continues(&rewrite, 2, 501));
    send_packets(&rewrite, 1, 70020, 131072 + 5); /* over the wraps of both sides */
    assert_true(rtp_rewrite_continues(&rewrite, 1, 131072 + 6));
    assert_false(rtp_rewrite_continues(&rewrite, 1, 70010)); /* of her older segment */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_not_started),
        cmocka_unit_test(test_index_wraps),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_find_over_wrap),
        cmocka_unit_test(test_find_forgets),
        cmocka_unit_test(test_map_repeats),
        cmocka_unit_test(test_timestamp_at),
        cmocka_unit_test(test_vp8_with_nothing),
        cmocka_unit_test(test_vp8_with_picture_ids),
        cmocka_unit_test(test_vp8_lost_pictures),
        cmocka_unit_test(test_vp8_seven_bits_for_long),
        cmocka_unit_test(test_continues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
