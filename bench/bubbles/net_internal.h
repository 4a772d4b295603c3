/* What net.c (paths) and net_packets.c (datagrams) share. */
#ifndef IRIS_BENCH_BUBBLES_NET_INTERNAL_H
#define IRIS_BENCH_BUBBLES_NET_INTERNAL_H

#include "bench/bubbles/net.h"

#include <netinet/in.h>

#define BUBBLES_SHARED_SOCKETS 8 /* so that one receive queue is not everybody's */
#define BUBBLES_ADDRESSES      65536
#define BUBBLES_SEND_BATCH     64 /* messages of one sendmmsg */
#define BUBBLES_SEND_SEGMENTS  16 /* datagrams of one message */
#define BUBBLES_SEND_BUFFERS   256
#define BUBBLES_RECEIVE_BATCH  32
#define BUBBLES_READY_MAX      64 /* sockets that one look names */
#define BUBBLES_GRO_BYTES      65536
#define BUBBLES_CONTROL_BYTES  256

struct bubbles_socket {
    int fd;                    /* -1: closed */
    struct bubbles_path *path; /* of a socket that is not shared */
    struct bubbles_socket *next;
    uint32_t overflowed; /* as the kernel last said */
    bool is_shared, has_segmentation;
};

struct bubbles_path {
    struct bubbles_socket *socket;
    struct sockaddr_storage server;
    socklen_t server_len;
    uint16_t address_index; /* on a shared socket: which address is ours; 0: none */
    struct in_addr source;
    void *owner;
};

/* Datagrams of one path that leave as one. */
struct bubbles_message {
    struct bubbles_path *path;
    struct iovec vectors[BUBBLES_SEND_SEGMENTS];
    unsigned count;
    _Alignas(struct cmsghdr) char control[BUBBLES_CONTROL_BYTES];
};

struct bubbles_net {
    int ready_fd; /* an epoll of the sockets */
    bool has_gro;
    bubbles_receive_fn receive;
    struct bubbles_socket *sockets, *closed;
    struct bubbles_socket *shared[BUBBLES_SHARED_SOCKETS];
    unsigned shared_count, next_shared;
    uint16_t next_address;
    struct bubbles_path *paths[BUBBLES_ADDRESSES];
    struct bubbles_net_counters counters;
    unsigned message_count, buffer_count;
    struct bubbles_message messages[BUBBLES_SEND_BATCH];
    uint8_t buffers[BUBBLES_SEND_BUFFERS][BUBBLES_DATAGRAM_BYTES];
    uint8_t received[BUBBLES_RECEIVE_BATCH][BUBBLES_GRO_BYTES];
};

/** Whose datagram it is; NULL: nobody's. */
struct bubbles_path *bubbles_net_find(const struct bubbles_net *net,
                                      const struct bubbles_socket *entry, struct in_addr addressed);

/** Nothing names the closed sockets any more. */
void bubbles_net_free_closed(struct bubbles_net *net);

#endif
