/*
 * The whole transport in virtual time: STUN, DTLS and SRTP of one peer, against libnice's checks,
 * OpenSSL's client and our own SRTP at the other end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dtls_client.h"
#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/transport_state.h"
#include "stun_client.h"

#define SECOND_US 1000000

static struct transport_certificate *server_certificate, *client_certificate;
static struct transport_worker *worker;

static const struct transport_ice_credentials credentials = {
    "abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs"};

/* A peer and its transport. */
struct bench {
    struct transport *transport;
    struct stun_client stun;
    struct dtls_client dtls;
    struct transport_aead_context *aead;
    struct transport_srtp_sender *sender; /* the client's */
    struct transport_srtp_receiver *receiver;
    bool is_cm; /* AES128_CM_SHA1_80 */
};

static struct transport_path path_number(int i)
{
    struct transport_path path = {.local = 0};
    transport_address_set_ipv4(&path.remote, (const uint8_t[]){192, 0, 2, (uint8_t)i},
                               (uint16_t)(50000 + i));
    return path;
}

static void bench_init(struct bench *bench, const char *profiles)
{
    static struct dtls_client_params params;
    struct transport_params ours = {.ice = credentials};
    memset(bench, 0, sizeof(*bench));
    memcpy(ours.fingerprint, client_certificate->fingerprint, sizeof(ours.fingerprint));
    params = (struct dtls_client_params){.certificate = client_certificate, .profiles = profiles};
    stun_client_init(&bench->stun, &credentials);
    dtls_client_init(&bench->dtls, &params);
    bench->transport = transport_create(worker, &ours, 0);
    bench->aead = transport_aead_context_create(TRANSPORT_AEAD_EVP);
    assert_non_null(bench->transport);
    assert_non_null(bench->aead);
}

static void bench_dispose(struct bench *bench)
{
    if (bench->sender)
        transport_srtp_sender_destroy(bench->sender);
    if (bench->receiver)
        transport_srtp_receiver_destroy(bench->receiver);
    transport_aead_context_destroy(bench->aead);
    transport_destroy(bench->transport);
    dtls_client_dispose(&bench->dtls);
}

static enum transport_verdict receive(struct bench *bench, int path, uint8_t *data, size_t *len,
                                      int64_t now_us)
{
    struct transport_datagram datagram = {path_number(path), data, *len};
    enum transport_verdict verdict = transport_receive(bench->transport, &datagram, now_us);
    *len = datagram.len;
    return verdict;
}

/* A check through a path, and its answer back through the same. */
static void check(struct bench *bench, int path, bool is_nominating, int64_t now_us)
{
    struct transport_datagram datagram;
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    struct transport_path expected = path_number(path);
    stun_client_write(&bench->stun,
                      &(struct stun_client_check){.priority = 100, .is_nominating = is_nominating});
    assert_int_equal(receive(bench, path, bench->stun.data, &bench->stun.len, now_us),
                     TRANSPORT_HANDLED);
    assert_true(transport_next_datagram(bench->transport, &datagram));
    assert_true(transport_path_is_equal(&datagram.path, &expected));
    reply.len = datagram.len;
    memcpy(reply.data, datagram.data, datagram.len);
    assert_int_equal(stun_client_read(&bench->stun, &reply, &mapped), 0);
}

/* Move DTLS datagrams both ways; those to the client must come through to_path. */
static void shake_hands(struct bench *bench, int from_path, int to_path, int64_t now_us)
{
    struct transport_datagram datagram;
    struct transport_path expected = path_number(to_path);
    for (int turn = 0; turn < 4; turn++) {
        uint8_t *data;
        size_t len;
        dtls_client_run(&bench->dtls, now_us);
        while ((len = dtls_client_pop(&bench->dtls.out, &data)) > 0)
            assert_int_equal(receive(bench, from_path, data, &len, now_us), TRANSPORT_HANDLED);
        while (transport_next_datagram(bench->transport, &datagram)) {
            assert_true(transport_path_is_equal(&datagram.path, &expected));
            dtls_client_push(&bench->dtls.in, datagram.data, datagram.len);
        }
    }
}

static void key_client(struct bench *bench)
{
    struct transport_srtp_keys send, receive_keys;
    dtls_client_keys(&bench->dtls, &send, &receive_keys);
    bench->sender = transport_srtp_sender_create(bench->aead, &send);
    bench->receiver = transport_srtp_receiver_create(bench->aead, &receive_keys);
    assert_non_null(bench->sender);
    assert_non_null(bench->receiver);
}

static size_t write_rtp(uint8_t *out, uint16_t seq)
{
    static const uint8_t header[12] = {0x80, 96, 0, 0, 0, 0, 0, 1, 0xca, 0xfe, 0, 1};
    memcpy(out, header, sizeof(header));
    rtp_bytes_put16(out + 2, seq);
    memset(out + 12, 0x5a, 100);
    return 112;
}

static size_t write_rtcp(uint8_t *out)
{
    static const uint8_t empty_report[8] = {0x80, 201, 0, 1, 0xca, 0xfe, 0, 1};
    memcpy(out, empty_report, sizeof(empty_report));
    return sizeof(empty_report);
}

/* A sealed RTP packet of the client's. */
static size_t seal_client_rtp_at(struct bench *bench, uint8_t *out, uint64_t index)
{
    size_t len = write_rtp(out, (uint16_t)index);
    int sealed = transport_srtp_seal_rtp(bench->sender, out, len, 12, index);
    assert_in_range(sealed, len + 10, len + TRANSPORT_SRTP_TRAILER_BYTES);
    return (size_t)sealed;
}

static size_t seal_client_rtp(struct bench *bench, uint8_t *out, uint16_t seq)
{
    return seal_client_rtp_at(bench, out, seq);
}

static void exchange_media(struct bench *bench, int64_t now_us)
{
    uint8_t packet[256], plain[256];
    size_t len = seal_client_rtp(bench, packet, 1);
    size_t plain_len = write_rtp(plain, 1);
    assert_int_equal(receive(bench, 1, packet, &len, now_us), TRANSPORT_RTP);
    assert_int_equal(len, plain_len);
    assert_memory_equal(packet, plain, len);

    plain_len = write_rtcp(plain);
    int sealed = transport_srtp_seal_rtcp(bench->sender, packet, write_rtcp(packet));
    len = (size_t)sealed;
    assert_int_equal(receive(bench, 1, packet, &len, now_us), TRANSPORT_RTCP);
    assert_int_equal(len, plain_len);
    assert_memory_equal(packet, plain, len);

    plain_len = write_rtp(plain, 9);
    const struct transport_srtp_clear clear = {packet, write_rtp(packet, 9), 12, 9};
    sealed = transport_seal_rtp(bench->transport, &clear, packet);
    assert_int_equal(transport_srtp_open_rtp(bench->receiver, packet, (size_t)sealed), plain_len);
    assert_memory_equal(packet, plain, plain_len);

    plain_len = write_rtcp(plain);
    sealed = transport_seal_rtcp(bench->transport, packet, write_rtcp(packet));
    assert_int_equal(transport_srtp_open_rtcp(bench->receiver, packet, (size_t)sealed), plain_len);
    assert_memory_equal(packet, plain, plain_len);
}

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
        const struct transport_srtp_clear early = {packet, write_rtp(packet, 1), 12, 1};
        assert_int_equal(transport_seal_rtp(bench.transport, &early, packet), IRIS_E_STATE);
        assert_int_equal(transport_seal_rtcp(bench.transport, packet, write_rtcp(packet)),
                         IRIS_E_STATE);
        assert_int_equal(transport_srtp_profile(bench.transport), TRANSPORT_SRTP_NONE);
        check(&bench, 1, true, 0);
        assert_false(transport_can_send(bench.transport));
        assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_NONE);
        shake_hands(&bench, 1, 1, 1000);
        assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
        assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_NONE);
        assert_int_equal(transport_srtp_profile(bench.transport), rows[i].profile);
        assert_true(transport_can_send(bench.transport));
        key_client(&bench);
        exchange_media(&bench, 2000);
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
    struct transport_path expected = path_number(2);
    bench_init(&bench, NULL);
    check(&bench, 1, false, 0);
    check(&bench, 2, false, 0);
    shake_hands(&bench, 2, 2, 1000);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
    assert_null(transport_selected_path(bench.transport));
    assert_false(transport_can_send(bench.transport));
    key_client(&bench);
    size_t len = seal_client_rtp(&bench, packet, 1);
    assert_int_equal(receive(&bench, 2, packet, &len, 2000), TRANSPORT_RTP);
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
    check(&bench, 1, true, 0);
    check(&bench, 2, false, 0);
    shake_hands(&bench, 2, 1, 1000);
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
    check(&bench, 1, true, 0);
    dtls_client_run(&bench.dtls, 0);
    size_t len = dtls_client_pop(&bench.dtls.out, &data);
    assert_int_equal(receive(&bench, 2, data, &len, 0), TRANSPORT_DROPPED);
    assert_false(transport_next_datagram(bench.transport, &datagram));
    assert_int_equal(transport_counters(bench.transport)->dtls_unvalidated, 1);
    assert_int_equal(transport_counters(bench.transport)->dtls_datagrams, 0);
    assert_int_equal(receive(&bench, 1, data, &len, 0), TRANSPORT_HANDLED);
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
    struct transport_path first = path_number(1), second = path_number(2);
    bench_init(&bench, NULL);
    check(&bench, 1, true, 0);
    shake_hands(&bench, 1, 1, 0);
    key_client(&bench);
    size_t len = seal_client_rtp(&bench, packet, 1);
    assert_int_equal(receive(&bench, 2, packet, &len, 5 * SECOND_US), TRANSPORT_RTP);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &first));
    check(&bench, 2, false, 6 * SECOND_US);
    len = seal_client_rtp(&bench, packet, 2);
    memcpy(copy, packet, len);
    size_t copy_len = len;
    assert_int_equal(receive(&bench, 2, packet, &len, 7 * SECOND_US), TRANSPORT_RTP);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &second));
    /* A replayed copy from the old path does not switch back. */
    assert_int_equal(receive(&bench, 1, copy, &copy_len, 9 * SECOND_US), TRANSPORT_DROPPED);
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
    size_t len = write_rtp(packet, 1);
    assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->srtp_early, 1);
    check(&bench, 1, true, 0);
    shake_hands(&bench, 1, 1, 0);
    key_client(&bench);
    uint64_t datagrams = counters->dtls_datagrams;

    len = seal_client_rtp(&bench, packet, 1);
    packet[20] ^= 1;
    assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->srtp_auth_failed, 1);
    len = 1; /* too short to tell RTP from RTCP */
    assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    len = 12;
    assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->srtp_malformed, 2);

    static const uint8_t unknown[] = {4, 16, 19, 64, 79, 80, 127, 192, 255};
    for (size_t i = 0; i < sizeof(unknown); i++) {
        packet[0] = unknown[i];
        len = 100;
        assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
        assert_int_equal(counters->unknown, i + 1);
    }
    len = 0;
    assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->unknown, sizeof(unknown) + 1);

    packet[0] = 0;
    len = 100;
    assert_int_equal(receive(&bench, 1, packet, &len, 0), TRANSPORT_DROPPED);
    assert_int_equal(counters->stun_dropped, 1);
    stun_client_write(&bench.stun,
                      &(struct stun_client_check){.priority = 1, .is_controlled = true});
    assert_int_equal(receive(&bench, 1, bench.stun.data, &bench.stun.len, 0), TRANSPORT_HANDLED);
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
        receive(&bench, i, bench.stun.data, &bench.stun.len, 0);
    }
    int waiting = 0;
    while (transport_next_datagram(bench.transport, &datagram)) {
        struct transport_path expected = path_number(7 + waiting++);
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
            check(&bench, 1, true, 0);
            shake_hands(&bench, 1, 1, 0);
            assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
        }
        if (rows[i].what == CONNECT_AND_CLOSE) {
            uint8_t *data;
            SSL_shutdown(bench.dtls.ssl);
            size_t len = dtls_client_pop(&bench.dtls.out, &data);
            receive(&bench, 1, data, &len, 0);
        }
        int64_t ended_s = -1;
        for (int64_t now_s = 0; now_s <= 100; now_s++) {
            if (rows[i].what != NOTHING && now_s <= rows[i].silent_after_s &&
                rows[i].what != CONNECT_AND_CLOSE && ended_s < 0)
                check(&bench, 1, true, now_s * SECOND_US);
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
    struct transport_params ours = {.ice = credentials};
    bench_init(&bench, NULL);
    transport_destroy(bench.transport);
    bench.transport = transport_create(worker, &ours, 0);
    check(&bench, 1, true, 0);
    shake_hands(&bench, 1, 1, 0);
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
    struct transport_path expected = path_number(2);
    bench_init(&bench, NULL);
    check(&bench, 1, true, 0);
    shake_hands(&bench, 1, 1, 0);
    key_client(&bench);
    transport_restart_ice(bench.transport, &second, SECOND_US);
    check(&bench, 1, true, 2 * SECOND_US);
    stun_client_init(&bench.stun, &second);
    check(&bench, 2, true, 3 * SECOND_US);
    assert_true(transport_path_is_equal(transport_selected_path(bench.transport), &expected));
    size_t len = seal_client_rtp(&bench, packet, 7);
    assert_int_equal(receive(&bench, 2, packet, &len, 4 * SECOND_US), TRANSPORT_RTP);
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
    check(&bench, 1, true, 0);
    assert_true(transport_can_send(bench.transport));
    assert_int_equal(receive(&bench, 1, hello, &len, 0), TRANSPORT_DROPPED);
    bench.sender = transport_srtp_sender_create(bench.aead, &up);
    bench.receiver = transport_srtp_receiver_create(bench.aead, &down);
    exchange_media(&bench, SECOND_US);
    assert_string_equal(transport_failure(bench.transport), "");
    bench_dispose(&bench);
}

static int set_up(void **state)
{
    (void)state;
    server_certificate = transport_certificate_create();
    client_certificate = transport_certificate_create();
    worker = transport_worker_create(server_certificate, TRANSPORT_AEAD_AUTO);
    return server_certificate && client_certificate && worker &&
                   transport_worker_aead_name(worker)[0]
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    transport_worker_destroy(worker);
    transport_certificate_destroy(server_certificate);
    transport_certificate_destroy(client_certificate);
    return 0;
}

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
            assert_int_equal(transport_import(worker, &cut, is_skipping, &none), IRIS_E_TRUNCATED);
        assert_null(none);
    }
    struct transport_state_reader reader = {.data = bytes, .len = counter.len};
    assert_int_equal(transport_import(worker, &reader, is_skipping, &bench->transport), 0);
    assert_int_equal(reader.len, 0);
    free(bytes);
}

/* One packet each way under an index, and a report each way. */
static void exchange(struct bench *bench, uint64_t index)
{
    uint8_t packet[256];
    size_t plain_len = write_rtp(packet, (uint16_t)index);
    int sealed = transport_srtp_seal_rtp(bench->sender, packet, plain_len, 12, index);
    size_t len = (size_t)sealed;
    assert_int_equal(receive(bench, 1, packet, &len, 2000), TRANSPORT_RTP);
    write_rtp(packet, (uint16_t)index);
    struct transport_srtp_clear clear = {
        .packet = packet, .len = plain_len, .header_len = 12, .index = index};
    sealed = transport_seal_rtp(bench->transport, &clear, packet);
    assert_int_equal(transport_srtp_open_rtp(bench->receiver, packet, (size_t)sealed), plain_len);
    sealed = transport_srtp_seal_rtcp(bench->sender, packet, write_rtcp(packet));
    len = (size_t)sealed;
    assert_int_equal(receive(bench, 1, packet, &len, 2000), TRANSPORT_RTCP);
    sealed = transport_seal_rtcp(bench->transport, packet, write_rtcp(packet));
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
        check(&bench, 1, true, 0);
        shake_hands(&bench, 1, 1, 1000);
        key_client(&bench);
        for (uint64_t index = 30000; index < first; index += 10000)
            exchange(&bench, index);
        size_t len = seal_client_rtp_at(&bench, packet, first - 2);
        memcpy(copy, packet, len);
        size_t copy_len = len;
        assert_int_equal(receive(&bench, 1, packet, &len, 2000), TRANSPORT_RTP);
        for (uint64_t index = first; index < wrap + 6; index++) {
            if (index == first + i % 8)
                hand_over(&bench, false);
            exchange(&bench, index);
        }
        assert_int_equal(receive(&bench, 1, copy, &copy_len, 2000), TRANSPORT_DROPPED);
        assert_int_equal(transport_counters(bench.transport)->srtp_replayed, 1);
        bench_dispose(&bench);
    }
}

static uint32_t srtcp_index(struct bench *bench)
{
    uint8_t packet[256];
    size_t at = bench->is_cm ? 14 : 4; /* from the end; behind it the tag */
    int sealed = transport_seal_rtcp(bench->transport, packet, write_rtcp(packet));
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
        check(&bench, 1, true, 0);
        shake_hands(&bench, 1, 1, 1000);
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
    check(&bench, 1, true, 0);
    hand_over(&bench, false);
    assert_int_equal(transport_deadline(bench.transport), TRANSPORT_DTLS_TIMEOUT_US);
    for (int turn = 0; turn < 4; turn++) {
        dtls_client_run(&bench.dtls, 1000);
        while ((len = dtls_client_pop(&bench.dtls.out, &data)) > 0) {
            finished_len = len < sizeof(finished) ? len : sizeof(finished);
            memcpy(finished, data, finished_len);
            assert_int_equal(receive(&bench, 1, data, &len, 1000), TRANSPORT_HANDLED);
        }
        while (transport_next_datagram(bench.transport, &datagram))
            dtls_client_push(&bench.dtls.in, datagram.data, datagram.len);
    }
    hand_over(&bench, false);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CONNECTED);
    len = finished_len;
    assert_int_equal(receive(&bench, 1, finished, &len, SECOND_US), TRANSPORT_HANDLED);
    assert_true(transport_next_datagram(bench.transport, &datagram));
    assert_true(datagram.len > 0 && datagram.data[0] >= 20 && datagram.data[0] <= 22);
    SSL_shutdown(bench.dtls.ssl);
    len = dtls_client_pop(&bench.dtls.out, &data);
    assert_int_equal(receive(&bench, 1, data, &len, SECOND_US), TRANSPORT_HANDLED);
    assert_int_equal(transport_next_event(bench.transport), TRANSPORT_EVENT_CLOSED);
    bench_dispose(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_media_both_ways),
        cmocka_unit_test(goes_on_after_a_hand_over),
        cmocka_unit_test(leaves_reports_out),
        cmocka_unit_test(carries_what_is_left_of_dtls),
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
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
