/*
 * Loading the configuration: defaults, then the file, then --set, each through the same parser and
 * the same rules. For every key it is remembered where its value came from, so that a rule between
 * keys can still point at a line.
 */
#include "sfu/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sfu/config_document.h"
#include "sfu/config_rules.h"

#define FILE_MAX_BYTES (1024 * 1024)

/* Every key's default, as it would be written in the file (deploy/iris.yaml shows the same). */
static const char defaults[] = "listen_public: '127.0.0.1:8080'\n"
                               "listen_operations: '127.0.0.1:8081'\n"
                               "web_root: '" IRIS_WEB_ROOT "'\n"
                               "hosts: [ localhost, 127.0.0.1, '[::1]' ]\n"
                               "origins: []\n"
                               "announce: []\n"
                               "udp_port_first: 49152\n"
                               "udp_port_last: 65535\n"
                               "workers: 0\n"
                               "token_key_file: ''\n"
                               "unique_identities: false\n"
                               "policer: true\n"
                               "tls_certificate_file: ''\n"
                               "tls_key_file: ''\n"
                               "operations_tls_certificate_file: ''\n"
                               "operations_tls_key_file: ''\n"
                               "trusted_proxies: []\n"
                               "connections_per_address: 1000\n"
                               "connection_rate_per_address: 100\n"
                               "requests_per_second: 50\n"
                               "max_participants: 1000\n"
                               "room_max_participants: 120\n"
                               "node_name: ''\n"
                               "network_mbps: 1000\n"
                               "metrics_detail: room\n"
                               "recorder_folder: ''\n"
                               "recorder_seconds: 60\n"
                               "recorder_room_mib: 16\n"
                               "recorder_node_mib: 1024\n"
                               "recorder_files: 100\n"
                               "recorder_folder_mib: 2048\n"
                               "drain_seconds: 5\n"
                               "drain_url: ''\n"
                               "aead: auto\n"
                               "log_level: info\n"
                               "log_format: text\n";

/* Where a value came from. */
struct origin {
    bool is_set;   /* by --set */
    unsigned line; /* of the file, 0: the default */
};

struct loader {
    struct config *config;
    const char *path;
    struct origin origins[CONFIG_KEY_COUNT];
    char *error;
};

static bool fail(struct loader *loader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct loader *loader, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(loader->error, CONFIG_ERROR_BYTES, format, args);
    va_end(args);
    return false;
}

/* "file:line: key: reason" or "--set key: reason". */
static bool fail_at(struct loader *loader, enum config_key key, const char *reason)
{
    const struct origin *origin = &loader->origins[key];
    const char *name = config_key_name(key);

    if (origin->is_set)
        return fail(loader, "--set %s: %s", name, reason);
    if (origin->line > 0)
        return fail(loader, "%s:%u: %s: %s", loader->path, origin->line, name, reason);
    return fail(loader, "the default of %s does not fit the other keys: %s", name, reason);
}

/* A key that a document names; an empty list is seen only by its line. */
static bool apply_key(struct loader *loader, const struct config_document *document,
                      enum config_key key)
{
    char reason[320];
    unsigned count;
    char **entries = config_document_list(document, key, &count);
    const char *text = config_document_text(document, key);
    bool is_named = text || count > 0 || loader->origins[key].line > 0;

    if (!is_named)
        return true;
    if (config_key_is_list(key)
            ? config_set_list(loader->config, key, entries, count, reason, sizeof(reason))
            : config_set_text(loader->config, key, text ? text : "", reason, sizeof(reason)))
        return true;
    return fail_at(loader, key, reason);
}

static bool apply_document(struct loader *loader, const char *text, size_t len)
{
    struct config_fault fault;
    bool is_empty;
    bool is_applied = true;
    struct config_document *document = config_document_parse(text, len, &is_empty, &fault);

    if (!document && !is_empty)
        return fail(loader, "%s:%u: %s", loader->path, fault.line ? fault.line : 1, fault.reason);
    for (enum config_key key = 0; document && is_applied && key < CONFIG_KEY_COUNT; key++) {
        loader->origins[key].line = config_document_line(text, len, config_key_name(key));
        is_applied = apply_key(loader, document, key);
    }
    config_document_destroy(document);
    return is_applied;
}

/* The file's text, terminated; NULL after a failure. */
static char *read_file(struct loader *loader, size_t *len)
{
    FILE *file = fopen(loader->path, "rb");
    char *text = file ? malloc(FILE_MAX_BYTES + 1) : NULL;

    if (text) {
        *len = fread(text, 1, FILE_MAX_BYTES, file);
        text[*len] = '\0';
    }
    if (!text || ferror(file)) {
        fail(loader, "%s:1: cannot be read: %s", loader->path, strerror(errno));
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static bool apply_file(struct loader *loader)
{
    size_t len = 0;
    char *text = read_file(loader, &len);
    bool is_applied = text && apply_document(loader, text, len);

    free(text);
    return is_applied;
}

/* Split "a,b,c" in place; false if there are too many entries. */
static bool split_list(char *text, char *entries[CONFIG_LIST_MAX], unsigned *count)
{
    *count = 0;
    while (text && *text) {
        if (*count == CONFIG_LIST_MAX)
            return false;
        entries[(*count)++] = strsep(&text, ",");
    }
    return true;
}

static bool apply_set_list(struct loader *loader, enum config_key key, const char *value)
{
    char *entries[CONFIG_LIST_MAX];
    char reason[320] = "out of memory";
    char *copy = strdup(value);
    unsigned count = 0;
    bool is_applied = false;

    if (copy && !split_list(copy, entries, &count))
        snprintf(reason, sizeof(reason), "has more than %d entries", CONFIG_LIST_MAX);
    else if (copy)
        is_applied = config_set_list(loader->config, key, entries, count, reason, sizeof(reason));
    free(copy);
    return is_applied || fail_at(loader, key, reason);
}

static bool apply_set(struct loader *loader, const char *set)
{
    size_t len = strcspn(set, "=");
    enum config_key key = config_key_find(set, len);
    char reason[320];

    if (set[len] == '\0')
        return fail(loader, "--set %.100s: this is not key=value", set);
    if (key == CONFIG_KEY_COUNT)
        return fail(loader, "--set %.*s: there is no such key", (int)(len < 100 ? len : 100), set);
    loader->origins[key].is_set = true;
    if (config_key_is_list(key))
        return apply_set_list(loader, key, set + len + 1);
    return config_set_text(loader->config, key, set + len + 1, reason, sizeof(reason)) ||
           fail_at(loader, key, reason);
}

static bool load(struct loader *loader, const char *const *sets, size_t set_count)
{
    char reason[320];
    enum config_key key;
    const char *path = loader->path;

    loader->path = "built-in defaults";
    if (!apply_document(loader, defaults, strlen(defaults)))
        return false;
    memset(loader->origins, 0, sizeof(loader->origins));
    loader->path = path;
    if (path && !apply_file(loader))
        return false;
    for (size_t i = 0; i < set_count; i++)
        if (!apply_set(loader, sets[i]))
            return false;
    return config_check(loader->config, &key, reason, sizeof(reason)) ||
           fail_at(loader, key, reason);
}

struct config *config_load(const char *path, const char *const *sets, size_t set_count, char *error)
{
    struct loader loader = {.path = path, .error = error};

    loader.config = calloc(1, sizeof(*loader.config));
    if (!loader.config) {
        fail(&loader, "out of memory");
        return NULL;
    }
    if (load(&loader, sets, set_count))
        return loader.config;
    config_destroy(loader.config);
    return NULL;
}
