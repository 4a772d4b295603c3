/* SRTP packet for packet against libsrtp2, in both directions, for every profile and back end. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "srtp_bench.h"

#define MAX_BYTES 1600

/* One packet in clear. The buffer has room for any trailer, libsrtp2's announced one included. */
struct clear {
    uint8_t bytes[MAX_BYTES];
    size_t len, header_len;
    uint64_t index;
};

/* A header of one of many shapes (CSRCs, both extension forms, padding) and a payload of body
 * bytes. */
static void make_clear(struct clear *clear, uint64_t index, size_t body)
{
    uint32_t shape = next_random();
    uint8_t csrcs = shape % 5 == 4 ? 15 : shape % 5;
    bool has_extension = shape / 5 % 2, has_padding = shape / 10 % 3 == 0 && body > 4;
    uint16_t words = (uint16_t)(shape / 30 % 6);
    uint8_t *bytes = clear->bytes;

    clear->header_len = 12 + 4u * csrcs + (has_extension ? 4 + 4u * words : 0);
    clear->len = clear->header_len + body;
    clear->index = index;
    for (size_t i = 0; i < clear->len; i++)
        bytes[i] = (uint8_t)next_random();
    bytes[0] = (uint8_t)(0x80 | has_padding << 5 | has_extension << 4 | csrcs);
    bytes[1] = (uint8_t)((shape & 0x80) | 96);
    rtp_bytes_put16(bytes + 2, (uint16_t)index);
    rtp_bytes_put32(bytes + 8, SSRC);
    if (has_extension) {
        rtp_bytes_put16(bytes + 12 + 4 * csrcs, shape & 0x100 ? 0xbede : 0x1000);
        rtp_bytes_put16(bytes + 14 + 4 * csrcs, words);
    }
    if (has_padding)
        bytes[clear->len - 1] = 4;
}

/* Seal with both, compare every byte; returns the sealed packet in out. */
static int seal_both(struct srtp_bench *bench, const struct clear *clear, uint8_t *out)
{
    static uint32_t theirs[MAX_BYTES / 4];
    int theirs_len = (int)clear->len, len;

    memcpy(out, clear->bytes, clear->len);
    memcpy(theirs, clear->bytes, clear->len);
    len = transport_srtp_seal_rtp(bench->sender, out, clear->len, clear->header_len, clear->index);
    assert_int_equal(srtp_protect(bench->oracle_out, theirs, &theirs_len), srtp_err_status_ok);
    assert_int_equal(len, theirs_len);
    assert_memory_equal(out, theirs, (size_t)len);
    return len;
}

/* Open with both: since the bytes are equal, ours opens theirs and theirs opens ours. */
static void open_both(struct srtp_bench *bench, const struct clear *clear, const uint8_t *sealed,
                      int len)
{
    static uint32_t theirs[MAX_BYTES / 4], ours[MAX_BYTES / 4];
    int theirs_len = len;

    memcpy(ours, sealed, (size_t)len);
    memcpy(theirs, sealed, (size_t)len);
    assert_int_equal(transport_srtp_open_rtp(bench->receiver, (uint8_t *)ours, (size_t)len),
                     clear->len);
    assert_memory_equal(ours, clear->bytes, clear->len);
    assert_int_equal(srtp_unprotect(bench->oracle_in, theirs, &theirs_len), srtp_err_status_ok);
    assert_int_equal(theirs_len, clear->len);
    assert_memory_equal(theirs, clear->bytes, clear->len);
}

static void test_every_length_and_shape(void **state)
{
    static struct clear clear;
    static uint8_t sealed[MAX_BYTES];
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        seed_random((uint32_t)c);
        for (size_t body = 0; body <= 1200; body++) {
            make_clear(&clear, body + 100, body);
            open_both(&bench, &clear, sealed, seal_both(&bench, &clear, sealed));
        }
    }
}

/* Around each of three wraps: [from, from + COUNT) relative to it, without [lost_from, lost_to). */
static const struct {
    int64_t lost_from, lost_to;
} wraps[] = {
    {-1, 1},   /* exactly the two packets at the wrap */
    {-20, 15}, /* a burst over it */
    {0, 0},    /* none, only reordering */
};

enum { AROUND = 48, JUMPS = 2, MAX_SENT = 3 * (2 * AROUND + JUMPS + 1) };

/* The indices that are sent and not lost: dense around the wraps, far apart in between. */
static size_t wrapping_indices(uint64_t *out)
{
    size_t count = 0;

    for (size_t w = 0; w < sizeof(wraps) / sizeof(*wraps); w++) {
        uint64_t wrap = (w + 1) << 16;

        for (uint64_t jump = JUMPS; jump > 0; jump--)
            out[count++] = wrap - jump * 20000;
        for (int64_t i = -AROUND; i < AROUND; i++) {
            bool is_lost = i >= wraps[w].lost_from && i < wraps[w].lost_to;

            if (!is_lost && i % 11 != 5)
                out[count++] = wrap + (uint64_t)i;
        }
    }
    return count;
}

/* Arrival in blocks of eight, each backwards where the sending was dense; the blocks lie across the
 * wraps. Position to index of the sent packet. */
static size_t arrival_of(const uint64_t *indices, size_t position, size_t count)
{
    size_t block = (position + 4) / 8 * 8, end;

    block = block < 4 ? 0 : block - 4;
    end = block == 0 ? 4 : block + 8;
    end = end < count ? end : count;
    if (indices[end - 1] - indices[block] > 100)
        return position;
    return end - 1 - (position - block);
}

static void test_three_wraps_with_loss_and_reordering(void **state)
{
    static struct clear clear[MAX_SENT];
    static uint8_t sealed[MAX_SENT][MAX_BYTES];
    static int len[MAX_SENT];
    uint64_t indices[MAX_SENT];
    size_t count = wrapping_indices(indices), backward_wraps = 0;
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        seed_random(77 + (uint32_t)c);
        for (size_t i = 0; i < count; i++) {
            make_clear(&clear[i], indices[i], 10 + i % 90);
            len[i] = seal_both(&bench, &clear[i], sealed[i]);
        }
        for (size_t i = 0; i < count; i++) {
            size_t at = arrival_of(indices, i, count);

            if (i > 0)
                backward_wraps +=
                    indices[arrival_of(indices, i - 1, count)] >> 16 > indices[at] >> 16;
            open_both(&bench, &clear[at], sealed[at], len[at]);
        }
        assert_true(backward_wraps > 0); /* a packet before a wrap did come after one behind it */
    }
}

/*
 * The caller's index is law: a first one beyond ROC 0 (imported state), and jumps over more than
 * half the sequence space, where an estimate would go wrong. libsrtp2 is told its ROC for the
 * comparison.
 */
static void test_explicit_index(void **state)
{
    static const uint64_t indices[] = {0x50007,           0x50008,          0x5a000, 0x70001,
                                       0x70000,           0x7fff0,          0x80010, 0xfffff,
                                       0x123456789abcull, 0x123456789abdull};
    static struct clear clear;
    static uint8_t sealed[MAX_BYTES];
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        struct transport_srtp_keys keys = srtp_bench_keys(srtp_cases[c].profile);
        uint64_t highest = 0;

        srtp_dealloc(bench.oracle_out);
        bench.oracle_out = oracle_create(&keys, ssrc_specific, sec_serv_conf_and_auth);
        for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
            make_clear(&clear, indices[i], 60);
            if (indices[i] > highest + 0x8000) {
                uint32_t roc = (uint32_t)(indices[i] >> 16);

                assert_int_equal(srtp_set_stream_roc(bench.oracle_out, SSRC, roc), 0);
            }
            highest = indices[i] > highest ? indices[i] : highest;
            seal_both(&bench, &clear, sealed);
        }
    }
}

static void test_rtcp_both_directions(void **state)
{
    static uint32_t clear[MAX_BYTES / 4], packet[MAX_BYTES / 4];
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        seed_random(5);
        for (size_t size = 8; size <= 1200; size += 4) {
            size_t len = make_rtcp((uint8_t *)clear, SSRC + size / 4 % 3, size);
            int sealed;

            memcpy(packet, clear, len);
            sealed = transport_srtp_seal_rtcp(bench.sender, (uint8_t *)packet, len);
            assert_true(sealed > (int)len && sealed <= (int)len + TRANSPORT_SRTP_TRAILER_BYTES);
            assert_int_equal(srtp_unprotect_rtcp(bench.oracle_in, packet, &sealed), 0);
            assert_int_equal(sealed, len);
            assert_memory_equal(packet, clear, len);

            sealed = (int)len;
            assert_int_equal(srtp_protect_rtcp(bench.oracle_out, packet, &sealed), 0);
            assert_int_equal(
                transport_srtp_open_rtcp(bench.receiver, (uint8_t *)packet, (size_t)sealed), len);
            assert_memory_equal(packet, clear, len);
        }
    }
}

/* RTCP that came first makes a stream of its SSRC in libsrtp2; RTP's explicit index still holds. */
static void test_rtcp_before_rtp(void **state)
{
    static struct clear clear;
    static uint8_t sealed[MAX_BYTES];
    uint32_t report[MAX_BYTES / 4];
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        make_rtcp((uint8_t *)report, SSRC, 28);
        assert_true(transport_srtp_seal_rtcp(bench.sender, (uint8_t *)report, 28) > 28);
        make_clear(&clear, 0xfff0, 60);
        open_both(&bench, &clear, sealed, seal_both(&bench, &clear, sealed));
        make_clear(&clear, 0x10010, 60);
        open_both(&bench, &clear, sealed, seal_both(&bench, &clear, sealed));
    }
}

/* More than 2^15 packets lost in the first round: nothing lies before ROC 0, so it is a jump ahead.
 */
static void test_big_loss_in_the_first_round(void **state)
{
    static struct clear clear;
    static uint8_t sealed[MAX_BYTES];
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        make_clear(&clear, 5, 60);
        open_both(&bench, &clear, sealed, seal_both(&bench, &clear, sealed));
        make_clear(&clear, 60000, 60);
        open_both(&bench, &clear, sealed, seal_both(&bench, &clear, sealed));
        make_clear(&clear, 0x10001, 60);
        open_both(&bench, &clear, sealed, seal_both(&bench, &clear, sealed));
    }
}

/* SRTCP that is authenticated but not encrypted (E = 0) is not taken, although its key is right. */
static void test_unencrypted_rtcp_is_refused(void **state)
{
    uint32_t packet[MAX_BYTES / 4];
    struct srtp_bench bench;

    (void)state;
    FOR_EACH_CASE(&bench)
    {
        struct transport_srtp_keys keys = srtp_bench_keys(srtp_cases[c].profile);
        int len = 28;

        srtp_dealloc(bench.oracle_out);
        bench.oracle_out = oracle_create(&keys, ssrc_any_outbound, sec_serv_auth);
        make_rtcp((uint8_t *)packet, SSRC, 28);
        assert_int_equal(srtp_protect_rtcp(bench.oracle_out, packet, &len), 0);
        assert_int_equal(transport_srtp_open_rtcp(bench.receiver, (uint8_t *)packet, (size_t)len),
                         IRIS_E_AUTH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length_and_shape),
        cmocka_unit_test(test_three_wraps_with_loss_and_reordering),
        cmocka_unit_test(test_explicit_index),
        cmocka_unit_test(test_rtcp_both_directions),
        cmocka_unit_test(test_rtcp_before_rtp),
        cmocka_unit_test(test_big_loss_in_the_first_round),
        cmocka_unit_test(test_unencrypted_rtcp_is_refused),
    };

    return cmocka_run_group_tests(tests, srtp_bench_set_up, NULL);
}
