/*
 * The UDP sockets of one worker: one an announced address, all on the same port. Batches in
 * (recvmmsg) and out (sendmmsg); a receiver's packets of equal size leave in one UDP_SEGMENT send
 * (floor.md).
 */
#ifndef IRIS_IO_UDP_H
#define IRIS_IO_UDP_H

#include "sfu/core/engine.h"
#include "sfu/io/address.h"
#include "sfu/io/statistics.h"

#define IO_UDP_BATCH 32 /* datagrams of one recvmmsg, messages of one sendmmsg */

#define IO_UDP_UNGROUPED_MAX 32 /* paths that refused a group; the oldest is tried again */

/* What is known of one socket. */
struct io_udp_socket {
    bool has_segmentation; /* until the kernel says EIO */
    bool is_ipv6;
    bool is_df_set, has_df; /* IP_MTU_DISCOVER as last set */
    uint32_t drops;         /* the kernel's count, as last seen */
};

struct io_udp {
    unsigned count;
    int fds[IO_ADDRESSES_MAX];
    struct io_udp_socket sockets[IO_ADDRESSES_MAX];
    uint16_t port;
    unsigned ungrouped_count, ungrouped_next;
    struct transport_path ungrouped[IO_UDP_UNGROUPED_MAX];
    struct io_delay delay;
    struct io_statistics statistics;
};

/**
 * Bind every address on the first port of the range that is free on all of them.
 *
 * @param error  written on failure: a sentence
 * @return       0 or IRIS_E_SYSTEM (nothing stays open)
 */
int io_udp_bind(struct io_udp *udp, const struct io_addresses *addresses, uint16_t first_port,
                uint16_t last_port, char *error, size_t error_cap);
void io_udp_close(struct io_udp *udp);

/**
 * Take what has come on socket index from the kernel, one batch; io_udp_deliver() is due next. Two
 * steps, so that commands that were given before a datagram was sent can be carried out between.
 *
 * @return datagrams, at most IO_UDP_BATCH; fewer: there is nothing more
 */
unsigned io_udp_read(struct io_udp *udp, unsigned index);

/** Give the engine what this thread's last io_udp_read() has taken; flushes when it must. */
void io_udp_deliver(struct io_udp *udp, struct core_engine *engine, int64_t now_us);

/**
 * Count what the kernel has dropped since the last call because a receive buffer was full, in
 * statistics.receive_drops: the number of SO_RXQ_OVFL, but asked for (SO_MEMINFO), so that no
 * datagram carries it and one learns of it when none comes. A system call for each socket.
 */
void io_udp_count_drops(struct io_udp *udp);

/** Send everything that the engine has queued. */
void io_udp_flush(struct io_udp *udp, struct core_engine *engine);

/**
 * Set or clear DF on what socket index sends from now on (IP_MTU_DISCOVER: DO or DONT); no system
 * call if it is so already.
 */
void io_udp_set_df(struct io_udp *udp, unsigned index, bool has_df);

#endif
