/*
 * The recent packets of one received RTP stream, kept once for all receivers, for retransmission
 * (RFC 4588).
 *
 * A ring of descriptors over a ring of bytes, both allocated at init. Invariant: the stored packets
 * are the newest ones that fit packets, bytes and age; their byte ranges do not overlap. A packet
 * is the payload and what is needed to make a new header; nothing of any receiver.
 */
#ifndef IRIS_RTP_HISTORY_H
#define IRIS_RTP_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HISTORY_AGE_US 1000000 /* a retransmission later than this helps nobody */

/* One stored packet. payload stays valid until the next rtp_history_add(). */
struct rtp_history_packet {
    bool is_void; /* not for sending: padding, or a frame that was dropped (its VP8 descriptor) */
    uint64_t ext_seq;
    int64_t received_us;
    const uint8_t *payload;
    uint16_t payload_len;
    uint32_t timestamp;
    bool marker;
    uint16_t picture_id; /* of VP8, in the stream's terms, made up where it has none */
    uint8_t tl0_picture_index, key_index;
};

struct rtp_history_entry {
    uint64_t ext_seq; /* 0: empty */
    int64_t received_us;
    uint64_t position; /* in the endless stream of written bytes */
    uint32_t offset;   /* the same, in the ring */
    uint32_t timestamp;
    uint16_t len;
    uint16_t picture_id;
    uint8_t tl0_picture_index, key_index;
    bool marker, is_void;
};

struct rtp_history {
    struct rtp_history_entry *entries; /* owned; indexed by ext_seq modulo entry_count */
    uint8_t *bytes;                    /* owned */
    uint32_t entry_count;
    uint32_t byte_count;
    uint32_t head;    /* where the next payload goes */
    uint64_t written; /* bytes ever written, padding at the ring's end included */
    uint64_t highest; /* the newest ext_seq kept */
};

/**
 * Allocate.
 *
 * @param entry_count  packets, 1 at least
 * @param byte_count   payload bytes kept
 * @return             0 or IRIS_E_NO_MEMORY (then nothing is held; also for more than 2^31 packets)
 */
int rtp_history_init(struct rtp_history *history, uint32_t entry_count, uint32_t byte_count);

/** Free; harmless on a zeroed or disposed one. */
void rtp_history_dispose(struct rtp_history *history);

/**
 * Keep a packet, overwriting the oldest. Too long a payload (> byte_count / 2) is not kept.
 * A repaired (late) packet is kept as well; a number below the ring's reach is ignored,
 * and everything where nothing is held.
 */
void rtp_history_add(struct rtp_history *history, const struct rtp_history_packet *packet);

/** Look a packet up whatever its age: a replay of what came after a key frame. @return false if it
 * is not there */
bool rtp_history_get(const struct rtp_history *history, uint64_t ext_seq,
                     struct rtp_history_packet *packet);

/**
 * Find a packet for retransmission: none that is void.
 *
 * @param now_us  packets older than RTP_HISTORY_AGE_US are not found [us]
 * @return        true and *packet written, or false
 */
bool rtp_history_find(const struct rtp_history *history, uint64_t ext_seq, int64_t now_us,
                      struct rtp_history_packet *packet);

#endif
