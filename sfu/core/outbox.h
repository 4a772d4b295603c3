/*
 * Packets on their way out: buffers of a fixed pool, chained per receiver, so that what goes to one
 * receiver leaves together (floor.md: UDP_SEGMENT). No heap after init.
 *
 * Invariant: every buffer is in exactly one place: the free list, one chain, a receiver's pacer, or
 * the hands of whoever took the chain and will release it.
 */
#ifndef IRIS_CORE_OUTBOX_H
#define IRIS_CORE_OUTBOX_H

#include "sfu/transport/transport.h"

#define CORE_BUFFER_BYTES 1536 /* an Ethernet frame's worth and the SRTP trailer */

struct core_buffer {
    struct core_buffer *next;
    struct transport_path path;
    struct transport
        *transport;      /* that seals this RTP packet when it is taken; NULL: it is ready */
    uint64_t index;      /* SRTP's */
    uint16_t header_len; /* of RTP [bytes] */
    uint8_t transport_seq_at, send_time_at; /* written when it leaves: offsets, 0: not there */
    uint16_t len;                           /* [bytes] */
    uint8_t data[CORE_BUFFER_BYTES];
};

/* What waits for one receiver. Embedded in it; zero-initialised. */
struct core_chain {
    struct core_buffer *first, *last;
    struct core_chain *next; /* in the outbox's queue */
    bool is_queued;
};

struct core_outbox {
    struct core_buffer *pool; /* owned */
    struct core_buffer *free;
    unsigned free_count, total_count;
    unsigned held_count; /* neither free nor on their way: they wait for their turn (pace.h) */
    struct core_chain *first, *last; /* chains that hold packets, in order of their first one */
    uint64_t exhausted;              /* packets lost because the pool was empty */
};

/** Allocate the pool. @return 0 or IRIS_E_NO_MEMORY */
int core_outbox_init(struct core_outbox *outbox, unsigned buffer_count);
void core_outbox_dispose(struct core_outbox *outbox);

/** A free buffer, the caller's until core_outbox_push() or core_outbox_release(); NULL: counted. */
struct core_buffer *core_outbox_take(struct core_outbox *outbox);

/** Append a filled buffer to a receiver's chain. */
void core_outbox_push(struct core_outbox *outbox, struct core_chain *chain,
                      struct core_buffer *buffer);

/** The next receiver's packets, linked by next, now the caller's; NULL when there are none. */
struct core_buffer *core_outbox_next(struct core_outbox *outbox);

/**
 * Make the packets of a frame equally long, so that they can leave in one UDP_SEGMENT send: the
 * shorter ones by RTP padding (RFC 3550, 5.1), but for the last, which may be shorter. (libwebrtc
 * makes a frame's last packets a byte longer; floor.md.)
 *
 * @param packets  of one receiver, linked by next, RTP not sealed yet
 */
void core_outbox_equalize(struct core_buffer *packets);

/** Give back one buffer. */
void core_outbox_release(struct core_outbox *outbox, struct core_buffer *buffer);

/** A receiver goes: its packets are dropped, its chain leaves the queue. */
void core_outbox_forget(struct core_outbox *outbox, struct core_chain *chain);

#endif
