/*
 * One stream that a participant receives: a fixed SSRC whose source changes (protocol.md, "What a
 * slot's stream looks like"). Rewrites, seals and queues; keeps what retransmission and sender
 * reports need.
 *
 * Invariants: SSRC and payload types never change; video of a new source starts with a key frame;
 * an outgoing sequence number is sealed once.
 */
#ifndef IRIS_CORE_SLOT_H
#define IRIS_CORE_SLOT_H

#include "rtp/rewrite.h"
#include "sfu/core/track.h"

struct core_slot {
    struct core_slot_params params;
    struct core_participant *owner; /* the receiver */
    struct core_track *track;       /* shown; NULL: idle */
    struct core_slot *next_subscriber;
    const struct core_layer *layer; /* forwarded; NULL: waiting for a key frame */
    struct rtp_rewrite rewrite;
    bool is_held;       /* by the receiver's layout: shown, but nothing is forwarded */
    bool is_owner_new;  /* the next audio packet is the first of its owner */
    uint64_t rtx_index; /* next SRTP index of the RTX stream */
    uint32_t packet_count, octet_count; /* of sender reports (RFC 3550, 6.4.1) */
    uint32_t newest_in_timestamp;       /* source's timestamp of the newest packet sent */
    int64_t last_sent_us;
    int64_t last_frame_us; /* newest frame sent; 0 after a change of source */
    unsigned mid_left;     /* packets that still carry the MID extension */
    struct core_slot_statistics statistics;
};

/* A received packet on its way to the slots, parsed once. */
struct core_media {
    struct core_track *track;
    struct core_layer *layer;
    const struct rtp_packet *packet;
    const struct rtp_extension_values *values;
    struct rtp_vp8 descriptor;
    const struct rtp_vp8 *vp8;        /* the descriptor; NULL: audio */
    struct rtp_rewrite_fields fields; /* in the source's terms, VP8's made up where it has none */
    int64_t now_us;
};

/**
 * Set up as negotiated; the stream's first numbers are random.
 *
 * @param random  32 random bits
 */
void core_slot_init(struct core_slot *slot, const struct core_slot_params *params,
                    struct core_participant *owner, uint64_t random);

/** Show another track (NULL: none). A key frame is asked for; nothing is sent until it comes. */
void core_slot_set_track(struct core_slot *slot, struct core_track *track, int64_t now_us);

/** What follows is not the continuation of what was sent: a key frame comes first, unless nothing
 * was missed. */
void core_slot_interrupt(struct core_slot *slot);

/** Forward nothing until told otherwise; then a key frame is asked for. */
void core_slot_hold(struct core_slot *slot, bool is_held, int64_t now_us);

/**
 * Send a packet of the slot's track, if it is one of the layer that is forwarded, or the key frame
 * with which that may change.
 */
void core_slot_forward(struct core_slot *slot, const struct core_media *media);

/**
 * Answer a NACK by retransmission (RFC 4588); nothing without RTX.
 *
 * @return  true if a packet was queued
 */
bool core_slot_retransmit(struct core_slot *slot, uint16_t seq, int64_t now_us);

/** Something is forwarded: a track is shown, sends, and is not muted. */
bool core_slot_is_live(const struct core_slot *slot, int64_t now_us);

/** What the receiver is told of it. */
void core_slot_report(const struct core_slot *slot, int64_t now_us,
                      struct core_slot_report *report);

/**
 * The sender report of a slot that is sending, on the server's clock.
 *
 * @param ntp  the server's NTP time now
 */
void core_slot_sender_report(const struct core_slot *slot, int64_t now_us, uint64_t ntp,
                             struct rtcp_sender_report *report);

#endif
