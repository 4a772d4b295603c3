/*
 * One participant of a room: a transport, the tracks it sends and the slots it receives through.
 * Owned by its engine; everything in it lives and dies with it.
 *
 * Invariant: it is one piece of memory, made at the join for what was negotiated and no more:
 * behind the struct lie its slots, their rewriting segments, its tracks, their layers, and, if it
 * has any, what is needed to receive them. Only what a layer owns is made when its stream begins;
 * until then the layers, which lie together, are pages that were never written to.
 */
#ifndef IRIS_CORE_PARTICIPANT_H
#define IRIS_CORE_PARTICIPANT_H

#include "bwe/allocation_hysteresis.h"
#include "bwe/remb.h"
#include "rtp/transport_feedback.h"
#include "sfu/core/estimate.h"
#include "sfu/core/outbox.h"
#include "sfu/core/pace.h"
#include "sfu/core/recorder.h"
#include "sfu/core/slot.h"

#define CORE_SSRC_TABLE 64 /* open addressing; at most half of it is used */
#define CORE_SSRCS_MAX  (CORE_SSRC_TABLE / 2)
#define CORE_PATHS_MAX  (2 * TRANSPORT_ICE_PATHS) /* half of a full list can always be forgotten */

struct core_engine;
struct core_room;

/* Which stream an SSRC of a participant is. */
struct core_binding {
    uint32_t ssrc; /* 0: empty */
    uint8_t track, layer;
    bool is_rtx;
};

struct core_participant {
    /* What each packet to it needs comes first: CORE_PARTICIPANT_HOT_BYTES. */
    _Alignas(CORE_CACHE_LINE_BYTES) struct core_participant *next; /* in the engine */
    int64_t deadline_us;    /* INT64_MAX: none; its engine has it, too */
    int64_t look_us;        /* of all but its estimator's: not before deadline_us */
    unsigned place;         /* of that in the engine's deadlines */
    uint16_t transport_seq; /* next one that we send */
    bool is_gone;           /* to be removed when nothing looks at it any more */
    bool is_detached;
    struct core_engine *engine;
    struct transport *transport;
    struct core_recorder *recorder; /* its room's; NULL: none */
    struct core_chain chain;
    uint64_t budget_bps;               /* for video that it receives; UINT64_MAX: the contract's */
    struct bwe_byte_window sent_video; /* RTP payload: the contract of what it receives */
    struct bwe_byte_window sent_wire;  /* UDP payload of all video, for the budget */
    struct core_pace pace;
    struct core_estimate estimate;
    /* What each look at it needs: to the end of the deadlines. */
    _Alignas(CORE_CACHE_LINE_BYTES) struct core_slot *slots; /* slot_count; this and the next */
    struct rtp_rewrite_segment *segments;                    /* four: in the same memory */
    struct core_track *tracks;                               /* track_count */
    struct core_binding *bindings;    /* CORE_SSRC_TABLE; NULL without a track */
    struct rtp_arrival_log *arrivals; /* NULL without a track */
    unsigned slot_count, track_count;
    uint32_t replaying; /* slots that may have a replay_seq, as bits: those without have none */
    /* Deadlines [us]; INT64_MAX: none. */
    int64_t feedback_us, nack_us, report_us, sender_report_us, statistics_us;
    /* The rest. */
    void *memory; /* that it lies in */
    uint64_t id;
    struct core_room *room;
    struct core_participant *next_in_room, *previous_in_room; /* in order of joining */
    unsigned path_count;
    struct transport_path paths[CORE_PATHS_MAX]; /* that lead here in the directory */
    struct core_layout layout;
    struct core_participant *pinned[CORE_PINNED_MAX]; /* of layout, in order; NULL: not here */
    struct bwe_hysteresis hysteresis;
    struct core_rtx_bucket rtx_bucket;
    int64_t paid_us;      /* what was sent to it is within the budget by then */
    int64_t answering_us; /* key frames sent so far have had half of the budget by then */
    int64_t replayed_us;  /* when packets were last replayed to it */
    char older_ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES]; /* of before the last ICE restart; "" */
    char ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES];
    struct rtp_extension_map extensions;
    uint32_t feedback_ssrc;
    unsigned binding_count;
    unsigned segment_count;      /* of all slots together */
    uint32_t media_ssrc;         /* of some packet that arrived: transport feedback must name one */
    int64_t rtt_us;              /* smoothed, 0: unknown */
    int64_t joined_us, heard_us; /* last authenticated packet */
    int64_t detached_us;
    enum core_reason gone_reason;
    const char *gone_detail; /* static text */
    bool are_slots_dirty;
    uint64_t path_changes; /* of the transport, as last seen */
    struct bwe_remb remb;
    struct core_slot_report told[CORE_SLOTS_MAX]; /* last CORE_EVENT_SLOTS */
    struct core_uplink_statistics uplink;         /* what is counted as it happens; the rest is */
    struct core_downlink_statistics downlink;     /* read where it is (snapshot.c) */
    bool is_snapshot_due;                         /* in the engine's list */
    struct core_participant *next_snapshot;
};

#define CORE_PARTICIPANT_HOT_BYTES offsetof(struct core_participant, pace.ring)
/* From slots on: what each look at it needs. */
#define CORE_PARTICIPANT_LOOK_BYTES                                                                \
    (offsetof(struct core_participant, memory) - offsetof(struct core_participant, slots))
_Static_assert(offsetof(struct core_participant, memory) > offsetof(struct core_participant, slots),
               "what a look needs ends before the rest");

/* What a participant needs memory for: at most CORE_TRACKS_MAX, CORE_SLOTS_MAX and
   CORE_SLOT_SEGMENTS_SCREEN a slot. */
struct core_participant_shape {
    unsigned track_count, slot_count, segment_count;
};

/** What such a participant takes [bytes]. */
size_t core_participant_bytes(const struct core_participant_shape *shape);

/** The shape of one that has joined with these slots. */
struct core_participant_shape core_participant_shape_of(unsigned track_count,
                                                        const struct core_slot_params *slots,
                                                        unsigned slot_count);

/**
 * Memory of this shape, all zero but for the counts and the pointers within it.
 *
 * @return  owned by the caller: core_participant_free(); NULL when memory is short
 */
struct core_participant *core_participant_create(const struct core_participant_shape *shape);

/** Free the memory, nothing of what it points to. */
void core_participant_free(struct core_participant *participant);

/** Let the pointers of one that was copied, and has its counts, point within itself; those of its
 * tracks, too. */
void core_participant_lay_out(struct core_participant *participant);

/** The layers of all its tracks, CORE_LAYERS_MAX each; reads no track. */
struct core_layer *core_participant_layers(const struct core_participant *participant);

/** An SSRC will be looked up soon: fetch where it should be. */
void core_participant_prefetch_binding(const struct core_participant *participant, uint32_t ssrc);

/** Find the binding of an SSRC; NULL if it has none. */
struct core_binding *core_participant_binding(struct core_participant *participant, uint32_t ssrc);

/** Bind an SSRC. @return 0 or IRIS_E_FULL */
int core_participant_bind(struct core_participant *participant, uint32_t ssrc, unsigned track,
                          unsigned layer, bool is_rtx);

/** Forget the SSRCs bound to a layer, its own and that of its RTX. */
void core_participant_unbind(struct core_participant *participant, unsigned track, unsigned layer);

/** The next send buffer with its path set; NULL (counted) if there is none or nowhere to send. */
struct core_buffer *core_participant_buffer(struct core_participant *participant);

/**
 * Queue an RTP packet of header_len + payload; it is numbered (transport-wide) when it leaves and
 * sealed when it is taken.
 *
 * @param index     SRTP's (RFC 3711, section 3.3.1)
 * @param may_wait  for its turn (video); audio and repairs do not
 */
void core_participant_send_rtp(struct core_participant *participant, struct core_buffer *buffer,
                               size_t header_len, uint64_t index, bool may_wait);

/** Seal an RTCP compound and queue it. */
void core_participant_send_rtcp(struct core_participant *participant, const uint8_t *data,
                                size_t len);

/** Packets will be sent to it soon: fetch what that needs beside its first cache lines. Reads its
 * counts of packets. */
void core_participant_prefetch_way(const struct core_participant *participant);

/** Act by this time at the latest. */
void core_participant_wake(struct core_participant *participant, int64_t at_us);

/** The same, if it is its estimator alone that is to be looked at by then. */
void core_participant_wake_estimator(struct core_participant *participant, int64_t at_us);

#endif
