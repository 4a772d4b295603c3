/* iris: options, configuration, signals; everything else is control's. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "sfu/config.h"
#include "sfu/control/control.h"
#include "sfu/log.h"
#include "sfu/token_command.h"

#define SETS_MAX    64
#define WORKERS_MAX 64
#define MIB         1048576u

static const char usage[] =
    "usage: iris [--config FILE] [--set key=value]... [--check-config]\n"
    "       iris token --room ROOM --name NAME [OPTIONS]   (iris token --help)\n"
    "\n"
    "A conferencing SFU: browsers join over a WebSocket and exchange media by WebRTC.\n"
    "\n"
    "  --config FILE      read a YAML file; every key stands in deploy/iris.yaml\n"
    "  --set key=value    override one key; lists as a,b,c\n"
    "  --log-format NAME  text or json, as --set log_format=NAME\n"
    "  --check-config     say whether the configuration is valid, and end\n"
    "  --version          print the version, and end\n"
    "  --help             print this, and end\n"
    "\n"
    "Without a file it listens on 127.0.0.1:8080 (page and control channel) and\n"
    "127.0.0.1:8081 (operations). SIGHUP reads the token key and the TLS files again; SIGTERM\n"
    "lets people go first (drain_seconds), a second one and SIGINT end it at once. Exit codes:\n"
    "0 ended by a signal or drained, 1 cannot run, 2 usage.\n";

struct options {
    const char *config;
    const char *sets[SETS_MAX];
    size_t set_count;
    char log_format[64]; /* one of sets */
    bool is_check;
};

static bool add_set(struct options *options, const char *key_value)
{
    if (options->set_count == SETS_MAX) {
        fprintf(stderr, "iris: at most %d --set options\n", SETS_MAX);
        return false;
    }
    options->sets[options->set_count++] = key_value;
    return true;
}

static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, 's'},
        {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"log-format", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (option) {
        case 'c':
            options->config = optarg;
            break;
        case 'l':
            snprintf(options->log_format, sizeof(options->log_format), "log_format=%s", optarg);
            if (!add_set(options, options->log_format))
                return 2;
            break;
        case 's':
            if (!add_set(options, optarg))
                return 2;
            break;
        case 'k':
            options->is_check = true;
            break;
        case 'v':
            puts("iris " IRIS_VERSION);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs("try: iris --help\n", stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "iris: unexpected argument '%s'; try: iris --help\n", argv[optind]);
        return 2;
    }
    return 0;
}

static void write_log(int level, const char *event, const char *const *pairs)
{
    log_pairs((enum config_log_level)level, event, pairs);
}

/* What runs, and what a reload replaces. */
struct running {
    const struct config *config;
    struct control *control;
    struct signalling_token_key *key; /* owned, NULL: none */
    bool is_terminated;               /* by a first SIGTERM */
};

static void log_reload(bool is_reloaded, const char *what, const char *detail)
{
    if (is_reloaded)
        log_event(CONFIG_LOG_INFO, "server.reload", "what", what, "file", detail, NULL);
    else
        log_event(CONFIG_LOG_ERROR, "server.reload_fail", "what", what, "reason", detail, NULL);
}

static void reload_token_key(struct running *running)
{
    char error[CONFIG_ERROR_BYTES];
    struct signalling_token_key *key =
        signalling_token_key_load(running->config->token_key_file, error, sizeof(error));
    log_reload(key, "token_key", key ? running->config->token_key_file : error);
    if (!key)
        return;
    control_set_token_key(running->control, key);
    signalling_token_key_destroy(running->key);
    running->key = key;
}

static void reload_tls(struct running *running)
{
    char error[CONFIG_ERROR_BYTES];
    const struct config *config = running->config;
    bool is_reloaded = control_reload_tls(running->control, error, sizeof(error)) >= 0;
    const char *file = config->tls_certificate_file[0] ? config->tls_certificate_file
                                                       : config->operations_tls_certificate_file;
    log_reload(is_reloaded, "tls", is_reloaded ? file : error);
}

/* SIGHUP: read again what is renewed while a server runs. What cannot be read leaves the old one.
 */
static void on_hangup(uv_signal_t *signal, int number)
{
    struct running *running = signal->data;
    const struct config *config = running->config;
    bool has_tls = config->tls_certificate_file[0] || config->operations_tls_certificate_file[0];
    (void)number;
    if (config->token_key_file[0])
        reload_token_key(running);
    if (has_tls)
        reload_tls(running);
    if (!config->token_key_file[0] && !has_tls)
        log_event(CONFIG_LOG_INFO, "server.reload", "what", "nothing", NULL);
}

/* At once: SIGINT of a terminal, and whoever asks a second time. */
static void on_interrupt(uv_signal_t *signal, int number)
{
    log_event(CONFIG_LOG_INFO, "server.stop", "signal", number == SIGINT ? "SIGINT" : "SIGTERM",
              NULL);
    uv_stop(signal->loop);
}

/* What a supervisor sends: end, but not in the middle of people's sentences. */
static void on_terminate(uv_signal_t *signal, int number)
{
    struct running *running = signal->data;
    if (running->is_terminated) {
        on_interrupt(signal, number);
        return;
    }
    running->is_terminated = true;
    log_event(CONFIG_LOG_INFO, "server.terminate", "signal", "SIGTERM", NULL);
    control_drain_soon(running->control);
}

static void on_drained(void *context)
{
    uv_stop(context);
}

static unsigned core_count(void)
{
    uv_cpu_info_t *infos;
    int count;
    if (uv_cpu_info(&infos, &count))
        return 1;
    uv_free_cpu_info(infos, count);
    return count > 0 && count <= WORKERS_MAX ? (unsigned)count : 1;
}

static enum transport_aead_backend backend_of(enum config_aead aead)
{
    switch (aead) {
    case CONFIG_AEAD_IPSEC_MB:
        return TRANSPORT_AEAD_IPSEC_MB;
    case CONFIG_AEAD_EVP:
        return TRANSPORT_AEAD_EVP;
    case CONFIG_AEAD_AUTO:
        break;
    }
    return TRANSPORT_AEAD_AUTO;
}

static void copy_list(const char *out[SIGNALLING_NAMES_MAX], char **list, unsigned count)
{
    for (unsigned i = 0; i < count && i < SIGNALLING_NAMES_MAX; i++)
        out[i] = list[i];
}

/* The server's names for "not set". */
static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void fill_server(struct signalling_server_config *out, const struct config *config)
{
    out->web_root = config->web_root;
    copy_list(out->hosts, config->hosts, config->hosts_count);
    copy_list(out->origins, config->origins, config->origins_count);
    copy_list(out->trusted_proxies, config->trusted_proxies, config->trusted_proxies_count);
    out->public_certificate_file = text_or_null(config->tls_certificate_file);
    out->public_key_file = text_or_null(config->tls_key_file);
    out->operations_certificate_file = text_or_null(config->operations_tls_certificate_file);
    out->operations_key_file = text_or_null(config->operations_tls_key_file);
    out->connections_per_address = config->connections_per_address;
    out->connection_rate_per_address = config->connection_rate_per_address;
    out->requests_per_second = config->requests_per_second;
}

static enum control_metrics_detail detail_of(enum config_metrics_detail detail)
{
    switch (detail) {
    case CONFIG_METRICS_NODE:
        return CONTROL_METRICS_NODE;
    case CONFIG_METRICS_ROOM:
        return CONTROL_METRICS_ROOM;
    case CONFIG_METRICS_PARTICIPANT:
        break;
    }
    return CONTROL_METRICS_PARTICIPANT;
}

/* Lives as long as the process. */
static const char *host_name(void)
{
    static char name[256];
    if (gethostname(name, sizeof(name) - 1))
        return "iris";
    return name;
}

/* The listeners' hosts live in the caller's buffers. */
static void fill_control(struct control_config *out, const struct config *config,
                         char public_host[256], char operations_host[256])
{
    config_split_listen(config->listen_public, public_host, 256, &out->server.public_port);
    config_split_listen(config->listen_operations, operations_host, 256,
                        &out->server.operations_port);
    out->server.public_address = public_host;
    out->server.operations_address = operations_host;
    fill_server(&out->server, config);
    out->max_participants = config->max_participants;
    out->room_max_participants = config->room_max_participants;
    out->version = IRIS_VERSION;
    out->node_name = config->node_name[0] ? config->node_name : host_name();
    out->network_bps = (uint64_t)config->network_mbps * 1000000;
    out->metrics_detail = detail_of(config->metrics_detail);
    out->unique_identities = config->unique_identities;
    out->recorder_folder = text_or_null(config->recorder_folder);
    out->recorder_files = config->recorder_files;
    out->recorder_folder_bytes = config->recorder_folder_mib * (uint64_t)MIB;
    out->recorders_bytes = config->recorder_node_mib * (uint64_t)MIB;
    out->recorder_bytes = config->recorder_room_mib * MIB;
    out->recorder_us = (int64_t)config->recorder_seconds * 1000000;
    out->is_unpoliced = !config->policer;
    out->udp_port_first = config->udp_port_first;
    out->udp_port_last = config->udp_port_last;
    out->worker_count = config->workers ? config->workers : core_count();
    out->aead = backend_of(config->aead);
    out->drain_deadline_ms = config->drain_seconds * UINT64_C(1000);
    out->drain_url = text_or_null(config->drain_url);
    out->on_drained = on_drained;
    out->log_level = (int)config->log_level;
    out->log = write_log;
}

/* Where people find the page. An address that stands for all is none to open. */
static void announce_url(const struct config *config, const char *host, uint16_t port)
{
    const char *scheme = config->tls_certificate_file[0] ? "https" : "http";
    bool is_any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    bool is_v6 = !is_any && strchr(host, ':') != NULL;
    char url[300];
    snprintf(url, sizeof(url), "%s://%s%s%s:%u/", scheme, is_v6 ? "[" : "",
             is_any ? "localhost" : host, is_v6 ? "]" : "", port);
    log_event(CONFIG_LOG_INFO, "server.start", "version", IRIS_VERSION, "url", url, NULL);
    if (config->log_format == CONFIG_LOG_TEXT) /* else every line is JSON */
        fprintf(stderr, "Iris is ready. Open %s in two browsers.\n", url);
}

static int run(uv_loop_t *loop, struct running *running, struct control_config *control_config)
{
    static const struct {
        int number;
        uv_signal_cb handle;
    } handlers[] = {{SIGINT, on_interrupt}, {SIGTERM, on_terminate}, {SIGHUP, on_hangup}};
    char error[CONFIG_ERROR_BYTES], public_host[256], operations_host[256];
    uv_signal_t signals[3];
    fill_control(control_config, running->config, public_host, operations_host);
    control_config->on_drained_context = loop;
    running->control = control_start(loop, control_config, error, sizeof(error));
    if (!running->control) {
        log_event(CONFIG_LOG_ERROR, "server.fail", "reason", error, NULL);
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        uv_signal_init(loop, &signals[i]);
        signals[i].data = running;
        uv_signal_start(&signals[i], handlers[i].handle, handlers[i].number);
    }
    announce_url(running->config, public_host, control_public_port(running->control));
    uv_run(loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    control_stop(running->control);
    return 0;
}

/* @return false after its line in the log */
static bool prepare(struct running *running, struct control_config *control)
{
    const struct config *config = running->config;
    char error[CONFIG_ERROR_BYTES];
    if (config->token_key_file[0]) {
        running->key = signalling_token_key_load(config->token_key_file, error, sizeof(error));
        control->token_key = running->key;
        if (!running->key) {
            log_event(CONFIG_LOG_ERROR, "server.fail", "reason", error, NULL);
            return false;
        }
    }
    if (io_addresses_get(&control->addresses, config->announce, config->announce_count) == 0)
        return true;
    log_event(CONFIG_LOG_ERROR, "server.fail", "reason",
              "announce: at most 8 IP addresses are needed, or none for the machine's own", NULL);
    return false;
}

static int serve(const struct config *config)
{
    struct control_config control = {0};
    struct running running = {.config = config};
    uv_loop_t loop;
    int code = 1;
    log_init(config->log_level, config->log_format);
    if (prepare(&running, &control)) {
        uv_loop_init(&loop);
        code = run(&loop, &running, &control);
        uv_run(&loop, UV_RUN_DEFAULT);
        uv_loop_close(&loop);
    }
    signalling_token_key_destroy(running.key);
    return code;
}

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR_BYTES];
    struct options options = {0};
    if (argc > 1 && strcmp(argv[1], "token") == 0)
        return token_command(argc - 1, argv + 1, time(NULL), stdout, stderr);
    int code = parse_options(argc, argv, &options);
    if (code)
        return code;
    struct config *config = config_load(options.config, options.sets, options.set_count, error);
    if (!config) {
        fprintf(stderr, "iris: %s\n", error);
        return 1;
    }
    if (options.is_check)
        puts("iris: the configuration is valid");
    else
        code = serve(config);
    config_destroy(config);
    return code;
}
