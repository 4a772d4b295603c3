/*
 * Which packets of one received RTP stream to ask for again (RFC 4585, section 6.2.1).
 *
 * Invariant: every sequence number in the list lies below the highest received and was not
 * received; the list is ordered and bounded; an entry leaves when it arrives, after so many
 * requests, when older than RTP_NACK_AGE packets, or when a key frame makes it needless. Time is an
 * argument.
 */
#ifndef IRIS_RTP_NACK_H
#define IRIS_RTP_NACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_NACK_MAX   256  /* missing packets tracked at once; more: ask for a key frame */
#define RTP_NACK_AGE   1000 /* packets */
#define RTP_NACK_TRIES 10
/* Of a sender without RTX: on an AEAD profile it sends nothing again (RFC 7714, section 8.4: a
   nonce would repeat), on another one it may. */
#define RTP_NACK_TRIES_WITHOUT_RTX 2
#define RTP_NACK_REORDER_US        10000 /* wait before the first request, for reordering */
/* After a silence so long, so many missing packets are no loss but an outage: most are too old to
   be of use or still kept by their sender, and all of them at once would hold up what is live. */
#define RTP_NACK_OUTAGE_US  1000000
#define RTP_NACK_OUTAGE_MAX 64

struct rtp_nack_entry {
    uint64_t ext_seq;
    int64_t next_us; /* when it may be asked for (again) */
    uint8_t tries;
};

struct rtp_nack {
    bool started;
    bool gave_up; /* a packet was lost for good since the last rtp_nack_take_gave_up() */
    uint64_t highest;
    int64_t highest_us;  /* when it was received */
    uint64_t lost_below; /* one past the newest packet given up */
    size_t count;
    struct rtp_nack_entry entries[RTP_NACK_MAX]; /* by increasing ext_seq */
};

/** Nothing received yet. */
void rtp_nack_init(struct rtp_nack *nack);

/**
 * Record an arrival: fills or opens gaps.
 *
 * A gap of more than RTP_NACK_MAX packets, or of more than RTP_NACK_OUTAGE_MAX after
 * RTP_NACK_OUTAGE_US of silence, clears the list and sets gave_up; when the list is full, the
 * oldest are given up. Duplicates and what came before the first packet change nothing.
 *
 * @param nack     tracker of one received stream; not thread-safe
 * @param ext_seq  unwrapped sequence number
 * @param now_us   monotonic, never decreasing [us]
 * @return         true if the packet had been asked for: it is a repair
 */
bool rtp_nack_on_packet(struct rtp_nack *nack, uint64_t ext_seq, int64_t now_us);

/**
 * A key frame starts at ext_seq: nothing before it is needed any more, neither a packet nor, if all
 * that was given up lies before it, another key frame.
 */
void rtp_nack_on_keyframe(struct rtp_nack *nack, uint64_t ext_seq);

/**
 * Collect the sequence numbers that are due; each is asked for again one RTT (at least 20 ms, at
 * most 500 ms) later.
 *
 * @param rtt_us  round trip to the sender; 0 while unknown (then 100 ms) [us]
 * @param tries   what was asked for so often is given up: RTP_NACK_TRIES, or
 *                RTP_NACK_TRIES_WITHOUT_RTX
 * @param out     caller's array, at most cap entries, increasing
 * @return        entries written; cannot fail, never allocates
 */
size_t rtp_nack_collect(struct rtp_nack *nack, int64_t now_us, int64_t rtt_us, unsigned tries,
                        uint16_t *out, size_t cap);

/** The packet has not come, and is (or will be) asked for: it was not given up. */
bool rtp_nack_is_missing(const struct rtp_nack *nack, uint64_t ext_seq);

/** When rtp_nack_collect() has something to do next [us]; INT64_MAX if nothing is missing. */
int64_t rtp_nack_deadline(const struct rtp_nack *nack);

/** True once after packets were given up: the decoder needs a key frame. */
bool rtp_nack_take_gave_up(struct rtp_nack *nack);

#endif
