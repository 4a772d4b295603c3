/*
 * What a network does over time, for each direction of each participant: lines of a script. Each
 * line is a whole state of one direction, which holds until the next line that fits.
 */
#ifndef IRIS_BENCH_LINK_SCRIPT_H
#define IRIS_BENCH_LINK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_RULES    128
#define LINK_QUEUE_MS 200 /* unless a line says something else */

/* The form of a script, for --help. */
#define LINK_SCRIPT_HELP                                                                           \
    "A script has lines 'AT [who=N] up|down|both KEY=VALUE...': from AT seconds after its "        \
    "start,\n"                                                                                     \
    "the N-th participant of every room (from 0; default * is all) has in this direction\n"        \
    "  rate=KBPS        bottleneck, IP and UDP headers included (default 0: none)\n"               \
    "  queue=MS         a packet that would wait longer is dropped (default 200)\n"                \
    "  queue-bytes=N    a packet that would make the queue longer is dropped (then queue= has "    \
    "no\n"                                                                                         \
    "                   default)\n"                                                                \
    "  delay=MS         on the way behind the bottleneck\n"                                        \
    "  jitter=MS        added to it, uniform in 0 to this\n"                                       \
    "  overtake=1       and packets may overtake each other by it (default 0)\n"                   \
    "  loss=PERCENT     of what left the queue, at random\n"                                       \
    "  burst=PERCENT    of the packets begin a burst in which all are lost (Gilbert)\n"            \
    "  burst-packets=N  mean length of one (default 5)\n"                                          \
    "  duplicate=PERCENT\n"                                                                        \
    "What a line does not name has its default again. # begins a comment.\n"

enum link_direction { LINK_UP, LINK_DOWN }; /* seen from the participant */

/* From at_us on, until the next rule that fits. Probabilities are per packet, 0-1. */
struct link_rule {
    int64_t at_us;
    int seat; /* -1: everybody */
    enum link_direction direction;
    double rate_bps;    /* 0: no limit */
    int64_t queue_us;   /* longest wait */
    double queue_bytes; /* 0: no limit */
    int64_t delay_us, jitter_us;
    bool may_overtake;
    double loss, burst, burst_end, duplicate;
};

struct link_script {
    unsigned count;
    struct link_rule rules[LINK_RULES]; /* by time, those of one time as they came */
};

/**
 * Read a line of a script.
 *
 * @return 1: rules were added, 0: blank or comment, -1: not understood, or too many
 */
int link_script_add(struct link_script *script, const char *line);

/**
 * Read a file of such lines.
 *
 * @return 0, or -1 and why in error
 */
int link_script_read(struct link_script *script, const char *path, char *error, size_t error_cap);

/** The script has rules for this participant: it needs links. */
bool link_script_concerns(const struct link_script *script, unsigned seat);

/**
 * What holds for a direction of a participant at a moment.
 *
 * @param at_us     since the script began [us]
 * @param until_us  written: when the next rule begins; INT64_MAX: there is none
 * @return          NULL: no rule yet, so everything passes
 */
const struct link_rule *link_script_find(const struct link_script *script, unsigned seat,
                                         enum link_direction direction, int64_t at_us,
                                         int64_t *until_us);

#endif
