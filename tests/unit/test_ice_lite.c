/*
 * ICE-lite: the path rules as tables with time as a column, and the STUN codec against libnice's
 * client side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "rtp/error.h"
#include "stun_client.h"

#define MS 1000

static const struct transport_ice_credentials first_credentials = {
    "abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs"};
static const struct transport_ice_credentials second_credentials = {
    "ponmlkjihgfedcba", "fedcba9876543210fedcba9876543210", "theirs2"};

enum action {
    CHECK,     /* valid check without USE-CANDIDATE */
    NOMINATE,  /* with */
    MEDIA,     /* authenticated SRTP */
    RESTART,   /* new credentials */
    OLD_CHECK, /* with the credentials before the restart */
    OLD_NOMINATE,
};

struct step {
    int64_t at_ms;
    enum action action;
    int path;
    uint32_t priority;
    int selected;                       /* path expected afterwards, -1: none */
    enum transport_ice_verdict verdict; /* of a check */
};

struct bench {
    struct transport_stun *stun;
    struct transport_ice ice;
    struct stun_client client, old_client;
};

static struct transport_path path_number(int i)
{
    struct transport_path path = {.local = (uint16_t)(i % 2)};
    transport_address_set_ipv4(&path.remote, (const uint8_t[]){192, 0, 2, (uint8_t)i},
                               (uint16_t)(50000 + i));
    return path;
}

static void bench_init(struct bench *bench)
{
    bench->stun = transport_stun_create();
    transport_ice_init(&bench->ice, &first_credentials, 0);
    stun_client_init(&bench->client, &first_credentials);
    stun_client_init(&bench->old_client, &first_credentials);
}

static enum transport_ice_verdict send_to(struct bench *bench, struct stun_client *client, int path,
                                          int64_t now_us, struct transport_ice_reply *reply)
{
    struct transport_datagram datagram = {path_number(path), client->data, client->len};
    return transport_ice_on_stun(&bench->ice, bench->stun, &datagram, now_us, reply);
}

static void take_step(struct bench *bench, const struct step *step)
{
    struct transport_path path = path_number(step->path);
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    bool is_old = step->action == OLD_CHECK || step->action == OLD_NOMINATE;
    struct stun_client *client = is_old ? &bench->old_client : &bench->client;
    switch (step->action) {
    case MEDIA:
        transport_ice_on_authenticated(&bench->ice, &path, step->at_ms * MS);
        break;
    case RESTART:
        transport_ice_restart(&bench->ice, &second_credentials, step->at_ms * MS);
        stun_client_init(&bench->client, &second_credentials);
        break;
    default:
        stun_client_write(
            client, &(struct stun_client_check){.priority = step->priority,
                                                .is_nominating = step->action == NOMINATE ||
                                                                 step->action == OLD_NOMINATE});
        assert_int_equal(send_to(bench, client, step->path, step->at_ms * MS, &reply),
                         step->verdict);
        assert_int_equal(stun_client_read(client, &reply, &mapped),
                         step->verdict == TRANSPORT_ICE_ANSWERED ? 0 : 401);
    }
}

static void run(const char *name, const struct step *steps, size_t count)
{
    struct bench bench;
    bench_init(&bench);
    for (size_t i = 0; i < count; i++) {
        take_step(&bench, &steps[i]);
        const struct transport_path *selected = transport_ice_selected(&bench.ice);
        struct transport_path expected = path_number(steps[i].selected);
        bool is_expected = steps[i].selected < 0
                               ? selected == NULL
                               : selected && transport_path_is_equal(selected, &expected);
        if (!is_expected)
            fail_msg("%s, step %zu at %lld ms: another path is selected", name, i,
                     (long long)steps[i].at_ms);
    }
    transport_stun_destroy(bench.stun);
}

#define OK         TRANSPORT_ICE_ANSWERED
#define NO         TRANSPORT_ICE_REFUSED
#define RUN(steps) run(#steps, steps, sizeof(steps) / sizeof((steps)[0]))

static void nominated_paths(void **state)
{
    (void)state;
    /* Firefox: every check nominates; the order must not matter, the highest priority wins. */
    static const struct step aggressive[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {10, NOMINATE, 2, 300, 2, OK},
        {20, NOMINATE, 3, 200, 2, OK},
        {30, NOMINATE, 1, 100, 2, OK},
        {2019, NOMINATE, 3, 200, 3, OK}, /* the best was silent for 2 s: 10 + 2000 */
        {2020, NOMINATE, 1, 100, 3, OK},
        {2100, NOMINATE, 2, 300, 2, OK}, /* and wins again when it is back */
        {2200, MEDIA, 2, 0, 2, OK},
        {4150, NOMINATE, 1, 100, 2, OK}, /* media keeps it */
        {4200, NOMINATE, 1, 100, 1, OK}, /* 2000 ms after it */
    };
    RUN(aggressive);
    /* A nomination lasts: later checks of that path need no USE-CANDIDATE to take over. */
    static const struct step sticky[] = {
        {0, NOMINATE, 1, 300, 1, OK},
        {10, NOMINATE, 2, 200, 1, OK},
        {1000, CHECK, 2, 200, 1, OK},
        {2000, CHECK, 2, 200, 2, OK},
    };
    RUN(sticky);
    static const struct step equal_priorities_do_not_flap[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {10, NOMINATE, 2, 100, 1, OK},
        {20, NOMINATE, 1, 100, 1, OK},
    };
    RUN(equal_priorities_do_not_flap);
}

static void unnominated_paths(void **state)
{
    (void)state;
    /* Checks without USE-CANDIDATE for longer than consent lasts: answered, never selected. */
    struct step patient[32];
    for (int i = 0; i < 31; i++)
        patient[i] = (struct step){i * 2500, CHECK, 1, 100, -1, OK};
    patient[31] = (struct step){80000, NOMINATE, 1, 100, 1, OK};
    run("patient", patient, 32);

    static const struct step media_selects_when_nothing_is[] = {
        {0, CHECK, 1, 100, -1, OK}, {10, CHECK, 2, 200, -1, OK},
        {20, MEDIA, 3, 0, -1, OK},                                /* never validated */
        {30, MEDIA, 1, 0, 1, OK},   {40, NOMINATE, 2, 50, 1, OK}, /* anybody's check? */
        {50, MEDIA, 2, 0, 2, OK},                                 /* a nomination beats a guess */
    };
    RUN(media_selects_when_nothing_is);
}

static void rebinding(void **state)
{
    (void)state;
    /* The NAT gives another port: the client checks from it, but nominates nothing anew. */
    static const struct step rebound[] = {
        {0, NOMINATE, 1, 100, 1, OK}, {1000, MEDIA, 1, 0, 1, OK},
        {1100, CHECK, 2, 100, 1, OK}, {1999, MEDIA, 2, 0, 1, OK},   /* silent for 999 ms */
        {2000, MEDIA, 2, 0, 2, OK},   {2500, CHECK, 1, 100, 1, OK}, /* nominated, alive: back */
        {2600, MEDIA, 2, 0, 1, OK},   {3500, MEDIA, 2, 0, 2, OK},
    };
    RUN(rebound);
    /* Authentic SRTP may be repeated by anyone from anywhere: without a check it redirects nothing.
     */
    static const struct step unvalidated[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {5000, MEDIA, 2, 0, 1, OK},
        {29000, MEDIA, 2, 0, 1, OK},
    };
    RUN(unvalidated);
}

/* Checks of the peer, but as if they came from path 9: somebody else's address. */
static void forged_checks(void **state)
{
    (void)state;
    static const struct step media_stays_where_it_is_heard[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {10, MEDIA, 1, 0, 1, OK},
        {20, NOMINATE, 9, 900, 1, OK},
        {2000, CHECK, 1, 100, 1, OK},
        {4000, CHECK, 1, 100, 1, OK},
        {5009, NOMINATE, 9, 900, 1, OK},
        {5010, NOMINATE, 9, 900, 9, OK}, /* nothing but checks for 5 s, here as there */
        {5020, CHECK, 1, 100, 9, OK},
        {5030, MEDIA, 1, 0, 9, OK},
        {7000, NOMINATE, 9, 900, 9, OK},
        {9500, CHECK, 9, 900, 9, OK},
        {10009, MEDIA, 1, 0, 9, OK},
        {10010, MEDIA, 1, 0, 1, OK}, /* 9 has shown nothing in its 5 s */
        {10020, NOMINATE, 9, 900, 1, OK},
        {12000, MEDIA, 1, 0, 1, OK},
        {12010, NOMINATE, 9, 900, 1, OK},
    };
    RUN(media_stays_where_it_is_heard);
    static const struct step a_restart_helps_nobody[] = {
        {0, NOMINATE, 1, 100, 1, OK},   {10, MEDIA, 1, 0, 1, OK},       {100, RESTART, 0, 0, 1, OK},
        {110, NOMINATE, 9, 900, 1, OK}, /* ends the old session: 1 is no longer nominated */
        {120, MEDIA, 1, 0, 1, OK},      {130, NOMINATE, 9, 900, 1, OK},
    };
    RUN(a_restart_helps_nobody);
    /* The peer itself moves: what it sends there is the proof; or its old path is dead. */
    static const struct step moves[] = {
        {0, NOMINATE, 1, 100, 1, OK},    {10, MEDIA, 1, 0, 1, OK},
        {1000, NOMINATE, 2, 200, 1, OK}, {1020, MEDIA, 2, 0, 2, OK},
        {1030, MEDIA, 1, 0, 2, OK},      {1040, CHECK, 3, 300, 2, OK},
        {1050, MEDIA, 3, 0, 2, OK},      {1060, NOMINATE, 3, 300, 3, OK}, /* proven before */
        {3049, NOMINATE, 4, 400, 3, OK}, {3060, NOMINATE, 4, 400, 4, OK}, /* silent for 2 s */
    };
    RUN(moves);
}

static void restarts(void **state)
{
    (void)state;
    static const struct step until_first_check[] = {
        {0, NOMINATE, 1, 300, 1, OK},
        {100, RESTART, 0, 0, 1, OK},
        {200, OLD_CHECK, 1, 300, 1, OK},
        {300, OLD_NOMINATE, 2, 400, 2, OK},
        {29000, OLD_CHECK, 2, 400, 2, OK},
        {29100, CHECK, 3, 100, 2, OK}, /* selection stays until a new nomination */
        {29200, OLD_CHECK, 2, 400, 2, NO},
        {29300, NOMINATE, 3, 100, 3, OK}, /* which wins over the old session's higher priority */
    };
    RUN(until_first_check);
    static const struct step until_thirty_seconds[] = {
        {0, NOMINATE, 1, 300, 1, OK},      {1000, RESTART, 0, 0, 1, OK},
        {30999, OLD_CHECK, 1, 300, 1, OK}, {31000, OLD_CHECK, 1, 300, 1, NO},
        {31100, NOMINATE, 1, 300, 1, OK},
    };
    RUN(until_thirty_seconds);
    static const struct step twice_before_a_check[] = {
        {0, OLD_CHECK, 1, 300, -1, OK},  {10, RESTART, 0, 0, -1, OK},
        {20, RESTART, 0, 0, -1, OK}, /* nobody used what this replaces: the old ones still serve */
        {30, OLD_CHECK, 1, 300, -1, OK}, {40, NOMINATE, 1, 300, 1, OK},
        {50, OLD_CHECK, 1, 300, 1, NO},
    };
    RUN(twice_before_a_check);
}

static void most_silent_path_makes_room(void **state)
{
    (void)state;
    struct step steps[11] = {{0, NOMINATE, 1, 100, 1, OK}}; /* selected, and soon the most silent */
    for (int i = 2; i <= TRANSPORT_ICE_PATHS; i++)
        steps[i - 1] = (struct step){i, CHECK, i, 50, 1, OK};
    struct bench bench;
    bench_init(&bench);
    for (int i = 0; i < TRANSPORT_ICE_PATHS; i++)
        take_step(&bench, &steps[i]);
    take_step(&bench, &(struct step){100, CHECK, 2, 50, 1, OK}); /* 3 is now the most silent */
    take_step(&bench, &(struct step){101, CHECK, 9, 50, 1, OK});
    for (int i = 1; i <= 9; i++) {
        struct transport_path path = path_number(i);
        assert_int_equal(transport_ice_is_validated(&bench.ice, &path), i != 3);
    }
    transport_stun_destroy(bench.stun);
}

static void times_out(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    assert_false(transport_ice_is_timed_out(&bench.ice, 29999 * MS));
    assert_true(transport_ice_is_timed_out(&bench.ice, 30000 * MS));
    take_step(&bench, &(struct step){20000, CHECK, 1, 50, -1, OK});
    assert_false(transport_ice_is_timed_out(&bench.ice, 49999 * MS));
    take_step(&bench, &(struct step){40000, MEDIA, 5, 0, -1, OK});
    assert_false(transport_ice_is_timed_out(&bench.ice, 69999 * MS));
    assert_true(transport_ice_is_timed_out(&bench.ice, 70000 * MS));
    transport_stun_destroy(bench.stun);
}

static void answers_in_the_clients_family(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    bench_init(&bench);
    stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
    assert_int_equal(send_to(&bench, &bench.client, 7, 0, &reply), OK);
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
        struct bench bench;
        struct transport_ice_reply reply;
        struct sockaddr_storage mapped;
        bench_init(&bench);
        stun_client_write_raw(&bench.client, rows[i].attributes, rows[i].len);
        enum transport_ice_verdict verdict = send_to(&bench, &bench.client, 1, 0, &reply);
        int code = stun_client_read(&bench.client, &reply, &mapped);
        struct transport_path path = path_number(1);
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
        struct bench bench;
        struct transport_ice_reply reply;
        struct sockaddr_storage mapped;
        bench_init(&bench);
        stun_client_init(&bench.client, &rows[i].credentials);
        stun_client_write(&bench.client,
                          &(struct stun_client_check){.priority = 1, .is_nominating = true});
        assert_int_equal(send_to(&bench, &bench.client, 1, 0, &reply), NO);
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
    struct bench bench;
    struct transport_ice_reply reply;
    bench_init(&bench);
    stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
    struct stun_client intact = bench.client;
    for (size_t len = 0; len < intact.len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a read past it is seen */
        memcpy(exact, intact.data, len);
        struct transport_datagram datagram = {path_number(1), exact, len};
        assert_int_equal(transport_ice_on_stun(&bench.ice, bench.stun, &datagram, 0, &reply),
                         TRANSPORT_ICE_DROPPED);
        assert_int_equal(reply.len, 0);
        free(exact);
    }
    for (size_t i = 0; i < intact.len; i++) {
        bench.client = intact;
        bench.client.data[i] ^= 0x01; /* the fingerprint is wrong */
        assert_int_equal(send_to(&bench, &bench.client, 1, 0, &reply), TRANSPORT_ICE_DROPPED);
        assert_int_equal(reply.len, 0);
    }
    /* libnice reads 20 bytes of MESSAGE-INTEGRITY even if it is shorter. */
    static const uint8_t short_integrity[] = {
        USERNAME_ATTRIBUTE, PRIORITY_ATTRIBUTE, 0, 8, 0, 4, 1, 2, 3, 4};
    stun_client_write_raw(&bench.client, short_integrity, sizeof(short_integrity));
    assert_int_equal(send_to(&bench, &bench.client, 1, 0, &reply), TRANSPORT_ICE_DROPPED);
    transport_stun_destroy(bench.stun);
}

/* Responses and indications are nothing to us; and no use fills libnice's table of transactions. */
static void takes_only_requests(void **state)
{
    (void)state;
    struct bench bench;
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    bench_init(&bench);
    for (int i = 0; i < 3 * STUN_AGENT_MAX_SAVED_IDS; i++) {
        stun_client_write(&bench.client, &(struct stun_client_check){.priority = 1});
        assert_int_equal(send_to(&bench, &bench.client, 1, i, &reply), OK);
        assert_int_equal(stun_client_read(&bench.client, &reply, &mapped), 0);
    }
    struct transport_datagram response = {path_number(1), reply.data, reply.len};
    struct transport_ice_reply second;
    assert_int_equal(transport_ice_on_stun(&bench.ice, bench.stun, &response, 0, &second),
                     TRANSPORT_ICE_DROPPED);
    StunMessage message;
    stun_agent_init_indication(&bench.client.agent, &message, bench.client.data,
                               sizeof(bench.client.data), STUN_BINDING);
    bench.client.len = stun_agent_finish_message(&bench.client.agent, &message, NULL, 0);
    assert_int_equal(send_to(&bench, &bench.client, 1, 0, &second), TRANSPORT_ICE_DROPPED);
    transport_stun_destroy(bench.stun);
}

static void reads_the_ufrag(void **state)
{
    (void)state;
    struct stun_client client;
    char ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES] = "unchanged";
    stun_client_init(&client, &first_credentials);
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
        cmocka_unit_test(nominated_paths), cmocka_unit_test(unnominated_paths),
        cmocka_unit_test(rebinding),       cmocka_unit_test(forged_checks),
        cmocka_unit_test(restarts),        cmocka_unit_test(most_silent_path_makes_room),
        cmocka_unit_test(times_out),       cmocka_unit_test(answers_in_the_clients_family),
        cmocka_unit_test(refuses_by_code), cmocka_unit_test(refuses_wrong_credentials),
        cmocka_unit_test(survives_damage), cmocka_unit_test(takes_only_requests),
        cmocka_unit_test(reads_the_ufrag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
