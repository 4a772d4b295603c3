/*
 * The rules on Host and Origin, as a table (protocol.md, section 2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signalling/server_access.h"

static const char *const hosts[] = {"localhost",        "127.0.0.1",   "[::1]",
                                    "meet.example.org", "2001:db8::1", NULL};
static const char *const origins[] = {"https://app.example.net", "http://dev.example.net:3000",
                                      NULL};
static const struct signalling_access access_rules = {hosts, origins, 16};

static const struct {
    const char *host;
    const char *origin;
    int status;
} requests[] = {
    /* Host */
    {"localhost", NULL, 0},
    {"localhost:8080", NULL, 0},
    {"LocalHost:8080", NULL, 0},
    {"127.0.0.1:1", NULL, 0},
    {"[::1]", NULL, 0},
    {"[::1]:8080", NULL, 0},
    {"[2001:db8::1]:443", NULL, 0},
    {"[2001:DB8::1]", NULL, 0},
    {"meet.example.org", NULL, 0},
    {NULL, NULL, 400},
    {"", NULL, 400},
    {":8080", NULL, 400},
    {"localhost:", NULL, 400},
    {"localhost:x", NULL, 400},
    {"localhost:65536", NULL, 400},
    {"localhost:99999999999999999999", NULL, 400},
    {"localhost, evil.example", NULL, 400},
    {"localhost evil.example", NULL, 400},
    {"user@localhost", NULL, 400},
    {"localhost/..", NULL, 400},
    {"[::1", NULL, 400},
    {"[]", NULL, 400},
    {"::1", NULL, 400},
    {"evil.example", NULL, 421},
    {"evil.example:8080", NULL, 421},
    {"localhost.", NULL, 421},
    {"localhost.evil.example", NULL, 421},
    {"notlocalhost", NULL, 421},
    {"127.0.0.2", NULL, 421},
    {"[::2]", NULL, 421},
    /* Origin: this host with any port, or a listed one */
    {"localhost:8080", "http://localhost:8080", 0},
    {"localhost:8080", "http://localhost:5173", 0},
    {"localhost:8080", "https://LOCALHOST", 0},
    {"[::1]:8080", "http://[::1]:8080", 0},
    {"localhost", "https://app.example.net", 0},
    {"localhost", "https://app.example.net:443", 0},
    {"localhost", "http://dev.example.net:3000", 0},
    {"localhost", "http://app.example.net", 403},
    {"localhost", "https://app.example.net:8443", 403},
    {"localhost", "http://dev.example.net", 403},
    {"localhost", "http://127.0.0.1", 403},
    {"localhost", "http://localhost.evil.example", 403},
    {"localhost", "http://localhost@evil.example", 403},
    {"localhost", "http://localhost/", 403},
    {"localhost", "ftp://localhost", 403},
    {"localhost", "localhost", 403},
    {"localhost", "null", 403},
    {"localhost", "", 403},
    {"localhost", "https://", 403},
    {"evil.example", "https://evil.example", 421},
};

static void requests_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int status = signalling_access_check(&access_rules, requests[i].host, requests[i].origin);

        if (status != requests[i].status)
            fail_msg(
                "Host %s, Origin %s: %d, not %d", requests[i].host ? requests[i].host : "(none)",
                requests[i].origin ? requests[i].origin : "(none)", status, requests[i].status);
    }
}

static void foreign_pages_are_told(void **state)
{
    static const struct {
        const char *host, *origin, *site;
        bool is_foreign;
    } rows[] = {
        /* programs */
        {"localhost:8081", NULL, NULL, false},
        {NULL, NULL, NULL, false},
        /* Origin: the same name and port */
        {"localhost:8081", "http://localhost:8081", NULL, false},
        {"LOCALHOST:8081", "https://localhost:8081", NULL, false},
        {"[::1]:8081", "http://[::1]:8081", NULL, false},
        {"ops.example.org", "https://ops.example.org", NULL, false},
        {"ops.example.org", "https://ops.example.org:443", NULL, false},
        {"ops.example.org:80", "http://ops.example.org", NULL, false},
        {"localhost:8081", "http://localhost:8080", NULL, true},
        {"localhost:8081", "http://localhost", NULL, true},
        {"localhost", "http://localhost:8081", NULL, true},
        {"localhost:8081", "http://127.0.0.1:8081", NULL, true},
        {"localhost:8081", "https://evil.example", NULL, true},
        {"localhost:8081", "http://localhost.evil.example:8081", NULL, true},
        {"localhost:8081", "null", NULL, true},
        {"localhost:8081", "", NULL, true},
        {"localhost:8081", "localhost:8081", NULL, true},
        {NULL, "http://localhost:8081", NULL, true},
        {"a b", "http://localhost:8081", NULL, true},
        /* Sec-Fetch-Site: what a browser says of itself */
        {"localhost:8081", NULL, "none", false},
        {"localhost:8081", NULL, "same-origin", false},
        {"localhost:8081", "http://localhost:8081", "same-origin", false},
        {"localhost:8081", NULL, "same-site", true},
        {"localhost:8081", NULL, "cross-site", true},
        {"localhost:8081", NULL, "", true},
        {"localhost:8081", NULL, "Same-Origin", true},
        {"localhost:8081", "http://localhost:8081", "cross-site", true},
        {"localhost:8081", "https://evil.example", "same-origin", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (signalling_access_is_foreign(rows[i].host, rows[i].origin, rows[i].site) !=
            rows[i].is_foreign)
            fail_msg("row %zu is judged wrongly", i);
}

static void a_full_list_needs_no_end(void **state)
{
    static const char *const full[] = {"a", "b"};
    const struct signalling_access rules = {full, full, 2};

    (void)state;
    assert_int_equal(signalling_access_check(&rules, "b", NULL), 0);
    assert_int_equal(signalling_access_check(&rules, "c", NULL), 421);
    assert_int_equal(signalling_access_check(&rules, "a", "http://b"), 403);
}

static void configured_names_are_checked(void **state)
{
    static const struct {
        const char *text;
        bool is_host, is_origin;
    } names[] = {
        {"localhost", true, false},
        {"[::1]", true, false},
        {"::1", true, false},
        {"10.0.0.1", true, false},
        {"localhost:80", false, false},
        {"[::1]:80", false, false},
        {"http://localhost", false, true},
        {"https://example.org:8443", false, true},
        {"https://example.org/", false, false},
        {"https://", false, false},
        {"*", false, false},
        {"", false, false},
        {":", false, false},
        {"a b", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (signalling_access_is_host(names[i].text) != names[i].is_host ||
            signalling_access_is_origin(names[i].text) != names[i].is_origin)
            fail_msg("'%s' is judged wrongly", names[i].text);
}

static void tokens_are_found_in_lists(void **state)
{
    (void)state;
    assert_true(signalling_access_has_token("iris.v1", "iris.v1", false));
    assert_true(signalling_access_has_token("chat, iris.v1", "iris.v1", false));
    assert_true(signalling_access_has_token(" ,\tIRIS.V1 ,", "iris.v1", true));
    assert_false(signalling_access_has_token(" ,\tIRIS.V1 ,", "iris.v1", false));
    assert_true(signalling_access_has_token("keep-alive, Upgrade", "upgrade", true));
    assert_false(signalling_access_has_token("", "iris.v1", true));
    assert_false(signalling_access_has_token("iris.v10", "iris.v1", true));
    assert_false(signalling_access_has_token("xiris.v1", "iris.v1", true));
    assert_false(signalling_access_has_token("iris.v 1", "iris.v1", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged),       cmocka_unit_test(foreign_pages_are_told),
        cmocka_unit_test(a_full_list_needs_no_end),  cmocka_unit_test(configured_names_are_checked),
        cmocka_unit_test(tokens_are_found_in_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
