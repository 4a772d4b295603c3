/*
 * The way of a receiver's RTP packets from where they are made to the outbox: numbered when they
 * leave, not when they are made, and told to the receiver's estimator. While that has a say
 * (core_pace.is_pacing), video waits here for its turn; audio and repairs never wait, they are only
 * counted. Not more than BWE_PACER_QUEUE_MS of it: what there is no room for is not made yet, and
 * waits in its layer's history (core_slot_wait()). A frame's packets leave together, so that one
 * UDP_SEGMENT send takes them.
 *
 * Invariant: a packet that waits is in the pacer's ring, and belongs to the participant; packets of
 * a stream leave in the order in which they came.
 */
#ifndef IRIS_CORE_PACE_H
#define IRIS_CORE_PACE_H

#include "bwe/pacer.h"
#include "sfu/core/outbox.h"

/* A power of two: BWE_PACER_QUEUE_MS of packets of 500 bytes at the fastest pace, and some more. */
#define CORE_PACE_PACKETS 256
#define CORE_PACE_WAIT_US 250000 /* at most, when the rate has just become much lower */

struct core_engine;
struct core_participant;

struct core_pace {
    struct core_participant *next; /* in the engine's list of those that have something to send */
    bool is_listed;
    bool is_pacing;        /* video waits for its turn */
    int64_t behind_us;     /* since when some waits again and again, */
    int64_t waited_us;     /* and when some did last */
    uint8_t cluster;       /* probe that what leaves now belongs to; 0: none */
    uint32_t filled_bytes; /* that have left to fill a probe: of the last packet asked for */
    uint8_t filler_slot;   /* where old packets were last taken from */
    int64_t due_us;        /* while listed: when to look again */
    struct bwe_pacer pacer;
    struct bwe_paced ring[CORE_PACE_PACKETS];
};

/** Start empty; nothing waits yet. */
void core_pace_init(struct core_pace *pace);

/** A packet of video: now, or in its turn. One that finds the ring full is dropped and counted as a
 * failure; the receiver asks for it again. */
void core_pace_send(struct core_participant *participant, struct core_buffer *buffer);

/** A packet that never waits. */
void core_pace_send_now(struct core_participant *participant, struct core_buffer *buffer);

/** Spread video at this rate from now on, or faster where it would wait longer than
 * CORE_PACE_WAIT_US. */
void core_pace_set_rate(struct core_participant *participant, uint32_t rate_bps, uint32_t burst_us,
                        int64_t now_us);

/** Bytes of video that may be queued: what leaves within BWE_PACER_QUEUE_MS; 0 while half of the
 * outbox's pool is in use; UINT32_MAX while nothing waits here. */
uint32_t core_pace_room(const struct core_participant *participant);

/** Video waits, here or in a history: what can be left out should be. */
bool core_pace_is_behind(const struct core_participant *participant);

/** For how long video has waited again and again, 0: none waits [us]. To be called often. */
int64_t core_pace_behind_us(struct core_participant *participant, int64_t now_us);

/** Send what is due to this receiver: video, and what fills a probe. */
void core_pace_run(struct core_participant *participant, int64_t now_us);

/** Send what is due to all; sets when to look again. */
void core_pace_advance(struct core_engine *engine, int64_t now_us);

/** The participant goes: what waits is dropped. */
void core_pace_forget(struct core_participant *participant);

#endif
