/*
 * Values of the configuration. Each is checked as it is read, so that a mistake in the file is
 * reported there even if --set overrides it.
 */
#include "sfu/config_rules.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signalling/server_access.h"
#include "signalling/server_proxy.h"

#define WORKERS_MAX          64
#define LIMIT_MAX            1000000 /* of what is counted; far above what a machine carries */
#define RATE_MAX             100000
#define RECORDER_SECONDS_MAX 600
#define RECORDER_MIB_MAX     1024
#define ROOM_MAX             128 /* facts.md: the product has up to 120 in a room */
#define DRAIN_MAX_S          86400
#define UDP_PORT_FIRST       49152 /* facts.md: the deployment opens 49152-65535 and nothing else */
#define UDP_PORT_LAST        65535

static const char *const detail_names[] = {"node", "room", "participant", NULL};
static const char *const aead_names[] = {"auto", "ipsec-mb", "evp", NULL};
static const char *const level_names[] = {"error", "warning", "info", "debug", NULL};
static const char *const format_names[] = {"text", "json", NULL};
static const char *const flag_names[] = {"false", "true", NULL};

/* Digits and nothing else: no sign, no base prefix, no fraction. */
static bool parse_number(const char *text, unsigned low, unsigned high, unsigned *out)
{
    size_t len = strlen(text);
    unsigned long value;

    if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
        return false;
    value = strtoul(text, NULL, 10);
    if (value < low || value > high)
        return false;
    *out = (unsigned)value;
    return true;
}

bool config_split_listen(const char *listen, char *host, size_t host_cap, uint16_t *port)
{
    const char *colon = strrchr(listen, ':');
    bool is_v6 = listen[0] == '[';
    const char *start = listen + is_v6;
    size_t len;
    unsigned number;

    if (!colon || !parse_number(colon + 1, 0, 65535, &number))
        return false;
    if (is_v6 && (colon == listen || colon[-1] != ']'))
        return false;
    if (colon - start < 1 + is_v6)
        return false;
    len = (size_t)(colon - start) - is_v6;
    if (len == 0 || len >= host_cap || (!is_v6 && memchr(start, ':', len)))
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return signalling_access_is_host(host) && (!is_v6 || strchr(host, ':'));
}

/* "": nowhere. Printable ASCII, so that it is the same text in JSON and in the log. */
static bool is_drain_url(const char *text)
{
    size_t scheme_len = strncmp(text, "https://", 8) == 0 ? 8 : 7;

    if (text[0] == '\0')
        return true;
    if (scheme_len == 7 && strncmp(text, "http://", 7) != 0)
        return false;
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '\\')
            return false;
    return text[scheme_len] != '\0' && text[scheme_len] != '/';
}

static bool is_announceable(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return v4.s_addr != INADDR_ANY && !IN_MULTICAST(ntohl(v4.s_addr));
    return inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_UNSPECIFIED(&v6) &&
           !IN6_IS_ADDR_MULTICAST(&v6);
}

static bool set_string(char **field, const char *text, bool is_valid, const char *expected,
                       char *reason, size_t cap)
{
    char *copy = is_valid ? strdup(text) : NULL;

    if (!copy) {
        snprintf(reason, cap, is_valid ? "out of memory" : "'%.100s' is not %s", text, expected);
        return false;
    }
    free(*field);
    *field = copy;
    return true;
}

static bool set_number(unsigned *field, const char *text, unsigned low, unsigned high, char *reason,
                       size_t cap)
{
    if (parse_number(text, low, high, field))
        return true;
    snprintf(reason, cap, "'%.100s' is not a number from %u to %u", text, low, high);
    return false;
}

static bool set_port(uint16_t *field, const char *text, char *reason, size_t cap)
{
    unsigned port;

    if (!set_number(&port, text, UDP_PORT_FIRST, UDP_PORT_LAST, reason, cap))
        return false;
    *field = (uint16_t)port;
    return true;
}

/* The position of text in a list of names, or -1 and a sentence with all of them. */
static int find_name(const char *const *names, const char *text, char *reason, size_t cap)
{
    int used;

    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    used = snprintf(reason, cap, "'%.100s' is not one of", text);
    for (int i = 0; names[i] && used > 0 && (size_t)used < cap; i++)
        used += snprintf(reason + used, cap - (size_t)used, "%s %s", i ? "," : "", names[i]);
    return -1;
}

/* Keys that are any text: a name, and files, which are looked at when all values are known. NULL:
   another key. */
static char **text_field(struct config *config, enum config_key key)
{
    switch (key) {
    case CONFIG_KEY_node_name:
        return &config->node_name;
    case CONFIG_KEY_token_key_file:
        return &config->token_key_file;
    case CONFIG_KEY_recorder_folder:
        return &config->recorder_folder;
    case CONFIG_KEY_tls_certificate_file:
        return &config->tls_certificate_file;
    case CONFIG_KEY_tls_key_file:
        return &config->tls_key_file;
    case CONFIG_KEY_operations_tls_certificate_file:
        return &config->operations_tls_certificate_file;
    case CONFIG_KEY_operations_tls_key_file:
        return &config->operations_tls_key_file;
    default:
        return NULL;
    }
}

/* Keys that are numbers, and their range; field NULL: another key. */
struct number_rule {
    unsigned *field;
    unsigned low, high;
};

static struct number_rule number_rule(struct config *config, enum config_key key)
{
    switch (key) {
    case CONFIG_KEY_workers:
        return (struct number_rule){&config->workers, 0, WORKERS_MAX};
    case CONFIG_KEY_connections_per_address:
        return (struct number_rule){&config->connections_per_address, 0, LIMIT_MAX};
    case CONFIG_KEY_connection_rate_per_address:
        return (struct number_rule){&config->connection_rate_per_address, 0, RATE_MAX};
    case CONFIG_KEY_requests_per_second:
        return (struct number_rule){&config->requests_per_second, 0, RATE_MAX};
    case CONFIG_KEY_network_mbps:
        return (struct number_rule){&config->network_mbps, 0, LIMIT_MAX};
    case CONFIG_KEY_recorder_seconds:
        return (struct number_rule){&config->recorder_seconds, 1, RECORDER_SECONDS_MAX};
    case CONFIG_KEY_recorder_room_mib:
        return (struct number_rule){&config->recorder_room_mib, 1, RECORDER_MIB_MAX};
    case CONFIG_KEY_recorder_files:
        return (struct number_rule){&config->recorder_files, 1, LIMIT_MAX};
    case CONFIG_KEY_recorder_node_mib:
        return (struct number_rule){&config->recorder_node_mib, 1, LIMIT_MAX};
    case CONFIG_KEY_recorder_folder_mib:
        return (struct number_rule){&config->recorder_folder_mib, 1, LIMIT_MAX};
    case CONFIG_KEY_drain_seconds:
        return (struct number_rule){&config->drain_seconds, 0, DRAIN_MAX_S};
    case CONFIG_KEY_max_participants:
        return (struct number_rule){&config->max_participants, 1, LIMIT_MAX};
    case CONFIG_KEY_room_max_participants:
        return (struct number_rule){&config->room_max_participants, 1, ROOM_MAX};
    default:
        return (struct number_rule){NULL, 0, 0};
    }
}

/* Keys that are one of a few words. */
static bool set_choice(struct config *config, enum config_key key, const char *text, char *reason,
                       size_t cap)
{
    bool is_flag = key == CONFIG_KEY_unique_identities || key == CONFIG_KEY_policer;
    const char *const *names = key == CONFIG_KEY_aead             ? aead_names
                               : key == CONFIG_KEY_log_level      ? level_names
                               : key == CONFIG_KEY_metrics_detail ? detail_names
                               : is_flag                          ? flag_names
                                                                  : format_names;
    int choice = find_name(names, text, reason, cap);

    if (choice < 0)
        return false;
    if (key == CONFIG_KEY_aead)
        config->aead = (enum config_aead)choice;
    else if (key == CONFIG_KEY_log_level)
        config->log_level = (enum config_log_level)choice;
    else if (key == CONFIG_KEY_metrics_detail)
        config->metrics_detail = (enum config_metrics_detail)choice;
    else if (key == CONFIG_KEY_unique_identities)
        config->unique_identities = choice == 1;
    else if (key == CONFIG_KEY_policer)
        config->policer = choice == 1;
    else
        config->log_format = (enum config_log_format)choice;
    return true;
}

bool config_set_text(struct config *config, enum config_key key, const char *text, char *reason,
                     size_t cap)
{
    struct number_rule number = number_rule(config, key);
    char **any = text_field(config, key);
    char host[256];
    uint16_t port;

    if (number.field)
        return set_number(number.field, text, number.low, number.high, reason, cap);
    if (any)
        return set_string(any, text, true, "a text", reason, cap);
    switch (key) {
    case CONFIG_KEY_listen_public:
    case CONFIG_KEY_listen_operations:
        return set_string(key == CONFIG_KEY_listen_public ? &config->listen_public
                                                          : &config->listen_operations,
                          text, config_split_listen(text, host, sizeof(host), &port),
                          "host:port or [IPv6]:port", reason, cap);
    case CONFIG_KEY_drain_url:
        return set_string(&config->drain_url, text, is_drain_url(text),
                          "an address such as https://other.example.org/", reason, cap);
    case CONFIG_KEY_web_root:
        return set_string(&config->web_root, text, text[0] != '\0', "a folder", reason, cap);
    case CONFIG_KEY_udp_port_first:
        return set_port(&config->udp_port_first, text, reason, cap);
    case CONFIG_KEY_udp_port_last:
        return set_port(&config->udp_port_last, text, reason, cap);
    case CONFIG_KEY_unique_identities:
    case CONFIG_KEY_policer:
    case CONFIG_KEY_metrics_detail:
    case CONFIG_KEY_aead:
    case CONFIG_KEY_log_level:
    case CONFIG_KEY_log_format:
        return set_choice(config, key, text, reason, cap);
    default:
        snprintf(reason, cap, "%s is a list", config_key_name(key));
        return false;
    }
}

/* Where a list lives, what its entries are. */
struct list_rule {
    char ***entries;
    unsigned *count;
    bool (*is_valid)(const char *text);
    const char *expected;
};

static struct list_rule list_rule(struct config *config, enum config_key key)
{
    switch (key) {
    case CONFIG_KEY_hosts:
        return (struct list_rule){&config->hosts, &config->hosts_count, signalling_access_is_host,
                                  "a host name or address without a port"};
    case CONFIG_KEY_origins:
        return (struct list_rule){&config->origins, &config->origins_count,
                                  signalling_access_is_origin,
                                  "an origin such as https://example.org, without a path"};
    case CONFIG_KEY_trusted_proxies:
        return (struct list_rule){&config->trusted_proxies, &config->trusted_proxies_count,
                                  signalling_proxy_is_prefix,
                                  "an IP address, or a prefix such as 10.20.0.0/24 with zeroes "
                                  "behind it"};
    default:
        return (struct list_rule){&config->announce, &config->announce_count, is_announceable,
                                  "an IP address that clients can reach"};
    }
}

static void free_list(char **entries)
{
    for (char **entry = entries; entry && *entry; entry++)
        free(*entry);
    free(entries);
}

bool config_set_list(struct config *config, enum config_key key, char *const *entries,
                     unsigned count, char *reason, size_t cap)
{
    struct list_rule rule = list_rule(config, key);
    char **copy;

    if (count == 0 && key == CONFIG_KEY_hosts) {
        snprintf(reason, cap, "without a host name every request would be refused");
        return false;
    }
    copy = calloc(CONFIG_LIST_MAX + 1, sizeof(*copy));
    for (unsigned i = 0; copy && i < count; i++) {
        if (set_string(&copy[i], entries[i], rule.is_valid(entries[i]), rule.expected, reason, cap))
            continue;
        free_list(copy);
        return false;
    }
    if (!copy) {
        snprintf(reason, cap, "out of memory");
        return false;
    }
    free_list(*rule.entries);
    *rule.entries = copy;
    *rule.count = count;
    return true;
}

void config_destroy(struct config *config)
{
    if (!config)
        return;
    free(config->listen_public);
    free(config->listen_operations);
    free(config->web_root);
    free(config->drain_url);
    free(config->token_key_file);
    free(config->node_name);
    free(config->recorder_folder);
    free(config->tls_certificate_file);
    free(config->tls_key_file);
    free(config->operations_tls_certificate_file);
    free(config->operations_tls_key_file);
    free_list(config->trusted_proxies);
    free_list(config->hosts);
    free_list(config->origins);
    free_list(config->announce);
    free(config);
}
