/*
 * One stream that a participant receives: a fixed SSRC whose source changes (protocol.md, "What a
 * slot's stream looks like"). Rewrites, seals and queues; keeps what retransmission and sender
 * reports need.
 *
 * Invariants: SSRC and payload types never change; video of a new source or layer starts with a key
 * frame; an outgoing sequence number is sealed once; while a layer is replayed from its history,
 * what arrives of it waits for its turn there. So does video that the receiver's pacer has no room
 * for: the history is the queue, and what waits has no number yet. A switch of source or layer
 * leaves it there; what the pacer holds of before (BWE_PACER_QUEUE_MS) goes out first.
 *
 * slot.c: what is shown, and which layer shall be; slot_forward.c: a received packet;
 * slot_needed.c: what a loss costs without RTX; slot_queue.c: who switches next; slot_replay.c:
 * from the history; slot_send.c: making and sealing; slot_report.c: what is told.
 */
#ifndef IRIS_CORE_SLOT_H
#define IRIS_CORE_SLOT_H

#include "bwe/temporal_sync.h"
#include "rtp/rewrite.h"
#include "sfu/core/frame_fates.h"
#include "sfu/core/keyframe_limit.h"
#include "sfu/core/recorder.h"
#include "sfu/core/rtx_limit.h"
#include "sfu/core/track.h"

#define CORE_SLOT_UNREPORTED UINT32_MAX /* as a jitter: there is no report yet */

/* The newest report block about a slot (RFC 3550, 6.4.1): what the next one is compared with. */
struct core_slot_reported {
    uint32_t highest_seq;
    int32_t lost;
    uint32_t jitter; /* timestamp units, or CORE_SLOT_UNREPORTED */
};

/* Rewriting segments that a slot remembers: what is sent within a second, which is how long it may
   be asked for again. Voices are not asked for, only late ones are looked up. Of a camera with its
   upper temporal layers skipped these are 15 runs, of its replay 11 pictures of the base layer in
   1.5 s, 52 at most in 500 simulated conferences (iris-sim --profile random, flapping, lossy); of a
   slide the small changes of 20 s at five a second. */
#define CORE_SLOT_SEGMENTS_AUDIO  8
#define CORE_SLOT_SEGMENTS_CAMERA 64
#define CORE_SLOT_SEGMENTS_SCREEN 128

struct core_slot {
    /* What each packet needs comes first: CORE_SLOT_HOT_BYTES. */
    _Alignas(CORE_CACHE_LINE_BYTES) struct core_slot *next_subscriber;
    struct core_participant *owner; /* the receiver */
    struct core_track *track;       /* shown; NULL: idle */
    const struct core_layer *layer; /* forwarded; NULL: waiting for a key frame, or paused */
    struct core_layer *target;      /* that shall be forwarded; NULL: paused (video) */
    uint8_t target_temporal;        /* highest temporal layer that shall be, of the target */
    uint8_t interim_temporal;       /* and of another layer, until the target's key frame comes */
    uint8_t unsynced_count;         /* wanted frames that nothing made decodable, in a row */
    struct bwe_temporal_sync sync;  /* which temporal layers the receiver can decode */
    bool is_held;                   /* by the receiver's layout: shown, but nothing is forwarded */
    bool is_starved;                /* by the receiver's budget */
    bool has_missed;                /* of what the newest segment is made of, packets that came */
    bool is_owner_new;              /* the next audio packet is the first of its owner */
    bool is_retiming;               /* the next frame begins at its sending (after a replay) */
    bool is_complete;               /* the newest packet sent ended its frame */
    bool is_frame_sent;             /* the decision on the frame of frame_timestamp */
    bool is_frame_cut;              /* its beginning was sent, the policer let no more of it pass */
    bool is_frame_counted;
    bool has_frame;           /* there is such a decision, for the layer forwarded */
    bool has_replayed;        /* the first packet of the replay */
    bool is_queued;           /* its switch up waits for those of others */
    bool is_waiting;          /* it began at the live edge, for want of room in the pacer */
    uint32_t frame_timestamp; /* the source's */
    uint64_t replay_seq;      /* next packet to be sent from the layer's history; 0: live */
    int64_t last_sent_us;
    int64_t last_frame_us;              /* newest frame sent; 0 after a change of source */
    uint32_t packet_count, octet_count; /* of sender reports (RFC 3550, 6.4.1) */
    uint32_t newest_in_timestamp;       /* source's timestamp of the newest packet sent */
    struct rtp_rewrite rewrite;
    struct core_slot_params params;
    struct core_slot_statistics statistics; /* what is counted as it happens (snapshot.c) */
    /* The rest. */
    int64_t replayed_us;              /* when a packet of a history was last sent; 0: none */
    int64_t switching_us;             /* since when another layer than the target is forwarded */
    int64_t asked_us;                 /* when a key frame was last wanted for that */
    int64_t wanted_us;                /* when its source was last asked for one; 0: not yet */
    int64_t keyframe_us;              /* when one was last sent; 0: none of this layer */
    int64_t answered_us;              /* it answers requests until then */
    uint32_t answer_bytes;            /* of it, or of what is replayed */
    const struct core_layer *refused; /* its key frame did not come */
    int64_t refused_us;               /* when that was given up */
    uint64_t rtx_index;               /* next SRTP index of the RTX stream */
    uint64_t keyframe_seq;            /* outgoing, of the newest key frame's start; 0: none */
    struct core_run run;              /* for the room's recorder */
    struct core_slot_reported reported;
    struct core_rtx_limit rtx_limit;
    struct core_keyframe_limit keyframe_limit; /* of whatever it shows */
    struct rtp_seen filled;                    /* numbers that padding has closed */
    struct core_frame_fates fates;
};

#define CORE_SLOT_HOT_BYTES offsetof(struct core_slot, statistics.keyframes)

/* A packet on its way to the slots, received or from a history, parsed once. */
struct core_media {
    struct core_track *track;
    struct core_layer *layer;
    const uint8_t *payload;
    uint16_t payload_len;
    bool marker;
    bool is_policed;  /* its frame is over the sender's contract: for nobody */
    bool is_replayed; /* from the history */
    bool has_audio_level, has_voice_activity;
    uint8_t audio_level;
    struct rtp_vp8 descriptor;
    const struct rtp_vp8 *vp8;        /* the descriptor; NULL: audio, or padding */
    struct rtp_rewrite_fields fields; /* in the source's terms, VP8's made up where it has none */
    int64_t now_us;
};

/** How many rewriting segments a slot of this kind remembers: CORE_SLOT_SEGMENTS_*. */
unsigned core_slot_segment_count(enum core_kind kind);

/**
 * Set up as negotiated; the stream's first numbers are random.
 *
 * @param segments  core_slot_segment_count() of them, of the owner's memory
 * @param random    64 random bits
 */
void core_slot_init(struct core_slot *slot, const struct core_slot_params *params,
                    struct core_participant *owner, struct rtp_rewrite_segment *segments,
                    uint64_t random);

/** Show another track (NULL: none). Nothing of it is sent until core_slot_set_target() (video). */
void core_slot_set_track(struct core_slot *slot, struct core_track *track);

/**
 * Which layer of its track a video slot shall forward. The one forwarded now goes on until a key
 * frame of the other is there: from its history, or asked of the source. Temporal layers change
 * with the next frame that allows it.
 *
 * @param target    NULL: none, for want of bandwidth or because no layer can be
 * @param temporal  highest temporal layer to forward, 0 - CORE_TEMPORAL_MAX
 */
void core_slot_set_target(struct core_slot *slot, struct core_layer *target, unsigned temporal,
                          int64_t now_us);

/** How much of the layer forwarded now is, until the key frame of the target is there: its highest
 * temporal layer. All of it unless told so after core_slot_set_target(). */
void core_slot_set_interim(struct core_slot *slot, unsigned temporal);

/** The layer may not be a target for a while: its key frame did not come in time, and the one
 * forwarded meanwhile is still sent. */
bool core_slot_refuses(const struct core_slot *slot, const struct core_layer *layer,
                       int64_t now_us);

/** A layer of its track ends, another stream takes its place. */
void core_slot_forget_layer(struct core_slot *slot, const struct core_layer *layer);

/** What follows is not the continuation of what was sent: a key frame comes first, unless nothing
 * was missed. */
void core_slot_interrupt(struct core_slot *slot);

/** A layer begins, perhaps the same anew. If its source has stopped the one forwarded so far, the
 * gap is the source's. */
void core_slot_leave_layer(struct core_slot *slot, const struct core_layer *next, int64_t now_us);

/** Forward nothing until told otherwise; then a key frame is needed. */
void core_slot_hold(struct core_slot *slot, bool is_held, int64_t now_us);

/** The receiver has no picture (another layer, a new path): from the history if it can serve, else
 * the source is asked. One that has just been sent answers as well. */
void core_slot_need_keyframe(struct core_slot *slot, int64_t now_us);

/** Temporal layers that the receiver may have wait for a key frame, for their source names no point
 * at which they can be taken up: it is asked for one. Not within CORE_KEYFRAME_WINDOW_US of the
 * last: who needs a picture comes first, and what comes then is for all who wait. */
void core_slot_need_sync(struct core_slot *slot, int64_t now_us);

/** The receiver asks for a key frame itself (PLI, or a loss that nothing else repairs): the same,
 * as often as it may ask a source (keyframe_limit.h). */
void core_slot_on_request(struct core_slot *slot, int64_t now_us);

/** A key frame begins, with what is replayed after it so many bytes: it answers who asks for one,
 * until it and those of the other slots before it have had half of the receiver's budget, 300 ms at
 * least. */
void core_slot_note_keyframe(struct core_slot *slot, uint32_t bytes, int64_t now_us);

/** The last of a replay has been sent: who asked before it came has its answer on the way. */
void core_slot_note_replayed(struct core_slot *slot, int64_t now_us);

/** Time passes: switches are urged or given up. */
void core_slot_advance(struct core_slot *slot, int64_t now_us);

/** When core_slot_advance() has something to do [us]; INT64_MAX: nothing. */
int64_t core_slot_deadline(const struct core_slot *slot);

/* slot_forward.c */

/** Send a packet of the slot's track, if it is one to be forwarded. */
void core_slot_forward(struct core_slot *slot, const struct core_media *media);

/* slot_needed.c */

/**
 * A packet that the receiver misses belongs to a frame that it needs, if it cannot be sent again:
 * one of the base layer, or one that what its layer sends now refers to, after the last key frame.
 * Not one that its source is still asked for, nor one whose repair the receiver could not have yet.
 *
 * @param seq  outgoing, as a NACK names it
 */
bool core_slot_needs(const struct core_slot *slot, uint16_t seq, int64_t now_us);

/* slot_queue.c */

/**
 * A key frame of the target is there: whether the layer forwarded goes on all the same, because
 * those of other slots are on their way, or what waits of it is not sent yet. Then the slot looks
 * again at the next tick (core_slot_deadline()).
 *
 * @return  false: the switch may begin
 */
bool core_slot_queue(struct core_slot *slot, int64_t now_us);

/* slot_replay.c */

/** Begin to send a layer from its last key frame on, of which the first packet must be there
 * (core_layer_can_replay(), unless it came late); what else is missing is sent when it comes. */
void core_slot_start_replay(struct core_slot *slot, struct core_layer *layer, int64_t now_us);

/** The pacer has no room: go on from this packet of the layer forwarded when it has, from the
 * history. Without its upper temporal layers, and a camera not when it has become too old: then
 * with a key frame. */
void core_slot_wait(struct core_slot *slot, uint64_t ext_seq, int64_t now_us);

/**
 * Send the next packets of a replay, the upper temporal layers only of the last half second, each
 * frame with a timestamp of its sending; at the end of the history the slot is live.
 *
 * @param bytes  that may be sent
 * @return       bytes that were sent, in the last packet perhaps more than allowed
 */
uint32_t core_slot_replay(struct core_slot *slot, uint32_t bytes, int64_t now_us);

/* slot_send.c */

/** The layer that a rewriting segment was made of, by its id; NULL: of another track by now. */
const struct core_layer *core_slot_find_layer(const struct core_slot *slot, uint64_t id);

/** Make, seal and queue a packet with these outgoing fields. @return false: no buffer, no path */
bool core_slot_send(struct core_slot *slot, const struct core_media *media,
                    const struct rtp_rewrite_fields *fields);

/** Send padding under a number that must not stay empty. */
void core_slot_send_padding(struct core_slot *slot, const struct rtp_rewrite_fields *fields,
                            int64_t now_us);

/**
 * Answer a NACK by retransmission (RFC 4588); nothing without RTX.
 *
 * @return  true if a packet was queued
 */
bool core_slot_retransmit(struct core_slot *slot, uint16_t seq, int64_t now_us);

/**
 * Fill a probe with one of the last packets, over RTX: of what may still be shown.
 *
 * @param bytes  that are wanted: UDP payload
 * @return       false: there is none of about that size
 */
bool core_slot_send_old(struct core_slot *slot, uint16_t bytes, int64_t now_us);

/**
 * Fill a probe with padding (RFC 3550, 5.1: 255 bytes a packet at most): on the RTX stream, without
 * one on the media stream between two frames, under numbers of its own.
 *
 * @return  false: audio, a frame has begun that goes on, or nowhere to send
 */
bool core_slot_send_filler(struct core_slot *slot, uint16_t bytes);

/* slot_report.c */

/** Something is forwarded: a track is shown, sends, and is not muted. */
bool core_slot_is_live(const struct core_slot *slot, int64_t now_us);

/** The receiver reports on it. */
void core_slot_on_report(struct core_slot *slot, const struct rtcp_report_block *block);

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
