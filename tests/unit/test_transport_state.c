/*
 * A transport that another process goes on with: connected, in the middle of DTLS, and with gaps in
 * its SRTP indices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "transport_bench.h"

/* The transport as another process would have it. */
static void hand_over(struct bench *bench, bool is_skipping)
{
    struct transport_state_writer counter = {.len = 0};
    transport_export(bench->transport, &counter);
    uint8_t *bytes = malloc(counter.len);
    assert_non_null(bytes);
    struct transport_state_writer writer = {.out = bytes, .cap = counter.len};
    transport_export(bench->transport, &writer);
    transport_destroy(bench->transport);
    bench->transport = NULL;
    for (size_t len = 0; len < counter.len; len++) {
        struct transport *none = NULL;
        struct transport_state_reader cut = {.data = bytes, .len = len};
        if (len % 61 == 0 || len + 100 > counter.len)
            assert_int_equal(transport_import(bench_worker, &cut, is_skipping, &none),
                             IRIS_E_TRUNCATED);
        assert_null(none);
    }
    struct transport_state_reader reader = {.data = bytes, .len = counter.len};
    assert_int_equal(transport_import(bench_worker, &reader, is_skipping, &bench->transport), 0);
    assert_int_equal(reader.len, 0);
    free(bytes);
}

/* One packet each way under an index, and a report each way. */
static void exchange(struct bench *bench, uint64_t index)
{
    uint8_t packet[256];
    size_t plain_len = bench_write_rtp(packet, (uint16_t)index);
    int sealed = transport_srtp_seal_rtp(bench->sender, packet, plain_len, 12, index);
    size_t len = (size_t)sealed;
    assert_int_equal(bench_receive(bench, 1, packet, &len, 2000), TRANSPORT_RTP);
    bench_write_rtp(packet, (uint16_t)index);
    struct transport_srtp_clear clear = {
        .packet = packet, .len = plain_len, .header_len = 12, .index = index};
    sealed = transport_seal_rtp(bench->transport, &clear, packet);
    assert_int_equal(transport_srtp_open_rtp(bench->receiver, packet, (size_t)sealed), plain_len);
    sealed = transport_srtp_seal_rtcp(bench->sender, packet, bench_write_rtcp(packet));
    len = (size_t)sealed;
    assert_int_equal(bench_receive(bench, 1, packet, &len, 2000), TRANSPORT_RTCP);
    sealed = transport_seal_rtcp(bench->transport, packet, bench_write_rtcp(packet));
    assert_true(transport_srtp_open_rtcp(bench->receiver, packet, (size_t)sealed) > 0);
}

/* Keys, roll-over counters, replay windows and SRTCP indices, with the hand-over at every place
   around a wrap. */
static void goes_on_after_a_hand_over(void **state)
{
    (void)state;
    static const char *const profiles[] = {NULL, "SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_SHA1_80"};
    const uint64_t wrap = 65536 * 2, first = wrap - 4;
    for (uint64_t i = 0; i < 3 * 8; i++) {
        struct bench bench;
        uint8_t packet[256], copy[256];
        bench_init(&bench, profiles[i / 8]);
        bench_check(&bench, 1, true, 0);
        bench_shake_hands(&bench, 1, 1, 1000);
        bench_key_client(&bench);
        for (uint64_t index = 30000; index < first; index += 10000)
            exchange(&bench, index);
        size_t len = bench_seal_rtp_at(&bench, packet, first - 2);
        memcpy(copy, packet, len);
        size_t copy_len = len;
        assert_int_equal(bench_receive(&bench, 1, packet, &len, 2000), TRANSPORT_RTP);
        for (uint64_t index = first; index < wrap + 6; index++) {
            if (index == first + i % 8)
                hand_over(&bench, false);
            exchange(&bench, index);
        }
        assert_int_equal(bench_receive(&bench, 1, copy, &copy_len, 2000), TRANSPORT_DROPPED);
        assert_int_equal(transport_counters(bench.transport)->srtp_replayed, 1);
        bench_dispose(&bench);
    }
}

static uint32_t srtcp_index(struct bench *bench)
{
    uint8_t packet[256];
    size_t at = bench->is_cm ? 14 : 4; /* from the end; behind it the tag */
    int sealed = transport_seal_rtcp(bench->transport, packet, bench_write_rtcp(packet));
    return rtp_bytes_get32(packet + (size_t)sealed - at) & 0x7FFFFFFF;
}

static void leaves_reports_out(void **state)
{
    (void)state;
    static const char *const profiles[] = {NULL, "SRTP_AES128_CM_SHA1_80"};
    for (size_t i = 0; i < 2; i++) {
        struct bench bench;
        bench_init(&bench, profiles[i]);
        bench.is_cm = i == 1;
        bench_check(&bench, 1, true, 0);
        bench_shake_hands(&bench, 1, 1, 1000);
        uint32_t before = srtcp_index(&bench);
        hand_over(&bench, false);
        assert_int_equal(srtcp_index(&bench), before + 1);
        hand_over(&bench, true);
        assert_int_equal(srtcp_index(&bench), before + 2 + TRANSPORT_STATE_SKIP);
        bench_dispose(&bench);
    }
}

/* What is left of the handshake: the last flight is sent again, close_notify is understood. One
   that has not begun begins there; its time goes on. */
static void carries_what_is_left_of_dtls(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_datagram datagram;
    uint8_t *data, finished[512];
    size_t len, finished_len = 0;
    bench_init(&bench, NULL);
    bench_check(&bench, 1, true, 0);
    hand_over(&bench, false);
    assert_int_equal(transport_deadline(bench.transport), TRANSPORT_DTLS_TIMEOUT_US);
    for (int turn = 0; turn < 4; turn++) {
        dtls_client_run(&bench.dtls, 1000);
        while ((len = dtls_client_pop(&bench.dtls.out, &data)) > 0) {
            finished_len = len < sizeof(finished) ? len : sizeof(finished);
            memcpy(finished, data, finished_len);
            assert_int_equal(bench_receive(&bench, 1, data, &len, 1000), TRANSPORT_HANDLED);
        }
        while (transport_next_datagram(bench.transport, &datagram))
            dtls_client_push(&bench.dtls.in, datagram.data, datagram.len);
    }
    hand_over(&bench, false);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
    len = finished_len;
    assert_int_equal(bench_receive(&bench, 1, finished, &len, SECOND_US), TRANSPORT_HANDLED);
    assert_true(transport_next_datagram(bench.transport, &datagram));
    assert_true(datagram.len > 0 && datagram.data[0] >= 20 && datagram.data[0] <= 22);
    SSL_shutdown(bench.dtls.ssl);
    len = dtls_client_pop(&bench.dtls.out, &data);
    assert_int_equal(bench_receive(&bench, 1, data, &len, SECOND_US), TRANSPORT_HANDLED);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CLOSED);
    bench_dispose(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_after_a_hand_over),
        cmocka_unit_test(leaves_reports_out),
        cmocka_unit_test(carries_what_is_left_of_dtls),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
