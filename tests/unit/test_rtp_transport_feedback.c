/*
 * Transport-wide feedback, against bytes written by hand from the draft's figures (3.1), then
 * random arrivals through the writer and the parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/transport_feedback.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define S            INT64_C(1000000)
#define REFERENCE    INT64_C(64000)

/* What arrives, in this order, ends with a time of 0. */
struct arrival {
    uint16_t seq;
    int64_t at_us;
};

/* What is written of it, from the base sequence number on. */
static const struct {
    const char *what;
    struct arrival arrivals[24];
    bool has_padding;
    size_t len;
    uint8_t bytes[48];
} WRITTEN[] = {
    {"one packet",
     {{10, 5 * REFERENCE + 999}},
     true,
     12,
     {0x00, 0x0A, 0x00, 0x01, 0x00, 0x00, 0x05, 0x00, 0x20, 0x01, 0x03, 0x01}},
    {"one lost between two: a vector of bits",
     {{10, 5 * REFERENCE + 1000}, {12, 5 * REFERENCE + 1500}},
     false,
     12,
     {0x00, 0x0A, 0x00, 0x03, 0x00, 0x00, 0x05, 0x00, 0xA8, 0x00, 0x04, 0x02}},
    {"large and negative deltas: a vector of two bits",
     {{0, REFERENCE}, {2, 2 * REFERENCE - 250}, {1, 2 * REFERENCE}},
     true,
     16,
     {0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x01, 0x00, 0xDA, 0x00, 0x00, 0x01, 0x00, 0xFF, 0xFF,
      0x01}},
    {"the largest small delta",
     {{0, REFERENCE}, {1, REFERENCE + 63750}},
     false,
     12,
     {0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x01, 0x00, 0x20, 0x02, 0x00, 0xFF}},
    {"the largest delta",
     {{0, REFERENCE}, {1, REFERENCE + 32767 * 250}},
     true,
     16,
     {0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x01, 0x00, 0xD8, 0x00, 0x00, 0x7F, 0xFF, 0x00, 0x00,
      0x03}},
    {"a run of 20, over the wrap of the numbers",
     {{65530, REFERENCE}, {65531, REFERENCE}, {65532, REFERENCE}, {65533, REFERENCE},
      {65534, REFERENCE}, {65535, REFERENCE}, {0, REFERENCE},     {1, REFERENCE},
      {2, REFERENCE},     {3, REFERENCE},     {4, REFERENCE},     {5, REFERENCE},
      {6, REFERENCE},     {7, REFERENCE},     {8, REFERENCE},     {9, REFERENCE},
      {10, REFERENCE},    {11, REFERENCE},    {12, REFERENCE},    {13, REFERENCE + 250}},
     true,
     32,
     {0xFF, 0xFA, 0x00, 0x14, 0x00, 0x00, 0x01, 0x00, 0x20, 0x14, 0, 0, 0, 0,    0,    0,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0x01, 0x00, 0x02}},
    {"29 lost: bits, a run, and the last one",
     {{1000, REFERENCE}, {1030, REFERENCE + 500}},
     false,
     16,
     {0x03, 0xE8, 0x00, 0x1F, 0x00, 0x00, 0x01, 0x00, 0xA0, 0x00, 0x00, 0x10, 0x20, 0x01, 0x00,
      0x02}},
    {"the reference time wraps",
     {{7, ((INT64_C(1) << 24) + 3) * REFERENCE}, {8, ((INT64_C(1) << 24) + 3) * REFERENCE}},
     false,
     12,
     {0x00, 0x07, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x20, 0x02, 0x00, 0x00}},
    {"a duplicate: the first arrival counts",
     {{7, REFERENCE}, {8, REFERENCE + 250}, {7, REFERENCE + 750}, {8, REFERENCE + 1000}},
     false,
     12,
     {0x00, 0x07, 0x00, 0x02, 0x00, 0x00, 0x01, 0x00, 0x20, 0x02, 0x00, 0x01}},
    {"one from before the first",
     {{7, REFERENCE}, {6, REFERENCE + 250}},
     true,
     16,
     {0x00, 0x06, 0x00, 0x02, 0x00, 0x00, 0x01, 0x00, 0xD8, 0x00, 0x01, 0xFF, 0xFF, 0x00, 0x00,
      0x03}},
};

static void test_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(WRITTEN); i++) {
        struct rtp_arrival_log *log = calloc(1, sizeof(*log));
        uint8_t data[256];
        uint8_t header[12] = {0x8F, 0xCD, 0, 0, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
        struct rtcp_writer writer;
        int64_t now_us = 0;
        for (size_t j = 0; WRITTEN[i].arrivals[j].at_us; j++) {
            now_us = WRITTEN[i].arrivals[j].at_us;
            rtp_arrival_log_add(log, WRITTEN[i].arrivals[j].seq, now_us);
        }
        print_message("%s\n", WRITTEN[i].what);
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_true(rtp_arrival_log_has_news(log));
        assert_int_equal(rtp_arrival_log_write(log, &writer, 0x01020304, 0x05060708, now_us + S),
                         0);
        header[0] |= WRITTEN[i].has_padding ? 0x20 : 0;
        header[3] = (uint8_t)((12 + WRITTEN[i].len) / 4 - 1);
        assert_int_equal(writer.len, 12 + WRITTEN[i].len);
        assert_memory_equal(data, header, 12);
        assert_memory_equal(data + 12, WRITTEN[i].bytes, WRITTEN[i].len);
        assert_false(rtp_arrival_log_has_news(log));
        assert_int_equal(rtp_arrival_log_write(log, &writer, 1, 2, now_us), IRIS_E_NOT_FOUND);
        free(log);
    }
}

/* Write one message and say what it is: base, count, message count. */
struct summary {
    unsigned base, count, message;
};

static struct summary write_one(struct rtp_arrival_log *log, int64_t now_us)
{
    uint8_t data[3000];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtp_arrival_log_write(log, &writer, 1, 2, now_us), 0);
    return (struct summary){rtp_bytes_get16(data + 12), rtp_bytes_get16(data + 14), data[19]};
}

static void test_messages_join(void **state)
{
    (void)state;
    /* Arrivals, row after row; each row ends with a message of this base and count. */
    static const struct {
        struct arrival arrivals[4];
        unsigned base, count;
    } table[] = {
        {{{65000, S}, {65003, S}}, 65000, 4},
        {{{65006, 2 * S}}, 65004, 3},                 /* begins with what was lost in between */
        {{{65005, 3 * S}}, 65005, 2},                 /* late: goes back to it */
        {{{65007, 4 * S}, {65001, 4 * S}}, 65001, 7}, /* very late: likewise */
        {{{65007, 5 * S}, {65008, 5 * S}}, 65008, 1}, /* a duplicate is no news */
        {{{464, 6 * S}}, 65009, 992},                 /* over the wrap */
        {{{3000, 7 * S}}, 1977, 1024},                /* a jump: as far back as the log reaches */
        {{{1976, 8 * S}, {3001, 8 * S}}, 3001, 1},    /* older than the log: ignored */
        {{{1978, 9 * S}}, 1978, 1024},                /* the oldest in the log */
    };
    struct rtp_arrival_log *log = calloc(1, sizeof(*log));
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t now_us = 0;
        for (size_t j = 0; table[i].arrivals[j].at_us; j++) {
            now_us = table[i].arrivals[j].at_us;
            rtp_arrival_log_add(log, table[i].arrivals[j].seq, now_us);
        }
        struct summary summary = write_one(log, now_us);
        assert_int_equal(summary.base, table[i].base);
        assert_int_equal(summary.count, table[i].count);
        assert_int_equal(summary.message, i);
        assert_false(rtp_arrival_log_has_news(log));
    }
    free(log);
}

static void test_message_count_wraps(void **state)
{
    (void)state;
    struct rtp_arrival_log *log = calloc(1, sizeof(*log));
    for (unsigned i = 0; i < 300; i++) {
        rtp_arrival_log_add(log, (uint16_t)i, (i + 1) * S);
        assert_int_equal(write_one(log, (i + 1) * S).message, i % 256);
    }
    free(log);
}

/* A delta beyond 16 bits ends the message; the rest follows in another. */
static void test_long_silence(void **state)
{
    (void)state;
    static const struct {
        int64_t silence_us;
        unsigned counts[2];
    } table[] = {
        {32767 * 250, {5, 0}}, {32768 * 250, {2, 3}}, {60 * S, {2, 3}}, {3600 * S, {2, 3}}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_arrival_log *log = calloc(1, sizeof(*log));
        int64_t later_us = REFERENCE + table[i].silence_us;
        rtp_arrival_log_add(log, 100, REFERENCE);
        rtp_arrival_log_add(log, 101, REFERENCE);
        rtp_arrival_log_add(log, 104, later_us);
        for (unsigned j = 0; j < 2 && table[i].counts[j]; j++) {
            struct summary summary = write_one(log, later_us);
            assert_int_equal(summary.base, 100 + (j ? table[i].counts[0] : 0));
            assert_int_equal(summary.count, table[i].counts[j]);
        }
        assert_false(rtp_arrival_log_has_news(log));
        free(log);
    }
}

/* The same backwards: a packet that comes 9 s after its successor. */
static void test_long_reordering(void **state)
{
    (void)state;
    struct rtp_arrival_log *log = calloc(1, sizeof(*log));
    rtp_arrival_log_add(log, 100, S);
    rtp_arrival_log_add(log, 102, S);
    rtp_arrival_log_add(log, 101, 10 * S);
    for (unsigned i = 0; i < 3; i++) {
        struct summary summary = write_one(log, 10 * S);
        assert_int_equal(summary.base, 100 + i);
        assert_int_equal(summary.count, 1);
    }
    assert_false(rtp_arrival_log_has_news(log));
    free(log);
}

/* A small buffer gets what fits it; none is overrun, and all arrives in the end. */
static void test_room(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 120; cap++) {
        struct rtp_arrival_log *log = calloc(1, sizeof(*log));
        uint8_t *data = malloc(cap + 1);
        unsigned reported = 0;
        for (unsigned i = 0; i < 50; i++)
            rtp_arrival_log_add(log, (uint16_t)(3 * i), S + i * 100000);
        while (rtp_arrival_log_has_news(log)) {
            struct rtcp_writer writer;
            rtcp_writer_init(&writer, data, cap);
            int error = rtp_arrival_log_write(log, &writer, 1, 2, 10 * S);
            /* Losses before an arrival take room, too: one chunk and a large delta, 24 bytes. */
            assert_int_equal(error, cap < 24 ? IRIS_E_FULL : 0);
            if (error) {
                assert_int_equal(writer.len, 0);
                assert_true(rtp_arrival_log_has_news(log));
                break;
            }
            assert_int_equal(rtp_bytes_get16(data + 12), reported);
            reported += rtp_bytes_get16(data + 14);
            assert_int_equal(reported % 3, 1); /* ends with an arrival */
            assert_true(writer.len <= cap && writer.len % 4 == 0);
            assert_int_equal((rtp_bytes_get16(data + 2) + 1) * 4, writer.len);
        }
        if (cap >= 24)
            assert_int_equal(reported, 148);
        free(data);
        free(log);
    }
}

/* The largest step back that a delta holds, and one tick more. */
static void test_negative_deltas(void **state)
{
    (void)state;
    static const struct {
        int64_t back_us;
        unsigned count;
    } table[] = {{32768 * 250, 2}, {32769 * 250, 1}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_arrival_log *log = calloc(1, sizeof(*log));
        rtp_arrival_log_add(log, 101, 10 * S - table[i].back_us);
        rtp_arrival_log_add(log, 100, 10 * S);
        assert_int_equal(write_one(log, 10 * S).count, table[i].count);
        free(log);
    }
}

/* A message fits what is left behind other packets, to the byte. */
static void test_exact_room(void **state)
{
    (void)state;
    static const struct {
        size_t left;
        unsigned count; /* 0: full */
    } table[] = {{23, 0}, {24, 2}, {25, 2}, {27, 2}, {28, 6}, {31, 6}, {32, 10}, {36, 10}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rtp_arrival_log *log = calloc(1, sizeof(*log));
        uint8_t *data = malloc(12 + table[i].left);
        struct rtcp_writer writer;
        for (unsigned j = 0; j < 10; j++)
            rtp_arrival_log_add(log, (uint16_t)j, S + j * 250);
        rtcp_writer_init(&writer, data, 12 + table[i].left);
        assert_int_equal(rtcp_write_pli(&writer, 1, 2), 0);
        int error = rtp_arrival_log_write(log, &writer, 1, 2, 2 * S);
        assert_int_equal(error, table[i].count ? 0 : IRIS_E_FULL);
        if (!error)
            assert_int_equal(rtp_bytes_get16(data + 12 + 14), table[i].count);
        free(data);
        free(log);
    }
}

/* The generator of the random runs (a linear congruence; the upper bits). */
static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

enum { RUN_PACKETS = 4000, RUN_FIRST = 64000 };

/* What a run has seen: arrival of each packet, and whether a message has told it. */
struct run {
    uint32_t random;
    int64_t now_us;
    uint32_t next_base, end; /* as indices of packets */
    int64_t arrival_us[RUN_PACKETS];
    bool was_told[RUN_PACKETS];
    struct rtp_arrival_log log;
};

static void check_message(struct run *run, const uint8_t *data, size_t len)
{
    static struct rtp_feedback_entry entries[RTP_ARRIVAL_LOG];
    const int64_t wrap_us = REFERENCE << 24;
    struct rtp_transport_feedback feedback;
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    rtcp_reader_init(&reader, data, len);
    assert_int_equal(rtcp_reader_next(&reader, &packet), 1);
    assert_int_equal(reader.left, 0);
    int count = rtp_transport_feedback_parse(&feedback, &packet, entries, COUNT(entries));
    assert_true(count > 0);
    assert_int_equal(feedback.base_seq, (uint16_t)(RUN_FIRST + run->next_base));
    for (int i = 0; i < count; i++) {
        uint32_t index = run->next_base + (uint32_t)i;
        int64_t arrival_us = run->arrival_us[index];
        assert_int_equal(entries[i].seq, (uint16_t)(RUN_FIRST + index));
        assert_int_equal(entries[i].is_received, arrival_us != 0);
        if (arrival_us == 0)
            continue;
        int64_t told_us = (entries[i].arrival_us + wrap_us) % wrap_us;
        assert_int_equal(told_us, (arrival_us - arrival_us % 250) % wrap_us);
        run->was_told[index] = true;
    }
    assert_true(entries[count - 1].is_received);
    run->next_base += (uint32_t)count;
}

static void send_messages(struct run *run)
{
    while (rtp_arrival_log_has_news(&run->log)) {
        uint8_t data[1200];
        struct rtcp_writer writer;
        rtcp_writer_init(&writer, data, 400 + next_random(&run->random) % 800);
        assert_int_equal(rtp_arrival_log_write(&run->log, &writer, 1, 2, run->now_us), 0);
        check_message(run, data, writer.len);
    }
    assert_int_equal(run->next_base, run->end);
}

static void arrive(struct run *run, uint32_t index)
{
    rtp_arrival_log_add(&run->log, (uint16_t)(RUN_FIRST + index), run->now_us);
    if (run->arrival_us[index] == 0) {
        run->arrival_us[index] = run->now_us;
        if (index < run->next_base)
            run->next_base = index;
    }
    if (index >= run->end)
        run->end = index + 1;
}

static void test_random(void **state)
{
    (void)state;
    static const struct {
        unsigned loss_percent, late_percent, step_us, pause_percent;
        int64_t start_us;
    } table[] = {
        {0, 0, 1000, 0, S},
        {2, 1, 5000, 0, S},
        {50, 0, 20000, 0, UINT32_MAX - S}, /* the stored 32 bits wrap */
        {90, 5, 300, 0, UINT32_MAX - 4000},
        {10, 30, 100000, 1, (REFERENCE << 23) - S}, /* the reference's sign turns */
        {30, 10, 60000, 3, (REFERENCE << 24) - S},  /* it wraps */
        {99, 0, 1, 0, S},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct run *run = calloc(1, sizeof(*run));
        run->random = (uint32_t)i + 1;
        run->now_us = table[i].start_us;
        arrive(run, 0);
        for (uint32_t index = 1; index < RUN_PACKETS; index++) {
            run->now_us += next_random(&run->random) % (table[i].step_us + 1);
            if (next_random(&run->random) % 100 < table[i].pause_percent)
                run->now_us += 20 * S;
            if (next_random(&run->random) % 100 >= table[i].loss_percent)
                arrive(run, index);
            /* Something from before, perhaps a second time, comes late. */
            uint32_t back = next_random(&run->random) % 100;
            if (next_random(&run->random) % 100 < table[i].late_percent && back <= index)
                arrive(run, index - back);
            if (next_random(&run->random) % 40 == 0)
                send_messages(run);
        }
        send_messages(run);
        for (uint32_t index = 0; index < RUN_PACKETS; index++)
            assert_int_equal(run->was_told[index], run->arrival_us[index] != 0);
        free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_messages_join),
        cmocka_unit_test(test_message_count_wraps),
        cmocka_unit_test(test_long_silence),
        cmocka_unit_test(test_long_reordering),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_negative_deltas),
        cmocka_unit_test(test_exact_room),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
