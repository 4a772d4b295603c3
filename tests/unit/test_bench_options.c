/* URLs and the command line of the load generator: iris-bench bubbles. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bubbles/cast.h"

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
        {"--profile", "mesh", 0},
        {"--senders", "0", 3},
        {"--camera-kbps", "2000", 0},
        {"--camera-kbps", "20", 3},
        {"--srtp-profile", "AES128_CM_SHA1_80", 0},
        {"--srtp-profile", "SRTP_AES128_CM_SHA1_80", 3}, /* not as OpenSSL spells it */
        {"--idle", "-1", 3},
        {"--operations", "http://127.0.0.1:8081", 0},
        {"--operations", "8081", 3},
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
    assert_int_equal(options.operations.port, 8081);
    assert_int_equal(parse(&options, "--url", "ws://127.0.0.1:8080"), 0);
    assert_int_equal(options.operations.port, 0); /* of another server nothing is known */
    assert_int_equal(parse(&options, "--srtp-profile", "AEAD_AES_128_GCM"), 0);
    assert_int_equal(options.srtp_profile, TRANSPORT_SRTP_AEAD_AES_128_GCM);
}

/* Who sends what in a room of 10; the senders are the first ones. */
static void casts(void **state)
{
    (void)state;
    static const struct {
        enum bubbles_profile profile;
        unsigned senders, screens;                /* options */
        unsigned voice, camera, screen, all_send; /* expected */
    } table[] = {
        {BUBBLES_CONFERENCE, 0, 1, 10, 10, 1, 10},   {BUBBLES_CONFERENCE, 4, 1, 4, 4, 1, 4},
        {BUBBLES_CONFERENCE, 0, 20, 10, 10, 10, 10}, {BUBBLES_CONFERENCE, 2, 5, 2, 2, 2, 2},
        {BUBBLES_CONFERENCE, 0, 0, 10, 10, 0, 10},   {BUBBLES_AUDIO, 0, 1, 10, 0, 0, 10},
        {BUBBLES_BROADCAST, 0, 1, 1, 1, 0, 1},       {BUBBLES_BROADCAST, 5, 1, 1, 1, 0, 1},
        {BUBBLES_SCREEN, 0, 1, 10, 0, 1, 10},        {BUBBLES_STREAM, 0, 1, 0, 1, 0, 1},
        {BUBBLES_MESH, 0, 1, 0, 10, 0, 10},          {BUBBLES_MESH, 20, 1, 0, 10, 0, 10},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct bubbles_options options = {.profile = table[i].profile,
                                                .participants = 10,
                                                .senders = table[i].senders,
                                                .screens = table[i].screens};
        unsigned voices = 0, cameras = 0, screens = 0;
        for (unsigned seat = 0; seat < 10; seat++) {
            struct bubbles_cast cast = bubbles_cast_of(&options, seat);
            assert_true(!cast.has_voice || seat == voices);
            voices += cast.has_voice;
            cameras += cast.has_camera;
            screens += cast.has_screen;
        }
        assert_int_equal(voices, table[i].voice);
        assert_int_equal(cameras, table[i].camera);
        assert_int_equal(screens, table[i].screen);
        assert_int_equal(bubbles_cast_senders(&options), table[i].all_send);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(urls), cmocka_unit_test(command_lines),
                                       cmocka_unit_test(casts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
