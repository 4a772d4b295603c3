/*
 * A network that is worse than loopback, in user space: for each direction of a participant a rate
 * with a queue, a delay, jitter and loss, which change over time by a script. Sans-IO: it says when
 * a datagram comes out; whoever uses it keeps the datagrams.
 */
#ifndef IRIS_BENCH_BUBBLES_LINK_H
#define IRIS_BENCH_BUBBLES_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUBBLES_LINK_RULES    128
#define BUBBLES_LINK_QUEUE_MS 200

enum bubbles_direction { BUBBLES_UP, BUBBLES_DOWN }; /* seen from the participant */

/* From at_us on, until the next rule that fits. */
struct bubbles_link_rule {
    int64_t at_us;
    int seat; /* -1: everybody */
    enum bubbles_direction direction;
    double rate_bps; /* 0: no limit */
    int64_t queue_us, delay_us, jitter_us;
    double loss; /* 0-1 */
};

struct bubbles_link_script {
    unsigned count;
    struct bubbles_link_rule rules[BUBBLES_LINK_RULES]; /* by time */
};

/**
 * Read a line of a script (its form: iris-bench bubbles --help).
 *
 * @return 1: a rule was added, 0: blank or comment, -1: not understood, or too many
 */
int bubbles_link_script_add(struct bubbles_link_script *script, const char *line);

/** The script has rules for this participant: it needs links. */
bool bubbles_link_script_concerns(const struct bubbles_link_script *script, unsigned seat);

/* One direction of one participant. Embedded; the script outlives it. */
struct bubbles_link {
    const struct bubbles_link_script *script;
    unsigned seat;
    enum bubbles_direction direction;
    uint64_t seed;
    int64_t busy_us; /* until then the wire is taken */
    int64_t last_us; /* nothing overtakes */
    uint64_t lost, overflowed;
};

/**
 * A datagram goes in.
 *
 * @param now_us  since the script began, never decreasing [us]
 * @return        when it comes out, not before the one before it; -1: lost
 */
int64_t bubbles_link_offer(struct bubbles_link *link, size_t len, int64_t now_us);

#endif
