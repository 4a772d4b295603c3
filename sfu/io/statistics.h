/*
 * What a worker's sockets did since it started, and what its engine could not do: counters that its
 * own thread writes and publishes as snapshots (io_worker_next_statistics()).
 */
#ifndef IRIS_IO_STATISTICS_H
#define IRIS_IO_STATISTICS_H

#include <stddef.h>

#include "sfu/core/engine.h"
#include "sfu/io/delay.h"

#define IO_SEGMENTS_MAX 16 /* of one UDP_SEGMENT send; the kernel takes 64 KB and 64 segments */
#define IO_SEND_SIZES   24 /* classes of packets' sizes */
#define IO_SEND_BYTES   64 /* width of a class */

/* Messages of so many packets of about one size. Their mean size is bytes / count / packets. */
struct io_send {
    uint64_t count, bytes; /* UDP payload */
};

struct io_statistics {
    uint64_t wakes; /* times that datagrams were found */
    uint64_t received_datagrams, received_media;
    uint64_t sent_datagrams, sent_calls, send_errors, would_block;
    uint64_t refused_groups; /* UDP_SEGMENT sends that were repeated singly */
    struct io_send sends[IO_SEGMENTS_MAX][IO_SEND_SIZES]; /* of media, by packets - 1 and size */
    struct io_delay_histogram delay;
    struct core_engine_counters engine; /* as of the snapshot */
};

/** Whether a datagram is SRTP media: no SRTCP, DTLS or STUN (RFC 7983; RFC 5761, section 4). */
bool io_is_media(const uint8_t *data, size_t len);

/**
 * The kernel took a message of media.
 *
 * @param packets  1 to IO_SEGMENTS_MAX
 * @param bytes    of all of them together
 */
void io_statistics_on_send(struct io_statistics *statistics, size_t packets, size_t bytes);

#endif
