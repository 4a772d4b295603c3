/* Numbers that are left out, kept for what is late, closed by padding, or begun anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/rewrite.h"

#define SEGMENTS 64
/* Of the block in which a stream is initialised. */
#define MEMORY                                                                                     \
    ((struct rtp_rewrite_memory){(struct rtp_rewrite_segment[SEGMENTS]){{.source = 0}}, SEGMENTS})

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           1000

/* What is left out on purpose leaves no gap; what was lost keeps its number. Each table is a stream
   that begins with in 100 (picture 10) as out 65536 + 0 (picture 0). */
enum { SEND = 1, SKIP, PAD, RETIME };

struct skip_row {
    int what;
    uint64_t in_seq;
    uint16_t picture_id;
    bool is_base;
    enum rtp_rewrite_verdict verdict;
    uint16_t out_seq, out_picture_id; /* of what is sent or filled */
    uint8_t out_tl0;
};

static void run_skips(const char *what, const struct skip_row *rows, size_t count)
{
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_fields first = {.ext_seq = 100, .picture_id = 10};
    print_message("%s\n", what);
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 0);
    rtp_rewrite_start(&rewrite, 1, &first, 0);
    for (size_t i = 0; i < count; i++) {
        struct rtp_rewrite_fields fields = {.ext_seq = rows[i].in_seq,
                                            .timestamp = rows[i].picture_id * 3000u,
                                            .picture_id = rows[i].picture_id,
                                            .tl0_picture_index = (uint8_t)(rows[i].picture_id / 2)};
        if (i == 0) /* the start's */
            rewrite.memory.segments[0].tl0_offset = (uint8_t)-5;
        if (rows[i].what == RETIME)
            rtp_rewrite_retime(&rewrite, &fields, (int64_t)i * 33 * MS);
        enum rtp_rewrite_verdict verdict =
            rows[i].what == SKIP
                ? rtp_rewrite_skip(&rewrite, &fields,
                                   rows[i].is_base ? RTP_REWRITE_BASE_PICTURE : RTP_REWRITE_PICTURE)
            : rows[i].what == PAD ? rtp_rewrite_skip(&rewrite, &fields, RTP_REWRITE_PADDING)
                                  : rtp_rewrite_apply(&rewrite, &fields, (int64_t)i * 33 * MS);
        print_message("  row %zu\n", i);
        assert_int_equal(verdict, rows[i].verdict);
        if (verdict == RTP_REWRITE_NOTHING)
            continue;
        assert_int_equal(fields.ext_seq, 65536 + rows[i].out_seq);
        assert_int_equal(fields.picture_id, rows[i].out_picture_id);
        assert_int_equal(fields.tl0_picture_index, rows[i].out_tl0);
        /* A NACK finds what was sent; the way back names the packet. */
        uint64_t in_seq, out_seq;
        assert_non_null(rtp_rewrite_find(&rewrite, rows[i].out_seq, &in_seq, &out_seq));
        assert_int_equal(in_seq, rows[i].in_seq);
    }
}

#define NO RTP_REWRITE_NOTHING
#define GO RTP_REWRITE_SEND

static const struct skip_row every_second[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},  {SKIP, 101, 11, false, NO, 0, 0, 0},
    {SEND, 102, 12, true, GO, 1, 1, 1},  {SKIP, 103, 13, false, NO, 0, 0, 0},
    {SKIP, 104, 13, false, NO, 0, 0, 0}, {SEND, 105, 14, true, GO, 2, 2, 2},
    {SEND, 106, 14, true, GO, 3, 2, 2},
};

static const struct skip_row a_run_and_base[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},  {SKIP, 101, 11, false, NO, 0, 0, 0},
    {SKIP, 102, 12, true, NO, 0, 0, 0}, /* TL0PICIDX 6 is closed with it */
    {SKIP, 103, 13, false, NO, 0, 0, 0}, {SEND, 104, 14, true, GO, 1, 1, 1},
};

static const struct skip_row lost_and_late[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},
    {SEND, 102, 12, true, GO, 2, 2, 1}, /* 101 is missing: a number is kept */
    {SKIP, 103, 13, false, NO, 0, 0, 0},
    {SEND, 104, 14, true, GO, 3, 3, 2},
    {SEND, 101, 11, false, GO, 1, 1, 0}, /* and sent late */
    {SKIP, 103, 13, false, NO, 0, 0, 0}, /* what is closed stays closed */
    {SEND, 99, 9, true, NO, 0, 0, 0},
};

static const struct skip_row lost_beside_skipped[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},
    {SKIP, 102, 11, false, NO, 0, 0, 0},               /* 101, its first packet, was lost */
    {SKIP, 104, 12, false, NO, 0, 0, 0},               /* 103 was lost */
    {SEND, 106, 14, true, GO, 4, 2, 2},                /* 105 was lost */
    {SEND, 101, 11, false, RTP_REWRITE_FILL, 1, 1, 0}, /* its picture is closed */
    {SEND, 103, 11, false, RTP_REWRITE_FILL, 2, 0, 0}, /* the end of one that is */
    {SEND, 105, 12, false, RTP_REWRITE_FILL, 3, 0, 1},
};

static const struct skip_row lost_picture_beside_skipped[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},
    {SKIP, 101, 11, false, NO, 0, 0, 0},
    {SEND, 103, 13, false, GO, 2, 2, 1},
    {SKIP, 102, 12, true, RTP_REWRITE_FILL, 1, 1, 1}, /* late, and not wanted any more */
    {SKIP, 104, 14, true, NO, 0, 0, 0},
    {SEND, 106, 16, true, GO, 4, 4, 2},
    {SEND, 105, 15, false, GO, 3, 3, 1}, /* a picture of its own */
};

static const struct skip_row padding[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},  {PAD, 101, 0, false, NO, 0, 0, 0},
    {PAD, 102, 0, false, NO, 0, 0, 0},   {SEND, 103, 11, false, GO, 1, 1, 0},
    {SKIP, 104, 12, false, NO, 0, 0, 0}, {PAD, 105, 0, false, NO, 0, 0, 0},
    {SEND, 107, 13, false, GO, 3, 2, 1}, {PAD, 106, 0, false, RTP_REWRITE_FILL, 2, 32757, 251},
};

static const struct skip_row replayed[] = {
    {SEND, 100, 10, true, GO, 0, 0, 0},    {SKIP, 101, 11, false, NO, 0, 0, 0},
    {RETIME, 102, 12, true, GO, 1, 1, 1},  {SEND, 103, 12, true, GO, 2, 1, 1},
    {SKIP, 104, 13, false, NO, 0, 0, 0},   {RETIME, 105, 14, true, GO, 3, 2, 2},
    {RETIME, 106, 15, false, GO, 4, 3, 2}, {SEND, 108, 16, true, GO, 6, 4, 3},
    {SEND, 107, 15, false, GO, 5, 3, 2},
};

static void test_skip(void **state)
{
    (void)state;
    run_skips("every second picture", every_second, COUNT(every_second));
    run_skips("a run with a base picture", a_run_and_base, COUNT(a_run_and_base));
    run_skips("lost, then late", lost_and_late, COUNT(lost_and_late));
    run_skips("lost beside skipped", lost_beside_skipped, COUNT(lost_beside_skipped));
    run_skips("a lost picture beside skipped ones", lost_picture_beside_skipped,
              COUNT(lost_picture_beside_skipped));
    run_skips("padding", padding, COUNT(padding));
    run_skips("replayed", replayed, COUNT(replayed));
}

/* Numbers kept above the newest one sent (what came after them was skipped): what fills them is
   what the next source goes on from. */
static void test_start_after_kept_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool is_filled; /* before the next source begins */
        bool is_found;  /* the number that was kept, afterwards */
        uint32_t timestamp;
        uint16_t picture_id;
        uint8_t tl0;
    } table[] = {
        /* Sent at 40 ms, with 33 ms (2970 ticks) after the first; 10 ms (900) later the next. */
        {"filled", true, true, 500 + 2970 + 900, 2, 2},
        {"not filled: its picture's numbers are the next source's", false, false, 500 + 4500, 1, 1},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_rewrite rewrite;
        struct rtp_rewrite_fields first = {.ext_seq = 100, .picture_id = 10}, sent = first;
        struct rtp_rewrite_fields skipped = {102, 5940, 12, 2, 0}, late = {101, 2970, 11, 1, 0};
        struct rtp_rewrite_fields next = {700, 9, 9, 9, 0};
        uint64_t in_seq, out_seq;
        print_message("%s\n", table[i].what);
        rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 500, 0);
        rtp_rewrite_start(&rewrite, 1, &first, 0);
        assert_int_equal(rtp_rewrite_apply(&rewrite, &sent, 0), GO);
        assert_int_equal(rtp_rewrite_skip(&rewrite, &skipped, RTP_REWRITE_PICTURE), NO);
        if (table[i].is_filled)
            assert_int_equal(rtp_rewrite_apply(&rewrite, &late, 40 * MS), GO);
        rtp_rewrite_start(&rewrite, 2, &next, 50 * MS);
        assert_int_equal(rtp_rewrite_apply(&rewrite, &next, 50 * MS), GO);
        assert_int_equal(next.ext_seq, 65536 + 2);
        assert_int_equal(next.timestamp, table[i].timestamp);
        assert_int_equal(next.picture_id, table[i].picture_id);
        assert_int_equal(next.tl0_picture_index, table[i].tl0);
        bool is_found = rtp_rewrite_find(&rewrite, 1, &in_seq, &out_seq) != NULL;
        assert_int_equal(is_found, table[i].is_found);
        assert_non_null(rtp_rewrite_find(&rewrite, 0, &in_seq, &out_seq));
        assert_non_null(rtp_rewrite_find(&rewrite, 2, &in_seq, &out_seq));
    }
}

/* Timestamps of a replay advance with its sending, then with the source again. */
static void test_retime(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        uint64_t in_seq;
        uint32_t in_timestamp, out_timestamp;
        bool is_retimed;
    } table[] = {
        {0, 70000, 9000, 500, false},    {10, 70001, 12000, 1400, true},
        {10, 70002, 15000, 1401, true}, /* in the same tick */
        {10, 70003, 15000, 1401, false}, {20, 70004, 18000, 2301, true},
        {53, 70005, 21000, 5301, false}, /* live */
    };
    struct rtp_rewrite rewrite;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 500, 0);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_rewrite_fields fields = {.ext_seq = table[i].in_seq,
                                            .timestamp = table[i].in_timestamp};
        if (i == 0)
            rtp_rewrite_start(&rewrite, 1, &fields, 0);
        if (table[i].is_retimed)
            rtp_rewrite_retime(&rewrite, &fields, table[i].at_ms * MS);
        assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, table[i].at_ms * MS), GO);
        assert_int_equal(fields.timestamp, table[i].out_timestamp);
    }
}

/* Random streams of three temporal layers with losses and late packets: what is sent or filled has
   its own number each, no number is left out for good but those of lost packets, and pictures are
   numbered without a gap but for lost ones. */
static void test_skip_never_repeats(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 200; round++) {
        struct rtp_rewrite rewrite;
        struct rtp_rewrite_fields first = {.ext_seq = 100, .picture_id = 0};
        uint8_t sent[512] = {0};
        uint64_t late[64];
        unsigned late_count = 0, unseen = 0, highest = 0;
        rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 0, 0);
        rtp_rewrite_start(&rewrite, 1, &first, 0);
        for (uint64_t i = 0; i < 300; i++) {
            for (; (random >> 8) % 8 == 0; random = random * 1664525 + 1013904223) {
                struct rtp_rewrite_fields pad;
                rtp_rewrite_pad(&rewrite, &pad);
                assert_int_equal(sent[pad.ext_seq - 65536]++, 0);
                highest = (unsigned)(pad.ext_seq - 65536);
            }
            bool is_late = late_count > 0 && random % 5 == 0;
            uint64_t seq = is_late ? late[--late_count] : 100 + i;
            random = random * 1664525 + 1013904223;
            if (!is_late && i > 0 && random >> 16 & 1 && late_count < 64 &&
                (random >> 20) % 4 == 0) {
                late[late_count++] = seq;
                continue;
            }
            i -= is_late;
            struct rtp_rewrite_fields fields = {.ext_seq = seq,
                                                .picture_id = (uint16_t)((seq - 100) / 2)};
            /* Even pictures are wanted; what comes late is tried. */
            bool is_skipped = fields.picture_id % 2 && seq >= rtp_rewrite_next_in_seq(&rewrite);
            enum rtp_rewrite_verdict verdict =
                is_skipped ? rtp_rewrite_skip(&rewrite, &fields, RTP_REWRITE_PICTURE)
                           : rtp_rewrite_apply(&rewrite, &fields, 0);
            if (verdict == RTP_REWRITE_NOTHING)
                continue;
            unsigned out = (unsigned)(fields.ext_seq - 65536);
            assert_true(out < 512);
            assert_int_equal(sent[out], 0);
            sent[out] = 1;
            highest = out > highest ? out : highest;
        }
        for (unsigned out = 0; out <= highest; out++)
            unseen += !sent[out];
        assert_true(unseen <= late_count);
    }
}

/* Numbers that another process may have used: nobody finds them, nothing comes late in them, and
   the same source does not simply go on. */
static void test_leave_out(void **state)
{
    (void)state;
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_fields fields = {.ext_seq = 70000, .timestamp = 500};
    const struct rtp_rewrite_fields missing = {.ext_seq = 70001, .timestamp = 500};
    const uint64_t first = 0x10000 + 1000 + 5;
    uint64_t in_seq, out_seq;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 1000, 0, 0);
    rtp_rewrite_leave_out(&rewrite, 5); /* before anything was sent */
    rtp_rewrite_start(&rewrite, 7, &fields, 0);
    assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, 0), RTP_REWRITE_SEND);
    assert_int_equal(fields.ext_seq, first);
    fields.ext_seq = 70002;
    assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, 0), RTP_REWRITE_SEND);
    rtp_rewrite_leave_out(&rewrite, 1024);
    assert_false(rtp_rewrite_continues(&rewrite, 7, 70003));
    assert_false(rtp_rewrite_continues(&rewrite, 7, 70003 + 1024));
    fields = missing;
    assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, 0), RTP_REWRITE_NOTHING);
    fields.ext_seq = 70003;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint64_t seq = first + 3; seq < first + 3 + 1024; seq++)
            assert_null(rtp_rewrite_find(&rewrite, (uint16_t)seq, &in_seq, &out_seq));
        assert_non_null(rtp_rewrite_find(&rewrite, (uint16_t)(first + 2), &in_seq, &out_seq));
        assert_int_equal(in_seq, 70002);
        rtp_rewrite_start(&rewrite, 7, &fields, 0);
    }
    assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, 0), RTP_REWRITE_SEND);
    assert_int_equal(fields.ext_seq, first + 3 + 1024);
    fields = missing;
    assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, 0), RTP_REWRITE_NOTHING);
}

enum pad_step { PAD_START, PAD_SEND, PAD_SKIP, PAD_PAD };

/* Padding between packets: the stream goes on after it as it would have without. */
static void test_pad(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum pad_step step;
        uint64_t in_seq;
        uint16_t in_picture;
        uint64_t out; /* from the first on */
        uint16_t out_picture;
        bool is_found; /* at the end, by its number */
    } table[] = {
        {"before anything was sent", PAD_PAD, 0, 0, 0, 0, false},
        {"and again", PAD_PAD, 0, 0, 1, 0, false},
        {"the first packet", PAD_START, 100, 10, 2, 0, true},
        {"between frames", PAD_PAD, 0, 0, 3, 0, false},
        {"and again", PAD_PAD, 0, 0, 4, 0, false},
        {"the source goes on", PAD_SEND, 101, 11, 5, 1, true},
        {"in a skipped picture", PAD_SKIP, 102, 12, 0, 0, false},
        {"padding", PAD_PAD, 0, 0, 6, 0, false},
        {"its second packet", PAD_SKIP, 103, 12, 0, 0, false},
        {"the next, 104 was lost", PAD_SEND, 105, 13, 8, 2, true},
        {"padding", PAD_PAD, 0, 0, 9, 0, false},
        {"104 comes late", PAD_SEND, 104, 13, 7, 2, true},
        {"the source goes on", PAD_SEND, 106, 14, 10, 3, true},
        {"padding", PAD_PAD, 0, 0, 11, 0, false},
        {"another source", PAD_START, 700, 77, 12, 4, true},
    };
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_fields fields = {0};
    uint64_t in_seq, out_seq;
    rtp_rewrite_init(&rewrite, MEMORY, 90000, 0, 500, 0);
    for (size_t i = 0; i < COUNT(table); i++) {
        uint32_t before = rewrite.last_timestamp;
        print_message("%s\n", table[i].what);
        fields = (struct rtp_rewrite_fields){.ext_seq = table[i].in_seq,
                                             .picture_id = table[i].in_picture};
        if (table[i].step == PAD_START)
            rtp_rewrite_start(&rewrite, i + 1, &fields, 0);
        if (table[i].step == PAD_SKIP)
            assert_int_equal(rtp_rewrite_skip(&rewrite, &fields, RTP_REWRITE_PICTURE), NO);
        else if (table[i].step != PAD_PAD)
            assert_int_equal(rtp_rewrite_apply(&rewrite, &fields, 0), GO);
        else
            rtp_rewrite_pad(&rewrite, &fields);
        if (table[i].step == PAD_SKIP)
            continue;
        assert_int_equal(fields.ext_seq, 65536 + table[i].out);
        assert_int_equal(fields.picture_id, table[i].out_picture);
        if (table[i].step == PAD_PAD)
            assert_int_equal(fields.timestamp, before);
    }
    for (size_t i = 0; i < COUNT(table); i++) {
        bool is_found =
            rtp_rewrite_find(&rewrite, (uint16_t)table[i].out, &in_seq, &out_seq) != NULL;
        if (table[i].step == PAD_SKIP)
            continue;
        print_message("found: %s\n", table[i].what);
        assert_int_equal(is_found, table[i].is_found);
        if (is_found)
            assert_int_equal(in_seq, table[i].in_seq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leave_out), cmocka_unit_test(test_skip),
        cmocka_unit_test(test_pad),       cmocka_unit_test(test_start_after_kept_numbers),
        cmocka_unit_test(test_retime),    cmocka_unit_test(test_skip_never_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
