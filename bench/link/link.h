/*
 * A network that is worse than loopback: one direction of a participant's. Sans-IO: it says when a
 * packet comes out; whoever uses it keeps the packets.
 *
 * The order of the stages is that of a path: a bottleneck with a tail-drop queue, losses, the way.
 * A script is known in advance, so that a packet's departure from the queue is computed when it
 * enters, over all changes of rate until then: what waits when the rate falls waits longer.
 */
#ifndef IRIS_BENCH_LINK_LINK_H
#define IRIS_BENCH_LINK_LINK_H

#include "bench/link/script.h"

#define LINK_COPIES       2
#define LINK_UDP_OVERHEAD 28 /* IPv4 and UDP headers, which take their time on a wire, too */

/* Embedded; the script outlives it. Starts with the first four members, the rest zeroed. */
struct link {
    const struct link_script *script;
    unsigned seat;
    enum link_direction direction;
    uint64_t seed;
    int64_t began_us; /* the script: may be set again */
    int64_t busy_us;  /* until then the wire is taken */
    int64_t last_us;  /* newest that came out: nothing overtakes it */
    bool is_in_burst;
};

enum link_fate { LINK_PASSES, LINK_LOST, LINK_OVERFLOWED };

/* What becomes of a packet. */
struct link_passage {
    enum link_fate fate;
    int64_t queue_us; /* waits behind others; not for what is overflowed */
    unsigned copies;  /* that come out: 1 or 2 of what passes */
    int64_t out_us[LINK_COPIES];
};

/**
 * A packet goes in.
 *
 * @param bytes   that the bottleneck has to carry
 * @param now_us  never decreasing by much [us]
 */
struct link_passage link_offer(struct link *link, size_t bytes, int64_t now_us);

#endif
