/*
 * The flight recorder of a room: a ring of what happened lately, headers of packets and decisions,
 * never a payload. The packet path writes into it; recording.h reads it.
 *
 * What a room receives is written once, for it is what all its receivers share: each RTP packet's
 * header with its VP8 descriptor and frame header, 44 bytes as a rule, and RTCP up to
 * CORE_RECORDER_RTCP_BYTES. What it forwards is written as runs: so many packets of one source went
 * to one slot with these offsets, so that recording.h can rewrite the headers once more. A run goes
 * on while nothing changes (minutes), so that a forwarded packet costs a comparison and a count.
 * Measured (iris-bench bubbles): 480 KB a minute for each participant of a bubble in which everyone
 * sends, 110 packets a second; 45 KB for one who only receives.
 *
 * The ring takes no more of its memory than the last window_us need: it begins anew at its start
 * when what stands there is older than that, and only what it has written was ever touched. When
 * its capacity is too small, it covers less time.
 *
 * Owned by a room; one loop. Nothing here allocates but core_recorder_create(), nothing locks.
 * Every function takes NULL in place of a recorder and then does nothing: the room has none.
 */
#ifndef IRIS_CORE_RECORDER_H
#define IRIS_CORE_RECORDER_H

#include "rtp/packet.h"
#include "rtp/vp8.h"
#include "sfu/core/message.h"

#define CORE_RECORDER_MIN_BYTES 262144
#define CORE_RECORDER_RTCP_BYTES                                                                   \
    120                             /* a report on five streams; feedback of a second of losses    \
                                     */
#define CORE_RECORDER_RUN_MAX 16384 /* packets of a run: a quarter of the sequence numbers */

/* What became of a received RTP packet. */
#define CORE_OUTCOMES(X)                                                                           \
    X(TAKEN, "taken")         /* its slots decide on it */                                         \
    X(PROBE, "probe")         /* padding */                                                        \
    X(MUTED, "muted")         /* its track is */                                                   \
    X(POLICED, "policed")     /* over its sender's contract */                                     \
    X(REPEATED, "repeated")   /* a repair of what had come, or an original after it */             \
    X(MALFORMED, "malformed") /* its VP8 descriptor */                                             \
    X(UNBOUND, "unbound")     /* of no negotiated track */

#define CORE_OUTCOME_ENUMERATOR(name, text) CORE_OUTCOME_##name,
enum core_outcome { CORE_OUTCOMES(CORE_OUTCOME_ENUMERATOR) CORE_OUTCOME_COUNT };

/* What was decided: name, its text, and what its three numbers are (NULL: unused). */
#define CORE_DECISIONS(X)                                                                          \
    X(JOINED, "joined", "tracks", "slots", NULL)                                                   \
    X(CONNECTED, "connected", NULL, NULL, NULL)                                                    \
    X(LEFT, "left", NULL, NULL, NULL)                                                              \
    X(DETACHED, "detached", NULL, NULL, NULL) /* the WebSocket is gone */                          \
    X(ATTACHED, "attached", NULL, NULL, NULL)                                                      \
    X(PATH, "path_changed", "changes", NULL, NULL)                                                 \
    X(MUTED, "muted", NULL, NULL, NULL)                                                            \
    X(UNMUTED, "unmuted", NULL, NULL, NULL)                                                        \
    X(LAYOUT, "layout", "max_cameras", "max_height", "pinned")                                     \
    X(BUDGET, "budget", "budget_bps", NULL, NULL)                                                  \
    X(ESTIMATE, "estimate", "target_bps", "video_bps",                                             \
      "pacing_bps")                                      /* another state, or passed */            \
    X(PROBE, "probe", "rate_bps", "bytes", "target_bps") /* no rate: one that lasted is over */    \
    X(WAITING, "video_waits", "queued_bytes", "pacing_bps", NULL) /* the pacer has no room */      \
    X(OWNER, "slot_owner", NULL, NULL, NULL) /* the slot shows other's track from now on */        \
    X(TARGET, "layer_chosen", "temporal", "height", "budget_bps") /* no layer: paused */           \
    X(FORWARDED, "layer_forwarded", "height", "replayed_bytes", NULL)                              \
    X(INTERRUPTED, "layer_interrupted", NULL, NULL, NULL)                                          \
    X(REFUSED, "layer_refused", NULL, NULL, NULL) /* its key frame did not come */                 \
    X(WANTED, "keyframe_wanted", NULL, NULL, NULL)                                                 \
    X(REQUESTED, "keyframe_requested", NULL, NULL, NULL) /* of the source, by PLI */               \
    X(POLICED, "policed", "limit_bps", "measured_bps", NULL)

#define CORE_DECISION_ENUMERATOR(name, text, a, b, c) CORE_DECISION_##name,
enum core_decision_kind { CORE_DECISIONS(CORE_DECISION_ENUMERATOR) CORE_DECISION_COUNT };

/* What brought a decision about. */
#define CORE_TRIGGERS(X)                                                                           \
    X(NONE, "")                                                                                    \
    X(PINNED, "pinned")                                                                            \
    X(SPEAKS, "speaks")                                                                            \
    X(FREE, "slot_free")                                                                           \
    X(SHARES, "shares_screen")                                                                     \
    X(REPLACED, "nobody_to_show") /* the owner before went, fell silent, or may not be shown */    \
    X(BANDWIDTH, "bandwidth")                                                                      \
    X(HELD, "layout")                                                                              \
    X(SOURCE, "source")                                                                            \
    X(KEYFRAME, "keyframe")                                                                        \
    X(PROBE, "probe") /* one was passed */                                                         \
    X(REPLAY, "replay")                                                                            \
    X(RESUME, "resume")          /* nothing was missed: no key frame is needed */                  \
    X(TORN, "torn")              /* more is missing than will ever be repaired */                  \
    X(CONTRACT, "over_contract") /* of the receiver */                                             \
    X(AUDIO_ONLY, "audio_only")

#define CORE_TRIGGER_ENUMERATOR(name, text) CORE_TRIGGER_##name,
enum core_trigger { CORE_TRIGGERS(CORE_TRIGGER_ENUMERATOR) CORE_TRIGGER_COUNT };

/* -1 in slot, track or layer: it is not about one. */
struct core_decision {
    enum core_decision_kind kind;
    enum core_trigger cause;
    uint64_t participant;      /* whom it is about: the receiver, for slots */
    uint64_t other;            /* whose track; 0: nobody's */
    int8_t slot, track, layer; /* index; track and layer: of other if there is one */
    uint32_t numbers[3];
};

/* How packets went to a slot. */
enum core_run_way {
    CORE_RUN_LIVE,    /* each when it came */
    CORE_RUN_REPLAY,  /* from the history */
    CORE_RUN_REPAIR,  /* by RTX, for a NACK */
    CORE_RUN_PADDING, /* in place of a packet that is not wanted any more */
};

/* Packets of one source that went to a slot with the same offsets, consecutive in both numberings:
   out = in + offset. Kept in the slot while it goes on; zero-initialised: none. */
struct core_run {
    uint64_t offsets; /* timestamp << 32, picture id << 16, TL0PICIDX << 8, KEYIDX: modulo each */
    uint64_t layer;   /* the source's, core_layer.id: while the run is open */
    int64_t first_us, last_us;
    uint32_t source;          /* participant */
    uint16_t in_seq, out_seq; /* of the first */
    uint16_t rtx_seq;         /* REPAIR */
    uint16_t count;           /* 0: there is none */
    uint8_t stream;           /* of the source, core_record_stream() */
    uint8_t slot;
    uint8_t way;
    bool is_marked; /* the first one got the marker bit */
};

/* One packet that goes to a slot. */
struct core_run_packet {
    uint64_t offsets, layer;
    int64_t sent_us;
    uint16_t in_seq, out_seq;
    uint8_t way;
};

/* Who took part, and what packets were called: as of the dump, or of leaving. */
struct core_member_track {
    uint32_t csrc;
    uint8_t kind, payload_type;
    int16_t rtx_payload_type;
};

struct core_member_slot {
    uint32_t ssrc, rtx_ssrc;
    uint8_t kind, payload_type;
    int16_t rtx_payload_type;
};

struct core_member {
    struct transport_path path; /* remote port 0: there is none */
    uint8_t track_count, slot_count;
    struct core_member_track tracks[CORE_TRACKS_MAX];
    struct core_member_slot slots[CORE_SLOTS_MAX];
};

/* What stands in the ring; its body follows. */
enum core_record_kind {
    CORE_RECORD_RTP,       /* received: the packet's first bytes */
    CORE_RECORD_RTCP,      /* received: likewise */
    CORE_RECORD_RTCP_SENT, /* likewise */
    CORE_RECORD_RUN,       /* struct core_run; participant: the receiver */
    CORE_RECORD_DECISION,  /* struct core_decision */
    CORE_RECORD_MEMBER,    /* struct core_member */
};

#define CORE_RECORD_NO_STREAM 0xFF

struct core_record {
    uint32_t time_us;     /* modulo 2^32; from one record to the next never more than the window */
    uint32_t participant; /* modulo 2^32 */
    uint16_t original_bytes; /* of a packet [bytes] */
    uint16_t seq;            /* RTP; of a repair: of what it repairs */
    uint8_t body_bytes;
    uint8_t kind;    /* enum core_record_kind */
    uint8_t stream;  /* RTP: core_record_stream(), or CORE_RECORD_NO_STREAM */
    uint8_t outcome; /* RTP: enum core_outcome */
};

/** Names a track's layer, and whether the packet came as a repair (RTX). */
static inline uint8_t core_record_stream(unsigned track, unsigned layer, bool is_rtx)
{
    return (uint8_t)(track << 4 | layer << 1 | is_rtx);
}

struct core_recorder;

/**
 * @param capacity_bytes  at least CORE_RECORDER_MIN_BYTES
 * @param window_us       how long back it is to reach, below 2^31
 * @return                owned; NULL when memory is short
 */
struct core_recorder *core_recorder_create(uint32_t capacity_bytes, int64_t window_us);

/** Free; it leaves its budget. NULL is harmless. */
void core_recorder_destroy(struct core_recorder *recorder);

/* What several recorders of one loop may take together. Zero-initialised: there is no limit. */
struct core_recorder_budget {
    uint64_t bytes_max; /* 0: no limit */
    uint64_t bytes;     /* taken */
};

/**
 * From now on the recorder grows only while its budget has room, and so covers less time; the 64
 * KiB that it begins with it always has. It leaves the budget before.
 *
 * @param budget  outlives the recorder's stay in it; NULL: none, as before another thread gets it
 */
void core_recorder_set_budget(struct core_recorder *recorder, struct core_recorder_budget *budget);

/* A received RTP packet. */
struct core_recorder_rtp {
    uint64_t participant;
    const struct rtp_packet *packet; /* parsed; a repair: restored */
    const struct rtp_vp8 *vp8;       /* NULL: none, or not read */
    enum core_outcome outcome;
    uint8_t stream; /* core_record_stream() or CORE_RECORD_NO_STREAM */
};

/** Note a received packet: its header and VP8's, no picture, no sound. */
void core_recorder_on_rtp(struct core_recorder *recorder, const struct core_recorder_rtp *rtp,
                          int64_t now_us);

/** Note an RTCP compound, in clear. Of transport feedback the head, without the arrival times. */
void core_recorder_on_rtcp(struct core_recorder *recorder, uint64_t participant, bool is_sent,
                           const uint8_t *data, size_t len, int64_t now_us);

/**
 * A packet is the next of an open run, in both numberings, and nothing else has changed: what most
 * are. Then it is counted.
 A
 * run that is not live is for one time of sending.
 */
static inline bool core_run_goes_on(struct core_run *run, const struct core_run_packet *packet)
{
    if (run->offsets != packet->offsets || run->layer != packet->layer ||
        (uint16_t)(run->in_seq + run->count) != packet->in_seq ||
        (uint16_t)(run->out_seq + run->count) != packet->out_seq || run->way != packet->way ||
        (run->way != CORE_RUN_LIVE && run->last_us != packet->sent_us) || run->count == 0 ||
        run->count == CORE_RECORDER_RUN_MAX)
        return false;
    run->count++;
    run->last_us = packet->sent_us;
    return true;
}

/** Write down an open run, if there is one, and close it. */
void core_recorder_end_run(struct core_recorder *recorder, uint64_t receiver, struct core_run *run,
                           int64_t now_us);

/** Note a decision. */
void core_recorder_on_decision(struct core_recorder *recorder, const struct core_decision *decision,
                               int64_t now_us);

/** Note who somebody is. */
void core_recorder_on_member(struct core_recorder *recorder, uint64_t participant,
                             const struct core_member *member, int64_t now_us);

/* For recording.c: where a walk through the ring stands. Zero-initialised: before the oldest. */
struct core_recorder_walk {
    uint32_t at;
    bool has_begun, is_second_lap;
};

/** The next record from the oldest on; NULL after the newest. Its body follows it in memory. */
const struct core_record *core_recorder_walk(const struct core_recorder *recorder,
                                             struct core_recorder_walk *walk);

/** When the newest record was written [us]; 0: there is none. */
int64_t core_recorder_newest_us(const struct core_recorder *recorder);

/** How much of its memory it may have written to so far. */
size_t core_recorder_touched_bytes(const struct core_recorder *recorder);

/** The window that it was made for. */
int64_t core_recorder_window_us(const struct core_recorder *recorder);

#endif
