/*
 * What was sent and what became of it: a ring of the last packets that carried a transport-wide
 * sequence number.
 *
 * Invariant: outstanding_bytes is the sum over the packets that no feedback has covered yet and
 * that are still in the ring. A packet is looked up for BWE_HISTORY_AGE_US at most.
 */
#ifndef IRIS_BWE_HISTORY_H
#define IRIS_BWE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BWE_HISTORY_AGE_US 2000000

enum bwe_packet_fate { BWE_PACKET_OUTSTANDING, BWE_PACKET_RECEIVED, BWE_PACKET_LOST };

/* One packet, in eight bytes: a participant has up to 2048 of them. */
struct bwe_sent {
    uint32_t sent_us; /* low 32 bits */
    uint16_t bytes;   /* UDP payload; 0: no packet was sent with this number */
    uint8_t cluster;  /* probe that it belongs to, 0: none */
    uint8_t fate;     /* enum bwe_packet_fate */
};

struct bwe_history {
    struct bwe_sent *ring; /* the caller's */
    uint32_t mask;
    bool started;
    uint64_t next;     /* unwrapped number of the next packet; starts at 2^16 + first */
    uint64_t resolved; /* all before it are received or lost */
    uint32_t outstanding_bytes;
};

/**
 * Start empty.
 *
 * @param ring   caller's memory, which must outlive the history
 * @param count  entries, a power of two up to 32768
 */
void bwe_history_init(struct bwe_history *history, struct bwe_sent *ring, size_t count);

/**
 * Record a packet. Numbers that are skipped become packets of no bytes; an older number than the
 * last one is ignored. O(1) without gaps.
 *
 * @param seq     transport-wide sequence number
 * @param packet  bytes and cluster; sent_us and fate are set here
 */
void bwe_history_add(struct bwe_history *history, uint16_t seq, struct bwe_sent packet,
                     int64_t now_us);

/**
 * Find a packet.
 *
 * @param ext_seq  its unwrapped number
 * @return         in the ring, or NULL: never sent, too old, or overwritten
 */
struct bwe_sent *bwe_history_find(const struct bwe_history *history, uint16_t seq, int64_t now_us,
                                  uint64_t *ext_seq);

/** When a packet found at now_us was sent [us]. */
int64_t bwe_history_sent_us(const struct bwe_sent *packet, int64_t now_us);

/** Feedback covers everything up to ext_seq: it is no longer outstanding. */
void bwe_history_resolve(struct bwe_history *history, uint64_t ext_seq);

#endif
