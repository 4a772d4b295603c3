/*
 * What the files of iris-bench floor share: sections of rows that are measured in turns, sockets
 * that take what is sent, and loads. Not for outside bench/floor*.c.
 *
 * A cell holds one value a round: CPU ns a packet of the measuring thread, the kernel's part
 * included. Every cell is measured once a round, so that a slow second of the machine falls on all.
 */
#ifndef IRIS_BENCH_FLOOR_H
#define IRIS_BENCH_FLOOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sfu/io/statistics.h"

#define FLOOR_PACKET_BYTES     1000 /* of seal, send and receive: a camera's packet at 500 kbps */
#define FLOOR_ROWS_MAX         24
#define FLOOR_COLUMNS_MAX      4
#define FLOOR_ROUNDS_MAX       1000
#define FLOOR_SEGMENTS_MAX     16 /* of one UDP_SEGMENT send, as sfu/io/udp.c */
#define FLOOR_LOADS_MAX        8
#define FLOOR_SENDS_MAX        1024 /* different sends of a load */
#define FLOOR_PARTICIPANTS_MAX 1000

/* floor_batch_fn: this machine does not do that. */
#define FLOOR_ABSENT 1

struct floor_cell {
    bool is_absent;
    unsigned count;
    double ns[FLOOR_ROUNDS_MAX];
};

struct floor_section {
    const char *key, *title; /* static text, needs no escaping in JSON */
    unsigned column_count, row_count;
    const char *columns[FLOOR_COLUMNS_MAX];
    char rows[FLOOR_ROWS_MAX][80];
    struct floor_cell cells[FLOOR_ROWS_MAX][FLOOR_COLUMNS_MAX];
};

/**
 * Measure one batch of a cell.
 *
 * @param ns  written on success: CPU ns a packet
 * @return    0, FLOOR_ABSENT, or negative: what was measured is wrong (said on stderr)
 */
typedef int (*floor_batch_fn)(void *context, unsigned row, unsigned column, double *ns);

/** Measure all cells in turns for so long, at least twice. @return 0 or what batch returned */
int floor_section_run(struct floor_section *section, double seconds, floor_batch_fn batch,
                      void *context);

/** Median of a cell [ns], NAN if there is none; quartile: 1 of 4 values is lower, 3: higher. */
double floor_cell_quartile(const struct floor_cell *cell, unsigned quartile);

void floor_section_print(const struct floor_section *section);
void floor_section_print_json(const struct floor_section *section);

/* What one message of a load looks like and how often it is sent. */
struct floor_send {
    unsigned packets; /* of one frame to one receiver, all of one size */
    unsigned bytes;   /* of each: UDP payload, SRTP tag included */
    uint64_t count;
};

struct floor_load {
    char name[64];
    unsigned participants; /* sockets with keys of their own */
    double receivers;      /* of one received packet, in the mean */
    unsigned wake;         /* datagrams that one wake-up finds, about */
    unsigned send_count;
    struct floor_send sends[FLOOR_SENDS_MAX];
};

/** The built-in loads. @return how many were written, at most FLOOR_LOADS_MAX */
unsigned floor_load_defaults(struct floor_load *loads);

/**
 * Read loads from a file (format: iris-bench floor --help, docs/performance.md).
 *
 * @param error  written on failure: a sentence
 * @return       how many, or negative
 */
int floor_load_read(struct floor_load *loads, const char *path, char *error, size_t error_cap);

/**
 * The load that a server carried, from what its workers count (sfu/io).
 *
 * @param participants  who received
 * @return              0, or -1: no media was sent
 */
int floor_load_measured(struct floor_load *load, const char *name, unsigned participants,
                        const struct io_statistics *workers);

/** Write a load as floor_load_read() reads it. */
void floor_load_write(FILE *out, const struct floor_load *load);

/** The send at this place of an even spread, 0 <= at < 1, by weight. */
const struct floor_send *floor_load_pick(const struct floor_load *load, double at);

/* Who takes the datagrams on loopback. */
enum floor_sink_kind {
    FLOOR_SINK_LATER,     /* a second thread reads when the batch has been sent; the kernel segments
                             on the way to the socket */
    FLOOR_SINK_MEANWHILE, /* the same, while the batch is being sent, as clients on this machine */
    FLOOR_SINK_GRO,       /* later, by UDP_GRO: what was sent as one stays one, as with a NIC */
    FLOOR_SINK_FULL,      /* nobody reads, the sockets are full: dropped at the last moment */
};

/* Whether a datagram arrived as it was sent; called by the thread that drains. */
typedef bool (*floor_check_fn)(void *context, unsigned socket, uint8_t *data, size_t len);

struct floor_sink; /* sockets on 127.0.0.1, and the thread that drains them */

/** @return owned, or NULL (said on stderr) */
struct floor_sink *floor_sink_create(enum floor_sink_kind kind, unsigned sockets,
                                     floor_check_fn check, void *context);
void floor_sink_destroy(struct floor_sink *sink);

const struct sockaddr_in *floor_sink_address(const struct floor_sink *sink, unsigned socket);

/** A batch begins; it ends with floor_sink_settle(). */
void floor_sink_begin(struct floor_sink *sink);

/**
 * The batch is sent: wait until so many more datagrams have arrived than at the last call
 * (FLOOR_SINK_FULL: nothing to wait for).
 *
 * @return  0, or negative: lost, or not as sent (said on stderr)
 */
int floor_sink_settle(struct floor_sink *sink, uint64_t datagrams);

/** A socket on 127.0.0.1 with large buffers; its address is written. @return -1: said on stderr */
int floor_socket(struct sockaddr_in *address, int receive_bytes);

/** The sections; each fills its section within seconds. @return 0 or negative (said on stderr) */
int floor_measure_seal(struct floor_section *section, double seconds);
int floor_measure_send(struct floor_section *section, double seconds);
int floor_measure_receive(struct floor_section *section, double seconds);

/* Where the time of a forwarded packet goes. */
enum floor_phase {
    FLOOR_RECEIVE,
    FLOOR_CRYPTO,
    FLOOR_SEND,
    FLOOR_REST,
    FLOOR_PHASES,
};

/* Columns of the forwarding loop. */
#define FLOOR_COLUMN_SEGMENT   0
#define FLOOR_COLUMN_SINGLE    1
#define FLOOR_COLUMN_MEANWHILE 2 /* by UDP_SEGMENT, as the next */
#define FLOOR_COLUMN_GRO       3

/* Shares of the phases, of each load and column, 0-1; they add up to one. */
struct floor_split {
    double share[FLOOR_LOADS_MAX][FLOOR_COLUMNS_MAX][FLOOR_PHASES];
};

int floor_measure_forward(struct floor_section *section, const struct floor_load *loads,
                          unsigned load_count, double seconds, struct floor_split *split);

#endif
