/*
 * What a worker's sockets did since it started, and what its engine could not do: counters that its
 * own thread writes and publishes as snapshots (io_worker_next_statistics()). The list of the
 * numbers makes struct and table, as in sfu/core/statistics.h.
 */
#ifndef IRIS_IO_STATISTICS_H
#define IRIS_IO_STATISTICS_H

#include <stddef.h>

#include "sfu/core/statistics.h"
#include "sfu/io/delay.h"

#define IO_SEGMENTS_MAX 16 /* of one UDP_SEGMENT send; the kernel takes 64 KB and 64 segments */
#define IO_SEND_SIZES   24 /* classes of packets' sizes */
#define IO_SEND_BYTES   64 /* width of a class */

#define IO_STATISTICS(COUNTER, GAUGE, RATE, LOSS)                                                  \
    COUNTER(wakes, NUMBER, NODE, "times that the worker found datagrams")                          \
    COUNTER(received_datagrams, NUMBER, NODE, "datagrams received")                                \
    COUNTER(received_bytes, BYTES, NODE, "UDP payload of these")                                   \
    COUNTER(received_media, NUMBER, NODE, "datagrams that look like SRTP")                         \
    COUNTER(receive_drops, NUMBER, NODE, "datagrams dropped: a socket's receive buffer was full")  \
    COUNTER(sent_datagrams, NUMBER, NODE, "datagrams sent")                                        \
    COUNTER(sent_bytes, BYTES, NODE, "UDP payload of these")                                       \
    COUNTER(sent_calls, NUMBER, NODE, "system calls that sent them")                               \
    COUNTER(send_errors, NUMBER, NODE, "datagrams that the kernel refused")                        \
    COUNTER(would_block, NUMBER, NODE, "datagrams dropped: the socket's send buffer was full")     \
    COUNTER(refused_groups, NUMBER, NODE, "UDP_SEGMENT sends that went out singly")                \
    COUNTER(strays, NUMBER, NODE, "datagrams that belonged to nobody")                             \
    COUNTER(missing_buffers, NUMBER, NODE, "packets not sent: all buffers were in use")            \
    COUNTER(lost_events, NUMBER, NODE, "events not told: control was behind")                      \
    COUNTER(cpu_us, US, NODE, "processor time of the worker's thread")                             \
    GAUGE(participants, NUMBER, NODE, "on this worker")                                            \
    RATE(received_bps, BPS, "UDP payload received", received_bytes, 8)                             \
    RATE(sent_bps, BPS, "UDP payload sent", sent_bytes, 8)                                         \
    RATE(cpu, SHARE, "of one core", cpu_us, 1e-6)

/* Messages of so many packets of about one size. Their mean size is bytes / count / packets. */
struct io_send {
    uint64_t count, bytes; /* UDP payload */
};

struct io_statistics {
    CORE_FIELDS(IO_STATISTICS)
    int64_t at_us;                                        /* of the snapshot, monotonic */
    struct io_send sends[IO_SEGMENTS_MAX][IO_SEND_SIZES]; /* of media, by packets - 1 and size */
    struct io_delay_histogram delay;
};

/* Of the list above; sums and differences know nothing of sends and delay. */
extern const struct core_statistic_table io_statistics_table;

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
