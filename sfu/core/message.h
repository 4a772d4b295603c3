/*
 * What control and a worker's engine say to each other: commands one way, events the other, both
 * plain structs that are copied through a queue. No pointers; a room or participant is named by a
 * number that is never reused.
 */
#ifndef IRIS_CORE_MESSAGE_H
#define IRIS_CORE_MESSAGE_H

#include "rtp/packet.h"
#include "sfu/core/statistics.h"
#include "sfu/transport/transport.h"

#define CORE_CACHE_LINE_BYTES 64

#define CORE_LAYERS_MAX   3  /* simulcast layers of a track */
#define CORE_TRACKS_MAX   3  /* microphone, camera, screen */
#define CORE_SLOTS_MAX    8  /* 3 audio, 4 camera, 1 screen */
#define CORE_TOKEN_BYTES  33 /* mid, rid */
#define CORE_PINNED_MAX   16 /* of one layout; more than slots, because the first may be muted */
#define CORE_SPEAKERS_MAX 8

enum core_kind { CORE_KIND_AUDIO, CORE_KIND_CAMERA, CORE_KIND_SCREEN, CORE_KIND_COUNT };

/** The RTP clock of a kind's codec: Opus (RFC 7587, 4.1), VP8 (RFC 7741, 4.1) [Hz]. */
static inline uint32_t core_kind_clock_hz(enum core_kind kind)
{
    return kind == CORE_KIND_AUDIO ? 48000 : 90000;
}

/* A track that the participant may send, as negotiated. */
struct core_track_params {
    enum core_kind kind;
    char mid[CORE_TOKEN_BYTES];
    uint32_t csrc; /* names the track in packets to others; unique in the room */
    uint8_t payload_type;
    int16_t rtx_payload_type; /* -1: none */
    bool has_nack, has_pli, has_remb, has_transport_cc;
    uint32_t ssrc, rtx_ssrc; /* named by the offer; 0: bound on first sight */
    uint8_t rid_count;
    char rids[CORE_LAYERS_MAX][CORE_TOKEN_BYTES];
};

/* A slot that the participant receives through. */
struct core_slot_params {
    enum core_kind kind;
    uint32_t ssrc, rtx_ssrc; /* rtx 0: none */
    uint8_t payload_type;
    uint8_t mid_id, audio_level_id, transport_seq_id, abs_send_time_id; /* 0: not negotiated */
    int16_t rtx_payload_type;
    char mid[CORE_TOKEN_BYTES];
};

struct core_join {
    uint64_t room;
    uint64_t participant;
    struct transport_params transport;
    struct rtp_extension_map extensions; /* of what the participant sends */
    uint32_t feedback_ssrc;              /* sender SSRC of the server's RTCP */
    unsigned track_count, slot_count;
    struct core_track_params tracks[CORE_TRACKS_MAX];
    struct core_slot_params slots[CORE_SLOTS_MAX];
};

/* What a participant wants to be shown (protocol.md, layout). */
struct core_layout {
    bool is_audio_only;
    uint8_t max_cameras; /* 0-4 */
    uint16_t max_height; /* of cameras [pixels] */
    uint8_t pinned_count;
    uint64_t pinned[CORE_PINNED_MAX]; /* participants, the first ones win */
};

enum core_command_type {
    CORE_COMMAND_JOIN,
    CORE_COMMAND_LEAVE,
    CORE_COMMAND_MUTE,        /* is_set: nothing of this kind is forwarded */
    CORE_COMMAND_DETACH,      /* is_set: the WebSocket is gone: end with the media, or in 30 s */
    CORE_COMMAND_LAYOUT,      /* layout */
    CORE_COMMAND_BUDGET,      /* budget_bps: for the video that it receives */
    CORE_COMMAND_RESTART_ICE, /* ice: new credentials; DTLS and SRTP go on */
};

struct core_command {
    enum core_command_type type;
    uint64_t participant; /* all but JOIN */
    enum core_kind kind;  /* MUTE */
    bool is_set;          /* MUTE, DETACH */
    union {
        struct core_join join;
        struct core_layout layout;
        uint64_t budget_bps;
        struct transport_ice_credentials ice;
    };
};

/* Why a participant is gone (protocol.md, participant_left). */
enum core_reason { CORE_REASON_LEFT, CORE_REASON_TIMEOUT, CORE_REASON_DISCONNECTED };

enum core_slot_state { CORE_SLOT_IDLE, CORE_SLOT_PAUSED, CORE_SLOT_LIVE };

/* Why a slot is paused. */
enum core_pause { CORE_PAUSE_SOURCE, CORE_PAUSE_MUTED, CORE_PAUSE_LAYOUT, CORE_PAUSE_BANDWIDTH };

/* One slot as its receiver is told. */
struct core_slot_report {
    uint64_t participant; /* whose track; 0: nobody's */
    uint32_t csrc;
    uint16_t height; /* forwarded [pixels]; 0 for audio and while unknown */
    enum core_slot_state state;
    enum core_pause pause; /* of a paused slot */
};

/* Who speaks, and how loud [-dBov] (RFC 6464). */
struct core_speaker {
    uint64_t participant;
    uint8_t level;
};

/* The layer that a slot forwards. */
struct core_slot_layer {
    bool is_forwarding; /* else the rest says nothing */
    uint8_t index;      /* of its rid in the track's line */
    uint8_t temporal;   /* the highest temporal layer (video) */
};

/*
 * All numbers of a participant at one time. A track's place is that of its parameters in the join,
 * a layer's that of its rid.
 */
struct core_statistics {
    uint64_t participant;
    int64_t at_us;                   /* monotonic */
    uint8_t track_count, slot_count; /* that it has: the rest is 0 */
    struct core_uplink_statistics uplink;
    struct core_downlink_statistics downlink;
    uint8_t seen_layers[CORE_TRACKS_MAX]; /* bit l: of layer l there was a packet */
    uint8_t live_layers[CORE_TRACKS_MAX]; /* and lately */
    uint8_t sending_tracks; /* bit t: not muted, and sent until the participant was last heard */
    struct core_track_statistics tracks[CORE_TRACKS_MAX];
    struct core_layer_statistics layers[CORE_TRACKS_MAX][CORE_LAYERS_MAX];
    struct core_slot_report reports[CORE_SLOTS_MAX];
    struct core_slot_layer forwarded[CORE_SLOTS_MAX];
    struct core_slot_statistics slots[CORE_SLOTS_MAX];
};

/* The newest two of a participant, about a second apart. All zero: none yet. */
struct core_snapshots {
    unsigned count; /* 0-2: which of them are there */
    struct core_statistics now, before;
};

/** The newest statistics: what was now becomes before. */
void core_snapshots_take(struct core_snapshots *snapshots,
                         const struct core_statistics *statistics);

enum core_event_type {
    CORE_EVENT_CONNECTED, /* profile */
    CORE_EVENT_GONE,      /* reason: the engine has forgotten the participant */
    CORE_EVENT_SLOTS,     /* slots: something in them changed */
    CORE_EVENT_REFUSED,   /* a join that could not be carried out (memory) */
    CORE_EVENT_LIMIT,     /* limit: the participant is being policed */
    CORE_EVENT_SPEAKERS,  /* of a room: speakers, loudest first; no participant */
};

/* More of a track comes than its contract allows (protocol.md, section 2, limit). */
struct core_limit {
    enum core_kind kind;
    uint32_t limit_bps, measured_bps;
};

struct core_event {
    enum core_event_type type;
    uint64_t participant;
    uint64_t room; /* SPEAKERS */
    enum transport_srtp_profile profile;
    enum core_reason reason;
    struct core_limit limit;
    char detail[96]; /* a sentence for the log, may be empty */
    unsigned slot_count;
    struct core_slot_report slots[CORE_SLOTS_MAX];
    unsigned speaker_count;
    struct core_speaker speakers[CORE_SPEAKERS_MAX];
};

#endif
