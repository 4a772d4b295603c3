/*
 * A virtual network between OpenSSL's client and our DTLS, for the tests: one fault at a chosen
 * datagram, and somebody who may intrude. Include it after cmocka.h, in one file of a program only.
 */
#ifndef IRIS_TEST_DTLS_LINK_H
#define IRIS_TEST_DTLS_LINK_H

#include "dtls_client.h"
#include "rtp/error.h"

#define SECOND_US  1000000
#define ONE_WAY_US 10000

static struct transport_certificate *server_certificate, *client_certificate;
static struct transport_dtls_context *context;

/* What the network does to datagram number `at`, counted over both directions. */
enum fault { NO_FAULT, DROP, DUPLICATE, SWAP_WITH_NEXT };

struct link {
    struct dtls_client client;
    struct transport_dtls *dtls;
    int64_t now_us;
    enum fault fault;
    unsigned fault_at, datagrams;
    uint8_t held[2048]; /* SWAP_WITH_NEXT: waits for the next one in its direction */
    size_t held_len;
    bool held_to_server;
    size_t largest;    /* datagram of the server's [bytes] */
    bool is_splitting; /* each record to the server becomes a datagram of its own */
    /* called before each datagram to the server is delivered */
    void (*intrude)(struct link *link);
};

static inline void link_init(struct link *link, const struct dtls_client_params *params)
{
    memset(link, 0, sizeof(*link));
    dtls_client_init(&link->client, params);
    link->dtls = transport_dtls_create(context, client_certificate->fingerprint, 0);
}

static inline void link_dispose(struct link *link)
{
    transport_dtls_destroy(link->dtls);
    dtls_client_dispose(&link->client);
}

static inline void give_server(struct link *link, const uint8_t *data, size_t len)
{
    if (link->intrude)
        link->intrude(link);
    transport_dtls_receive(link->dtls, data, len, link->now_us);
}

static inline void give(struct link *link, bool to_server, const uint8_t *data, size_t len)
{
    struct transport_record record;
    if (!to_server)
        dtls_client_push(&link->client.in, data, len);
    else if (!link->is_splitting)
        give_server(link, data, len);
    else
        while (transport_record_next(&data, &len, &record))
            give_server(link, record.whole, record.whole_len);
}

static inline void carry(struct link *link, bool to_server, const uint8_t *data, size_t len)
{
    enum fault fault = link->datagrams++ == link->fault_at ? link->fault : NO_FAULT;
    if (fault == SWAP_WITH_NEXT) {
        memcpy(link->held, data, len);
        link->held_len = len;
        link->held_to_server = to_server;
        return;
    }
    if (fault != DROP)
        give(link, to_server, data, len);
    if (fault == DUPLICATE)
        give(link, to_server, data, len);
    if (link->held_len && link->held_to_server == to_server) {
        give(link, to_server, link->held, link->held_len);
        link->held_len = 0;
    }
}

/* Carry until nobody has anything to say. */
static inline void settle(struct link *link)
{
    bool is_busy = true;
    while (is_busy) {
        uint8_t *data;
        const uint8_t *answer;
        size_t len;
        is_busy = false;
        dtls_client_run(&link->client, link->now_us);
        link->now_us += ONE_WAY_US;
        while ((len = dtls_client_pop(&link->client.out, &data)) > 0) {
            carry(link, true, data, len);
            is_busy = true;
        }
        link->now_us += ONE_WAY_US;
        while ((len = transport_dtls_next_datagram(link->dtls, &answer)) > 0) {
            link->largest = len > link->largest ? len : link->largest;
            carry(link, false, answer, len);
            is_busy = true;
        }
    }
}

/* Let virtual time pass until both are connected, or until nothing or no time is left. */
static inline bool connect_until(struct link *link, int64_t until_us)
{
    for (;;) {
        settle(link);
        if (link->client.is_done && transport_dtls_state(link->dtls) == TRANSPORT_DTLS_CONNECTED)
            return true;
        int64_t server_us = transport_dtls_deadline(link->dtls);
        int64_t client_us = dtls_client_deadline(&link->client, link->now_us);
        int64_t next_us = server_us < client_us ? server_us : client_us;
        if (next_us > until_us || link->client.is_failed)
            return false;
        link->now_us = next_us > link->now_us ? next_us : link->now_us;
        dtls_client_advance(&link->client, link->now_us);
        transport_dtls_advance(link->dtls, link->now_us);
    }
}

static inline void assert_same_keys(struct link *link)
{
    struct transport_srtp_keys ours[2] = {{0}}, theirs[2];
    assert_int_equal(transport_dtls_take_keys(link->dtls, &ours[0], &ours[1]), 0);
    dtls_client_keys(&link->client, &theirs[0], &theirs[1]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ours[i].profile, theirs[1 - i].profile);
        assert_memory_equal(ours[i].key, theirs[1 - i].key,
                            transport_srtp_key_bytes(ours[i].profile));
        assert_memory_equal(ours[i].salt, theirs[1 - i].salt,
                            transport_srtp_salt_bytes(ours[i].profile));
    }
    assert_int_equal(transport_dtls_take_keys(link->dtls, &ours[0], &ours[1]), IRIS_E_STATE);
}

static inline struct dtls_client_params usual(void)
{
    return (struct dtls_client_params){.certificate = client_certificate};
}

/* The client's next datagram, taken from the wire. */
static inline size_t take_from_client(struct link *link, uint8_t *out)
{
    uint8_t *data;
    dtls_client_run(&link->client, link->now_us);
    size_t len = dtls_client_pop(&link->client.out, &data);
    if (!data)
        abort(); /* the test expects one */
    memcpy(out, data, len);
    return len;
}

/* The client's answer to the server's flight, datagram by datagram. */
static inline size_t collect_second_flight(struct link *link, uint8_t flight[8][2048],
                                           size_t lens[8])
{
    uint8_t hello[2048], *data;
    const uint8_t *answer;
    size_t len, count = 0;
    size_t hello_len = take_from_client(link, hello);
    transport_dtls_receive(link->dtls, hello, hello_len, link->now_us);
    while ((len = transport_dtls_next_datagram(link->dtls, &answer)) > 0)
        dtls_client_push(&link->client.in, answer, len);
    dtls_client_run(&link->client, link->now_us);
    while (count < 8 && (len = dtls_client_pop(&link->client.out, &data)) > 0) {
        memcpy(flight[count], data, len);
        lens[count++] = len;
    }
    assert_in_range(count, 1, 8);
    return count;
}

static inline int dtls_link_set_up(void **state)
{
    (void)state;
    server_certificate = transport_certificate_create();
    client_certificate = transport_certificate_create();
    context = transport_dtls_context_create(server_certificate);
    return server_certificate && client_certificate && context ? 0 : -1;
}

static inline int dtls_link_tear_down(void **state)
{
    (void)state;
    transport_dtls_context_destroy(context);
    transport_certificate_destroy(server_certificate);
    transport_certificate_destroy(client_certificate);
    return 0;
}

#endif
