/*
 * One YAML document of the configuration as libcyaml delivers it: which keys it names, with what
 * text. Meaning is given in config.c. Internal to sfu/config*.c.
 */
#ifndef IRIS_SFU_CONFIG_DOCUMENT_H
#define IRIS_SFU_CONFIG_DOCUMENT_H

#include "sfu/config.h"

/* Every key: X(name, TEXT or LIST). */
#define CONFIG_KEY_LIST(X)                                                                         \
    X(listen_public, TEXT)                                                                         \
    X(listen_operations, TEXT)                                                                     \
    X(web_root, TEXT)                                                                              \
    X(hosts, LIST)                                                                                 \
    X(origins, LIST)                                                                               \
    X(announce, LIST)                                                                              \
    X(udp_port_first, TEXT)                                                                        \
    X(udp_port_last, TEXT)                                                                         \
    X(workers, TEXT)                                                                               \
    X(token_key_file, TEXT)                                                                        \
    X(unique_identities, TEXT)                                                                     \
    X(policer, TEXT)                                                                               \
    X(tls_certificate_file, TEXT)                                                                  \
    X(tls_key_file, TEXT)                                                                          \
    X(operations_tls_certificate_file, TEXT)                                                       \
    X(operations_tls_key_file, TEXT)                                                               \
    X(trusted_proxies, LIST)                                                                       \
    X(connections_per_address, TEXT)                                                               \
    X(connection_rate_per_address, TEXT)                                                           \
    X(recorder_folder, TEXT)                                                                       \
    X(recorder_seconds, TEXT)                                                                      \
    X(recorder_room_mib, TEXT)                                                                     \
    X(recorder_node_mib, TEXT)                                                                     \
    X(recorder_files, TEXT)                                                                        \
    X(recorder_folder_mib, TEXT)                                                                   \
    X(requests_per_second, TEXT)                                                                   \
    X(max_participants, TEXT)                                                                      \
    X(room_max_participants, TEXT)                                                                 \
    X(node_name, TEXT)                                                                             \
    X(network_mbps, TEXT)                                                                          \
    X(metrics_detail, TEXT)                                                                        \
    X(drain_seconds, TEXT)                                                                         \
    X(drain_url, TEXT)                                                                             \
    X(aead, TEXT)                                                                                  \
    X(log_level, TEXT)                                                                             \
    X(log_format, TEXT)

enum config_key {
#define X(name, kind) CONFIG_KEY_##name,
    CONFIG_KEY_LIST(X)
#undef X
        CONFIG_KEY_COUNT
};

/* Scalars stay text until config.c reads them: libcyaml would take 1.5 and -1 for port numbers. */
struct config_document {
#define CONFIG_FIELD_TEXT(name) char *name;
#define CONFIG_FIELD_LIST(name)                                                                    \
    char **name;                                                                                   \
    unsigned name##_count;
#define X(name, kind) CONFIG_FIELD_##kind(name)
    CONFIG_KEY_LIST(X)
#undef X
};

/* What libcyaml found wrong. */
struct config_fault {
    unsigned line;    /* from 1; 0: unknown */
    char reason[256]; /* a sentence */
};

/**
 * Read a document: shape and keys are checked, meaning is not.
 *
 * @param text   len bytes, hostile
 * @param fault  written on failure
 * @return       owned, config_document_destroy(); NULL with *is_empty set if there is nothing in it
 */
struct config_document *config_document_parse(const char *text, size_t len, bool *is_empty,
                                              struct config_fault *fault);
void config_document_destroy(struct config_document *document);

/**
 * Where a document names a key: libcyaml keeps no lines of what it has read.
 *
 * @return line from 1; 0: not at the start of a line
 */
unsigned config_document_line(const char *text, size_t len, const char *key);

/** The text of a key: NULL if the document does not name it, or if the key is a list. */
const char *config_document_text(const struct config_document *document, enum config_key key);

/** The entries of a list key, and their number. NULL for none. */
char **config_document_list(const struct config_document *document, enum config_key key,
                            unsigned *count);

const char *config_key_name(enum config_key key);
bool config_key_is_list(enum config_key key);

/** Look a key up by its name. @return CONFIG_KEY_COUNT if there is none */
enum config_key config_key_find(const char *name, size_t len);

#endif
