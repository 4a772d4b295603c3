/*
 * The configuration: defaults, the shipped file, what overrides what. Mistakes are
 * test_config_mistakes.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config_file.h"
#include "sfu/config.h"
#include "tls_files.h"

#define SHIPPED FIXTURES "/../../deploy/iris.yaml"

static void assert_list(char **list, unsigned count, const char *const *expected)
{
    unsigned i = 0;

    for (; expected[i]; i++) {
        assert_true(i < count);
        assert_string_equal(list[i], expected[i]);
    }
    assert_int_equal(count, i);
    assert_null(list[count]);
}

static void defaults_are_those_documented(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]", NULL};
    static const char *const none[] = {NULL};
    char error[CONFIG_ERROR_BYTES] = "";
    struct config *config = config_load(NULL, NULL, 0, error);

    (void)state;
    assert_string_equal(error, "");
    assert_non_null(config);
    assert_string_equal(config->listen_public, "127.0.0.1:8080");
    assert_string_equal(config->listen_operations, "127.0.0.1:8081");
    assert_string_not_equal(config->web_root, "");
    assert_list(config->hosts, config->hosts_count, hosts);
    assert_list(config->origins, config->origins_count, none);
    assert_list(config->announce, config->announce_count, none);
    assert_int_equal(config->udp_port_first, 49152);
    assert_int_equal(config->udp_port_last, 65535);
    assert_int_equal(config->workers, 0);
    assert_string_equal(config->token_key_file, "");
    assert_false(config->unique_identities);
    assert_true(config->policer);
    assert_string_equal(config->tls_certificate_file, "");
    assert_string_equal(config->tls_key_file, "");
    assert_string_equal(config->operations_tls_certificate_file, "");
    assert_string_equal(config->operations_tls_key_file, "");
    assert_list(config->trusted_proxies, config->trusted_proxies_count, none);
    assert_int_equal(config->connections_per_address, 1000);
    assert_int_equal(config->connection_rate_per_address, 100);
    assert_int_equal(config->requests_per_second, 50);
    assert_int_equal(config->drain_seconds, 5);
    assert_string_equal(config->drain_url, "");
    assert_int_equal(config->max_participants, 1000);
    assert_int_equal(config->room_max_participants, 120);
    assert_string_equal(config->node_name, "");
    assert_int_equal(config->network_mbps, 1000);
    assert_int_equal(config->metrics_detail, CONFIG_METRICS_ROOM);
    assert_string_equal(config->recorder_folder, "");
    assert_int_equal(config->recorder_seconds, 60);
    assert_int_equal(config->recorder_room_mib, 16);
    assert_int_equal(config->recorder_node_mib, 1024);
    assert_int_equal(config->recorder_files, 100);
    assert_int_equal(config->recorder_folder_mib, 2048);
    assert_int_equal(config->aead, CONFIG_AEAD_AUTO);
    assert_int_equal(config->log_level, CONFIG_LOG_INFO);
    assert_int_equal(config->log_format, CONFIG_LOG_TEXT);
    config_destroy(config);
}

static void assert_same_list(char **a, unsigned a_count, char **b, unsigned b_count)
{
    assert_int_equal(a_count, b_count);
    for (unsigned i = 0; i < a_count; i++)
        assert_string_equal(a[i], b[i]);
}

static void the_shipped_file_shows_the_defaults(void **state)
{
    char error[CONFIG_ERROR_BYTES] = "";
    struct config *built_in = config_load(NULL, NULL, 0, error);
    struct config *shipped = config_load(SHIPPED, NULL, 0, error);

    (void)state;
    assert_string_equal(error, "");
    assert_string_equal(shipped->listen_public, built_in->listen_public);
    assert_string_equal(shipped->listen_operations, built_in->listen_operations);
    /* The built-in one follows the installation's prefix. */
    assert_string_equal(shipped->web_root, "/usr/local/share/iris/web");
    assert_same_list(shipped->hosts, shipped->hosts_count, built_in->hosts, built_in->hosts_count);
    assert_same_list(shipped->origins, shipped->origins_count, built_in->origins,
                     built_in->origins_count);
    assert_same_list(shipped->announce, shipped->announce_count, built_in->announce,
                     built_in->announce_count);
    assert_int_equal(shipped->udp_port_first, built_in->udp_port_first);
    assert_int_equal(shipped->udp_port_last, built_in->udp_port_last);
    assert_int_equal(shipped->workers, built_in->workers);
    assert_string_equal(shipped->token_key_file, built_in->token_key_file);
    assert_int_equal(shipped->unique_identities, built_in->unique_identities);
    assert_int_equal(shipped->policer, built_in->policer);
    assert_string_equal(shipped->tls_certificate_file, built_in->tls_certificate_file);
    assert_string_equal(shipped->tls_key_file, built_in->tls_key_file);
    assert_string_equal(shipped->operations_tls_certificate_file,
                        built_in->operations_tls_certificate_file);
    assert_string_equal(shipped->operations_tls_key_file, built_in->operations_tls_key_file);
    assert_same_list(shipped->trusted_proxies, shipped->trusted_proxies_count,
                     built_in->trusted_proxies, built_in->trusted_proxies_count);
    assert_int_equal(shipped->connections_per_address, built_in->connections_per_address);
    assert_int_equal(shipped->connection_rate_per_address, built_in->connection_rate_per_address);
    assert_int_equal(shipped->requests_per_second, built_in->requests_per_second);
    assert_int_equal(shipped->drain_seconds, built_in->drain_seconds);
    assert_string_equal(shipped->drain_url, built_in->drain_url);
    assert_int_equal(shipped->max_participants, built_in->max_participants);
    assert_int_equal(shipped->room_max_participants, built_in->room_max_participants);
    assert_string_equal(shipped->node_name, built_in->node_name);
    assert_int_equal(shipped->network_mbps, built_in->network_mbps);
    assert_int_equal(shipped->metrics_detail, built_in->metrics_detail);
    assert_string_equal(shipped->recorder_folder, built_in->recorder_folder);
    assert_int_equal(shipped->recorder_seconds, built_in->recorder_seconds);
    assert_int_equal(shipped->recorder_room_mib, built_in->recorder_room_mib);
    assert_int_equal(shipped->recorder_node_mib, built_in->recorder_node_mib);
    assert_int_equal(shipped->recorder_files, built_in->recorder_files);
    assert_int_equal(shipped->recorder_folder_mib, built_in->recorder_folder_mib);
    assert_int_equal(shipped->aead, built_in->aead);
    assert_int_equal(shipped->log_level, built_in->log_level);
    assert_int_equal(shipped->log_format, built_in->log_format);
    config_destroy(shipped);
    config_destroy(built_in);
}

static void the_shipped_file_names_every_key(void **state)
{
    static const char *const keys[] = {"listen_public",
                                       "listen_operations",
                                       "web_root",
                                       "hosts",
                                       "origins",
                                       "announce",
                                       "udp_port_first",
                                       "workers",
                                       "udp_port_last",
                                       "token_key_file",
                                       "aead",
                                       "log_level",
                                       "log_format",
                                       "unique_identities",
                                       "policer",
                                       "tls_certificate_file",
                                       "tls_key_file",
                                       "operations_tls_certificate_file",
                                       "operations_tls_key_file",
                                       "trusted_proxies",
                                       "connections_per_address",
                                       "connection_rate_per_address",
                                       "requests_per_second",
                                       "node_name",
                                       "network_mbps",
                                       "metrics_detail",
                                       "recorder_folder",
                                       "recorder_seconds",
                                       "recorder_room_mib",
                                       "recorder_node_mib",
                                       "recorder_files",
                                       "recorder_folder_mib",
                                       "drain_seconds",
                                       "drain_url",
                                       "max_participants",
                                       "room_max_participants"};
    char text[16384];
    char needle[64];
    FILE *file = fopen(SHIPPED, "rb");

    (void)state;
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        snprintf(needle, sizeof(needle), "\n%s:", keys[i]);
        if (!strstr(text, needle))
            fail_msg("%s is not shown", keys[i]);
    }
}

static void files_that_say_nothing_are_fine(void **state)
{
    static const char *const texts[] = {"", "# all of it is a comment\n", "\n\n"};
    char error[CONFIG_ERROR_BYTES];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct config *config = config_file_load(texts[i], NULL, 0, error);

        assert_string_equal(error, "");
        assert_int_equal(config->udp_port_first, 49152);
        config_destroy(config);
    }
}

static void file_then_set_override(void **state)
{
    static const char *const sets[] = {"workers=3",
                                       "announce=192.0.2.7,2001:db8::7",
                                       "origins=",
                                       "log_format=json",
                                       "workers=4",
                                       "listen_public=[::1]:0",
                                       "unique_identities=true",
                                       "policer=false",
                                       "room_max_participants=128",
                                       "requests_per_second=0",
                                       "node_name=berlin 1",
                                       "network_mbps=0",
                                       "metrics_detail=node",
                                       "drain_seconds=90",
                                       "drain_url=https://b.example.org/meet",
                                       "trusted_proxies=10.0.0.0/8,2001:db8::1"};
    static const char *const proxies[] = {"10.0.0.0/8", "2001:db8::1", NULL};
    static const char *const announce[] = {"192.0.2.7", "2001:db8::7", NULL};
    static const char *const none[] = {NULL};
    static const char *const hosts[] = {"meet.example.org", NULL};
    char error[CONFIG_ERROR_BYTES];
    struct config *config = config_file_load("workers: 2\n"
                                             "aead: evp\n"
                                             "hosts: [ meet.example.org ]\n"
                                             "origins:\n  - https://example.org\n"
                                             "log_level: \"debug\"\n",
                                             sets, sizeof(sets) / sizeof(sets[0]), error);

    (void)state;
    assert_string_equal(error, "");
    assert_int_equal(config->workers, 4);
    assert_int_equal(config->aead, CONFIG_AEAD_EVP);
    assert_list(config->hosts, config->hosts_count, hosts);
    assert_list(config->origins, config->origins_count, none);
    assert_list(config->announce, config->announce_count, announce);
    assert_int_equal(config->log_level, CONFIG_LOG_DEBUG);
    assert_int_equal(config->log_format, CONFIG_LOG_JSON);
    assert_string_equal(config->listen_public, "[::1]:0");
    assert_true(config->unique_identities);
    assert_false(config->policer);
    assert_int_equal(config->room_max_participants, 128);
    assert_int_equal(config->requests_per_second, 0);
    assert_string_equal(config->node_name, "berlin 1");
    assert_int_equal(config->network_mbps, 0);
    assert_int_equal(config->metrics_detail, CONFIG_METRICS_NODE);
    assert_int_equal(config->drain_seconds, 90);
    assert_string_equal(config->drain_url, "https://b.example.org/meet");
    assert_list(config->trusted_proxies, config->trusted_proxies_count, proxies);
    config_destroy(config);
}

static void a_key_opens_other_addresses(void **state)
{
    char error[CONFIG_ERROR_BYTES];
    char key[96];
    const char *sets[] = {key, "listen_public=0.0.0.0:443", "listen_operations=[::]:8081"};
    struct config *config;

    (void)state;
    snprintf(key, sizeof(key), "token_key_file=%s", config_file_path);
    config_destroy(config_file_load("", NULL, 0, error)); /* the file exists now */
    config = config_load(NULL, sets, 3, error);
    assert_non_null(config);
    config_destroy(config);
}

static void loopback_has_many_names(void **state)
{
    static const struct {
        const char *set;
        bool is_accepted;
    } addresses[] = {
        {"listen_public=127.0.0.1:1", true},
        {"listen_public=127.9.9.9:1", true},
        {"listen_public=[::1]:1", true},
        {"listen_public=localhost:1", true},
        {"listen_public=[::ffff:8.8.8.8]:1", false},
        {"listen_public=example.org:1", false},
        {"listen_public=128.0.0.1:1", false},
        {"listen_public=localhost.example.org:1", false},
    };
    char error[CONFIG_ERROR_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct config *config = config_load(NULL, &addresses[i].set, 1, error);

        if (!!config != addresses[i].is_accepted)
            fail_msg("%s: %s", addresses[i].set, config ? "accepted" : error);
        config_destroy(config);
    }
}

static void listen_addresses_are_split(void **state)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } listens[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080},
        {"localhost:0", "localhost", 0},
        {"[::1]:443", "::1", 443},
        {"[2001:db8::2]:65535", "2001:db8::2", 65535},
        {"localhost", NULL, 0},
        {"localhost:", NULL, 0},
        {":80", NULL, 0},
        {"[]:80", NULL, 0},
        {"[::1]", NULL, 0},
        {"[::1]80", NULL, 0},
        {"::1:80", NULL, 0},
        {"localhost:65536", NULL, 0},
        {"localhost:-1", NULL, 0},
        {"localhost:+1", NULL, 0},
        {"local host:80", NULL, 0},
        {"[localhost]:80", NULL, 0},
        {"[::1:80", NULL, 0},
        {"", NULL, 0},
        {":", NULL, 0},
        {"[:1", NULL, 0},
        {"[]:1", NULL, 0},
        {"]:1", NULL, 0},
        {"a-rather-long-name.example.org:1", NULL, 0},
    };
    char host[24];
    uint16_t port;

    (void)state;
    for (size_t i = 0; i < sizeof(listens) / sizeof(listens[0]); i++) {
        bool is_split = config_split_listen(listens[i].text, host, sizeof(host), &port);

        if (is_split != (listens[i].host != NULL))
            fail_msg("'%s' is %s", listens[i].text, is_split ? "accepted" : "refused");
        if (!is_split)
            continue;
        assert_string_equal(host, listens[i].host);
        assert_int_equal(port, listens[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_documented),
        cmocka_unit_test(the_shipped_file_shows_the_defaults),
        cmocka_unit_test(the_shipped_file_names_every_key),
        cmocka_unit_test(files_that_say_nothing_are_fine),
        cmocka_unit_test(file_then_set_override),
        cmocka_unit_test(a_key_opens_other_addresses),
        cmocka_unit_test(loopback_has_many_names),
        cmocka_unit_test(listen_addresses_are_split),
    };

    return cmocka_run_group_tests(tests, config_file_set_up, config_file_tear_down);
}
