/*
 * Addresses, prefixes, and who the client is behind proxies: tables, with what strangers could
 * write into a header; then the rules at work in the server.
 */
#include "server_client.h"

#include "signalling/server_proxy.h"

static const struct {
    const char *text;
    const char *written; /* NULL: refused */
} addresses[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"2001:DB8::0:1", "2001:db8::1"},
    {"::1", "::1"},
    {"::", "::"},
    {"0.0.0.0", "0.0.0.0"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"", NULL},
    {"192.0.2", NULL},
    {"192.0.2.256", NULL},
    {"192.0.2.01", NULL},
    {"0x7f.0.0.1", NULL},
    {"2130706433", NULL},
    {" 192.0.2.1", NULL},
    {"192.0.2.1 ", NULL},
    {"192.0.2.1:80", NULL},
    {"[::1]", NULL},
    {"fe80::1%eth0", NULL},
    {":::", NULL},
    {"localhost", NULL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999", NULL},
    {"11111111111111111111111111111111111111111111111", NULL},
};

static void addresses_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct signalling_ip ip;
        char text[SIGNALLING_IP_TEXT_BYTES];
        bool is_read = signalling_ip_parse(addresses[i].text, strlen(addresses[i].text), &ip);

        if (is_read != (addresses[i].written != NULL))
            fail_msg("'%s' is %s", addresses[i].text, is_read ? "read" : "refused");
        if (!is_read)
            continue;
        signalling_ip_format(&ip, text);
        assert_string_equal(text, addresses[i].written);
    }
    assert_false(signalling_ip_parse("1.2.3.4\0", 8, &(struct signalling_ip){{0}}));
    assert_true(signalling_ip_parse("1.2.3.45", 7, &(struct signalling_ip){{0}}));
}

static const struct {
    const char *prefix;
    const char *inside, *outside; /* NULL: the prefix is refused */
} prefixes[] = {
    {"192.0.2.7", "192.0.2.7", "192.0.2.6"},
    {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
    {"10.20.0.0/24", "10.20.0.255", "10.20.1.0"},
    {"10.20.0.128/25", "10.20.0.128", "10.20.0.127"},
    {"172.16.0.0/12", "172.31.255.255", "172.32.0.0"},
    {"192.0.2.7/32", "::ffff:192.0.2.7", "192.0.2.8"},
    {"0.0.0.0/0", "255.255.255.255", "2001:db8::1"},
    {"::/0", "192.0.2.1", NULL},
    {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
    {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
    {"::1", "::1", "::2"},
    {"::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0"},
    {"10.0.0.1/8", NULL, NULL},
    {"10.20.0.64/25", NULL, NULL},
    {"10.0.0.0/33", NULL, NULL},
    {"::/129", NULL, NULL},
    {"10.0.0.0/", NULL, NULL},
    {"10.0.0.0/-1", NULL, NULL},
    {"10.0.0.0/+8", NULL, NULL},
    {"10.0.0.0/0x8", NULL, NULL},
    {"10.0.0.0/8/8", NULL, NULL},
    {"10.0.0.0/4294967304", NULL, NULL},
    {"10.0.0.0/255.0.0.0", NULL, NULL},
    {"/8", NULL, NULL},
    {"", NULL, NULL},
    {"proxy.example.org", NULL, NULL},
};

static bool is_inside(const char *text, const struct signalling_ip_prefix *prefix)
{
    struct signalling_ip ip;

    assert_true(signalling_ip_parse(text, strlen(text), &ip));
    return signalling_ip_is_within(&ip, prefix);
}

static void prefixes_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        struct signalling_ip_prefix prefix;
        bool is_read = signalling_ip_prefix_parse(prefixes[i].prefix, &prefix);

        assert_int_equal(signalling_proxy_is_prefix(prefixes[i].prefix), is_read);
        if (is_read != (prefixes[i].inside != NULL))
            fail_msg("'%s' is %s", prefixes[i].prefix, is_read ? "read" : "refused");
        if (is_read && !is_inside(prefixes[i].inside, &prefix))
            fail_msg("%s is not inside %s", prefixes[i].inside, prefixes[i].prefix);
        if (is_read && prefixes[i].outside && is_inside(prefixes[i].outside, &prefix))
            fail_msg("%s is inside %s", prefixes[i].outside, prefixes[i].prefix);
    }
}

/* Trusted: 10.0.0.0/8 and 2001:db8:a::/48. */
static const struct {
    const char *peer;
    const char *header; /* NULL: absent */
    const char *client;
} clients[] = {
    {"10.0.0.1", "192.0.2.1", "192.0.2.1"},
    {"10.0.0.1", "2001:db8::7", "2001:db8::7"},
    {"2001:db8:a::1", "192.0.2.1", "192.0.2.1"},
    {"10.0.0.1", NULL, "10.0.0.1"},
    {"10.0.0.1", "", "10.0.0.1"},
    {"10.0.0.1", " , ,\t,", "10.0.0.1"},
    /* nobody else is believed */
    {"192.0.2.9", "192.0.2.1", "192.0.2.9"},
    {"192.0.2.9", "10.0.0.1", "192.0.2.9"},
    {"127.0.0.1", "192.0.2.1", "127.0.0.1"},
    /* chains: the rightmost that is no proxy, whatever the client has written in front */
    {"10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"},
    {"10.0.0.1", "192.0.2.1,10.0.0.2,10.0.0.3,2001:db8:a::9", "192.0.2.1"},
    {"10.0.0.1", "203.0.113.5, 192.0.2.1", "192.0.2.1"},
    {"10.0.0.1", "10.0.0.9, 192.0.2.1", "192.0.2.1"},
    {"10.0.0.1", "127.0.0.1, 192.0.2.1, 10.0.0.2", "192.0.2.1"},
    {"10.0.0.1", "garbage, 192.0.2.1", "192.0.2.1"},
    {"10.0.0.1", "192.0.2.1, ", "192.0.2.1"},
    {"10.0.0.1", "\t192.0.2.1\t", "192.0.2.1"},
    /* inside the trusted network the leftmost is the client */
    {"10.0.0.1", "10.0.0.5", "10.0.0.5"},
    {"10.0.0.1", "10.0.0.6, 10.0.0.5", "10.0.0.6"},
    /* with ports */
    {"10.0.0.1", "192.0.2.1:5060", "192.0.2.1"},
    {"10.0.0.1", "[2001:db8::7]", "2001:db8::7"},
    {"10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"},
    /* what is no address ends at the proxy that wrote it */
    {"10.0.0.1", "unknown", "10.0.0.1"},
    {"10.0.0.1", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"},
    {"10.0.0.1", "192.0.2.1 192.0.2.2", "10.0.0.1"},
    {"10.0.0.1", "\"192.0.2.1\"", "10.0.0.1"},
    {"10.0.0.1", "192.0.2.1;10.0.0.1", "10.0.0.1"},
    {"10.0.0.1", "192.0.2.1:", "10.0.0.1"},
    {"10.0.0.1", "192.0.2.1:port", "10.0.0.1"},
    {"10.0.0.1", "192.0.2.1:1234567", "10.0.0.1"},
    {"10.0.0.1", "[2001:db8::7", "10.0.0.1"},
    {"10.0.0.1", "[192.0.2.1]", "10.0.0.1"},
    {"10.0.0.1", "[]", "10.0.0.1"},
    {"10.0.0.1", "[", "10.0.0.1"},
    {"10.0.0.1", "]", "10.0.0.1"},
    {"10.0.0.1", "[]:", "10.0.0.1"},
    {"10.0.0.1", ":", "10.0.0.1"},
    {"10.0.0.1", "fe80::1%eth0", "10.0.0.1"},
    {"10.0.0.1", "192.0.2.999", "10.0.0.1"},
    {"10.0.0.1", "\xff\xfe", "10.0.0.1"},
    {"10.0.0.1", "for=192.0.2.1", "10.0.0.1"},
};

static struct signalling_proxies trusted_proxies(void)
{
    static struct signalling_ip_prefix trusted[2];

    assert_true(signalling_ip_prefix_parse("10.0.0.0/8", &trusted[0]));
    assert_true(signalling_ip_prefix_parse("2001:db8:a::/48", &trusted[1]));
    return (struct signalling_proxies){trusted, 2};
}

static void clients_are_found(void **state)
{
    struct signalling_proxies proxies = trusted_proxies();

    (void)state;
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        /* On the heap and as long as it is, so that a byte too far is seen. */
        char *header = clients[i].header ? strdup(clients[i].header) : NULL;
        char text[SIGNALLING_IP_TEXT_BYTES];
        struct signalling_ip peer, client;

        assert_true(signalling_ip_parse(clients[i].peer, strlen(clients[i].peer), &peer));
        client = signalling_proxy_client(&proxies, &peer, header);
        signalling_ip_format(&client, text);
        if (strcmp(text, clients[i].client) != 0)
            fail_msg("%s: '%s' is %s, not %s", clients[i].peer, header ? header : "(none)", text,
                     clients[i].client);
        free(header);
    }
}

static void hosts_are_the_last_entry(void **state)
{
    static const struct {
        const char *header;
        const char *host; /* NULL: none */
    } hosts[] = {
        {"meet.example.org", "meet.example.org"},
        {"evil.example, meet.example.org:443 ", "meet.example.org:443"},
        {"meet.example.org,", "meet.example.org"},
        {"", NULL},
        {" , ", NULL},
        {"a.name.too.long.for.these.31.bytes", NULL},
    };
    char host[32];

    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        bool is_found = signalling_proxy_host(hosts[i].header, host, sizeof(host));

        assert_int_equal(is_found, hosts[i].host != NULL);
        if (is_found)
            assert_string_equal(host, hosts[i].host);
    }
}

/* ---- in the server ---- */

static void trust_loopback(struct signalling_server_config *config)
{
    config->trusted_proxies[0] = "127.0.0.1";
    config->trusted_proxies[1] = "10.0.0.0/8";
}

static void trust_others(struct signalling_server_config *config)
{
    config->trusted_proxies[0] = "10.0.0.0/8";
}

static int set_up_trusting(void **state)
{
    server_adjust = trust_loopback;
    return set_up(state);
}

static int set_up_distrusting(void **state)
{
    server_adjust = trust_others;
    return set_up(state);
}

#define UP "GET /v1/ws HTTP/1.1\r\n" UPGRADE KEY V13 IRIS

static const struct {
    const char *what;
    const char *request;
    int trusting;     /* status where the proxy is trusted */
    const char *peer; /* and who the client is then */
    int distrusting;  /* status where it is not; the client is 127.0.0.1 */
} upgrades[] = {
    {"no header", UP "Host: localhost\r\n", 101, "127.0.0.1", 101},
    {"a client", UP "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n", 101, "192.0.2.1", 101},
    {"a chain", UP "Host: localhost\r\nX-Forwarded-For: 1.1.1.1, 192.0.2.1, 10.0.0.1\r\n", 101,
     "192.0.2.1", 101},
    {"two lines",
     UP "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.0.0.1\r\n", 101,
     "192.0.2.1", 101},
    {"IPv6", UP "Host: localhost\r\nX-Forwarded-For: 2001:db8::1\r\n", 101, "2001:db8::1", 101},
    {"garbage", UP "Host: localhost\r\nX-Forwarded-For: x\r\n", 101, "127.0.0.1", 101},
    {"forwarded host", UP "Host: inner\r\nX-Forwarded-Host: localhost\r\n", 101, "127.0.0.1", 421},
    {"foreign host", UP "Host: localhost\r\nX-Forwarded-Host: evil.example\r\n", 421, NULL, 101},
    {"hostile host", UP "Host: localhost\r\nX-Forwarded-Host: a b\r\n", 400, NULL, 101},
    {"its origin", UP "Host: inner\r\nX-Forwarded-Host: localhost\r\nOrigin: https://localhost\r\n",
     101, "127.0.0.1", 421},
    {"inner origin", UP "Host: inner\r\nX-Forwarded-Host: localhost\r\nOrigin: https://inner\r\n",
     403, NULL, 421},
    {"scheme", UP "Host: localhost\r\nX-Forwarded-Proto: https\r\n", 101, "127.0.0.1", 101},
};

static void judge(struct fixture *f, size_t row, int status, const char *peer)
{
    struct client c;
    struct response r;

    client_open(&c, f, signalling_server_public_port(f->server));
    send_request(&c, upgrades[row].request);
    receive_response(&c, &r, false);
    if (r.status != status)
        fail_msg("%s: %d, not %d", upgrades[row].what, r.status, status);
    if (status == 101 && strcmp(f->peer, peer) != 0)
        fail_msg("%s: %s, not %s", upgrades[row].what, f->peer, peer);
    client_close(&c);
}

static void a_trusted_proxy_is_believed(void **state)
{
    for (size_t i = 0; i < sizeof(upgrades) / sizeof(upgrades[0]); i++)
        judge(*state, i, upgrades[i].trusting, upgrades[i].peer);
}

static void nobody_else_is(void **state)
{
    for (size_t i = 0; i < sizeof(upgrades) / sizeof(upgrades[0]); i++)
        judge(*state, i, upgrades[i].distrusting, "127.0.0.1");
}

/* Pages behind the proxy may open WebSockets to the name that they were loaded from. */
static void the_policy_names_the_forwarded_host(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;

    client_open(&c, f, signalling_server_public_port(f->server));
    send_request(&c, "GET /healthz HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Host: localhost:9\r\n");
    receive_response(&c, &r, false);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.head, "wss://localhost:9;"));
    client_close(&c);
}

static void trust_nonsense(struct signalling_server_config *config)
{
    config->trusted_proxies[0] = "10.0.0.1/8";
}

static void unusable_proxies_are_named(void **state)
{
    char error[256] = "";

    server_adjust = trust_nonsense;
    assert_null(create_server(*state, 0, NULL, error));
    assert_string_equal(error, "'10.0.0.1/8' is not the address or prefix of a proxy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(prefixes_are_read),
        cmocka_unit_test(clients_are_found),
        cmocka_unit_test(hosts_are_the_last_entry),
        cmocka_unit_test_setup_teardown(a_trusted_proxy_is_believed, set_up_trusting, tear_down),
        cmocka_unit_test_setup_teardown(nobody_else_is, set_up_distrusting, tear_down),
        cmocka_unit_test_setup_teardown(the_policy_names_the_forwarded_host, set_up_trusting,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unusable_proxies_are_named, set_up_trusting, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
