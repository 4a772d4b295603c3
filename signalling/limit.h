/*
 * How much one client may ask for: token buckets, and a table of addresses with their connections.
 * Sans-IO: time is an argument, randomness a seed.
 *
 * The table's invariant: its memory is fixed, whatever comes. An address is an IPv4 address or an
 * IPv6 /64 (RFC 6177: what one site has at least). An entry that has no connection any more gives
 * way to a newcomer, the one unused longest first; where every entry has one, the newcomer is let
 * in and only counted: a full table must not lock out people because of an attacker's many
 * addresses.
 */
#ifndef IRIS_SIGNALLING_LIMIT_H
#define IRIS_SIGNALLING_LIMIT_H

#include "signalling/ip.h"

/* A rate and how much may come at once. per_second 0: no limit. */
struct signalling_rate {
    unsigned per_second;
    unsigned burst;
};

/* Public for embedding; filled by signalling_bucket_init(). */
struct signalling_bucket {
    uint64_t filled_ms;   /* when level_milli was true */
    uint64_t level_milli; /* thousandths of what may be taken, at most 1000 x burst */
};

/** A full bucket. */
void signalling_bucket_init(struct signalling_bucket *bucket, struct signalling_rate rate,
                            uint64_t now_ms);

/**
 * Take from a bucket. What costs more than the burst passes when the bucket is full, and empties
 * it.
 *
 * @param now_ms  monotonic; a step back counts as no time
 * @return        0: taken; else nothing was taken, and how long to wait [ms, at least 1]
 */
uint64_t signalling_bucket_take(struct signalling_bucket *bucket, struct signalling_rate rate,
                                unsigned cost, uint64_t now_ms);

struct signalling_limit_config {
    unsigned connections;        /* of one address at a time, 0: no limit */
    struct signalling_rate rate; /* of new connections of one address */
};

#define SIGNALLING_LIMIT_SETS 512
#define SIGNALLING_LIMIT_WAYS 16 /* entries of a set: an address has its place in one of these */

struct signalling_limit_entry {
    uint8_t key[16];
    unsigned connections; /* 0: may be recycled */
    bool is_used;
    uint64_t used_ms; /* the last admission or release */
    struct signalling_bucket bucket;
};

/* About 400 KiB; embedded or on the heap, owned by the server. */
struct signalling_limit {
    struct signalling_limit_config config;
    uint64_t seed;      /* of the hash: strangers cannot aim at one set */
    uint64_t untracked; /* admissions without an entry, because all had connections */
    struct signalling_limit_entry entries[SIGNALLING_LIMIT_SETS][SIGNALLING_LIMIT_WAYS];
};

enum signalling_limit_verdict {
    SIGNALLING_LIMIT_ADMITTED,
    SIGNALLING_LIMIT_RATE,        /* too many new connections: come back after retry_ms */
    SIGNALLING_LIMIT_CONNECTIONS, /* too many at a time */
};

void signalling_limit_init(struct signalling_limit *limit,
                           const struct signalling_limit_config *config, uint64_t seed);

/**
 * Judge a new connection, and take it from the address's rate if it is admitted. A refusal takes
 * nothing, so that one who keeps trying is admitted at the configured rate.
 *
 * @param retry_ms  written on SIGNALLING_LIMIT_RATE
 */
enum signalling_limit_verdict signalling_limit_admit(struct signalling_limit *limit,
                                                     const struct signalling_ip *ip,
                                                     uint64_t now_ms, uint64_t *retry_ms);

/** Count a connection that was admitted and is open now. @return where, for the release; NULL:
 * nowhere */
struct signalling_limit_entry *signalling_limit_hold(struct signalling_limit *limit,
                                                     const struct signalling_ip *ip,
                                                     uint64_t now_ms);

/** The connection is gone. @param entry  NULL is harmless */
void signalling_limit_release(struct signalling_limit_entry *entry, uint64_t now_ms);

#endif
