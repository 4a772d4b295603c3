/*
 * Paths: shared sockets on loopback, else one each; opening, finding and closing them.
 *
 * A socket is listed where nobody waits (an epoll of their own, which the loop does not know): what
 * comes wakes nobody.
 */
#include "bench/bubbles/net_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SOCKET_BUFFER (16 << 20)           /* as root; else what net.core.rmem_max allows */
#define LOOPBACK_BASE UINT32_C(0x7F010000) /* 127.1.0.0, and 65535 addresses behind it */

static void set_buffer(int fd, int forced, int plain)
{
    int size = SOCKET_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
        setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static void set_options(const struct bubbles_net *net, int fd)
{
    int on = 1;
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
    if (net->has_gro)
        setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
}

static int bind_shared(int fd)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int on = 1;
    return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
                   bind(fd, (struct sockaddr *)&any, sizeof(any))
               ? -1
               : 0;
}

/* It becomes the first of the sockets. @return 0, or -1 (errno) */
static int open_socket(struct bubbles_net *net, int family, bool is_shared)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct bubbles_socket *entry = fd >= 0 ? calloc(1, sizeof(*entry)) : NULL;
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = entry}};
    if (entry) {
        *entry = (struct bubbles_socket){
            .fd = fd, .is_shared = is_shared, .has_segmentation = true, .next = net->sockets};
        set_options(net, fd);
    }
    if (!entry || (is_shared && bind_shared(fd)) ||
        epoll_ctl(net->ready_fd, EPOLL_CTL_ADD, fd, &event)) {
        if (fd >= 0)
            close(fd);
        free(entry);
        return -1;
    }
    net->sockets = entry;
    return 0;
}

static bool is_loopback(const struct sockaddr *server)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)server;
    return server->sa_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

/* The next free address; the least lately used one comes last, so that late packets find nobody. */
static int take_address(struct bubbles_net *net, struct bubbles_path *path)
{
    for (unsigned tries = 0; tries < BUBBLES_ADDRESSES; tries++) {
        uint16_t index = net->next_address++;
        if (index == 0 || net->paths[index])
            continue;
        net->paths[index] = path;
        path->address_index = index;
        path->source.s_addr = htonl(LOOPBACK_BASE + index);
        return 0;
    }
    errno = EADDRNOTAVAIL;
    return -1;
}

static int open_shared(struct bubbles_net *net, struct bubbles_path *path)
{
    if (net->shared_count < BUBBLES_SHARED_SOCKETS) {
        if (open_socket(net, AF_INET, true))
            return -1;
        net->shared[net->shared_count++] = net->sockets;
    }
    path->socket = net->shared[net->next_shared++ % net->shared_count];
    return take_address(net, path);
}

static int open_own(struct bubbles_net *net, struct bubbles_path *path)
{
    if (open_socket(net, path->server.ss_family, false))
        return -1;
    path->socket = net->sockets;
    path->socket->path = path;
    return connect(path->socket->fd, (struct sockaddr *)&path->server, path->server_len);
}

struct bubbles_path *bubbles_net_open_path(struct bubbles_net *net, const struct sockaddr *server,
                                           socklen_t server_len, void *owner)
{
    struct bubbles_path *path = calloc(1, sizeof(*path));
    if (!path || server_len > sizeof(path->server)) {
        free(path);
        return NULL;
    }
    memcpy(&path->server, server, server_len);
    path->server_len = server_len;
    path->owner = owner;
    if (is_loopback(server) ? open_shared(net, path) : open_own(net, path)) {
        int error = errno;
        bubbles_net_close_path(net, path);
        errno = error;
        return NULL;
    }
    return path;
}

const struct sockaddr_storage *bubbles_path_server(const struct bubbles_path *path)
{
    return &path->server;
}

/* While datagrams are received the list of ready sockets may name it. */
static void close_socket(struct bubbles_net *net, struct bubbles_socket *entry)
{
    struct bubbles_socket **at = &net->sockets;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    close(entry->fd);
    entry->fd = -1;
    entry->next = net->closed;
    net->closed = entry;
}

void bubbles_net_free_closed(struct bubbles_net *net)
{
    for (struct bubbles_socket *entry; (entry = net->closed);) {
        net->closed = entry->next;
        free(entry);
    }
}

void bubbles_net_close_path(struct bubbles_net *net, struct bubbles_path *path)
{
    if (!path)
        return;
    bubbles_net_flush(net); /* messages that wait point to it */
    if (path->address_index)
        net->paths[path->address_index] = NULL;
    if (path->socket && !path->socket->is_shared) {
        path->socket->path = NULL;
        close_socket(net, path->socket);
    }
    free(path);
}

struct bubbles_path *bubbles_net_find(const struct bubbles_net *net,
                                      const struct bubbles_socket *entry, struct in_addr addressed)
{
    if (!entry->is_shared)
        return entry->path;
    uint32_t index = ntohl(addressed.s_addr) - LOOPBACK_BASE;
    struct bubbles_path *path = index < BUBBLES_ADDRESSES ? net->paths[index] : NULL;
    return path && path->socket == entry ? path : NULL;
}

struct bubbles_net *bubbles_net_create(bool has_gro, bubbles_receive_fn receive)
{
    struct bubbles_net *net = calloc(1, sizeof(*net));
    int ready_fd = net ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (ready_fd < 0) {
        free(net);
        return NULL;
    }
    net->ready_fd = ready_fd;
    net->has_gro = has_gro;
    net->receive = receive;
    net->next_address = 1;
    return net;
}

void bubbles_net_destroy(struct bubbles_net *net)
{
    if (!net)
        return;
    while (net->sockets)
        close_socket(net, net->sockets);
    bubbles_net_free_closed(net);
    close(net->ready_fd);
    free(net);
}

const struct bubbles_net_counters *bubbles_net_counters(const struct bubbles_net *net)
{
    return &net->counters;
}
