/* A retransmission becomes the packet that it repeats (RFC 4588, section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/error.h"
#include "rtp/rtx.h"

static const uint8_t RTX[] = {
    0xB0, 0xE1, 0x00, 0x09, 0,    0,   0, 5, 0, 0, 0, 6, /* P, X, marker, type 97, number 9 */
    0xBE, 0xDE, 0x00, 0x01, 0x40, '3', 0, 0,             /* MID */
    0xFF, 0xFE, 'a',  'b',                               /* original number, payload */
    0x00, 0x02,                                          /* padding */
};

static void test_restore(void **state)
{
    (void)state;
    uint8_t data[sizeof(RTX)];
    struct rtp_packet packet;
    memcpy(data, RTX, sizeof(RTX));
    assert_int_equal(rtp_packet_parse(&packet, data, sizeof(data)), 0);
    assert_int_equal(rtp_rtx_restore(&packet, 0xDEADBEEF, 96), 0);
    assert_int_equal(packet.seq, 0xFFFE);
    assert_int_equal(packet.ssrc, 0xDEADBEEF);
    assert_int_equal(packet.payload_type, 96);
    assert_int_equal(packet.timestamp, 5);
    assert_true(packet.marker);
    assert_int_equal(packet.payload_len, 2);
    assert_memory_equal(packet.payload, "ab", 2);
    assert_int_equal(packet.header_len + packet.payload_len + packet.padding_len, sizeof(data));
    assert_ptr_equal(packet.data + packet.header_len, packet.payload);
    assert_memory_equal(packet.extension,
                        "\x40"
                        "3",
                        2);
    assert_memory_equal(data, RTX, sizeof(RTX));
}

static void test_short(void **state)
{
    (void)state;
    static const struct {
        size_t payload_len;
        int error;
    } table[] = {{0, IRIS_E_TRUNCATED}, {1, IRIS_E_TRUNCATED}, {2, 0}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t data[14] = {0x80, 97, 0, 1};
        struct rtp_packet packet, before;
        assert_int_equal(rtp_packet_parse(&packet, data, 12 + table[i].payload_len), 0);
        before = packet;
        assert_int_equal(rtp_rtx_restore(&packet, 1, 96), table[i].error);
        if (table[i].error)
            assert_memory_equal(&packet, &before, sizeof(packet));
        else
            assert_int_equal(packet.payload_len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
