/*
 * Life of the server: context, listeners, the way down.
 *
 * libwebsockets closes its handles on a foreign loop in two steps: it asks libuv to close them, and
 * frees itself when libuv has called back. So destroy runs the loop until the library says that it
 * is gone.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signalling/server_internal.h"

#define FAREWELL_MS       250 /* for close frames at destroy and their answers */
#define STREAM_SILENCE_MS 15000

/* Ping after 25 s without traffic, hang up after 40 s: below the 60 s after which proxies give up.
 */
static const lws_retry_bo_t idle_policy = {.secs_since_valid_ping = 25,
                                           .secs_since_valid_hangup = 40};

/* The first protocol gets all HTTP; its name is no token, so that no client can ask for it. */
static const struct lws_protocols public_protocols[] = {
    {.name = "(http)",
     .callback = signalling_http_callback,
     .per_session_data_size = sizeof(struct http_session)},
    {.name = SIGNALLING_SUBPROTOCOL,
     .callback = signalling_websocket_callback,
     .per_session_data_size = sizeof(struct signalling_connection *),
     .rx_buffer_size = 2048}, /* each connection has one; longer messages come in pieces */
    {.name = NULL},
};

static const struct lws_protocols operations_protocols[] = {
    {.name = "(http)",
     .callback = signalling_http_callback,
     .per_session_data_size = sizeof(struct http_session)},
    {.name = NULL},
};

struct signalling_server *signalling_server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

bool signalling_server_is_operations(struct lws *wsi)
{
    return lws_get_vhost(wsi) == signalling_server_of(wsi)->vhosts[1];
}

/* The first address of a name, numeric; libwebsockets takes only addresses and interfaces. */
static bool resolve(const char *host, char numeric[NI_MAXHOST], bool *is_v6)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    bool is_resolved = getaddrinfo(host, NULL, &hints, &found) == 0 &&
                       getnameinfo(found->ai_addr, found->ai_addrlen, numeric, NI_MAXHOST, NULL, 0,
                                   NI_NUMERICHOST) == 0;

    *is_v6 = is_resolved && found->ai_family == AF_INET6;
    if (found)
        freeaddrinfo(found);
    return is_resolved;
}

/* Why an address cannot be bound; libwebsockets tells numbers only. */
static const char *bind_problem(const char *numeric, uint16_t port, bool is_v6)
{
    struct addrinfo hints = {.ai_family = is_v6 ? AF_INET6 : AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *address = NULL;
    char service[8];
    int on = 1;
    int problem = EADDRNOTAVAIL;
    int fd = socket(hints.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(service, sizeof(service), "%u", port);
    if (fd >= 0 && getaddrinfo(numeric, service, &hints, &address) == 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        problem = bind(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
        freeaddrinfo(address);
    }
    if (fd >= 0)
        close(fd);
    return problem ? strerror(problem) : NULL;
}

/* Bind one listener; 0: public, 1: operations. */
static bool open_listener(struct signalling_server *server, int index, const char *host,
                          uint16_t port, char *error, size_t error_cap)
{
    char numeric[NI_MAXHOST];
    const char *problem;
    bool is_v6;
    int bound;
    struct lws_context_creation_info info = {
        .port = port,
        .iface = numeric,
        .vhost_name = index == 0 ? "public" : "operations",
        .protocols = index == 0 ? public_protocols : operations_protocols,
        .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY | LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE,
        .keepalive_timeout = 20,
        .timeout_secs = 10,
        .retry_and_idle_policy = &idle_policy,
    };

    if (!resolve(host, numeric, &is_v6)) {
        snprintf(error, error_cap, "cannot listen on %s: it is no address of this machine", host);
        return false;
    }
    if (!is_v6)
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    signalling_tls_fill_vhost(server, index, &info);
    server->opening = index;
    server->first_complaint[0] = '\0';
    server->vhosts[index] = lws_create_vhost(server->context, &info);
    bound = server->vhosts[index] ? lws_get_vhost_listen_port(server->vhosts[index]) : -1;
    if (bound <= 0) {
        problem = bind_problem(numeric, port, is_v6);
        snprintf(error, error_cap, "cannot listen on %s port %u: %s", host, port,
                 problem ? problem : server->first_complaint);
        return false;
    }
    if (!signalling_tls_is_as_configured(server, index)) {
        snprintf(error, error_cap, "cannot listen on %s port %u: TLS does not start", host, port);
        return false;
    }
    server->ports[index] = (uint16_t)bound;
    return true;
}

static bool open_context(struct signalling_server *server, char *error, size_t error_cap)
{
    void *loops[] = {server->loop};
    struct lws_context_creation_info info = {
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .foreign_loops = loops,
        .pcontext = &server->context,
        .user = server,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .max_http_header_data = 8192,
        .timeout_secs = 10,
    };

    server->context = lws_create_context(&info);
    if (!server->context)
        snprintf(error, error_cap,
                 "libwebsockets does not start (is its libuv plugin, Debian's "
                 "libwebsockets-evlib-uv, installed?): %.150s",
                 server->first_complaint);
    return server->context != NULL;
}

/* Copies a list of names; false: no memory. */
static bool copy_names(char **out, const char *const names[SIGNALLING_NAMES_MAX])
{
    for (int i = 0; i < SIGNALLING_NAMES_MAX && names[i]; i++) {
        out[i] = strdup(names[i]);
        if (!out[i])
            return false;
    }
    return true;
}

/* The seed must not be guessed: it decides which addresses share a set of the table. */
static bool configure_limits(struct signalling_server *server,
                             const struct signalling_server_config *config)
{
    unsigned rate = config->connection_rate_per_address;
    const struct signalling_limit_config limits = {.connections = config->connections_per_address,
                                                   .rate = {rate, 5 * rate}};
    uint64_t seed;

    if (uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL) != 0)
        return false;
    signalling_limit_init(&server->limit, &limits, seed);
    server->stream_silence_ms =
        config->stream_silence_ms ? config->stream_silence_ms : STREAM_SILENCE_MS;
    server->request_rate =
        (struct signalling_rate){config->requests_per_second, 2 * config->requests_per_second};
    return true;
}

static bool configure_proxies(struct signalling_server *server,
                              const struct signalling_server_config *config, char *error,
                              size_t error_cap)
{
    size_t count = 0;

    for (; count < SIGNALLING_NAMES_MAX && config->trusted_proxies[count]; count++)
        if (!signalling_ip_prefix_parse(config->trusted_proxies[count], &server->trusted[count])) {
            snprintf(error, error_cap, "'%.100s' is not the address or prefix of a proxy",
                     config->trusted_proxies[count]);
            return false;
        }
    server->proxies = (struct signalling_proxies){server->trusted, count};
    return true;
}

static bool copy_config(struct signalling_server *server,
                        const struct signalling_server_config *config)
{
    const char *const *names = (const char *const *)server->names;

    if (config->web_root)
        server->web_root = strdup(config->web_root);
    server->access.hosts = names;
    server->access.origins = names + SIGNALLING_NAMES_MAX;
    server->access.cap = SIGNALLING_NAMES_MAX;
    return (server->web_root || !config->web_root) && copy_names(server->names, config->hosts) &&
           copy_names(server->names + SIGNALLING_NAMES_MAX, config->origins);
}

struct signalling_server *signalling_server_create(uv_loop_t *loop,
                                                   const struct signalling_server_config *config,
                                                   const struct signalling_handlers *handlers,
                                                   char *error, size_t error_cap)
{
    struct signalling_server *server = calloc(1, sizeof(*server));

    if (!server || !copy_config(server, config) || !configure_limits(server, config)) {
        snprintf(error, error_cap, "cannot start the server: out of memory");
        signalling_server_destroy(server);
        return NULL;
    }
    server->loop = loop;
    server->handlers = *handlers;
    signalling_server_take_library_log(server);
    if (configure_proxies(server, config, error, error_cap) &&
        signalling_tls_configure(server, config, error, error_cap) == 0 &&
        open_context(server, error, error_cap) &&
        open_listener(server, 0, config->public_address, config->public_port, error, error_cap) &&
        open_listener(server, 1, config->operations_address, config->operations_port, error,
                      error_cap)) {
        server->is_running = true;
        return server;
    }
    signalling_server_destroy(server);
    return NULL;
}

uint16_t signalling_server_public_port(const struct signalling_server *server)
{
    return server->ports[0];
}

uint16_t signalling_server_operations_port(const struct signalling_server *server)
{
    return server->ports[1];
}

/* Wakes a loop that would otherwise wait for ever. */
static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void on_tick_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

/* Close every connection and run the loop until the peers have answered and the streams have what
 * was published, but not for long. */
static void say_farewell(struct signalling_server *server)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + FAREWELL_MS;
    bool is_tick_closed = false;
    uv_timer_t tick;

    for (struct signalling_connection *c = server->connections; c; c = c->next)
        signalling_connection_close(c, SIGNALLING_CLOSE_DRAINED, "the server stops");
    uv_timer_init(server->loop, &tick);
    tick.data = &is_tick_closed;
    uv_timer_start(&tick, on_tick, 5, 5);
    while ((server->connections || signalling_stream_is_any_unsent(server)) &&
           uv_hrtime() / 1000000 < end_ms)
        uv_run(server->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, on_tick_closed);
    while (!is_tick_closed) /* the handle stands on this stack */
        uv_run(server->loop, UV_RUN_NOWAIT);
}

static void count_closing(uv_handle_t *handle, void *count)
{
    *(unsigned *)count += uv_is_closing(handle) != 0;
}

/* Let libuv call back for every handle that has been asked to close. */
static void run_closing(uv_loop_t *loop)
{
    unsigned closing;

    do {
        uv_run(loop, UV_RUN_NOWAIT);
        closing = 0;
        uv_walk(loop, count_closing, &closing);
    } while (closing > 0);
}

void signalling_server_destroy(struct signalling_server *server)
{
    if (!server)
        return;
    if (server->connections || server->streams)
        say_farewell(server);
    if (server->context) {
        lws_context_destroy(server->context);
        run_closing(server->loop);
    }
    if (server->context) {
        lws_context_destroy(server->context);
        run_closing(server->loop);
    }
    signalling_server_release_library_log(server);
    signalling_tls_dispose(server);
    for (int i = 0; i < 2 * SIGNALLING_NAMES_MAX; i++)
        free(server->names[i]);
    free(server->web_root);
    free(server);
}
