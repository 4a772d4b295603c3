/*
 * How long a worker holds packets: from the kernel's receive timestamp of a datagram to the return
 * of the last send call of the flush that carries it on, of one datagram in IO_DELAY_ONE_OF. What a
 * pacer holds back leaves in a later flush and is not in it.
 *
 * Sans-IO: times are arguments, of any one clock.
 */
#ifndef IRIS_IO_DELAY_H
#define IRIS_IO_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#define IO_DELAY_ONE_OF  64
#define IO_DELAY_OPEN    8   /* samples between receive and flush; further ones are left out */
#define IO_DELAY_BUCKETS 176 /* 8 for each power of two: an eighth of a value wide, up to 16 s */

/* A distribution of times; zero-initialised, only grows: a difference of two is one, too. */
struct io_delay_histogram {
    uint64_t count;
    uint64_t sum_us; /* of the times as they were added */
    uint64_t buckets[IO_DELAY_BUCKETS];
};

/** What has come to a histogram since it was as before: of a second, say. */
struct io_delay_histogram io_delay_histogram_since(const struct io_delay_histogram *now,
                                                   const struct io_delay_histogram *before);

/** Add a time [us]; below 0 counts as 0, above 16 s as 16 s. */
void io_delay_histogram_add(struct io_delay_histogram *histogram, int64_t value_us);

/** The largest time that a bucket holds [us]. @param bucket below IO_DELAY_BUCKETS */
int64_t io_delay_bucket_us(unsigned bucket);

/** The time that a share (0-1) of all do not exceed, a bucket's upper end [us]. @return -1: none */
int64_t io_delay_percentile_us(const struct io_delay_histogram *histogram, double share);

/* Which datagram is the next sample, and those that wait for their flush. Zero-initialised. */
struct io_delay {
    unsigned skip; /* datagrams before the next sample */
    unsigned open_count;
    int64_t open_ns[IO_DELAY_OPEN]; /* when they were received */
};

/**
 * Of the next count datagrams, which one is a sample? At most one for count <= IO_DELAY_ONE_OF.
 *
 * @return its index; count or more: none
 */
unsigned io_delay_sample(const struct io_delay *delay);

/** So many datagrams were received. */
void io_delay_pass(struct io_delay *delay, unsigned count);

/** The sample is media, and the kernel received it then. */
void io_delay_open(struct io_delay *delay, int64_t received_ns);

/**
 * A flush is over: close the open samples.
 *
 * @param histogram  takes them; NULL: nothing was sent, so they are forgotten
 * @param now_ns     when its last send call returned, on the clock of io_delay_open()
 */
void io_delay_close(struct io_delay *delay, struct io_delay_histogram *histogram, int64_t now_ns);

#endif
