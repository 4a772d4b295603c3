/* The STUN codec against libnice's client side: which checks are answered, refused, dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ice_bench.h"
#include "rtp/error.h"

static void answers_in_the_clients_family(void **state)
{
    (void)state;
    struct ice_bench bench;
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    ice_bench_init(&bench);
    stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
    assert_int_equal(ice_bench_send(&bench, &bench.client, 7, 0, &reply), OK);
    assert_int_equal(stun_client_read(&bench.client, &reply, &mapped), 0);
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&mapped;
    assert_int_equal(ipv4->sin_family, AF_INET);
    assert_int_equal(ntohs(ipv4->sin_port), 50007);
    assert_int_equal(ntohl(ipv4->sin_addr.s_addr), 0xc0000207);

    struct transport_path path = {.remote = {.ip = {0x20, 1, 0xd, 0xb8, [15] = 9}, .port = 1234}};
    stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
    struct transport_datagram datagram = {path, bench.client.data, bench.client.len};
    assert_int_equal(transport_ice_on_stun(&bench.ice, bench.stun, &datagram, 0, &reply), OK);
    assert_int_equal(stun_client_read(&bench.client, &reply, &mapped), 0);
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&mapped;
    assert_int_equal(ipv6->sin6_family, AF_INET6);
    assert_int_equal(ntohs(ipv6->sin6_port), 1234);
    assert_memory_equal(&ipv6->sin6_addr, path.remote.ip, 16);
    transport_stun_destroy(bench.stun);
}

/* USERNAME and PRIORITY as attributes, for checks that libnice's client does not make. */
#define USERNAME_ATTRIBUTE                                                                         \
    0, 6, 0, 23, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',   \
        ':', 't', 'h', 'e', 'i', 'r', 's', 0
#define PRIORITY_ATTRIBUTE 0, 0x24, 0, 4, 1, 2, 3, 4

static void refuses_by_code(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t attributes[64];
        size_t len;
        int code; /* 0: success */
    } rows[] = {
        {"complete", {USERNAME_ATTRIBUTE, PRIORITY_ATTRIBUTE}, 36, 0},
        {"no PRIORITY", {USERNAME_ATTRIBUTE}, 28, 400},
        {"short PRIORITY", {USERNAME_ATTRIBUTE, 0, 0x24, 0, 2, 1, 2, 0, 0}, 36, 400},
        {"no USERNAME", {PRIORITY_ATTRIBUTE}, 8, 400},
        {"unknown required",
         {USERNAME_ATTRIBUTE, PRIORITY_ATTRIBUTE, 0x7f, 0xee, 0, 1, 9, 0, 0, 0},
         44,
         420},
        {"unknown optional",
         {USERNAME_ATTRIBUTE, PRIORITY_ATTRIBUTE, 0xff, 0xee, 0, 1, 9, 0, 0, 0},
         44,
         0},
        {"controlled",
         {USERNAME_ATTRIBUTE, PRIORITY_ATTRIBUTE, 0x80, 0x29, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1},
         48,
         487},
        {"of another ufrag", {0, 6, 0, 3, 'x', ':', 'y', 0, PRIORITY_ATTRIBUTE}, 16, 401},
        {"of no colon", {0, 6, 0, 3, 'x', 'y', 'z', 0, PRIORITY_ATTRIBUTE}, 16, 401},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ice_bench bench;
        struct transport_ice_reply reply;
        struct sockaddr_storage mapped;
        ice_bench_init(&bench);
        stun_client_write_raw(&bench.client, rows[i].attributes, rows[i].len);
        enum transport_ice_verdict verdict = ice_bench_send(&bench, &bench.client, 1, 0, &reply);
        int code = stun_client_read(&bench.client, &reply, &mapped);
        struct transport_path path = ice_path(1);
        if (code != rows[i].code || verdict != (code ? NO : OK) ||
            transport_ice_is_validated(&bench.ice, &path) != (code == 0))
            fail_msg("%s: %d", rows[i].name, code);
        transport_stun_destroy(bench.stun);
    }
}

static void refuses_wrong_credentials(void **state)
{
    (void)state;
    static const struct {
        struct transport_ice_credentials credentials;
    } rows[] = {
        {{"abcdefghijklmnop", "wrong6789abcdef0123456789abcdef", "theirs"}},
        {{"abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "others"}},
        {{"abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs-and-more"}},
        {{"bbcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs"}},
        {{"abcdefghijklmnop", "0123456789abcdef0123456789abcdef", ""}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ice_bench bench;
        struct transport_ice_reply reply;
        struct sockaddr_storage mapped;
        ice_bench_init(&bench);
        stun_client_init(&bench.client, &rows[i].credentials);
        stun_client_write(&bench.client,
                          &(struct stun_client_check){.priority = 1, .is_nominating = true});
        assert_int_equal(ice_bench_send(&bench, &bench.client, 1, 0, &reply), NO);
        assert_int_equal(stun_client_read(&bench.client, &reply, &mapped), 401);
        assert_null(transport_ice_selected(&bench.ice));
        transport_stun_destroy(bench.stun);
    }
}

/* Every single byte wrong, every length too short: no success, and what is no STUN gets no answer.
 */
static void survives_damage(void **state)
{
    (void)state;
    struct ice_bench bench;
    struct transport_ice_reply reply;
    ice_bench_init(&bench);
    stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
    struct stun_client intact = bench.client;
    for (size_t len = 0; len < intact.len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a read past it is seen */
        memcpy(exact, intact.data, len);
        struct transport_datagram datagram = {ice_path(1), exact, len};
        assert_int_equal(transport_ice_on_stun(&bench.ice, bench.stun, &datagram, 0, &reply),
                         TRANSPORT_ICE_DROPPED);
        assert_int_equal(reply.len, 0);
        free(exact);
    }
    for (size_t i = 0; i < intact.len; i++) {
        bench.client = intact;
        bench.client.data[i] ^= 0x01; /* the fingerprint is wrong */
        assert_int_equal(ice_bench_send(&bench, &bench.client, 1, 0, &reply),
                         TRANSPORT_ICE_DROPPED);
        assert_int_equal(reply.len, 0);
    }
    /* libnice reads 20 bytes of MESSAGE-INTEGRITY even if it is shorter. */
    static const uint8_t short_integrity[] = {
        USERNAME_ATTRIBUTE, PRIORITY_ATTRIBUTE, 0, 8, 0, 4, 1, 2, 3, 4};
    stun_client_write_raw(&bench.client, short_integrity, sizeof(short_integrity));
    assert_int_equal(ice_bench_send(&bench, &bench.client, 1, 0, &reply), TRANSPORT_ICE_DROPPED);
    transport_stun_destroy(bench.stun);
}

/* Responses and indications are nothing to us; and no use fills libnice's table of transactions. */
static void takes_only_requests(void **state)
{
    (void)state;
    struct ice_bench bench;
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    ice_bench_init(&bench);
    for (int i = 0; i < 3 * STUN_AGENT_MAX_SAVED_IDS; i++) {
        stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
        assert_int_equal(ice_bench_send(&bench, &bench.client, 1, i, &reply), OK);
        assert_int_equal(stun_client_read(&bench.client, &reply, &mapped), 0);
    }
    struct transport_datagram response = {ice_path(1), reply.data, reply.len};
    struct transport_ice_reply second;
    assert_int_equal(transport_ice_on_stun(&bench.ice, bench.stun, &response, 0, &second),
                     TRANSPORT_ICE_DROPPED);
    StunMessage message;
    stun_agent_init_indication(&bench.client.agent, &message, bench.client.data,
                               sizeof(bench.client.data), STUN_BINDING);
    bench.client.len = stun_agent_finish_message(&bench.client.agent, &message, NULL, 0);
    assert_int_equal(ice_bench_send(&bench, &bench.client, 1, 0, &second), TRANSPORT_ICE_DROPPED);
    transport_stun_destroy(bench.stun);
}

static void reads_the_ufrag(void **state)
{
    (void)state;
    struct stun_client client;
    char ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES] = "unchanged";
    stun_client_init(&client, &ice_credentials);
    stun_client_write(&client, &(struct stun_client_check){.priority = 1});
    for (size_t len = 0; len < client.len; len++)
        assert_int_equal(transport_stun_request_ufrag(client.data, len, ufrag), IRIS_E_MALFORMED);
    assert_string_equal(ufrag, "unchanged");
    assert_int_equal(transport_stun_request_ufrag(client.data, client.len, ufrag), 0);
    assert_string_equal(ufrag, "abcdefghijklmnop");

    static const struct {
        uint8_t attributes[32];
        size_t len;
    } malformed[] = {
        {{0, 6, 0, 2, ':', 'y', 0, 0}, 8},   /* ours is empty */
        {{0, 6, 0, 3, 'x', 'y', 'z', 0}, 8}, /* no colon */
        {{0, 6, 0, 4, 'x', 0, 'z', ':'}, 8}, /* a zero inside */
        {{0,   6,   0,   18,  'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
          'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', ':', 0,   0},
         24},                                        /* ours is too long */
        {{0x80, 0x22, 0, 4, 'n', 'o', 'n', 'e'}, 8}, /* no USERNAME */
        {{0, 6, 0, 200, 'x', ':', 'z', 0}, 8},       /* longer than the packet */
    };
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        stun_client_write_raw(&client, malformed[i].attributes, malformed[i].len);
        assert_int_equal(transport_stun_request_ufrag(client.data, client.len, ufrag),
                         IRIS_E_MALFORMED);
    }
    assert_string_equal(ufrag, "abcdefghijklmnop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_the_clients_family), cmocka_unit_test(refuses_by_code),
        cmocka_unit_test(refuses_wrong_credentials),     cmocka_unit_test(survives_damage),
        cmocka_unit_test(takes_only_requests),           cmocka_unit_test(reads_the_ufrag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
