/*
 * The server's configuration: embedded defaults, then a YAML file (libcyaml), then --set key=value.
 * Every key stands in deploy/iris.yaml with its default. What is wrong is said with file, line and
 * reason.
 */
#ifndef IRIS_SFU_CONFIG_H
#define IRIS_SFU_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_LIST_MAX 16

enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };
enum config_metrics_detail { CONFIG_METRICS_NODE, CONFIG_METRICS_ROOM, CONFIG_METRICS_PARTICIPANT };
enum config_aead { CONFIG_AEAD_AUTO, CONFIG_AEAD_IPSEC_MB, CONFIG_AEAD_EVP };

/* One field a key, same names as in the file. Strings are owned; lists end with NULL. */
struct config {
    char *listen_public;     /* "127.0.0.1:8080", "[::]:443" */
    char *listen_operations; /* "127.0.0.1:8081" */
    char *web_root;          /* folder of the web client and of the dashboard */
    char **hosts;            /* accepted Host names */
    unsigned hosts_count;
    char **origins; /* further accepted origins */
    unsigned origins_count;
    char **announce; /* addresses in candidates; empty: 127.0.0.1 and the machine's own */
    unsigned announce_count;
    uint16_t udp_port_first, udp_port_last; /* within 49152-65535 */
    unsigned workers;                       /* 0: one per core */
    char *token_key_file;                   /* "": no tokens, loopback listeners only */
    bool unique_identities;                 /* a second participant of a `sub` ends the first */
    bool policer;                           /* what is over the contract is dropped */
    char *tls_certificate_file;             /* of the public listener, "": HTTP in clear */
    char *tls_key_file;                     /* set if and only if the certificate is */
    char *operations_tls_certificate_file;  /* likewise of the operations listener */
    char *operations_tls_key_file;
    char **trusted_proxies; /* addresses or prefixes whose X-Forwarded-* is believed */
    unsigned trusted_proxies_count;
    unsigned connections_per_address;     /* WebSockets; 0: no limit */
    unsigned connection_rate_per_address; /* new ones a second; 0: no limit */
    unsigned requests_per_second;         /* of one WebSocket; 0: no limit */
    unsigned max_participants;            /* of the server */
    unsigned room_max_participants;       /* at most 128 */
    char *node_name;                      /* "": the host's name */
    unsigned network_mbps;                /* what the network interface carries; 0: unknown */
    enum config_metrics_detail metrics_detail;
    char *recorder_folder;        /* of dumps; "": rooms have no flight recorder */
    unsigned recorder_seconds;    /* how far back it reaches */
    unsigned recorder_room_mib;   /* at most, of one room */
    unsigned recorder_node_mib;   /* at most, of all rooms */
    unsigned recorder_files;      /* dumps that are kept, of each kind */
    unsigned recorder_folder_mib; /* of all of them */
    unsigned drain_seconds;       /* of a drain that names no deadline */
    char *drain_url;              /* where its clients are told to go; "": nowhere */
    enum config_aead aead;
    enum config_log_level log_level;
    enum config_log_format log_format;
};

#define CONFIG_ERROR_BYTES 512

/**
 * Load and validate.
 *
 * @param path       YAML file, NULL: none
 * @param sets       "key=value" overrides (lists as a,b,c), set_count of them
 * @param error      on failure "file:line: reason" (or "--set key: reason"), CONFIG_ERROR_BYTES
 * @return           owned; NULL on failure
 */
struct config *config_load(const char *path, const char *const *sets, size_t set_count,
                           char *error);
void config_destroy(struct config *config);

/**
 * Split "host:port" or "[v6]:port".
 *
 * @param host  host_cap bytes, without brackets
 * @return      false if it is neither
 */
bool config_split_listen(const char *listen, char *host, size_t host_cap, uint16_t *port);

#endif
