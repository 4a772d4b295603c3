/* What went through a link in a while: counted, and written for people and machines. */
#ifndef IRIS_BENCH_EMULATOR_TALLY_H
#define IRIS_BENCH_EMULATOR_TALLY_H

#include <stdio.h>

#include "bench/bubbles/histogram.h"
#include "bench/link/link.h"

/* One direction. Starts zeroed. Bytes are those of IP packets. */
struct tally_way {
    uint64_t offered_packets, offered_bytes;
    uint64_t delivered_packets, delivered_bytes; /* copies included */
    uint64_t lost_packets, dropped_packets;      /* by chance; by the full queue */
    uint64_t copies;                             /* that were made */
    struct bubbles_histogram queue;              /* waits of what was not dropped */
    struct bubbles_histogram late; /* how much later than the link said this machine delivered */
};

struct tally {
    struct tally_way ways[2]; /* by enum link_direction */
};

/** A packet went in. */
void tally_offer(struct tally_way *way, const struct link_passage *passage, size_t bytes);

/** A packet came out. @param late_us  after it should have */
void tally_deliver(struct tally_way *way, size_t bytes, int64_t late_us);

/** Both directions on a line. @param second  the how many-th; script_s: since the script began [s]
 */
void tally_print(const struct tally *tally, unsigned second, double script_s, FILE *out);

/**
 * The same as a line of JSON: {"second", "script_s", "duration_s", "up", "down"}, each direction
 * with offered_, delivered_{packets,bytes}, lost_packets, dropped_packets, copies,
 * queue_{p50,p95,max}_ms and late_{p95,max}_ms.
 *
 * @param second  0: the whole run, without "second" and "script_s" but with "total": true
 */
void tally_write_json(const struct tally *tally, unsigned second, double script_s,
                      double duration_s, FILE *out);

#endif
