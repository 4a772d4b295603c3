/* VP8 descriptors and frame headers, against bytes written by hand from RFC 7741, 4.2 and 4.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/error.h"
#include "rtp/vp8.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The tag and header of a 640x480 key frame; both scales are set and must not count. */
#define KEYFRAME 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x42, 0xE0, 0x81

static const struct {
    const char *what;
    size_t len;
    uint8_t bytes[24];
    struct rtp_vp8 expected;
} VALID[] = {
    {"shortest, not a start", 2, {0x00, 0xAA}, {.descriptor_len = 1}},
    {"start of a later partition",
     2,
     {0x13, 0x00},
     {.descriptor_len = 1, .is_partition_start = true, .partition = 3}},
    {"non-reference delta frame",
     2,
     {0x30, 0x01},
     {.descriptor_len = 1,
      .is_partition_start = true,
      .is_frame_start = true,
      .is_non_reference = true}},
    {"reserved bits are ignored", 3, {0xC8, 0x0F, 0x01}, {.descriptor_len = 2}},
    {"7-bit PictureID",
     4,
     {0x80, 0x80, 0x7F, 0},
     {.descriptor_len = 3, .has_picture_id = true, .picture_id = 0x7F}},
    {"15-bit PictureID",
     5,
     {0x80, 0x80, 0xFF, 0xFE, 0},
     {.descriptor_len = 4,
      .has_picture_id = true,
      .is_picture_id_15_bits = true,
      .picture_id = 0x7FFE}},
    {"TL0PICIDX alone",
     4,
     {0x80, 0x40, 0xFE, 0},
     {.descriptor_len = 3, .has_tl0_picture_index = true, .tl0_picture_index = 0xFE}},
    {"TID without KEYIDX",
     4,
     {0x80, 0x20, 0xBF, 0},
     {.descriptor_len = 3, .has_temporal_id = true, .temporal_id = 2, .is_layer_sync = true}},
    {"KEYIDX without TID",
     4,
     {0x80, 0x10, 0xF5, 0},
     {.descriptor_len = 3, .has_key_index = true, .key_index = 0x15}},
    {"all of it, key frame",
     16,
     {0x90, 0xF0, 0x81, 0x02, 0x33, 0x44, KEYFRAME},
     {.descriptor_len = 6,
      .is_partition_start = true,
      .is_frame_start = true,
      .is_keyframe = true,
      .has_picture_id = true,
      .is_picture_id_15_bits = true,
      .picture_id = 0x0102,
      .has_tl0_picture_index = true,
      .tl0_picture_index = 0x33,
      .has_temporal_id = true,
      .temporal_id = 1,
      .has_key_index = true,
      .key_index = 4,
      .width = 640,
      .height = 480}},
    {"bare key frame",
     11,
     {0x10, KEYFRAME},
     {.descriptor_len = 1,
      .is_partition_start = true,
      .is_frame_start = true,
      .is_keyframe = true,
      .width = 640,
      .height = 480}},
};

static void assert_vp8_equal(const struct rtp_vp8 *a, const struct rtp_vp8 *b)
{
    assert_int_equal(a->descriptor_len, b->descriptor_len);
    assert_int_equal(a->partition, b->partition);
    assert_int_equal(a->is_partition_start, b->is_partition_start);
    assert_int_equal(a->is_non_reference, b->is_non_reference);
    assert_int_equal(a->has_picture_id, b->has_picture_id);
    assert_int_equal(a->is_picture_id_15_bits, b->is_picture_id_15_bits);
    assert_int_equal(a->has_tl0_picture_index, b->has_tl0_picture_index);
    assert_int_equal(a->has_temporal_id, b->has_temporal_id);
    assert_int_equal(a->has_key_index, b->has_key_index);
    assert_int_equal(a->is_layer_sync, b->is_layer_sync);
    assert_int_equal(a->temporal_id, b->temporal_id);
    assert_int_equal(a->tl0_picture_index, b->tl0_picture_index);
    assert_int_equal(a->key_index, b->key_index);
    assert_int_equal(a->picture_id, b->picture_id);
    assert_int_equal(a->is_frame_start, b->is_frame_start);
    assert_int_equal(a->is_keyframe, b->is_keyframe);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
}

/* Parse a copy that ends where the buffer ends. */
static int parse(struct rtp_vp8 *vp8, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, bytes, len);
    int error = rtp_vp8_parse(vp8, copy, len);
    free(copy);
    return error;
}

static void test_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(VALID); i++) {
        struct rtp_vp8 vp8;
        memset(&vp8, 0xFF, sizeof(vp8));
        print_message("%s\n", VALID[i].what);
        assert_int_equal(parse(&vp8, VALID[i].bytes, VALID[i].len), 0);
        assert_vp8_equal(&vp8, &VALID[i].expected);
    }
}

/* Each of them needs its descriptor, a byte of VP8, and if it is a key frame the ten of its header.
 */
static void test_truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(VALID); i++) {
        size_t needed =
            VALID[i].expected.descriptor_len + (VALID[i].expected.is_keyframe ? 10u : 1u);
        for (size_t len = 0; len < needed; len++) {
            struct rtp_vp8 vp8, before;
            memset(&vp8, 0x5A, sizeof(vp8));
            before = vp8;
            assert_int_equal(parse(&vp8, VALID[i].bytes, len), IRIS_E_TRUNCATED);
            assert_memory_equal(&vp8, &before, sizeof(vp8));
        }
    }
}

static void test_start_code(void **state)
{
    (void)state;
    for (size_t at = 4; at < 7; at++) {
        uint8_t bytes[] = {0x10, KEYFRAME};
        struct rtp_vp8 vp8, before;
        memset(&vp8, 0x5A, sizeof(vp8));
        before = vp8;
        bytes[at] ^= 1;
        assert_int_equal(parse(&vp8, bytes, sizeof(bytes)), IRIS_E_MALFORMED);
        assert_memory_equal(&vp8, &before, sizeof(vp8));
    }
}

static void test_write(void **state)
{
    (void)state;
    static const struct {
        struct rtp_vp8 vp8;
        uint8_t bytes[RTP_VP8_DESCRIPTOR_BYTES];
    } table[] = {
        {{0}, {0x80, 0xF0, 0x80, 0x00, 0x00, 0x00}},
        {{.is_partition_start = true,
          .picture_id = 0x7FFF,
          .tl0_picture_index = 0xFF,
          .temporal_id = 3,
          .is_layer_sync = true,
          .key_index = 31},
         {0x90, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF}},
        {{.is_non_reference = true,
          .partition = 5,
          .picture_id = 0x0102,
          .tl0_picture_index = 3,
          .temporal_id = 2,
          .key_index = 4},
         {0xA5, 0xF0, 0x81, 0x02, 0x03, 0x84}},
        {{.picture_id = 0xFFFF, .key_index = 0xFF, .temporal_id = 4, .partition = 8},
         {0x80, 0xF0, 0xFF, 0xFF, 0x00, 0x1F}}, /* what does not fit spills nowhere */
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        uint8_t out[RTP_VP8_DESCRIPTOR_BYTES];
        rtp_vp8_write_descriptor(out, &table[i].vp8);
        assert_memory_equal(out, table[i].bytes, sizeof(out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_start_code),
        cmocka_unit_test(test_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
