/*
 * Forged datagrams against a handshake: whatever somebody sends from the client's address without
 * knowing the handshake, one datagram of it ends nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dtls_link.h"

/* Datagrams that anybody could send from the client's address, without knowing the handshake. */
static const struct forgery {
    const char *name;
    uint8_t data[80];
    size_t len;
} forgeries[] = {
    {"fatal alert", {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, 15},
    {"close_notify", {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0}, 15},
    {"alert of epoch 1", {21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26, [38] = 1}, 39},
    {"fatal alert of epoch 1 in clear", {21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40}, 15},
    {"empty alert of epoch 1", {21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 13},
    {"garbage", {20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, 15},
    {"DTLS 1.0 alert", {21, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, 15},
    {"TLS record", {22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, 15},
    {"wrong version", {22, 0xfe, 0xfc, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, 15},
    {"truncated record", {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 2, 40}, 15},
    {"ChangeCipherSpec", {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1}, 14},
    {"wrong ChangeCipherSpec", {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 3, 9, 9, 9}, 16},
    {"application data", {23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, 15},
    {"application data of epoch 1", {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26, [38] = 7}, 39},
    {"handshake of epoch 1", {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 40, 8, [52] = 7}, 53},
    {"short handshake of epoch 1", {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 8}, 14},
    {"epoch 2", {22, 0xfe, 0xfd, 0, 2, 0, 0, 0, 0, 0, 0, 0, 40, 8, [52] = 7}, 53},
    /* 2^48 - 1: taken as it is, it would close the replay window behind it */
    {"last record number, hello request",
     {22, 0xfe, 0xfd, 0, 0, 255, 255, 255, 255, 255, 255, 0, 12, 0, 0, 0, 0, [24] = 0},
     25},
    {"last record number, half a certificate",
     {22, 0xfe, 0xfd, 0, 0, 255, 255, 255, 255, 255, 255, 0, 14, 11,
      0,  0,    4,    0, 1, 0,   0,   0,   0,   0,   2,   1, 1},
     27},
    {"whole wrong certificate",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 21, 11, 0, 0, 9,
      0,  1,    0,    0, 0, 0, 0, 9, 0, 0, 6, 0, 0,  3,  1, 2, 3},
     34},
    {"certificate with lying lengths",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0,   21,  11,  0, 0, 9,
      0,  1,    0,    0, 0, 0, 0, 9, 0, 0, 6, 255, 255, 255, 1, 2, 3},
     34},
    {"fragment beyond its message",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 1, 0, 0, 4, 0, 0, 0, 0, 3, 0, 0, 2, 1, 1},
     27},
    {"fragment beyond its record",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 1, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 90, 1, 1},
     27},
    {"huge message",
     {22,  0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 1,
      255, 255,  255,  0, 0, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
    {"empty hello",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     25},
    {"whole nonsensical hello",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
    {"half a hello",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
    {"Finished in clear",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 24, 20, 0, 0, 12, 0, 4, 0, 0, 0, 0, 0, 12, 1},
     37},
    {"key exchange as message 1",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 16, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
    {"half a key exchange",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 16, 0, 0, 4, 0, 2, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
    {"certificate verify as message 2",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 15, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
    {"future message",
     {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 14, 16, 0, 0, 2, 0, 9, 0, 0, 0, 0, 0, 2, 1, 1},
     27},
};

static const struct forgery *current_forgery;
static unsigned forge_at,
    given; /* which of the client's datagrams it comes before; how many there were */

static void forge(struct link *link)
{
    if (given++ == forge_at)
        transport_dtls_receive(link->dtls, current_forgery->data, current_forgery->len,
                               link->now_us);
}

static void survive(const struct forgery *forgery, size_t mtu, bool is_splitting)
{
    struct link link;
    struct dtls_client_params params = usual();
    params.mtu = mtu;
    current_forgery = forgery;
    given = 0;
    link_init(&link, &params);
    link.intrude = forge;
    link.is_splitting = is_splitting;
    if (!connect_until(&link, 1900000))
        fail_msg("%s before datagram %u, MTU %zu: %s", forgery->name, forge_at, mtu,
                 transport_dtls_reason(link.dtls));
    assert_same_keys(&link);
    /* afterwards as well */
    transport_dtls_receive(link.dtls, forgery->data, forgery->len, link.now_us + SECOND_US);
    assert_int_equal(transport_dtls_state(link.dtls), TRANSPORT_DTLS_CONNECTED);
    link_dispose(&link);
}

/* Each forgery before each datagram of the client's, over three ways of cutting them. */
static void survives_forgeries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        for (forge_at = 0; forge_at < 2; forge_at++)
            survive(&forgeries[i], 1200, false);
        for (forge_at = 0; forge_at < 4; forge_at++)
            survive(&forgeries[i], 300, false);
        for (forge_at = 0; forge_at < 6; forge_at++)
            survive(&forgeries[i], 1200, true);
    }
}

/* A stranger's whole ClientHello comes first: the client's own, sent again, replaces it. */
static void recovers_from_a_strangers_hello(void **state)
{
    (void)state;
    struct link link, stranger;
    uint8_t hello[2048];
    const uint8_t *unused;
    struct dtls_client_params params = usual();
    link_init(&link, &params);
    link_init(&stranger, &params);
    size_t len = take_from_client(&stranger, hello);
    transport_dtls_receive(link.dtls, hello, len, 0);
    /* The answer reaches a client that has not yet begun, and is lost. */
    assert_int_not_equal(transport_dtls_next_datagram(link.dtls, &unused), 0);
    link.now_us = 100000;
    link.fault_at = UINT32_MAX;
    dtls_client_run(&link.client, link.now_us);
    uint8_t *data;
    len = dtls_client_pop(&link.client.out, &data);
    transport_dtls_receive(link.dtls, data, len, link.now_us); /* too early to tell who is right */
    assert_int_equal(transport_dtls_next_datagram(link.dtls, &unused), 0);
    link.now_us = 900000; /* its first timeout comes before our second flight */
    transport_dtls_receive(link.dtls, data, len, link.now_us);
    assert_true(connect_until(&link, 3 * SECOND_US));
    assert_same_keys(&link);
    link_dispose(&link);
    link_dispose(&stranger);
}

/* Once the announced certificate is there, another one raises no doubt and replaces nothing. */
static void keeps_the_right_certificate(void **state)
{
    (void)state;
    static const uint8_t wrong[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 21, 11, 0, 0, 9,
                                    0,  1,    0,    0, 0, 0, 0, 9, 0, 0, 6, 0, 0,  3,  1, 2, 3};
    struct link link;
    struct dtls_client_params params = usual();
    static uint8_t flight[8][2048];
    size_t lens[8] = {0};
    struct transport_record record;
    link_init(&link, &params);
    size_t count = collect_second_flight(&link, flight, lens);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = flight[i];
        while (transport_record_next(&at, &lens[i], &record)) {
            transport_dtls_receive(link.dtls, record.whole, record.whole_len, 0);
            transport_dtls_receive(link.dtls, wrong, sizeof(wrong), 0);
            assert_int_not_equal(transport_dtls_deadline(link.dtls), 2 * SECOND_US);
        }
    }
    assert_int_equal(transport_dtls_state(link.dtls), TRANSPORT_DTLS_CONNECTED);
    link_dispose(&link);
}

/* What was doubtful is forgiven when the right thing comes, though the rest be late. */
static void forgives_what_was_put_right(void **state)
{
    (void)state;
    static const char *const doubtful[] = {"whole nonsensical hello", "whole wrong certificate"};
    for (size_t i = 0; i < 2 * sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        const struct forgery *forgery = &forgeries[i / 2];
        if (strcmp(forgery->name, doubtful[i % 2]) != 0)
            continue;
        struct link link;
        struct dtls_client_params params = usual();
        static uint8_t flight[8][2048];
        size_t lens[8] = {0};
        params.mtu = 300;
        link_init(&link, &params);
        if (i % 2 == 0) {
            transport_dtls_receive(link.dtls, forgery->data, forgery->len, 0);
            assert_int_equal(transport_dtls_deadline(link.dtls), 2 * SECOND_US);
        }
        size_t count = collect_second_flight(&link, flight, lens);
        if (i % 2 == 1) {
            transport_dtls_advance(link.dtls, SECOND_US);
            transport_dtls_receive(link.dtls, forgery->data, forgery->len, SECOND_US);
            assert_int_equal(transport_dtls_deadline(link.dtls), 3 * SECOND_US);
            lens[count - 1] -= 13 + 8 + 24 + 16; /* all but Finished, the last record */
            for (size_t k = 0; k < count; k++)
                transport_dtls_receive(link.dtls, flight[k], lens[k], SECOND_US);
        }
        assert_int_equal(transport_dtls_advance(link.dtls, 29 * SECOND_US),
                         TRANSPORT_DTLS_HANDSHAKE);
        link_dispose(&link);
    }
}

/*
 * A client begins anew after any part of its second flight has come (a record a bit, in the order
 * of the flight; the first three together would go on): nothing of the older attempt gets into the
 * newer one.
 */
static void forgets_the_older_attempt(void **state)
{
    (void)state;
    static uint8_t flight[8][2048];
    for (unsigned parts = 0; parts < 32; parts++) {
        struct link link;
        struct dtls_client_params params = usual();
        size_t lens[8] = {0};
        struct transport_record record;
        unsigned bit = 0;
        if ((parts & 7) == 7)
            continue;
        link_init(&link, &params);
        size_t count = collect_second_flight(&link, flight, lens);
        for (size_t i = 0; i < count; i++) {
            const uint8_t *at = flight[i];
            while (transport_record_next(&at, &lens[i], &record))
                if (parts & 1u << bit++)
                    transport_dtls_receive(link.dtls, record.whole, record.whole_len, 0);
        }
        assert_int_equal(bit, 5);
        dtls_client_dispose(&link.client);
        dtls_client_init(&link.client, &params);
        link.now_us = 300000;
        link.fault_at = UINT32_MAX;
        if (!connect_until(&link, 900000))
            fail_msg("parts %02x of the older attempt: %s", parts,
                     transport_dtls_reason(link.dtls));
        assert_same_keys(&link);
        link_dispose(&link);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_forgeries),
        cmocka_unit_test(recovers_from_a_strangers_hello),
        cmocka_unit_test(keeps_the_right_certificate),
        cmocka_unit_test(forgives_what_was_put_right),
        cmocka_unit_test(forgets_the_older_attempt),
    };
    return cmocka_run_group_tests(tests, dtls_link_set_up, dtls_link_tear_down);
}
