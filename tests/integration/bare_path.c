/* The path of a client that makes its checks by hand, one every CHECK_MS. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/client_path.h"
#include "tests/integration/stun_message.h"

#define CHECK_MS       100
#define DATAGRAM_BYTES 2048
#define PRIORITY       2130706431u /* host candidate, RFC 8445, 5.1.2.1 */

struct bare_path {
    struct client_path path; /* first: the door casts */
    int fd;
    guint source, timer;
    uint16_t local_port;
    struct sockaddr_in server;
    char username[512];
    char server_pwd[257];
    bool nominates;
    struct bare_path_counters counters;
};

static void on_stun(struct bare_path *self, const uint8_t *data, size_t len)
{
    struct stun_answer answer;
    stun_message_read_answer(&answer, data, len, self->server_pwd);
    if (answer.kind == STUN_ANSWER_ERROR)
        self->counters.errors++;
    if (answer.kind != STUN_ANSWER_SUCCESS)
        return;
    self->counters.answers++;
    if (answer.mapped_port != self->local_port || answer.mapped_ipv4 != INADDR_LOOPBACK)
        self->counters.wrong_mapped_address++;
    if (!answer.has_integrity)
        self->counters.wrong_integrity++;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user)
{
    struct bare_path *self = user;
    uint8_t data[DATAGRAM_BYTES];
    (void)condition;
    ssize_t len = recv(fd, data, sizeof(data), 0);
    if (len <= 0)
        return G_SOURCE_CONTINUE;
    if (data[0] < 4) /* RFC 7983 */
        on_stun(self, data, (size_t)len);
    else
        self->path.receive(self->path.context, data, (size_t)len);
    return G_SOURCE_CONTINUE;
}

static void open_socket(struct bare_path *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(self->fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(self->fd, (struct sockaddr *)&address, &len) != 0)
        perror("bare path");
    self->local_port = ntohs(address.sin_port);
    self->source = g_unix_fd_add(self->fd, G_IO_IN, on_readable, self);
}

static void close_socket(struct bare_path *self)
{
    g_source_remove(self->source);
    close(self->fd);
}

static void send_datagram(struct client_path *path, const uint8_t *data, size_t len)
{
    struct bare_path *self = (struct bare_path *)path;
    (void)!sendto(self->fd, data, len, 0, (struct sockaddr *)&self->server, sizeof(self->server));
}

static gboolean send_check(gpointer user)
{
    struct bare_path *self = user;
    uint8_t message[STUN_MESSAGE_MAX_BYTES];
    struct stun_check check = {.username = self->username,
                               .password = self->server_pwd,
                               .priority = PRIORITY,
                               .use_candidate = self->nominates};
    for (unsigned i = 0; i < STUN_TRANSACTION_BYTES; i++)
        check.transaction[i] = (uint8_t)g_random_int();
    self->counters.checks++;
    send_datagram(&self->path, message, stun_message_write_check(message, &check));
    return G_SOURCE_CONTINUE;
}

static void start(struct client_path *path, const struct answer *answer)
{
    struct bare_path *self = (struct bare_path *)path;
    self->server.sin_family = AF_INET;
    self->server.sin_port = htons(answer->candidates[0].port);
    inet_pton(AF_INET, answer->candidates[0].address, &self->server.sin_addr);
    snprintf(self->username, sizeof(self->username), "%s:%s", answer->ufrag, path->ufrag);
    snprintf(self->server_pwd, sizeof(self->server_pwd), "%s", answer->pwd);
    send_check(self);
    self->timer = g_timeout_add(CHECK_MS, send_check, self);
}

static bool is_connected(const struct client_path *path)
{
    return ((const struct bare_path *)path)->counters.answers > 0;
}

static void destroy(struct client_path *path)
{
    struct bare_path *self = (struct bare_path *)path;
    if (self->timer != 0)
        g_source_remove(self->timer);
    close_socket(self);
    free(self);
}

struct client_path *client_path_create_bare(client_path_receive_fn receive, void *context)
{
    static const struct client_path_make make = {start, is_connected, send_datagram, destroy};
    struct bare_path *self = calloc(1, sizeof(*self));
    self->path = (struct client_path){.make = &make, .receive = receive, .context = context};
    snprintf(self->path.ufrag, sizeof(self->path.ufrag), "bare%08x", g_random_int());
    snprintf(self->path.pwd, sizeof(self->path.pwd), "barepassword%08x%08x", g_random_int(),
             g_random_int());
    open_socket(self);
    return &self->path;
}

void client_path_bare_nominate(struct client_path *path, bool nominates)
{
    ((struct bare_path *)path)->nominates = nominates;
}

void client_path_bare_rebind(struct client_path *path)
{
    struct bare_path *self = (struct bare_path *)path;
    int old_fd = self->fd;
    g_source_remove(self->source);
    open_socket(self); /* before the old one is closed: a port of its own */
    close(old_fd);
    send_check(self);
}

struct bare_path_counters client_path_bare_counters(const struct client_path *path)
{
    return ((const struct bare_path *)path)->counters;
}
