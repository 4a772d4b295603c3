/*
 * The UDP sockets of one worker: one an announced address, all on the same port. Batches in
 * (recvmmsg) and out (sendmmsg); a receiver's packets of equal size leave in one UDP_SEGMENT send
 * (floor.md).
 */
#ifndef IRIS_IO_UDP_H
#define IRIS_IO_UDP_H

#include "sfu/core/engine.h"
#include "sfu/io/address.h"

#define IO_UDP_BATCH 32 /* datagrams of one recvmmsg, messages of one sendmmsg */

struct io_udp {
    unsigned count;
    int fds[IO_ADDRESSES_MAX];
    bool has_segmentation[IO_ADDRESSES_MAX];
    uint16_t port;
    uint64_t sent_datagrams, sent_calls, send_errors, would_block;
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

/** Receive what is there on socket index, at most a few batches, into the engine. */
void io_udp_receive(struct io_udp *udp, unsigned index, struct core_engine *engine, int64_t now_us);

/** Send everything that the engine has queued. */
void io_udp_flush(struct io_udp *udp, struct core_engine *engine);

#endif
