/*
 * The DTLS handshake against OpenSSL's client over a virtual network: losses, repeats, reordering,
 * fragments, and what remains when the SSL is gone. Forgeries: test_dtls_forged.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <malloc.h>
#include <openssl/x509v3.h>

#include "dtls_link.h"
#include "rtp/bytes.h"
#include "rtp/error.h"

static void prefers_our_order_of_profiles(void **state)
{
    (void)state;
    static const struct {
        const char *offered;
        const char *ciphers;
        enum transport_srtp_profile profile;
    } rows[] = {
        {DTLS_CLIENT_ALL_PROFILES, NULL, TRANSPORT_SRTP_AEAD_AES_128_GCM},
        {"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM", NULL, TRANSPORT_SRTP_AEAD_AES_256_GCM},
        {"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", NULL, TRANSPORT_SRTP_AES128_CM_SHA1_80},
        {"SRTP_AEAD_AES_128_GCM", "ECDHE-ECDSA-AES256-GCM-SHA384", TRANSPORT_SRTP_AEAD_AES_128_GCM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link link;
        struct dtls_client_params params = usual();
        params.profiles = rows[i].offered;
        params.ciphers = rows[i].ciphers;
        struct transport_srtp_keys unused[2];
        link_init(&link, &params);
        assert_int_equal(transport_dtls_take_keys(link.dtls, &unused[0], &unused[1]), IRIS_E_STATE);
        assert_true(connect_until(&link, SECOND_US));
        assert_int_equal(SSL_get_selected_srtp_profile(link.client.ssl)->id, rows[i].profile);
        assert_string_equal(transport_dtls_reason(link.dtls), "");
        assert_int_equal(transport_dtls_deadline(link.dtls), INT64_MAX);
        assert_same_keys(&link);
        link_dispose(&link);
    }
}

/* Every datagram of the handshake in turn is lost, doubled or late; with small MTUs there are more.
 */
static void completes_over_faults(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        size_t client_mtu;
        int64_t within_us;
    } rows[] = {
        {DROP, 1200, 2 * SECOND_US},           {DROP, 300, 2 * SECOND_US},
        {DUPLICATE, 1200, SECOND_US},          {DUPLICATE, 300, SECOND_US},
        {SWAP_WITH_NEXT, 1200, 2 * SECOND_US}, {SWAP_WITH_NEXT, 300, 2 * SECOND_US},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned total = 1;
        int64_t slowest_us = 0;
        for (unsigned at = 0; at < total; at++) {
            struct link link;
            struct dtls_client_params params = usual();
            params.mtu = rows[i].client_mtu;
            link_init(&link, &params);
            link.fault = rows[i].fault;
            link.fault_at = at;
            if (!connect_until(&link, rows[i].within_us))
                fail_msg("row %zu, datagram %u: %s", i, at, transport_dtls_reason(link.dtls));
            assert_same_keys(&link);
            slowest_us = link.now_us > slowest_us ? link.now_us : slowest_us;
            if (at == 0) { /* how many there are without a fault */
                struct link clean;
                link_init(&clean, &params);
                clean.fault_at = UINT32_MAX;
                assert_true(connect_until(&clean, SECOND_US));
                total = clean.datagrams;
                assert_in_range(total, params.mtu == 300 ? 5 : 4, 20);
                link_dispose(&clean);
            }
            link_dispose(&link);
        }
        print_message("fault %d, MTU %zu: %u datagrams, slowest %lld ms\n", rows[i].fault,
                      rows[i].client_mtu, total, (long long)slowest_us / 1000);
    }
}

static struct transport_certificate *create_large_certificate(void)
{
    static char text[3001];
    memset(text, 'x', sizeof(text) - 1);
    struct transport_certificate *large = transport_certificate_create();
    ASN1_IA5STRING *comment = ASN1_IA5STRING_new();
    ASN1_STRING_set(comment, text, sizeof(text) - 1);
    assert_int_equal(X509_add1_ext_i2d(large->x509, NID_netscape_comment, comment, 0, 0), 1);
    ASN1_IA5STRING_free(comment);
    assert_int_not_equal(X509_sign(large->x509, large->key, EVP_sha256()), 0);
    return large;
}

/* No datagram above 1200 bytes, also when the flight does not fit in one. */
static void keeps_to_the_mtu(void **state)
{
    (void)state;
    struct transport_certificate *large = create_large_certificate();
    struct transport_dtls_context *usual_context = context;
    context = transport_dtls_context_create(large);
    assert_non_null(context);
    unsigned total = 1;
    for (unsigned lost = 0; lost < total; lost++) {
        struct link link;
        struct dtls_client_params params = usual();
        link_init(&link, &params);
        link.fault = DROP;
        link.fault_at = lost;
        assert_true(connect_until(&link, 3 * SECOND_US));
        assert_in_range(link.largest, 1100, TRANSPORT_DTLS_MTU_BYTES);
        assert_same_keys(&link);
        total = lost == 0 ? link.datagrams : total;
        link_dispose(&link);
    }
    assert_in_range(total, 6, 12);
    transport_dtls_context_destroy(context);
    context = usual_context;
    transport_certificate_destroy(large);
}

static void fails_for_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool has_wrong_certificate, has_no_certificate, is_dtls_1_0;
        const char *profiles, *ciphers;
        const char *reason;
        int64_t at_most_us;
    } rows[] = {
        {.name = "wrong fingerprint",
         .has_wrong_certificate = true,
         .reason = "the client's certificate does not match its announced fingerprint",
         .at_most_us = 3 * SECOND_US},
        {.name = "no certificate",
         .has_no_certificate = true,
         .reason = "the client's certificate does not match its announced fingerprint",
         .at_most_us = 3 * SECOND_US},
        {.name = "no common profile",
         .profiles = "SRTP_AES128_CM_SHA1_32",
         .reason = "no common SRTP profile",
         .at_most_us = SECOND_US},
        {.name = "no common cipher",
         .ciphers = "ECDHE-RSA-AES128-GCM-SHA256",
         .reason = "no acceptable ClientHello",
         .at_most_us = 3 * SECOND_US},
        {.name = "DTLS 1.0",
         .is_dtls_1_0 = true,
         .reason = "no acceptable ClientHello",
         .at_most_us = 3 * SECOND_US},
    };
    struct transport_certificate *stranger = transport_certificate_create();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link link;
        struct dtls_client_params params = usual();
        params.certificate = rows[i].has_wrong_certificate ? stranger
                             : rows[i].has_no_certificate  ? NULL
                                                           : client_certificate;
        params.profiles = rows[i].profiles;
        params.ciphers = rows[i].ciphers;
        params.is_dtls_1_0 = rows[i].is_dtls_1_0;
        struct transport_srtp_keys keys[2];
        link_init(&link, &params);
        connect_until(&link, rows[i].at_most_us);
        if (transport_dtls_state(link.dtls) != TRANSPORT_DTLS_FAILED ||
            strcmp(transport_dtls_reason(link.dtls), rows[i].reason) != 0)
            fail_msg("%s: %s", rows[i].name, transport_dtls_reason(link.dtls));
        assert_int_equal(transport_dtls_take_keys(link.dtls, &keys[0], &keys[1]), IRIS_E_STATE);
        assert_int_equal(transport_dtls_deadline(link.dtls), INT64_MAX);
        link_dispose(&link);
    }
    transport_certificate_destroy(stranger);
}

/* Cut the one message of a datagram into a fragment of its own: bytes from..to of its body. */
static size_t cut(uint8_t *out, const uint8_t *hello, size_t from, size_t to)
{
    size_t len = to - from;
    memcpy(out, hello, 13 + 12);
    rtp_bytes_put16(out + 11, (uint16_t)(12 + len));
    rtp_bytes_put24(out + 13 + 6, (uint32_t)from);
    rtp_bytes_put24(out + 13 + 9, (uint32_t)len);
    memcpy(out + 25, hello + 25 + from, len);
    out[10] = (uint8_t)from; /* record number: any */
    return 25 + len;
}

static void joins_fragments_of_the_hello(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int pieces;
        int order[6];       /* as they arrive, -1: none */
        int answered_after; /* the piece that completes it */
    } rows[] = {
        {"two", 2, {0, 1, -1, -1, -1, -1}, 1},
        {"two, reordered", 2, {1, 0, -1, -1, -1, -1}, 1},
        {"three", 3, {0, 1, 2, -1, -1, -1}, 2},
        {"three, reordered", 3, {2, 0, 1, -1, -1, -1}, 2},
        {"three, backwards", 3, {2, 1, 0, -1, -1, -1}, 2},
        {"the first lost, all resent", 3, {1, 2, 0, 1, 2, -1}, 2},
        {"the middle lost, all resent", 3, {0, 2, 0, 1, 2, -1}, 3},
        {"the last lost, all resent", 3, {0, 1, 0, 1, 2, -1}, 4},
        {"doubled", 2, {0, 0, 1, 1, -1, -1}, 2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int overlap = 0; overlap <= 40; overlap += 40) {
            struct link link;
            uint8_t hello[2048], piece[2048];
            struct dtls_client_params params = usual();
            params.mtu = 2000;
            params.hello_padding_bytes = 1500;
            link_init(&link, &params);
            size_t body_len = take_from_client(&link, hello) - 25;
            assert_in_range(body_len, 1600, 1900);
            for (int k = 0; k < 6 && rows[i].order[k] >= 0; k++) {
                size_t from = body_len * (size_t)rows[i].order[k] / (size_t)rows[i].pieces;
                size_t to = body_len * (size_t)(rows[i].order[k] + 1) / (size_t)rows[i].pieces;
                to = to + (size_t)overlap < body_len ? to + (size_t)overlap : body_len;
                size_t len = cut(piece, hello, from, to);
                const uint8_t *unused;
                transport_dtls_receive(link.dtls, piece, len, link.now_us);
                bool is_answered = transport_dtls_next_datagram(link.dtls, &unused) > 0;
                if (is_answered != (k == rows[i].answered_after))
                    fail_msg("%s: piece %d", rows[i].name, k);
            }
            link.now_us += SECOND_US;
            transport_dtls_advance(link.dtls, link.now_us);
            assert_true(connect_until(&link, 3 * SECOND_US));
            assert_same_keys(&link);
            link_dispose(&link);
        }
    }
}

/* A client that cuts its own large ClientHello. */
static void takes_a_large_hello(void **state)
{
    (void)state;
    struct link link;
    struct dtls_client_params params = usual();
    params.hello_padding_bytes = 2500;
    link_init(&link, &params);
    assert_true(connect_until(&link, SECOND_US));
    link_dispose(&link);
}

/* Finished comes before all that it needs: kept, so that nothing has to be sent twice. */
static void takes_a_flight_backwards(void **state)
{
    (void)state;
    struct link link;
    struct dtls_client_params params = usual();
    static uint8_t flight[8][2048];
    size_t lens[8];
    params.mtu = 300;
    link_init(&link, &params);
    size_t count = collect_second_flight(&link, flight, lens);
    for (size_t i = count; i-- > 0;)
        transport_dtls_receive(link.dtls, flight[i], lens[i], 0);
    assert_int_equal(transport_dtls_state(link.dtls), TRANSPORT_DTLS_CONNECTED);
    link_dispose(&link);
}

static unsigned count_waiting(struct transport_dtls *dtls)
{
    const uint8_t *data;
    unsigned count = 0;
    while (transport_dtls_next_datagram(dtls, &data) > 0)
        count++;
    return count;
}

/* The client goes silent after its ClientHello: 1 s, doubled to 8 s, for 30 s. */
static void resends_on_its_own_deadlines(void **state)
{
    (void)state;
    static const int64_t at_ms[] = {1000, 3000, 7000, 15000, 23000};
    struct link link;
    uint8_t hello[2048];
    struct dtls_client_params params = usual();
    link_init(&link, &params);
    assert_int_equal(transport_dtls_deadline(link.dtls), TRANSPORT_DTLS_TIMEOUT_US);
    size_t len = take_from_client(&link, hello);
    transport_dtls_receive(link.dtls, hello, len, 0);
    unsigned datagrams = count_waiting(link.dtls);
    assert_in_range(datagrams, 1, 2);
    for (size_t i = 0; i < sizeof(at_ms) / sizeof(at_ms[0]); i++) {
        assert_int_equal(transport_dtls_deadline(link.dtls), at_ms[i] * 1000);
        transport_dtls_advance(link.dtls, at_ms[i] * 1000 - 1);
        assert_int_equal(count_waiting(link.dtls), 0);
        transport_dtls_advance(link.dtls, at_ms[i] * 1000);
        assert_int_equal(count_waiting(link.dtls), datagrams);
    }
    assert_int_equal(transport_dtls_deadline(link.dtls), TRANSPORT_DTLS_TIMEOUT_US);
    assert_int_equal(transport_dtls_advance(link.dtls, TRANSPORT_DTLS_TIMEOUT_US),
                     TRANSPORT_DTLS_FAILED);
    assert_string_equal(transport_dtls_reason(link.dtls), "no handshake in time");
    link_dispose(&link);
}

static void answers_repeats_at_most_every_50_ms(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        bool is_answered;
    } rows[] = {{10, false}, {49, false}, {50, true}, {51, false},
                {99, false}, {100, true}, {500, true}};
    struct link link;
    uint8_t hello[2048];
    struct dtls_client_params params = usual();
    link_init(&link, &params);
    size_t len = take_from_client(&link, hello);
    transport_dtls_receive(link.dtls, hello, len, 0);
    assert_int_not_equal(count_waiting(link.dtls), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        transport_dtls_receive(link.dtls, hello, len, rows[i].at_ms * 1000);
        assert_int_equal(count_waiting(link.dtls) > 0, rows[i].is_answered);
    }
    link_dispose(&link);
}

/* After completion: each record of the client's last flight brings ours again; nothing else does.
 */
static void resends_the_last_flight(void **state)
{
    (void)state;
    struct link link;
    struct dtls_client_params params = usual();
    uint8_t flight[8][2048], *data, hello[2048];
    const uint8_t *answer;
    size_t lens[8], count = 0, len;
    link_init(&link, &params);
    size_t hello_len = take_from_client(&link, hello);
    transport_dtls_receive(link.dtls, hello, hello_len, 0);
    while ((len = transport_dtls_next_datagram(link.dtls, &answer)) > 0)
        dtls_client_push(&link.client.in, answer, len);
    dtls_client_run(&link.client, 0);
    while ((len = dtls_client_pop(&link.client.out, &data)) > 0) {
        memcpy(flight[count], data, len);
        lens[count++] = len;
        transport_dtls_receive(link.dtls, data, len, 0);
    }
    assert_int_equal(transport_dtls_state(link.dtls), TRANSPORT_DTLS_CONNECTED);
    uint8_t first[2048];
    size_t first_len = transport_dtls_next_datagram(link.dtls, &answer);
    memcpy(first, answer, first_len);
    assert_int_equal(count_waiting(link.dtls), 0);
    for (size_t i = 0; i < count; i++) {
        int64_t now_us = (int64_t)(i + 1) * SECOND_US;
        transport_dtls_receive(link.dtls, flight[i], lens[i], now_us);
        transport_dtls_receive(link.dtls, flight[i], lens[i], now_us + 49999);
        len = transport_dtls_next_datagram(link.dtls, &answer);
        assert_int_equal(len, first_len);
        assert_memory_equal(answer, first, len);
        assert_int_equal(count_waiting(link.dtls), 0);
    }
    transport_dtls_receive(link.dtls, hello, hello_len, 20 * SECOND_US);
    assert_int_equal(count_waiting(link.dtls), 0);
    dtls_client_push(&link.client.in, first, first_len);
    dtls_client_run(&link.client, 0);
    assert_true(link.client.is_done);
    link_dispose(&link);
}

static void recognises_close_notify(void **state)
{
    (void)state;
    static const char *const ciphers[] = {"ECDHE-ECDSA-AES128-GCM-SHA256",
                                          "ECDHE-ECDSA-AES256-GCM-SHA384"};
    for (size_t i = 0; i < 2; i++) {
        struct link link;
        struct dtls_client_params params = usual();
        params.ciphers = ciphers[i];
        link_init(&link, &params);
        assert_true(connect_until(&link, SECOND_US));
        assert_string_equal(SSL_get_cipher_name(link.client.ssl), ciphers[i]);
        SSL_shutdown(link.client.ssl);
        uint8_t *data;
        size_t len = dtls_client_pop(&link.client.out, &data);
        assert_int_equal(len, 13 + 8 + 2 + 16);
        for (size_t at = 0; at < len; at++) { /* one wrong bit anywhere, or anything missing */
            uint8_t copy[64];
            memcpy(copy, data, len);
            copy[at] ^= 0x04;
            assert_int_equal(transport_dtls_receive(link.dtls, copy, len, link.now_us),
                             TRANSPORT_DTLS_CONNECTED);
            assert_int_equal(transport_dtls_receive(link.dtls, data, at, link.now_us),
                             TRANSPORT_DTLS_CONNECTED);
        }
        assert_int_equal(transport_dtls_receive(link.dtls, data, len, link.now_us),
                         TRANSPORT_DTLS_CLOSED);
        link_dispose(&link);
    }
}

/* After completion a peer keeps little. Under a sanitizer the allocator tells nothing. */
static void keeps_little(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#else
    enum { PEERS = 50 };
    struct transport_dtls *peers[PEERS];
    struct dtls_client_params params = usual();
    size_t before = 0;
    for (int i = -1; i < PEERS; i++) { /* the first fills OpenSSL's caches */
        struct link link;
        if (i == 0)
            before = mallinfo2().uordblks;
        link_init(&link, &params);
        assert_true(connect_until(&link, SECOND_US));
        dtls_client_dispose(&link.client);
        if (i < 0)
            transport_dtls_destroy(link.dtls);
        else
            peers[i] = link.dtls;
    }
    size_t kept = (mallinfo2().uordblks - before) / PEERS;
    for (int i = 0; i < PEERS; i++)
        transport_dtls_destroy(peers[i]);
    print_message("kept after a handshake: %zu bytes a peer\n", kept);
    assert_in_range(kept, 1, 4096);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefers_our_order_of_profiles),
        cmocka_unit_test(completes_over_faults),
        cmocka_unit_test(keeps_to_the_mtu),
        cmocka_unit_test(fails_for_a_reason),
        cmocka_unit_test(joins_fragments_of_the_hello),
        cmocka_unit_test(takes_a_large_hello),
        cmocka_unit_test(takes_a_flight_backwards),
        cmocka_unit_test(resends_on_its_own_deadlines),
        cmocka_unit_test(answers_repeats_at_most_every_50_ms),
        cmocka_unit_test(resends_the_last_flight),
        cmocka_unit_test(recognises_close_notify),
        cmocka_unit_test(keeps_little),
    };
    return cmocka_run_group_tests(tests, dtls_link_set_up, dtls_link_tear_down);
}
