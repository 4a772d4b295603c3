/*
 * The way of a receiver's RTP packets from where they are made to the outbox: numbered when they
 * leave, not when they are made, and told to the receiver's estimator. While that has a say
 * (core_estimate_is_active()), video waits here for its turn; audio and repairs never wait, they
 * are only counted. A frame's packets leave together, so that one UDP_SEGMENT send takes them.
 *
 * Invariant: a packet that waits is in the pacer's ring, and belongs to the participant; packets of
 * a stream leave in the order in which they came.
 */
#ifndef IRIS_CORE_PACE_H
#define IRIS_CORE_PACE_H

#include "bwe/pacer.h"
#include "sfu/core/outbox.h"

/* A power of two. Two key frames of every slot: far more than 40 ms at any rate. */
#define CORE_PACE_PACKETS 512
#define CORE_PACE_WAIT_US 3000000 /* key frames at a low rate; older pictures are of no use */

struct core_engine;
struct core_participant;

struct core_pace {
    struct core_participant *next; /* in the engine's list of those that have something to send */
    bool is_listed;
    bool is_pacing;      /* video waits for its turn */
    uint8_t cluster;     /* probe that what leaves now belongs to; 0: none */
    uint8_t filler_slot; /* where old packets were last taken from */
    int64_t due_us;      /* while listed: when to look again */
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

/** Video waits longer than BWE_PACER_QUEUE_MS: what can be left out should be. */
bool core_pace_is_behind(const struct core_participant *participant);

/** Send what is due to this receiver: video, and what fills a probe. */
void core_pace_run(struct core_participant *participant, int64_t now_us);

/** Send what is due to all; sets when to look again. */
void core_pace_advance(struct core_engine *engine, int64_t now_us);

/** The participant goes: what waits is dropped. */
void core_pace_forget(struct core_participant *participant);

#endif
