/*
 * The rules between keys, and those that look at the machine: listeners, ports, files.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sfu/config_rules.h"
#include "signalling/tls_identity.h"

static bool is_loopback(const char *listen)
{
    char host[256];
    uint16_t port;
    struct in_addr v4;
    struct in6_addr v6;

    if (!config_split_listen(listen, host, sizeof(host), &port))
        return false;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0;
}

static bool check_key_file(const char *path, char *reason, size_t cap)
{
    struct stat status;
    const char *problem = NULL;

    if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        problem = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        problem = "not a file";
    if (problem)
        snprintf(reason, cap, "'%.200s' cannot be read: %s", path, problem);
    return !problem;
}

/* Where dumps of flight recorders go. */
static bool check_folder(const char *path, char *reason, size_t cap)
{
    struct stat status;
    const char *problem = NULL;

    if (stat(path, &status) != 0 || (S_ISDIR(status.st_mode) && access(path, W_OK | X_OK) != 0))
        problem = strerror(errno);
    else if (!S_ISDIR(status.st_mode))
        problem = "not a folder";
    if (problem)
        snprintf(reason, cap, "'%.200s' cannot be written to: %s", path, problem);
    return !problem;
}

static bool check_listeners(const struct config *config, enum config_key *key, char *reason,
                            size_t cap)
{
    *key = is_loopback(config->listen_public) ? CONFIG_KEY_listen_operations
                                              : CONFIG_KEY_listen_public;
    if (is_loopback(config->listen_public) && is_loopback(config->listen_operations))
        return true;
    snprintf(reason, cap,
             "without token_key_file the server listens on loopback only: set token_key_file, or "
             "listen on 127.0.0.1 instead of '%.100s'",
             *key == CONFIG_KEY_listen_public ? config->listen_public : config->listen_operations);
    return false;
}

/*
 * Port 0 is another one each time. The same port at two addresses is refused too: libwebsockets
 * tells listeners apart by their port when it reads Host, so one of the two could be taken for the
 * other.
 */
static bool is_same_port(const struct config *config)
{
    char host[256];
    uint16_t public_port, operations_port;

    return config_split_listen(config->listen_public, host, sizeof(host), &public_port) &&
           config_split_listen(config->listen_operations, host, sizeof(host), &operations_port) &&
           public_port != 0 && public_port == operations_port;
}

/* Both files of a listener or none, and a key that fits. */
static bool check_tls(const char *const files[2], const enum config_key keys[2],
                      enum config_key *key, char *reason, size_t cap)
{
    bool is_set[2] = {files[0][0] != '\0', files[1][0] != '\0'};
    struct signalling_tls_identity *identity;

    *key = is_set[0] ? keys[0] : keys[1];
    if (is_set[0] != is_set[1]) {
        snprintf(reason, cap, "TLS needs both files: set %s too",
                 config_key_name(is_set[0] ? keys[1] : keys[0]));
        return false;
    }
    if (!is_set[0])
        return true;
    identity = signalling_tls_identity_load(files[0], files[1], reason, cap);
    signalling_tls_identity_destroy(identity);
    return identity != NULL;
}

static bool check_files(const struct config *config, enum config_key *key, char *reason, size_t cap)
{
    static const enum config_key public_keys[2] = {CONFIG_KEY_tls_certificate_file,
                                                   CONFIG_KEY_tls_key_file};
    static const enum config_key operations_keys[2] = {CONFIG_KEY_operations_tls_certificate_file,
                                                       CONFIG_KEY_operations_tls_key_file};
    const char *const public_files[2] = {config->tls_certificate_file, config->tls_key_file};
    const char *const operations_files[2] = {config->operations_tls_certificate_file,
                                             config->operations_tls_key_file};

    if (!check_tls(public_files, public_keys, key, reason, cap) ||
        !check_tls(operations_files, operations_keys, key, reason, cap))
        return false;
    *key = CONFIG_KEY_recorder_folder;
    if (config->recorder_folder[0] && !check_folder(config->recorder_folder, reason, cap))
        return false;
    if (config->token_key_file[0] == '\0')
        return check_listeners(config, key, reason, cap);
    *key = CONFIG_KEY_token_key_file;
    return check_key_file(config->token_key_file, reason, cap);
}

bool config_check(const struct config *config, enum config_key *key, char *reason, size_t cap)
{
    unsigned first = config->udp_port_first;
    unsigned last = config->udp_port_last;

    *key = CONFIG_KEY_udp_port_last;
    if (first > last) {
        snprintf(reason, cap, "%u is below udp_port_first, %u", last, first);
        return false;
    }
    *key = CONFIG_KEY_workers;
    if (config->workers > last - first + 1) {
        snprintf(reason, cap, "%u workers need as many ports, but %u-%u are %u", config->workers,
                 first, last, last - first + 1);
        return false;
    }
    *key = CONFIG_KEY_listen_operations;
    if (is_same_port(config)) {
        snprintf(reason, cap,
                 "the port of '%.100s' is that of listen_public already: choose another",
                 config->listen_operations);
        return false;
    }
    return check_files(config, key, reason, cap);
}
