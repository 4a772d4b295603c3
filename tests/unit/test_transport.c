/*
 * The whole transport in virtual time: STUN, DTLS and SRTP of one peer, against libnice's checks,
 * OpenSSL's client and our own SRTP at the other end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/error.h"
#include "transport_bench.h"

static void carries_media_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *profiles;
        enum transport_srtp_profile profile;
    } rows[] = {
        {NULL, TRANSPORT_SRTP_AEAD_AES_128_GCM},
        {"SRTP_AEAD_AES_256_GCM", TRANSPORT_SRTP_AEAD_AES_256_GCM},
        {"SRTP_AES128_CM_SHA1_80", TRANSPORT_SRTP_AES128_CM_SHA1_80},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench bench;
        bench_init(&bench, rows[i].profiles);
        uint8_t packet[256];
        const struct transport_srtp_clear early = {packet, bench_write_rtp(packet, 1), 12, 1};
        assert_int_equal(transport_seal_rtp(bench.transport, &early, packet), IRIS_E_STATE);
        assert_int_equal(transport_seal_rtcp(bench.transport, packet, bench_write_rtcp(packet)),
                         IRIS_E_STATE);
        assert_int_equal(transport_srtp_profile(bench.transport), TRANSPORT_SRTP_NONE);
        bench_check(&bench, 1, true, 0);
        assert_false(transport_can_send(bench.transport));
        assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_NONE);
        bench_shake_hands(&bench, 1, 1, 1000);
        assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
        assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_NONE);
        assert_int_equal(transport_srtp_profile(bench.transport), rows[i].profile);
        assert_true(transport_can_send(bench.transport));
        bench_key_client(&bench);
        bench_exchange_media(&bench, 2000);
        assert_string_equal(transport_failure(bench.transport), "");
        bench_dispose(&bench);
    }
}

/* DTLS goes through a validated path before anything is nominated, back the way it came. */
static void connects_before_a_nomination(void **state)
{
    (void)state;
    struct bench bench;
    uint8_t packet[256];
    struct transport_path expected = bench_path(2);
    bench_init(&bench, NULL);
    bench_check(&bench, 1, false, 0);
    bench_check(&bench, 2, false, 0);
    bench_shake_hands(&bench, 2, 2, 1000);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
    assert_null(transport_selected_path(bench.transport));
    assert_false(transport_can_send(bench.transport));
    bench_key_client(&bench);
    size_t len = bench_seal_rtp(&bench, packet, 1);
    assert_int_equal(bench_receive(&bench, 2, packet, &len, 2000), TRANSPORT_RTP);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &expected));
    assert_true(transport_can_send(bench.transport));
    assert_int_equal(transport_counters(bench.transport)->path_changes, 1);
    bench_dispose(&bench);
}

/* Once a path is selected, DTLS is answered there. */
static void answers_dtls_on_the_selected_path(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, NULL);
    bench_check(&bench, 1, true, 0);
    bench_check(&bench, 2, false, 0);
    bench_shake_hands(&bench, 2, 1, 1000);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
    bench_dispose(&bench);
}

static void drops_dtls_of_strangers(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_datagram datagram;
    uint8_t *data;
    bench_init(&bench, NULL);
    bench_check(&bench, 1, true, 0);
    dtls_client_run(&bench.dtls, 0);
    size_t len = dtls_client_pop(&bench.dtls.out, &data);
    assert_int_equal(bench_receive(&bench, 2, data, &len, 0), TRANSPORT_DROPPED);
    assert_false(transport_next_datagram(bench.transport, &datagram));
    assert_int_equal(transport_counters(bench.transport)->dtls_unvalidated, 1);
    assert_int_equal(transport_counters(bench.transport)->dtls_datagrams, 0);
    assert_int_equal(bench_receive(&bench, 1, data, &len, 0), TRANSPORT_HANDLED);
    assert_true(transport_next_datagram(bench.transport, &datagram));
    assert_int_equal(transport_counters(bench.transport)->dtls_datagrams, 1);
    bench_dispose(&bench);
}

/* SRTP opens from anywhere, but only a validated path can become the selected one. */
static void authentic_strangers_redirect_nothing(void **state)
{
    (void)state;
    struct bench bench;
    uint8_t packet[256], copy[256];
    struct transport_path first = bench_path(1), second = bench_path(2);
    bench_init(&bench, NULL);
    bench_check(&bench, 1, true, 0);
    bench_shake_hands(&bench, 1, 1, 0);
    bench_key_client(&bench);
    size_t len = bench_seal_rtp(&bench, packet, 1);
    assert_int_equal(bench_receive(&bench, 2, packet, &len, 5 * SECOND_US), TRANSPORT_RTP);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &first));
    bench_check(&bench, 2, false, 6 * SECOND_US);
    len = bench_seal_rtp(&bench, packet, 2);
    memcpy(copy, packet, len);
    size_t copy_len = len;
    assert_int_equal(bench_receive(&bench, 2, packet, &len, 7 * SECOND_US), TRANSPORT_RTP);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &second));
    /* A replayed copy from the old path does not switch back. */
    assert_int_equal(bench_receive(&bench, 1, copy, &copy_len, 9 * SECOND_US), TRANSPORT_DROPPED);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &second));
    assert_int_equal(transport_counters(bench.transport)->srtp_replayed, 1);
    assert_int_equal(transport_counters(bench.transport)->path_changes, 2);
    bench_dispose(&bench);
}

static void counts_what_it_drops(void **state)
{
    (void)state;
    struct bench bench;
    uint8_t packet[256];
    bench_init(&bench, NULL);
    const struct transport_counters *counters = transport_counters(bench.transport);
    size_t len = bench_write_rtp(packet, 1);
    assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->srtp_early, 1);
    bench_check(&bench, 1, true, 0);
    bench_shake_hands(&bench, 1, 1, 0);
    bench_key_client(&bench);
    uint64_t datagrams = counters->dtls_datagrams;

    len = bench_seal_rtp(&bench, packet, 1);
    packet[20] ^= 1;
    assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->srtp_auth_failed, 1);
    len = 1; /* too short to tell RTP from RTCP */
    assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    len = 12;
    assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->srtp_malformed, 2);

    static const uint8_t unknown[] = {4, 16, 19, 64, 79, 80, 127, 192, 255};
    for (size_t i = 0; i < sizeof(unknown); i++) {
        packet[0] = unknown[i];
        len = 100;
        assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
        assert_int_equal(counters->unknown, i + 1);
    }
    len = 0;
    assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->unknown, sizeof(unknown) + 1);

    packet[0] = 0;
    len = 100;
    assert_int_equal(bench_receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->stun_dropped, 1);
    stun_client_write(&bench.stun,
                      &(struct stun_client_check){.priority = 1, .is_controlled = true});
    assert_int_equal(bench_receive(&bench, 1, bench.stun.data, &bench.stun.len, 0),
                     TRANSPORT_HANDLED);
    assert_int_equal(counters->stun_refused, 1);
    assert_int_equal(counters->stun_checks, 1);
    assert_int_equal(counters->dtls_datagrams, datagrams);
    bench_dispose(&bench);
}

/* Nobody takes the answers: the newest are kept. */
static void bounds_the_answers(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_datagram datagram;
    bench_init(&bench, NULL);
    for (int i = 1; i <= 10; i++) {
        stun_client_write(&bench.stun, &(struct stun_client_check){.priority = 1});
        bench_receive(&bench, i, bench.stun.data, &bench.stun.len, 0);
    }
    int waiting = 0;
    while (transport_next_datagram(bench.transport, &datagram)) {
        struct transport_path expected = bench_path(7 + waiting++);
        assert_true(transport_path_is_equal(&datagram.path, &expected));
    }
    assert_int_equal(waiting, 4);
    bench_dispose(&bench);
}

static void ends_once(void **state)
{
    (void)state;
    enum what { CHECKS_ONLY, NOTHING, CONNECT, CONNECT_AND_CLOSE };
    static const struct {
        enum what what;
        enum transport_event event;
        int64_t silent_after_s, at_s;
    } rows[] = {
        {NOTHING, TRANSPORT_EVENT_TIMEOUT, 0, 30},
        {CHECKS_ONLY, TRANSPORT_EVENT_FAILED, 40, 30},
        {CHECKS_ONLY, TRANSPORT_EVENT_FAILED, 6, 30}, /* DTLS gives up first: 30 s after creation */
        {CONNECT, TRANSPORT_EVENT_TIMEOUT, 20, 50},
        {CONNECT_AND_CLOSE, TRANSPORT_EVENT_CLOSED, 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bench bench;
        bench_init(&bench, NULL);
        if (rows[i].what >= CONNECT) {
            bench_check(&bench, 1, true, 0);
            bench_shake_hands(&bench, 1, 1, 0);
            assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
        }
        if (rows[i].what == CONNECT_AND_CLOSE) {
            uint8_t *data;
            SSL_shutdown(bench.dtls.ssl);
            size_t len = dtls_client_pop(&bench.dtls.out, &data);
            bench_receive(&bench, 1, data, &len, 0);
        }
        int64_t ended_s = -1;
        for (int64_t now_s = 0; now_s <= 100; now_s++) {
            if (rows[i].what != NOTHING && now_s <= rows[i].silent_after_s &&
                rows[i].what != CONNECT_AND_CLOSE && ended_s < 0)
                bench_check(&bench, 1, true, now_s * SECOND_US);
            if (now_s * SECOND_US >= transport_deadline(bench.transport))
                transport_advance(bench.transport, now_s * SECOND_US);
            enum transport_event event = transport_next_event(bench.transport);
            if (event) {
                assert_int_equal(event, rows[i].event);
                assert_int_equal(ended_s, -1);
                ended_s = now_s;
            }
        }
        assert_int_equal(ended_s, rows[i].at_s);
        assert_string_equal(transport_failure(bench.transport),
                            rows[i].event == TRANSPORT_EVENT_FAILED ? "no handshake in time" : "");
        assert_int_equal(transport_deadline(bench.transport), INT64_MAX);
        bench_dispose(&bench);
    }
}

static void wrong_fingerprint_fails(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_params ours = {.ice = bench_credentials};
    bench_init(&bench, NULL);
    transport_destroy(bench.transport);
    bench.transport = transport_create(bench_worker, &ours, 0);
    bench_check(&bench, 1, true, 0);
    bench_shake_hands(&bench, 1, 1, 0);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_NONE);
    for (int64_t now_us = 0; now_us <= 3 * SECOND_US; now_us += 100000)
        transport_advance(bench.transport, now_us);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_FAILED);
    assert_non_null(strstr(transport_failure(bench.transport), "fingerprint"));
    assert_int_equal(transport_srtp_profile(bench.transport), TRANSPORT_SRTP_NONE);
    bench_dispose(&bench);
}

/* A restart changes passwords and paths; DTLS and SRTP do not notice. */
static void restarts_ice_alone(void **state)
{
    (void)state;
    static const struct transport_ice_credentials second = {
        "ponmlkjihgfedcba", "fedcba9876543210fedcba9876543210", "theirs2"};
    struct bench bench;
    uint8_t packet[256];
    struct transport_path expected = bench_path(2);
    bench_init(&bench, NULL);
    bench_check(&bench, 1, true, 0);
    bench_shake_hands(&bench, 1, 1, 0);
    bench_key_client(&bench);
    transport_restart_ice(bench.transport, &second, SECOND_US);
    bench_check(&bench, 1, true, 2 * SECOND_US);
    stun_client_init(&bench.stun, &second);
    bench_check(&bench, 2, true, 3 * SECOND_US);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &expected));
    size_t len = bench_seal_rtp(&bench, packet, 7);
    assert_int_equal(bench_receive(&bench, 2, packet, &len, 4 * SECOND_US), TRANSPORT_RTP);
    bench_dispose(&bench);
}

static void takes_keys_without_dtls(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_srtp_keys up = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM, .key = {1}};
    struct transport_srtp_keys down = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM, .key = {2}};
    struct transport_srtp_keys none = {.profile = TRANSPORT_SRTP_NONE};
    uint8_t hello[64] = {22, 0xfe, 0xfd};
    size_t len = sizeof(hello);
    bench_init(&bench, NULL);
    assert_int_equal(transport_set_keys(bench.transport, &none, &none), IRIS_E_NO_MEMORY);
    assert_int_equal(transport_set_keys(bench.transport, &down, &up), 0);
    assert_int_equal(transport_set_keys(bench.transport, &down, &up), IRIS_E_STATE);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
    assert_int_equal(transport_deadline(bench.transport), 30 * SECOND_US);
    bench_check(&bench, 1, true, 0);
    assert_true(transport_can_send(bench.transport));
    assert_int_equal(bench_receive(&bench, 1, hello, &len, 0), TRANSPORT_DROPPED);
    bench.sender = transport_srtp_sender_create(bench.aead, &up);
    bench.receiver = transport_srtp_receiver_create(bench.aead, &down);
    bench_exchange_media(&bench, SECOND_US);
    assert_string_equal(transport_failure(bench.transport), "");
    bench_dispose(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_media_both_ways),
        cmocka_unit_test(connects_before_a_nomination),
        cmocka_unit_test(answers_dtls_on_the_selected_path),
        cmocka_unit_test(drops_dtls_of_strangers),
        cmocka_unit_test(authentic_strangers_redirect_nothing),
        cmocka_unit_test(counts_what_it_drops),
        cmocka_unit_test(bounds_the_answers),
        cmocka_unit_test(ends_once),
        cmocka_unit_test(wrong_fingerprint_fails),
        cmocka_unit_test(restarts_ice_alone),
        cmocka_unit_test(takes_keys_without_dtls),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
