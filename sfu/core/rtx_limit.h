/*
 * How often one slot's packets are sent again: each at most once per round trip, because a receiver
 * that asks twice within one cannot have seen the first answer.
 *
 * Direct-mapped by sequence number, and an entry is kept for its round trip: of two packets that
 * share one the second waits as long. These are as many numbers apart as one message may name; a
 * longer loss is repaired in two round trips. The share of the receiver's bandwidth that answers
 * may take is a token bucket beside it.
 */
#ifndef IRIS_CORE_RTX_LIMIT_H
#define IRIS_CORE_RTX_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define CORE_RTX_LIMIT_ENTRIES 128
#define CORE_RTX_SHARE_PCT     25     /* of the receiver's budget */
#define CORE_RTX_BURST_US      500000 /* of that share */
#define CORE_RTX_RTT_MIN_US    10000

struct core_rtx_limit {
    uint32_t sent_ms[CORE_RTX_LIMIT_ENTRIES]; /* modulo 2^32; 0: empty */
};

/* All retransmissions to one receiver. All zero is one that has sent nothing. */
struct core_rtx_bucket {
    int64_t filled_us; /* time that is paid for: the bucket is empty when it reaches now, and owes
                          what is beyond */
};

/**
 * May the packet be sent again now?
 *
 * @param now_us  monotonic, > 0 [us]
 * @param rtt_us  to the receiver, 0: unknown [us]
 */
bool core_rtx_limit_allows(const struct core_rtx_limit *limit, uint16_t seq, int64_t now_us,
                           int64_t rtt_us);

/** It was. */
void core_rtx_limit_on_sent(struct core_rtx_limit *limit, uint16_t seq, int64_t now_us);

/**
 * Take so many bytes out of the receiver's share.
 *
 * @param budget_bps  the receiver's whole budget [bit/s]
 * @return            false: they do not fit, nothing is taken
 */
bool core_rtx_bucket_take(struct core_rtx_bucket *bucket, uint32_t bytes, uint64_t budget_bps,
                          int64_t now_us);

#endif
