/* URLs and the command line of the load generator: iris-bench bubbles. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bubbles/options.h"

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *path; /* host NULL: refused */
        uint16_t port;
        bool is_tls;
    } table[] = {
        {"ws://127.0.0.1:8080/v1/ws", "127.0.0.1", "/v1/ws", 8080, false},
        {"http://localhost:8080", "localhost", "/v1/ws", 8080, false},
        {"http://localhost:8080/", "localhost", "/v1/ws", 8080, false},
        {"wss://example.org", "example.org", "/v1/ws", 443, true},
        {"https://example.org:8443/rooms/v1/ws", "example.org", "/rooms/v1/ws", 8443, true},
        {"ws://[::1]:80", "::1", "/v1/ws", 80, false},
        {"ws://host", "host", "/v1/ws", 80, false},
        {"ftp://host", NULL, NULL, 0, false},
        {"localhost:8080", NULL, NULL, 0, false},
        {"ws://", NULL, NULL, 0, false},
        {"ws://:80", NULL, NULL, 0, false},
        {"ws://host:0", NULL, NULL, 0, false},
        {"ws://host:65536", NULL, NULL, 0, false},
        {"ws://host:80x", NULL, NULL, 0, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bubbles_url url = {.port = 1};
        print_message("%s\n", table[i].text);
        assert_int_equal(bubbles_url_parse(&url, table[i].text), table[i].host ? 0 : -1);
        if (!table[i].host) {
            assert_int_equal(url.port, 1);
            continue;
        }
        assert_string_equal(url.host, table[i].host);
        assert_string_equal(url.path, table[i].path);
        assert_int_equal(url.port, table[i].port);
        assert_int_equal(url.is_tls, table[i].is_tls);
    }
}

static int parse(struct bubbles_options *options, char *option, char *value)
{
    char *argv[] = {"bubbles", option, value, NULL};
    optind = 0; /* glibc: begin anew */
    return bubbles_options_parse(options, value ? 3 : option ? 2 : 1, argv);
}

static void command_lines(void **state)
{
    (void)state;
    static const struct {
        char *option, *value;
        int code; /* 0, or 1 + the exit code */
    } table[] = {
        {NULL, NULL, 0},
        {"--rooms", "3", 0},
        {"--rooms", "0", 3},
        {"--rooms", "3x", 3},
        {"--rooms", "", 3},
        {"--participants", "129", 3},
        {"--duration", "0", 0},
        {"--duration", "-1", 3},
        {"--duration", "nan", 3},
        {"--profile", "screen", 0},
        {"--profile", "cinema", 3},
        {"--url", "nowhere", 3},
        {"--seed", "17", 0},
        {"--help", NULL, 1},
        {"--unknown", NULL, 3},
        {"more", NULL, 3},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bubbles_options options;
        assert_int_equal(parse(&options, table[i].option, table[i].value), table[i].code);
    }
    struct bubbles_options options;
    assert_int_equal(parse(&options, NULL, NULL), 0);
    assert_int_equal(options.rooms, 1);
    assert_int_equal(options.participants, 4);
    assert_true(options.has_gro);
    assert_int_equal(options.profile, BUBBLES_CONFERENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(urls), cmocka_unit_test(command_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
