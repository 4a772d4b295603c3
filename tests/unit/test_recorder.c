/* The ring: order, laps, how much memory it takes, what is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/bytes.h"
#include "sfu/core/recording.h"

#define MS     INT64_C(1000)
#define S      INT64_C(1000000)
#define WINDOW (60 * S)
#define START  (INT64_C(4294) * S) /* a second before the time's lower 32 bits begin anew */

static struct core_recorder *make(void)
{
    struct core_recorder *recorder = core_recorder_create(CORE_RECORDER_MIN_BYTES, WINDOW);
    assert_non_null(recorder);
    return recorder;
}

/* A decision with a number. */
static void note(struct core_recorder *recorder, uint32_t number, int64_t at_us)
{
    core_recorder_on_decision(
        recorder,
        &(struct core_decision){
            .kind = CORE_DECISION_BUDGET, .participant = 7, .numbers = {number}, .slot = -1},
        at_us);
}

/* The decisions that are left, which must follow each other one by one. @return how many */
static unsigned read_all(const struct core_recorder *recorder, uint32_t *first, uint32_t *last,
                         int64_t *first_us, int64_t *last_us)
{
    struct core_recording *recording;
    struct core_recording_entry entry;
    unsigned count = 0;
    assert_int_equal(core_recording_open(&recording, recorder, &(struct core_recording_options){0}),
                     0);
    for (; core_recording_next(recording, &entry); count++) {
        assert_int_equal(entry.kind, CORE_RECORDING_DECISION);
        assert_int_equal(entry.participant, 7);
        if (count == 0) {
            *first = entry.decision.numbers[0];
            *first_us = entry.at_us;
        } else {
            assert_int_equal(entry.decision.numbers[0], *last + 1);
            assert_true(entry.at_us >= *last_us);
        }
        *last = entry.decision.numbers[0];
        *last_us = entry.at_us;
    }
    core_recording_close(recording);
    return count;
}

static const struct {
    const char *name;
    unsigned count;
    int64_t every_us;
    unsigned kept_min;  /* entries that are there afterwards */
    size_t touched_max; /* [bytes] */
} laps[] = {
    {"a few", 10, 100 * MS, 10, 65536},
    {"a minute that fits", 1000, 60 * MS, 1000, 131072},
    {"an hour of little: a minute of it, in no more memory", 60000, 60 * MS, 1000, 131072},
    {"a minute that does not fit: what does", 60000, MS, 4000, CORE_RECORDER_MIN_BYTES},
    {"two hours, a record a second", 7200, S, 60, 65536},
    {"with gaps of a window almost", 5, WINDOW - S, 2, 65536},
};

static void test_laps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(laps) / sizeof(laps[0]); i++) {
        struct core_recorder *recorder = make();
        uint32_t first = 0, last = 0;
        int64_t first_us = 0, last_us = 0, at_us = START;
        for (unsigned n = 0; n < laps[i].count; n++, at_us += laps[i].every_us)
            note(recorder, n, at_us);
        unsigned count = read_all(recorder, &first, &last, &first_us, &last_us);
        if (count < laps[i].kept_min || core_recorder_touched_bytes(recorder) > laps[i].touched_max)
            fail_msg("%s: %u entries in %zu bytes", laps[i].name, count,
                     core_recorder_touched_bytes(recorder));
        assert_int_equal(last, laps[i].count - 1);
        assert_int_equal(last_us, at_us - laps[i].every_us);
        assert_int_equal(first_us, last_us - (int64_t)(count - 1) * laps[i].every_us);
        assert_true(last_us - first_us <= WINDOW);
        core_recorder_destroy(recorder);
    }
}

static void test_gap(void **state)
{
    (void)state;
    struct core_recorder *recorder = make();
    uint32_t first, last;
    int64_t first_us, last_us;
    for (uint32_t n = 0; n < 100; n++)
        note(recorder, n, START + n);
    note(recorder, 100, START + WINDOW + S);
    assert_int_equal(read_all(recorder, &first, &last, &first_us, &last_us), 1);
    assert_int_equal(last, 100);
    assert_int_equal(last_us, START + WINDOW + S);
    core_recorder_destroy(recorder);
}

static void test_nothing(void **state)
{
    (void)state;
    struct core_recorder *recorder = make();
    uint32_t first, last;
    int64_t first_us, last_us;
    struct core_run run = {.count = 3};
    assert_int_equal(read_all(recorder, &first, &last, &first_us, &last_us), 0);
    core_recorder_destroy(recorder);
    note(NULL, 1, START);
    core_recorder_on_rtcp(NULL, 1, true, (const uint8_t *)"abcd", 4, START);
    core_recorder_end_run(NULL, 1, &run, START);
    assert_int_equal(run.count, 0);
    core_recorder_destroy(NULL);
}

/* --- what is kept of a packet --------------------------------------------------------------- */

enum { NO_VP8, DELTA, FRAME, KEYFRAME };

static const struct {
    const char *name;
    int vp8;
    size_t payload_len;
    size_t kept; /* behind the header */
} packets[] = {
    {"a voice", NO_VP8, 80, 0},
    {"of a picture's middle: the descriptor", DELTA, 1000, 6},
    {"a picture's beginning: and its tag", FRAME, 1000, 9},
    {"a key frame's: and its size", KEYFRAME, 1000, 16},
    {"shorter than that", FRAME, 8, 8},
};

static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
        struct core_recorder *recorder = make();
        struct core_recording *recording;
        struct core_recording_entry entry;
        struct rtp_packet packet;
        struct rtp_vp8 vp8 = {.descriptor_len = 6,
                              .is_frame_start = packets[i].vp8 >= FRAME,
                              .is_keyframe = packets[i].vp8 == KEYFRAME};
        uint8_t data[1400];
        memset(data, 0xAB, sizeof(data));
        struct rtp_header_fields header = {.ssrc = 5, .seq = 9, .transport_seq_id = 3};
        size_t head = rtp_packet_write_header(data, &header);
        size_t len = head + packets[i].payload_len;
        assert_int_equal(rtp_packet_parse(&packet, data, len), 0);
        core_recorder_on_rtp(
            recorder,
            &(struct core_recorder_rtp){.participant = 7,
                                        .packet = &packet,
                                        .vp8 = packets[i].vp8 == NO_VP8 ? NULL : &vp8,
                                        .outcome = CORE_OUTCOME_POLICED,
                                        .stream = core_record_stream(1, 2, false)},
            START);
        assert_int_equal(
            core_recording_open(&recording, recorder, &(struct core_recording_options){0}), 0);
        assert_true(core_recording_next(recording, &entry));
        if (entry.len != head + packets[i].kept || entry.original_bytes != len)
            fail_msg("%s: %u of %u bytes", packets[i].name, entry.len, entry.original_bytes);
        assert_memory_equal(entry.data, data, entry.len);
        assert_int_equal(entry.kind, CORE_RECORDING_PACKET);
        assert_false(entry.is_sent || entry.is_rtcp);
        assert_int_equal(entry.track, 1);
        assert_int_equal(entry.layer, 2);
        assert_int_equal(entry.outcome, CORE_OUTCOME_POLICED);
        core_recording_close(recording);
        core_recorder_destroy(recorder);
    }
}

static const struct {
    const char *name;
    uint8_t first, type;
    size_t len, kept;
} compounds[] = {
    {"a PLI", 0x81, 206, 12, 12},
    {"a report on many", 0x9F, 201, 780, CORE_RECORDER_RTCP_BYTES},
    {"transport feedback", 0x8F, 205, 100, 20},
    {"a NACK", 0x81, 205, 100, 100},
};

static void test_rtcp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(compounds) / sizeof(compounds[0]); i++) {
        struct core_recorder *recorder = make();
        struct core_recording *recording;
        struct core_recording_entry entry;
        uint8_t data[800] = {compounds[i].first, compounds[i].type};
        core_recorder_on_rtcp(recorder, 7, i % 2, data, compounds[i].len, START);
        assert_int_equal(
            core_recording_open(&recording, recorder, &(struct core_recording_options){0}), 0);
        assert_true(core_recording_next(recording, &entry));
        if (entry.len != compounds[i].kept || entry.original_bytes != compounds[i].len)
            fail_msg("%s: %u of %u bytes", compounds[i].name, entry.len, entry.original_bytes);
        assert_true(entry.is_rtcp);
        assert_int_equal(entry.is_sent, i % 2);
        core_recording_close(recording);
        core_recorder_destroy(recorder);
    }
}

/* Several under one budget: they grow until it is spent, and again when another one goes. */
static void test_budget(void **state)
{
    struct core_recorder_budget budget = {.bytes_max = 3 * 65536};
    struct core_recorder *first = make(), *second = make();
    uint32_t number = 0;
    (void)state;
    core_recorder_set_budget(first, &budget);
    core_recorder_set_budget(second, &budget);
    assert_int_equal(budget.bytes, 2 * 65536);
    for (; number < 10000; number++)
        note(first, number, START + number * MS);
    assert_int_equal(core_recorder_touched_bytes(first), 2 * 65536);
    for (number = 0; number < 10000; number++)
        note(second, number, START + number * MS);
    assert_int_equal(core_recorder_touched_bytes(second), 65536);
    assert_int_equal(budget.bytes, 3 * 65536);
    core_recorder_set_budget(first, NULL); /* handed out for a dump */
    assert_int_equal(budget.bytes, 65536);
    for (; number < 20000; number++)
        note(second, number, START + number * MS);
    assert_int_equal(core_recorder_touched_bytes(second), 3 * 65536);
    uint32_t oldest, newest;
    int64_t oldest_us, newest_us;
    assert_true(read_all(second, &oldest, &newest, &oldest_us, &newest_us) > 0);
    assert_int_equal(newest, 19999);
    core_recorder_destroy(second);
    assert_int_equal(budget.bytes, 0);
    core_recorder_destroy(first);
    assert_int_equal(budget.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laps), cmocka_unit_test(test_gap),  cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_cut),  cmocka_unit_test(test_rtcp), cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
