/* Unwrapping of sequence numbers, and the circular comparisons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/sequence.h"

static void test_unwrap(void **state)
{
    (void)state;
    /* One stream, row after row: what arrives, what it is, the highest afterwards. */
    static const struct {
        uint16_t seq;
        uint64_t ext_seq, highest;
    } table[] = {
        {0x0002, 0x10002, 0x10002}, {0xFFFF, 0x0FFFF, 0x10002}, /* late, below the first cycle */
        {0x8001, 0x18001, 0x18001}, /* as far ahead as possible: half the range less one */
        {0xFFFE, 0x1FFFE, 0x1FFFE}, {0x0001, 0x20001, 0x20001}, /* over the wrap */
        {0xFFFF, 0x1FFFF, 0x20001},                             /* late, over the wrap */
        {0x0001, 0x20001, 0x20001},                             /* duplicate */
        {0x0000, 0x20000, 0x20001}, {0x8001, 0x18001, 0x20001}, /* exactly half the range: older */
        {0x8000, 0x28000, 0x28000}, {0xFFFF, 0x2FFFF, 0x2FFFF}, {0x0000, 0x30000, 0x30000},
    };
    struct rtp_sequence sequence = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(rtp_sequence_peek(&sequence, table[i].seq), table[i].ext_seq);
        assert_int_equal(rtp_sequence_unwrap(&sequence, table[i].seq), table[i].ext_seq);
        assert_int_equal(sequence.highest, table[i].highest);
    }
}

static void test_peek_changes_nothing(void **state)
{
    (void)state;
    struct rtp_sequence sequence = {0};
    assert_int_equal(rtp_sequence_peek(&sequence, 7), 0x10007);
    assert_false(sequence.started);
    rtp_sequence_unwrap(&sequence, 7);
    assert_int_equal(rtp_sequence_peek(&sequence, 100), 0x10000 + 100);
    assert_int_equal(sequence.highest, 0x10007);
}

static void test_many_wraps(void **state)
{
    (void)state;
    struct rtp_sequence sequence = {0};
    for (uint64_t i = 0; i < 5 * 65536; i += 13)
        assert_int_equal(rtp_sequence_unwrap(&sequence, (uint16_t)i), 0x10000 + i);
}

static void test_comparisons(void **state)
{
    (void)state;
    static const struct {
        uint16_t a, b;
        bool is_newer;
    } seqs[] = {{1, 0, true},       {0, 1, false},      {5, 5, false},
                {0, 0xFFFF, true},  {0xFFFF, 0, false}, {0x7FFF, 0, true},
                {0x8000, 0, false}, {0, 0x8000, false}, {0x8001, 0x2, true}};
    for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++)
        assert_int_equal(rtp_sequence_is_newer(seqs[i].a, seqs[i].b), seqs[i].is_newer);
    static const struct {
        uint32_t a, b;
        bool is_later;
    } times[] = {{1, 0, true},          {0, 1, false},         {9, 9, false},
                 {0, UINT32_MAX, true}, {0x7FFFFFFF, 0, true}, {0x80000000, 0, false}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        assert_int_equal(rtp_timestamp_is_later(times[i].a, times[i].b), times[i].is_later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwrap),
        cmocka_unit_test(test_peek_changes_nothing),
        cmocka_unit_test(test_many_wraps),
        cmocka_unit_test(test_comparisons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
