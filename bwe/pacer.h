/*
 * Spreads what is sent to one receiver over time. Audio never comes here: it leaves at once and is
 * only counted. Video is queued as descriptors (the packets stay with their owner) and leaves in
 * groups of packets of one frame, so that a group can go in one UDP_SEGMENT send; the pause after a
 * group is as long as the group takes at the pacing rate.
 *
 * Invariant: packets leave in the order in which they came; queued_bytes is their sum. Above
 * BWE_PACER_QUEUE_MS of queue the owner is told, and should send less: nothing is dropped here.
 *
 * A probe sends what is queued at its own rate, under its id, and asks for padding once the queue
 * is empty.
 */
#ifndef IRIS_BWE_PACER_H
#define IRIS_BWE_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bwe/probe.h"

#define BWE_PACER_QUEUE_MS 40

/* A queued packet. */
struct bwe_paced {
    uint64_t handle; /* the owner's: where the packet is */
    uint32_t queued_us;
    uint16_t bytes; /* UDP payload */
    uint16_t frame; /* packets in a row with the same value may leave together */
};

struct bwe_pacer {
    struct bwe_paced *ring; /* the caller's */
    uint32_t mask, head, count;
    uint32_t queued_bytes;
    uint32_t rate_bps, burst_us;
    int64_t free_us; /* when what was sent has been worked off at the rate */
    int64_t pushed_us;
    struct bwe_probe probe; /* id 0: none; bytes and packets are what is left */
    struct bwe_probe next_probe;
    int64_t probe_begin_us, probe_free_us;
    bool is_probing; /* its first packet has left */
};

/**
 * Start empty.
 *
 * @param ring   caller's memory, which must outlive the pacer
 * @param count  entries, a power of two
 */
void bwe_pacer_init(struct bwe_pacer *pacer, struct bwe_paced *ring, size_t count);

/** The rate from now on, and what may leave at once at that rate; 0 bit/s: nothing leaves. What was
 * sent ahead of the rate so far is worked off at the new one. */
void bwe_pacer_set_rate(struct bwe_pacer *pacer, uint32_t rate_bps, uint32_t burst_us,
                        int64_t now_us);

/** Queue a packet. Returns false when the ring is full: then it is not queued. */
bool bwe_pacer_push(struct bwe_pacer *pacer, const struct bwe_paced *packet, int64_t now_us);

/** Bytes that left without being queued: audio, padding outside of probes. */
void bwe_pacer_on_unpaced(struct bwe_pacer *pacer, uint32_t bytes, int64_t now_us);

/**
 * Send this probe next, from the next frame on or, when none comes, at once; after the one that
 * runs. Of several that wait only the last one stays.
 */
void bwe_pacer_begin_probe(struct bwe_pacer *pacer, const struct bwe_probe *probe, int64_t now_us);

/** What probes have still to send: the one that runs, and the one after it. */
uint32_t bwe_pacer_probe_bytes(const struct bwe_pacer *pacer);

/**
 * Take what may leave now: packets of one frame.
 *
 * @param packets  caller's array of cap entries
 * @param cluster  written: the probe that they belong to, or 0
 * @return         entries written; 0: nothing now
 */
size_t bwe_pacer_pop(struct bwe_pacer *pacer, int64_t now_us, struct bwe_paced *packets, size_t cap,
                     uint8_t *cluster);

/**
 * The padding that a probe is short of, when nothing is queued. What is sent of it, or instead of
 * it, is to be told: bwe_pacer_on_padding().
 *
 * @param cluster  written: the probe
 * @return         bytes of one packet, up to limit; 0: none
 */
uint16_t bwe_pacer_padding(const struct bwe_pacer *pacer, int64_t now_us, uint16_t limit,
                           uint8_t *cluster);

/** So many bytes were sent for the probe after bwe_pacer_padding(): a probe that counted more than
 * that would be slower than it was meant to be, and show too little. */
void bwe_pacer_on_padding(struct bwe_pacer *pacer, uint32_t bytes, int64_t now_us);

/** Forget the queue: its packets are their owner's. */
void bwe_pacer_clear(struct bwe_pacer *pacer);

/** How long the queue takes at the pacing rate [ms]. */
uint32_t bwe_pacer_queue_ms(const struct bwe_pacer *pacer);

/** When to call pop or padding again [us]; INT64_MAX while there is nothing to do. */
int64_t bwe_pacer_deadline(const struct bwe_pacer *pacer);

#endif
