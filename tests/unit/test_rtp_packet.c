/* RTP headers, against bytes written by hand from RFC 3550, 5.1 and RFC 8285, 4.2 and 4.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/error.h"
#include "rtp/packet.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Everything at once: P, X, two CSRCs, marker, type 96, one extension word, 3 bytes, 4 of padding.
 */
static const uint8_t FULL[] = {
    0xB2, 0xE0, 0x12, 0x34, 0x89, 0xAB, 0xCD, 0xEF, 0xDE, 0xAD, 0xBE, 0xEF, /* fixed header */
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,                         /* CSRCs */
    0xBE, 0xDE, 0x00, 0x01, 0x10, 0x81, 0x00, 0x00,                         /* extension */
    0x61, 0x62, 0x63,                                                       /* payload */
    0x00, 0x00, 0x00, 0x04,                                                 /* padding */
};

static const uint8_t PLAIN[] = {0x80, 0x6F, 0xFF, 0xFE, 0, 0, 0, 5, 0, 0, 0, 6, 0x77};

/* Parse a copy that ends where the buffer ends, so that the sanitizer sees a read beyond it. */
static int parse(struct rtp_packet *packet, uint8_t **copy, const uint8_t *data, size_t len)
{
    *copy = malloc(len > 0 ? len : 1);
    if (len > 0)
        memcpy(*copy, data, len);
    return rtp_packet_parse(packet, *copy, len);
}

static void test_parse_full(void **state)
{
    (void)state;
    struct rtp_packet packet;
    uint8_t *data;
    assert_int_equal(parse(&packet, &data, FULL, sizeof(FULL)), 0);
    assert_int_equal(packet.header_len, 28);
    assert_int_equal(packet.payload_len, 3);
    assert_int_equal(packet.padding_len, 4);
    assert_memory_equal(packet.payload, "abc", 3);
    assert_ptr_equal(packet.data, data);
    assert_ptr_equal(packet.extension, data + 24);
    assert_int_equal(packet.extension_len, 4);
    assert_int_equal(packet.extension_profile, 0xBEDE);
    assert_int_equal(packet.seq, 0x1234);
    assert_int_equal(packet.timestamp, 0x89ABCDEF);
    assert_int_equal(packet.ssrc, 0xDEADBEEF);
    assert_int_equal(packet.payload_type, 96);
    assert_int_equal(packet.csrc_count, 2);
    assert_true(packet.marker);
    free(data);
}

static void test_parse_plain(void **state)
{
    (void)state;
    struct rtp_packet packet;
    uint8_t *data;
    assert_int_equal(parse(&packet, &data, PLAIN, sizeof(PLAIN)), 0);
    assert_int_equal(packet.header_len, 12);
    assert_int_equal(packet.payload_len, 1);
    assert_int_equal(packet.padding_len, 0);
    assert_null(packet.extension);
    assert_int_equal(packet.extension_len, 0);
    assert_int_equal(packet.payload_type, 111);
    assert_int_equal(packet.seq, 0xFFFE);
    assert_false(packet.marker);
    free(data);
}

/* Every length below the header's is truncated; above it, the last octet would be a padding count.
 */
static void test_truncation(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(FULL); len++) {
        struct rtp_packet packet, before;
        memset(&packet, 0x5A, sizeof(packet));
        before = packet;
        uint8_t *data;
        int error = parse(&packet, &data, FULL, len);
        /* At 28 the padding count is missing, at 29-31 it is 'a', 'b', 'c', at 32-34 it is 0. */
        assert_int_equal(error, len < 28 ? IRIS_E_TRUNCATED : IRIS_E_MALFORMED);
        assert_memory_equal(&packet, &before, sizeof(packet));
        assert_int_equal(rtp_packet_header_len(data, len), len < 28 ? IRIS_E_TRUNCATED : 28);
        free(data);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t first, last;
        size_t len;
        int error;
        uint16_t payload_len, padding_len;
    } table[] = {
        {"version 0", 0x00, 0, 16, IRIS_E_MALFORMED, 0, 0},
        {"version 1", 0x40, 0, 16, IRIS_E_MALFORMED, 0, 0},
        {"version 3", 0xC0, 0, 16, IRIS_E_MALFORMED, 0, 0},
        {"padding of 0", 0xA0, 0, 16, IRIS_E_MALFORMED, 0, 0},
        {"padding into the header", 0xA0, 5, 16, IRIS_E_MALFORMED, 0, 0},
        {"padding of 255", 0xA0, 255, 16, IRIS_E_MALFORMED, 0, 0},
        {"no room for the padding count", 0xA0, 1, 12, IRIS_E_MALFORMED, 0, 0},
        {"padding only", 0xA0, 4, 16, 0, 0, 4},
        {"padding of 1", 0xA0, 1, 16, 0, 3, 1},
        {"no payload", 0x80, 9, 12, 0, 0, 0},
        {"15 CSRCs of which one is there", 0x8F, 0, 16, IRIS_E_TRUNCATED, 0, 0},
        {"extension header cut off", 0x90, 0, 15, IRIS_E_TRUNCATED, 0, 0},
        {"extension of no words", 0x90, 0, 16, 0, 0, 0},
        {"extension of a word that is missing", 0x90, 1, 16, IRIS_E_TRUNCATED, 0, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        uint8_t data[16] = {0};
        struct rtp_packet packet;
        data[0] = table[i].first;
        data[table[i].len - 1] = table[i].last;
        print_message("%s\n", table[i].what);
        assert_int_equal(rtp_packet_parse(&packet, data, table[i].len), table[i].error);
        if (table[i].error)
            continue;
        assert_int_equal(packet.payload_len, table[i].payload_len);
        assert_int_equal(packet.padding_len, table[i].padding_len);
        assert_int_equal(packet.header_len + packet.payload_len + packet.padding_len, table[i].len);
    }
}

static void test_too_long(void **state)
{
    (void)state;
    struct rtp_packet packet;
    uint8_t *data = calloc(1, 65536);
    data[0] = 0x80;
    assert_int_equal(rtp_packet_parse(&packet, data, 65535), 0);
    assert_int_equal(packet.payload_len, 65523);
    assert_int_equal(rtp_packet_parse(&packet, data, 65536), IRIS_E_MALFORMED);
    free(data);
}

static void test_is_rtcp(void **state)
{
    (void)state;
    static const struct {
        uint8_t second;
        bool is_rtcp;
    } table[] = {{0, false},   {96, false}, {111, false},
                 {191, false}, {192, true}, {200, true},
                 {207, true},  {223, true}, {224, false} /* marker, type 96 */,
                 {255, false}};
    for (size_t i = 0; i < COUNT(table); i++) {
        const uint8_t data[2] = {0x80, table[i].second};
        assert_int_equal(rtp_packet_is_rtcp(data, 2), table[i].is_rtcp);
        assert_false(rtp_packet_is_rtcp(data, 1));
    }
}

static const struct rtp_extension_map MAP = {.kind = {[1] = RTP_EXTENSION_AUDIO_LEVEL,
                                                      [2] = RTP_EXTENSION_ABS_SEND_TIME,
                                                      [3] = RTP_EXTENSION_TRANSPORT_SEQ,
                                                      [4] = RTP_EXTENSION_MID,
                                                      [10] = RTP_EXTENSION_RID,
                                                      [14] = RTP_EXTENSION_REPAIRED_RID}};

/* What is expected, written as text: level/voice, abs, seq, mid, rid, repaired rid; - is absent. */
static void describe(char *text, size_t cap, const struct rtp_extension_values *values)
{
    char level[16] = "-", abs[16] = "-", seq[16] = "-";
    if (values->has_audio_level)
        snprintf(level, sizeof(level), "%d%s", values->audio_level,
                 values->voice_activity ? "v" : "");
    if (values->has_abs_send_time)
        snprintf(abs, sizeof(abs), "%06x", values->abs_send_time);
    if (values->has_transport_seq)
        snprintf(seq, sizeof(seq), "%04x", values->transport_seq);
    snprintf(text, cap, "%s %s %s %.*s %.*s %.*s", level, abs, seq,
             values->mid ? values->mid_len : 1, values->mid ? (const char *)values->mid : "-",
             values->rid ? values->rid_len : 1, values->rid ? (const char *)values->rid : "-",
             values->repaired_rid ? values->repaired_rid_len : 1,
             values->repaired_rid ? (const char *)values->repaired_rid : "-");
}

static const struct {
    const char *what;
    uint16_t profile;
    uint8_t len;
    uint8_t bytes[32];
    const char *expected;
} EXTENSIONS[] = {
    {"one byte: all",
     0xBEDE,
     24,
     {0x10, 0xFF, 0x22, 0xAA, 0xBB, 0xCC, 0x31, 0x12, 0x34, 0x42, 'a', 'b', 'c', 0xA0, 'h', 0xE1,
      'l', 'o'},
     "127v aabbcc 1234 abc h lo"},
    {"one byte: padding between and behind",
     0xBEDE,
     8,
     {0, 0, 0x10, 0x05, 0, 0x40, '7', 0},
     "5 - - 7 - -"},
    {"one byte: unknown ids", 0xBEDE, 8, {0x51, 1, 2, 0x10, 0x80, 0xD0, 3, 0}, "0v - - - - -"},
    {"one byte: id 15 ends it",
     0xBEDE,
     8,
     {0x10, 0x01, 0xF0, 0x99, 0x31, 0x11, 0x22, 0},
     "1 - - - - -"},
    {"one byte: id 0 with a length ends it",
     0xBEDE,
     8,
     {0x10, 0x01, 0x02, 0x31, 0x11, 0x22, 0, 0},
     "1 - - - - -"},
    {"one byte: element past the end", 0xBEDE, 4, {0x10, 0x01, 0x31, 0x11}, "1 - - - - -"},
    {"one byte: header alone at the end", 0xBEDE, 4, {0x10, 0x01, 0x00, 0x40}, "1 - - - - -"},
    {"one byte: wrong sizes",
     0xBEDE,
     12,
     {0x11, 1, 2, 0x21, 1, 2, 0x30, 1, 0x40, 'm', 0, 0},
     "- - - m - -"},
    {"one byte: mid of 16",
     0xBEDE,
     20,
     {0x4F, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'},
     "- - - 0123456789abcdef - -"},
    {"one byte: the last of a kind counts", 0xBEDE, 4, {0x40, 'x', 0x40, 'y'}, "- - - y - -"},
    {"two bytes: all",
     0x1000,
     28,
     {1, 1, 0x7F, 2, 3, 0, 0, 1, 3, 2, 0xFF, 0xFF, 4, 1, '0', 10, 2, 'h', 'i', 14, 1, 'z'},
     "127 000001 ffff 0 hi z"},
    {"two bytes: application bits", 0x100F, 4, {4, 1, 'q', 0}, "- - - q - -"},
    {"two bytes: id 15 and above are unknown, not the end",
     0x1000,
     12,
     {15, 1, 9, 255, 2, 9, 9, 4, 1, 'k', 0, 0},
     "- - - k - -"},
    {"two bytes: empty elements", 0x1000, 8, {4, 0, 1, 0, 10, 1, 'r', 0}, "- - - - r -"},
    {"two bytes: padding is one byte", 0x1000, 8, {0, 0, 0, 4, 1, 'p', 0, 0}, "- - - p - -"},
    {"two bytes: an element up to the end", 0x1000, 4, {4, 2, 'a', 'b'}, "- - - ab - -"},
    {"two bytes: no length at the end", 0x1000, 4, {4, 1, 'e', 10}, "- - - e - -"},
    {"two bytes: element past the end",
     0x1000,
     8,
     {4, 1, 'e', 10, 4, 'a', 'b', 'c'},
     "- - - e - -"},
    {"two bytes: name of 17", 0x1000, 20, {4, 17, 'x'}, "- - - - - -"},
    {"another profile", 0x1010, 4, {4, 1, 'e', 0}, "- - - - - -"},
    {"another profile", 0xBEDF, 4, {0x40, 'e', 0, 0}, "- - - - - -"},
    {"no elements", 0xBEDE, 0, {0}, "- - - - - -"},
};

static void test_read_extensions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(EXTENSIONS); i++) {
        uint8_t *block = malloc(EXTENSIONS[i].len > 0 ? EXTENSIONS[i].len : 1);
        memcpy(block, EXTENSIONS[i].bytes, EXTENSIONS[i].len);
        struct rtp_packet packet = {.extension = block,
                                    .extension_len = EXTENSIONS[i].len,
                                    .extension_profile = EXTENSIONS[i].profile};
        struct rtp_extension_values values;
        char text[128];
        memset(&values, 0xFF, sizeof(values));
        rtp_packet_read_extensions(&packet, &MAP, &values);
        describe(text, sizeof(text), &values);
        print_message("%s\n", EXTENSIONS[i].what);
        assert_string_equal(text, EXTENSIONS[i].expected);
        free(block);
    }
}

static void test_read_no_extension(void **state)
{
    (void)state;
    struct rtp_packet packet = {0};
    struct rtp_extension_values values;
    char text[128];
    memset(&values, 0xFF, sizeof(values));
    rtp_packet_read_extensions(&packet, &MAP, &values);
    describe(text, sizeof(text), &values);
    assert_string_equal(text, "- - - - - -");
}

static const struct {
    struct rtp_header_fields fields;
    size_t len, seq_offset;
    uint8_t bytes[RTP_HEADER_MAX_BYTES];
} written[] = {
    {{.ssrc = 0x01020304, .timestamp = 0x05060708, .seq = 0x090A, .payload_type = 111},
     12,
     0,
     {0x80, 0x6F, 0x09, 0x0A, 5, 6, 7, 8, 1, 2, 3, 4}},
    {{.ssrc = 1,
      .timestamp = 2,
      .seq = 3,
      .payload_type = 96,
      .marker = true,
      .has_csrc = true,
      .csrc = 0xCAFEBABE,
      .has_padding = true},
     16,
     0,
     {0xA1, 0xE0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0xCA, 0xFE, 0xBA, 0xBE}},
    {{.ssrc = 1, .payload_type = 96, .transport_seq_id = 3, .transport_seq = 0xABCD},
     20,
     17,
     {0x90, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x31, 0xAB, 0xCD, 0}},
    {{.ssrc = 1,
      .payload_type = 111,
      .has_csrc = true,
      .csrc = 2,
      .transport_seq_id = 14,
      .transport_seq = 0x0102,
      .audio_level_id = 1,
      .audio_level = 45,
      .voice_activity = true,
      .mid_id = 4,
      .mid = "10",
      .abs_send_time_id = 2,
      .abs_send_time = 0x123456},
     32,
     21,
     {0x91, 0x6F, 0, 0, 0,    0,    0,    0,    0,    0,    0,    1,    0,    0,    0,   2,
      0xBE, 0xDE, 0, 3, 0xE1, 0x01, 0x02, 0x22, 0x12, 0x34, 0x56, 0x10, 0xAD, 0x41, '1', '0'}},
    {{.ssrc = 1, .payload_type = 0, .audio_level_id = 1, .audio_level = 127},
     20,
     0,
     {0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x10, 0x7F, 0, 0}},
    {{.ssrc = 1, .mid_id = 4, .mid = "0123456789abcdef"},
     36,
     0,
     {0x90, 0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   1,   0xBE, 0xDE, 0,   5, 0x4F, '0',
      '1',  '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd',  'e',  'f', 0, 0,    0}},
    {{.ssrc = 1, .mid_id = 4, .mid = ""}, 12, 0, {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    {{.ssrc = 1, .mid_id = 4}, 12, 0, {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
};

static void test_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(written); i++) {
        uint8_t *out = malloc(RTP_HEADER_MAX_BYTES);
        size_t expected = written[i].len;
        memset(out, 0xEE, RTP_HEADER_MAX_BYTES);
        assert_int_equal(rtp_packet_write_header(out, &written[i].fields), expected);
        assert_memory_equal(out, written[i].bytes, expected);
        assert_int_equal(rtp_packet_transport_seq_offset(&written[i].fields),
                         written[i].seq_offset);
        free(out);
    }
}

/* The longest header that there is fits its bound, and reads back as what was written. */
static void test_write_then_read(void **state)
{
    (void)state;
    const struct rtp_header_fields fields = {.ssrc = 0xFFFFFFFF,
                                             .timestamp = 0x80000001,
                                             .csrc = 7,
                                             .seq = 65535,
                                             .payload_type = 127,
                                             .marker = true,
                                             .has_csrc = true,
                                             .mid_id = 4,
                                             .audio_level_id = 1,
                                             .transport_seq_id = 3,
                                             .abs_send_time_id = 2,
                                             .mid = "0123456789abcdef",
                                             .audio_level = 3,
                                             .transport_seq = 0xFFFF,
                                             .abs_send_time = 0xFFFFFF};
    uint8_t out[RTP_HEADER_MAX_BYTES];
    size_t len = rtp_packet_write_header(out, &fields);
    struct rtp_packet packet;
    struct rtp_extension_values values;
    char text[128];
    assert_true(len % 4 == 0 && len <= sizeof(out));
    assert_int_equal(rtp_packet_parse(&packet, out, len), 0);
    assert_int_equal(packet.header_len, len);
    assert_int_equal(packet.ssrc, 0xFFFFFFFF);
    assert_int_equal(packet.timestamp, 0x80000001);
    assert_int_equal(packet.seq, 65535);
    assert_int_equal(packet.payload_type, 127);
    assert_int_equal(packet.csrc_count, 1);
    rtp_packet_read_extensions(&packet, &MAP, &values);
    describe(text, sizeof(text), &values);
    assert_string_equal(text, "3 ffffff ffff 0123456789abcdef - -");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_full),      cmocka_unit_test(test_parse_plain),
        cmocka_unit_test(test_truncation),      cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_too_long),        cmocka_unit_test(test_is_rtcp),
        cmocka_unit_test(test_read_extensions), cmocka_unit_test(test_read_no_extension),
        cmocka_unit_test(test_write),           cmocka_unit_test(test_write_then_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
