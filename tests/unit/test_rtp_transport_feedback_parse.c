/* Transport feedback that is read: what libwebrtc writes, what nobody should, and the longest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/transport_feedback.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A body, from the SSRCs on, and what the parser makes of it. r is received, with ticks since S64.
 */
static const struct {
    const char *what;
    size_t len;
    uint8_t bytes[32];
    int result;
    int64_t arrivals_us[16]; /* 0: not received */
} PARSED[] = {
    {"run of small deltas",
     21,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 3, 0, 0, 1, 9, 0x20, 0x03, 0x01, 0xFF, 0x02},
     3,
     {64250, 128000, 128500}},
    {"run of large deltas",
     22,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 2, 0, 0, 1, 9, 0x40, 0x02, 0x7F, 0xFF, 0x80, 0x00},
     2,
     {64000 + 32767 * 250, 64000 - 250}},
    {"vector of bits",
     20,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 14, 0, 0, 1, 9, 0x90, 0x01, 0x01, 0x01},
     14,
     {0, 64250, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64500}},
    {"vector of two bits",
     21,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 7, 0, 0, 1, 9, 0xD2, 0x00, 0x04, 0x00, 0x08},
     7,
     {65000, 0, 67000}},
    {"statuses past the count are ignored",
     19,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 1, 0, 0, 1, 9, 0xBF, 0xFF, 0x04},
     1,
     {65000}},
    {"a run longer than the count",
     19,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 1, 0, 0, 1, 9, 0x3F, 0xFF, 0x04},
     1,
     {65000}},
    {"a run of none",
     21,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 1, 0, 0, 1, 9, 0x20, 0x00, 0x20, 0x01, 0x04},
     1,
     {65000}},
    {"negative reference time",
     19,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 1, 0xFF, 0xFF, 0xFF, 9, 0x20, 0x01, 0x04},
     1,
     {-63000}},
    {"nothing received",
     18,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 3, 0, 0, 1, 9, 0x00, 0x03},
     3,
     {0}},
    {"no statuses",
     16,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 0, 0, 0, 1, 9},
     IRIS_E_MALFORMED,
     {0}},
    {"reserved status in a run",
     20,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 1, 0, 0, 1, 9, 0x60, 0x01, 0, 0},
     IRIS_E_MALFORMED,
     {0}},
    {"reserved status in a vector",
     20,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 2, 0, 0, 1, 9, 0xCC, 0x00, 0, 0},
     IRIS_E_MALFORMED,
     {0}},
    {"reserved status past the count",
     18,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 1, 0, 0, 1, 9, 0xCC, 0x00},
     1,
     {0}},
    {"more statuses than the array",
     18,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0, 17, 0, 0, 1, 9, 0x00, 0x11},
     IRIS_E_FULL,
     {0}},
    {"65535 statuses",
     18,
     {0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 1, 9, 0x1F, 0xFF},
     IRIS_E_FULL,
     {0}},
};

static int parse(struct rtp_transport_feedback *feedback, const uint8_t *bytes, size_t len,
                 struct rtp_feedback_entry *entries, size_t cap)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, bytes, len);
    const struct rtcp_packet packet = {.type = RTCP_TRANSPORT_LAYER_FEEDBACK,
                                       .count = RTCP_FORMAT_TRANSPORT_FEEDBACK,
                                       .body = copy,
                                       .body_len = len};
    int result = rtp_transport_feedback_parse(feedback, &packet, entries, cap);
    int announced = rtp_transport_feedback_count(&packet); /* what its header alone says */
    assert_int_equal(announced, len < 16 ? IRIS_E_TRUNCATED : bytes[10] << 8 | bytes[11]);
    free(copy);
    return result;
}

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(PARSED); i++) {
        struct rtp_transport_feedback feedback, before;
        struct rtp_feedback_entry entries[16], entries_before[16];
        memset(&feedback, 0x5A, sizeof(feedback));
        memset(entries, 0x5A, sizeof(entries));
        memcpy(&before, &feedback, sizeof(before));
        memcpy(entries_before, entries, sizeof(entries));
        print_message("%s\n", PARSED[i].what);
        /* Cut anywhere, it is truncated, unless the count already tells that it is bad or big. */
        for (size_t len = 0; len <= PARSED[i].len; len++) {
            int result = parse(&feedback, PARSED[i].bytes, len, entries, COUNT(entries));
            if (len == PARSED[i].len)
                assert_int_equal(result, PARSED[i].result);
            else if (len < 16 || PARSED[i].result > 0)
                assert_int_equal(result, IRIS_E_TRUNCATED);
            if (result < 0) {
                assert_memory_equal(&feedback, &before, sizeof(before));
                assert_memory_equal(entries, entries_before, sizeof(entries));
            }
        }
        if (PARSED[i].result < 0)
            continue;
        assert_int_equal(feedback.sender_ssrc, 1);
        assert_int_equal(feedback.media_ssrc, 2);
        assert_int_equal(feedback.base_seq, 0xFFFF);
        assert_int_equal(feedback.status_count, PARSED[i].result);
        assert_int_equal(feedback.message_count, 9);
        for (int j = 0; j < PARSED[i].result; j++) {
            assert_int_equal(entries[j].seq, (uint16_t)(0xFFFF + j));
            assert_int_equal(entries[j].is_received, PARSED[i].arrivals_us[j] != 0);
            assert_int_equal(entries[j].arrival_us, PARSED[i].arrivals_us[j]);
        }
    }
}

/* The most that a message can say: 65535 statuses, with deltas and without. */
static void test_parse_longest(void **state)
{
    (void)state;
    static struct rtp_feedback_entry entries[65535];
    static uint8_t bytes[16 + 18 + 2 * 65535];
    struct rtp_transport_feedback feedback;
    for (unsigned status = 0; status <= 2; status++) {
        memset(bytes, 0, sizeof(bytes));
        rtp_bytes_put16(bytes + 10, 65535);
        for (size_t i = 0; i < 9; i++)
            rtp_bytes_put16(bytes + 16 + 2 * i, (uint16_t)(status << 13 | 0x1FFF));
        size_t len = 16 + 18 + status * 65535;
        assert_int_equal(parse(&feedback, bytes, len, entries, 65535), 65535);
        assert_int_equal(entries[65534].is_received, status != 0);
        assert_int_equal(parse(&feedback, bytes, len, entries, 65534), IRIS_E_FULL);
        if (status > 0)
            assert_int_equal(parse(&feedback, bytes, len - 1, entries, 65535), IRIS_E_TRUNCATED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
