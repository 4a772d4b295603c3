/* Configuration that is refused: for every mistake the sentence, with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_file.h"
#include "sfu/config.h"
#include "tls_files.h"

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
        struct config *config = config_file_load(files[i].text, NULL, 0, error);

        snprintf(expected, sizeof(expected), "%s%s", config_file_path, files[i].expected + 1);
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

static const char *in_folder(const char *name)
{
    return path_in(config_file_folder, name);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_in_a_file_have_their_line),
        cmocka_unit_test(mistakes_in_set_are_named),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(tls_files_must_fit),
    };

    return cmocka_run_group_tests(tests, config_file_set_up, config_file_tear_down);
}
