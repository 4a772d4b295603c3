/*
 * The configuration: defaults, the shipped file, and for every mistake the sentence with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sfu/config.h"
#include "tls_files.h"

#define SHIPPED FIXTURES "/../../deploy/iris.yaml"

static char folder[] = "/tmp/iris-config-XXXXXX";
static char path[64];

static struct config *load_text(const char *text, const char *const *sets, size_t set_count,
                                char *error)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    error[0] = '\0';
    return config_load(path, sets, set_count, error);
}

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
        struct config *config = load_text(texts[i], NULL, 0, error);

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
    struct config *config = load_text("workers: 2\n"
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

/* "%" in an expected sentence stands for the file's path. */
static const struct {
    const char *text;
    const char *expected;
} files[] = {
    {"colour: red\n", "%:1: there is no key 'colour'"},
    {"workers: 1\n\n# words: 2\nwords: 2\n", "%:4: there is no key 'words'"},
    {"workers: 1\nworkers: 2\n", "%:2: workers stands here a second time"},
    {"\nworkers: x\n", "%:2: workers: 'x' is not a number from 0 to 64"},
    {"workers: 65\n", "%:1: workers: '65' is not a number from 0 to 64"},
    {"workers: -1\n", "%:1: workers: '-1' is not a number from 0 to 64"},
    {"workers: 1.5\n", "%:1: workers: '1.5' is not a number from 0 to 64"},
    {"workers: 0x10\n", "%:1: workers: '0x10' is not a number from 0 to 64"},
    {"workers: 4294967297\n", "%:1: workers: '4294967297' is not a number from 0 to 64"},
    {"workers:\n", "%:1: workers: '' is not a number from 0 to 64"},
    {"workers: [ 1 ]\n", "%:1: workers is not a single value"},
    {"aead: evp\nworkers: { a: 1 }\n", "%:2: workers is not a single value"},
    {"hosts: localhost\n", "%:1: hosts is not a list of texts"},
    {"hosts:\n  - a\n  - [ b ]\n", "%:3: hosts is not a list of texts"},
    {"hosts: []\n", "%:1: hosts: without a host name every request would be refused"},
    {"hosts: [ 'localhost:80' ]\n",
     "%:1: hosts: 'localhost:80' is not a host name or address without a port"},
    {"announce: [1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
     "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1]\n",
     "%:1: announce has more than 16 entries"},
    {"# x\nannounce:\n  - 192.0.2.1\n  - example.org\n",
     "%:2: announce: 'example.org' is not an IP address that clients can reach"},
    {"announce: [ 0.0.0.0 ]\n",
     "%:1: announce: '0.0.0.0' is not an IP address that clients can reach"},
    {"announce: [ '::' ]\n", "%:1: announce: '::' is not an IP address that clients can reach"},
    {"announce: [ 224.0.0.1 ]\n",
     "%:1: announce: '224.0.0.1' is not an IP address that clients can reach"},
    {"origins: [ example.org ]\n", "%:1: origins: 'example.org' is not an origin such as "
                                   "https://example.org, without a path"},
    {"udp_port_first: 49151\n", "%:1: udp_port_first: '49151' is not a number from 49152 to 65535"},
    {"udp_port_last: 65536\n", "%:1: udp_port_last: '65536' is not a number from 49152 to 65535"},
    {"udp_port_last: 50000\nudp_port_first: 50001\n",
     "%:1: udp_port_last: 50000 is below udp_port_first, 50001"},
    {"workers: 3\nudp_port_last: 49153\n",
     "%:1: workers: 3 workers need as many ports, but 49152-49153 are 2"},
    {"listen_public: localhost\n",
     "%:1: listen_public: 'localhost' is not host:port or [IPv6]:port"},
    {"listen_public: '::1:8080'\n",
     "%:1: listen_public: '::1:8080' is not host:port or [IPv6]:port"},
    {"aead: aes\n", "%:1: aead: 'aes' is not one of auto, ipsec-mb, evp"},
    {"log_level: loud\n", "%:1: log_level: 'loud' is not one of error, warning, info, debug"},
    {"log_format: xml\n", "%:1: log_format: 'xml' is not one of text, json"},
    {"web_root: ''\n", "%:1: web_root: '' is not a folder"},
    {"token_key_file: /nonexistent\n",
     "%:1: token_key_file: '/nonexistent' cannot be read: No such file or directory"},
    {"token_key_file: /tmp\n", "%:1: token_key_file: '/tmp' cannot be read: not a file"},
    {"workers: 1\nlisten_public: 0.0.0.0:8080\n",
     "%:2: listen_public: without token_key_file the server listens on loopback only: set "
     "token_key_file, or listen on 127.0.0.1 instead of '0.0.0.0:8080'"},
    {"listen_operations: '[::]:8081'\n",
     "%:1: listen_operations: without token_key_file the server listens on loopback only: set "
     "token_key_file, or listen on 127.0.0.1 instead of '[::]:8081'"},
    {"workers: 1\n\taead: evp\n",
     "%:2: this is not YAML: found a tab character that violates indentation"},
    {"aead: evp\nhosts: [ a, b\n", "%:3: this is not YAML: did not find expected ',' or ']'"},
    {"just words\n", "%:1: this is not a list of \"key: value\""},
    {"- a\n", "%:1: this is not a list of \"key: value\""},
    {"listen_operations: localhost:80\nlisten_public: localhost:80\n",
     "%:1: listen_operations: the port of 'localhost:80' is that of listen_public already: choose "
     "another"},
    {"listen_operations: '[::1]:80'\nlisten_public: 127.0.0.1:80\n",
     "%:1: listen_operations: the port of '[::1]:80' is that of listen_public already: choose "
     "another"},
    {"unique_identities: yes\n", "%:1: unique_identities: 'yes' is not one of false, true"},
    {"max_participants: 0\n", "%:1: max_participants: '0' is not a number from 1 to 1000000"},
    {"metrics_detail: all\n", "%:1: metrics_detail: 'all' is not one of node, room, participant"},
    {"room_max_participants: 129\n",
     "%:1: room_max_participants: '129' is not a number from 1 to 128"},
    {"recorder_seconds: 0\n", "%:1: recorder_seconds: '0' is not a number from 1 to 600"},
    {"recorder_folder: /dev/null\n",
     "%:1: recorder_folder: '/dev/null' cannot be written to: not a folder"},
    {"recorder_folder: /nowhere/at/all\n", "%:1: recorder_folder: '/nowhere/at/all' cannot be "
                                           "written to: No such file or directory"},
    {"drain_seconds: 86401\n", "%:1: drain_seconds: '86401' is not a number from 0 to 86400"},
    {"drain_url: mailto:x\n",
     "%:1: drain_url: 'mailto:x' is not an address such as https://other.example.org/"},
    {"drain_url: 'https:///x'\n",
     "%:1: drain_url: 'https:///x' is not an address such as https://other.example.org/"},
    {"drain_url: 'http://a b'\n",
     "%:1: drain_url: 'http://a b' is not an address such as https://other.example.org/"},
    {"requests_per_second: 1e3\n",
     "%:1: requests_per_second: '1e3' is not a number from 0 to 100000"},
    {"connections_per_address: many\n",
     "%:1: connections_per_address: 'many' is not a number from 0 to 1000000"},
    {"connection_rate_per_address: 100001\n",
     "%:1: connection_rate_per_address: '100001' is not a number from 0 to 100000"},
    {"trusted_proxies: 10.0.0.1\n", "%:1: trusted_proxies is not a list of texts"},
    {"trusted_proxies: [ 10.0.0.1/8 ]\n",
     "%:1: trusted_proxies: '10.0.0.1/8' is not an IP address, or a prefix such as 10.20.0.0/24 "
     "with zeroes behind it"},
    {"trusted_proxies: [ proxy.example.org ]\n",
     "%:1: trusted_proxies: 'proxy.example.org' is not an IP address, or a prefix such as "
     "10.20.0.0/24 with zeroes behind it"},
    {"tls_certificate_file: /x.pem\n",
     "%:1: tls_certificate_file: TLS needs both files: set tls_key_file too"},
    {"workers: 1\noperations_tls_key_file: /x.key\n",
     "%:2: operations_tls_key_file: TLS needs both files: set operations_tls_certificate_file too"},
    {"tls_key_file: /x.key\ntls_certificate_file: /nonexistent.pem\n",
     "%:2: tls_certificate_file: the TLS certificate file /nonexistent.pem cannot be used: No such "
     "file or directory"},
    {"workers: 1\n---\nworkers: 2\n", "%:1: there is more than one document (\"---\")"},
    {"aead: &a evp\nlog_level: *a\n", "%:2: aliases are not accepted here"},
};

static void mistakes_in_a_file_have_their_line(void **state)
{
    char error[CONFIG_ERROR_BYTES];
    char expected[CONFIG_ERROR_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct config *config = load_text(files[i].text, NULL, 0, error);

        snprintf(expected, sizeof(expected), "%s%s", path, files[i].expected + 1);
        if (config || strcmp(error, expected) != 0)
            fail_msg("\n%s-> %s\nnot %s", files[i].text, config ? "accepted" : error, expected);
    }
}

static const struct {
    const char *set;
    const char *expected;
} bad_sets[] = {
    {"workers=x", "--set workers: 'x' is not a number from 0 to 64"},
    {"workers", "--set workers: this is not key=value"},
    {"", "--set : this is not key=value"},
    {"word=1", "--set word: there is no such key"},
    {"worker=1", "--set worker: there is no such key"},
    {"announce=192.0.2.1,", NULL},
    {"announce=192.0.2.1,,192.0.2.2",
     "--set announce: '' is not an IP address that clients can reach"},
    {"hosts=", "--set hosts: without a host name every request would be refused"},
    {"origins=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "--set origins: has more than 16 entries"},
    {"udp_port_first=1", "--set udp_port_first: '1' is not a number from 49152 to 65535"},
    {"listen_public=10.0.0.1:443",
     "--set listen_public: without token_key_file the server listens on loopback only: set "
     "token_key_file, or listen on 127.0.0.1 instead of '10.0.0.1:443'"},
    {"token_key_file=/nonexistent",
     "--set token_key_file: '/nonexistent' cannot be read: No such file or directory"},
};

static void mistakes_in_set_are_named(void **state)
{
    char error[CONFIG_ERROR_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(bad_sets) / sizeof(bad_sets[0]); i++) {
        struct config *config = config_load(NULL, &bad_sets[i].set, 1, error);

        if (!bad_sets[i].expected) {
            assert_non_null(config);
            config_destroy(config);
        } else if (config || strcmp(error, bad_sets[i].expected) != 0) {
            fail_msg("%s -> %s\nnot %s", bad_sets[i].set, config ? "accepted" : error,
                     bad_sets[i].expected);
        }
    }
}

static void a_missing_file_is_named(void **state)
{
    char error[CONFIG_ERROR_BYTES];

    (void)state;
    assert_null(config_load("/nonexistent/iris.yaml", NULL, 0, error));
    assert_string_equal(error,
                        "/nonexistent/iris.yaml:1: cannot be read: No such file or directory");
    assert_null(config_load("/tmp", NULL, 0, error));
    assert_string_equal(error, "/tmp:1: cannot be read: Is a directory");
}

static void a_key_opens_other_addresses(void **state)
{
    char error[CONFIG_ERROR_BYTES];
    char key[96];
    const char *sets[] = {key, "listen_public=0.0.0.0:443", "listen_operations=[::]:8081"};
    struct config *config;

    (void)state;
    snprintf(key, sizeof(key), "token_key_file=%s", path);
    config_destroy(load_text("", NULL, 0, error)); /* the file exists now */
    config = config_load(NULL, sets, 3, error);
    assert_non_null(config);
    config_destroy(config);
}

static const char *in_folder(const char *name)
{
    static char paths[4][96];
    static unsigned next;
    char *full = paths[next++ % 4];

    snprintf(full, sizeof(paths[0]), "%s/%s", folder, name);
    return full;
}

/* Load with the certificate of one key and the file of another, as --check-config would. */
static struct config *load_pair(const char *prefix, const char *certificate, const char *key,
                                char *error)
{
    char sets[2][128];
    const char *const list[] = {sets[0], sets[1]};

    snprintf(sets[0], sizeof(sets[0]), "%stls_certificate_file=%s", prefix, in_folder(certificate));
    snprintf(sets[1], sizeof(sets[1]), "%stls_key_file=%s", prefix, in_folder(key));
    error[0] = '\0';
    return config_load(NULL, list, 2, error);
}

static void tls_files_must_fit(void **state)
{
    static const char *const prefixes[] = {"", "operations_"};
    EVP_PKEY *mine = EVP_EC_gen("P-256");
    EVP_PKEY *other = EVP_EC_gen("P-256");
    char error[CONFIG_ERROR_BYTES];
    char expected[64];

    (void)state;
    tls_write_certificate(in_folder("mine.pem"), mine, "mine");
    tls_write_key(in_folder("mine.key"), mine, NULL);
    tls_write_key(in_folder("other.key"), other, NULL);
    for (int i = 0; i < 2; i++) {
        struct config *config = load_pair(prefixes[i], "mine.pem", "mine.key", error);

        assert_string_equal(error, "");
        config_destroy(config);
        assert_null(load_pair(prefixes[i], "mine.pem", "other.key", error));
        snprintf(expected, sizeof(expected), "--set %stls_certificate_file: ", prefixes[i]);
        assert_memory_equal(error, expected, strlen(expected));
        assert_non_null(strstr(error, "is not the key of this certificate"));
        assert_null(load_pair(prefixes[i], "mine.pem", "none.key", error));
        assert_non_null(strstr(error, "No such file or directory"));
    }
    unlink(in_folder("mine.pem"));
    unlink(in_folder("mine.key"));
    unlink(in_folder("other.key"));
    EVP_PKEY_free(mine);
    EVP_PKEY_free(other);
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

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/iris.yaml", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_documented),
        cmocka_unit_test(the_shipped_file_shows_the_defaults),
        cmocka_unit_test(the_shipped_file_names_every_key),
        cmocka_unit_test(files_that_say_nothing_are_fine),
        cmocka_unit_test(file_then_set_override),
        cmocka_unit_test(mistakes_in_a_file_have_their_line),
        cmocka_unit_test(mistakes_in_set_are_named),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_key_opens_other_addresses),
        cmocka_unit_test(tls_files_must_fit),
        cmocka_unit_test(loopback_has_many_names),
        cmocka_unit_test(listen_addresses_are_split),
    };

    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
