/* iris: options, configuration, signals; everything else is control's. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "sfu/config.h"
#include "sfu/control/control.h"
#include "sfu/log.h"

#define SETS_MAX    64
#define WORKERS_MAX 64

static const char usage[] =
    "usage: iris [--config FILE] [--set key=value]... [--check-config]\n"
    "\n"
    "A conferencing SFU: browsers join over a WebSocket and exchange media by WebRTC.\n"
    "\n"
    "  --config FILE      read a YAML file; every key stands in deploy/iris.yaml\n"
    "  --set key=value    override one key; lists as a,b,c\n"
    "  --check-config     say whether the configuration is valid, and end\n"
    "  --version          print the version, and end\n"
    "  --help             print this, and end\n"
    "\n"
    "Without a file it listens on 127.0.0.1:8080 (page and control channel) and\n"
    "127.0.0.1:8081 (operations). Exit codes: 0 ended by a signal, 1 cannot run, 2 usage.\n";

struct options {
    const char *config;
    const char *sets[SETS_MAX];
    size_t set_count;
    bool is_check;
};

static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
        {"check-config", no_argument, NULL, 'k'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (option) {
        case 'c':
            options->config = optarg;
            break;
        case 's':
            if (options->set_count == SETS_MAX) {
                fprintf(stderr, "iris: at most %d --set options\n", SETS_MAX);
                return 2;
            }
            options->sets[options->set_count++] = optarg;
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

static void on_signal(uv_signal_t *signal, int number)
{
    log_event(CONFIG_LOG_INFO, "server.stop", "signal", number == SIGINT ? "SIGINT" : "SIGTERM",
              NULL);
    uv_stop(signal->loop);
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

/* The listeners' hosts live in the caller's buffers. */
static void fill_control(struct control_config *out, const struct config *config,
                         char public_host[256], char operations_host[256])
{
    config_split_listen(config->listen_public, public_host, 256, &out->server.public_port);
    config_split_listen(config->listen_operations, operations_host, 256,
                        &out->server.operations_port);
    out->server.public_address = public_host;
    out->server.operations_address = operations_host;
    out->server.web_root = config->web_root;
    for (unsigned i = 0; i < config->hosts_count && i + 1 < SIGNALLING_NAMES_MAX; i++)
        out->server.hosts[i] = config->hosts[i];
    for (unsigned i = 0; i < config->origins_count && i + 1 < SIGNALLING_NAMES_MAX; i++)
        out->server.origins[i] = config->origins[i];
    out->udp_port_first = config->udp_port_first;
    out->udp_port_last = config->udp_port_last;
    out->worker_count = config->workers ? config->workers : core_count();
    out->aead = backend_of(config->aead);
    out->log = write_log;
}

static int run(uv_loop_t *loop, const struct config *config, struct control_config *control_config)
{
    char error[CONFIG_ERROR_BYTES], public_host[256], operations_host[256];
    uv_signal_t signals[2];
    fill_control(control_config, config, public_host, operations_host);
    struct control *control = control_start(loop, control_config, error, sizeof(error));
    if (!control) {
        log_event(CONFIG_LOG_ERROR, "server.fail", "reason", error, NULL);
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        uv_signal_init(loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, i ? SIGTERM : SIGINT);
    }
    bool is_v6 = strchr(public_host, ':') != NULL;
    char url[300];
    snprintf(url, sizeof(url), "http://%s%s%s:%u/", is_v6 ? "[" : "", public_host, is_v6 ? "]" : "",
             control_public_port(control));
    log_event(CONFIG_LOG_INFO, "server.start", "version", IRIS_VERSION, "url", url, NULL);
    fprintf(stderr, "Iris is ready. Open %s in two browsers.\n", url);
    uv_run(loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    control_stop(control);
    return 0;
}

static int serve(const struct config *config)
{
    char error[CONFIG_ERROR_BYTES];
    struct control_config control = {0};
    struct signalling_token_key *key = NULL;
    uv_loop_t loop;
    log_init(config->log_level, config->log_format);
    if (config->token_key_file[0] &&
        !(key = signalling_token_key_load(config->token_key_file, error, sizeof(error)))) {
        log_event(CONFIG_LOG_ERROR, "server.fail", "reason", error, NULL);
        return 1;
    }
    control.token_key = key;
    if (io_addresses_get(&control.addresses, config->announce, config->announce_count)) {
        log_event(CONFIG_LOG_ERROR, "server.fail", "reason",
                  "announce: at most 8 IP addresses are needed, or none for the machine's own",
                  NULL);
        signalling_token_key_destroy(key);
        return 1;
    }
    uv_loop_init(&loop);
    int code = run(&loop, config, &control);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    signalling_token_key_destroy(key);
    return code;
}

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR_BYTES];
    struct options options = {0};
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
