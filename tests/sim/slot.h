/*
 * A slot as its receiver sees it: order and loss, frames, what can be decoded, freezes; when to ask
 * for packets and for key frames. Sans-IO.
 *
 * Packets are consumed in order of their sequence numbers. A gap is waited for, until a later frame
 * is complete and decodable without it, or patience ends. Invariant checked (SIM_CHECK_DECODABLE):
 * a frame whose packets came without a gap is decodable, unless what it refers to was lost.
 */
#ifndef IRIS_SIM_SLOT_H
#define IRIS_SIM_SLOT_H

#include "bench/freeze/freeze.h"
#include "rtp/nack.h"
#include "rtp/reception.h"
#include "sfu/core/message.h"
#include "tests/sim/decoder.h"
#include "tests/sim/media.h"

#define SIM_SLOT_ASKED     256 /* numbers asked for that are remembered */
#define SIM_SLOT_KEYFRAMES 3   /* a receiver may cause so many in 10 s (bwe.md, "Allocation", 6) */
#define SIM_SLOT_WAITING   512 /* packets that may wait behind a gap; a power of two */

struct sim_waiting {
    bool is_received, marker, is_stamped;
    bool is_padding; /* its number is closed, nothing is in it */
    bool is_late;    /* as the server sent it: a repair */
    int64_t received_us;
    struct sim_stamp stamp;
};

struct sim_slot {
    struct core_slot_params params;
    struct core_slot_report report; /* what the server last told */
    int64_t reported_us;            /* since when it shows this participant in this state */
    struct rtp_reception reception;
    struct rtp_nack nack;
    struct sim_waiting *waiting;     /* SIM_SLOT_WAITING, owned; video, from the first packet on */
    uint64_t next_seq;               /* next one to be consumed; 0: nothing came */
    uint64_t end_seq;                /* one past the highest received */
    int64_t transit_us;              /* from the source's camera to here, at best */
    int64_t repair_us;               /* within so long a repair comes, if it does */
    int64_t gap_us;                  /* since when next_seq is missing; 0: it is not */
    bool has_gap;                    /* the frame being consumed follows a gap */
    struct sim_stamp frame;          /* the frame being consumed; piece: next one expected */
    bool is_in_frame, is_frame_late; /* late: a packet of it was */
    struct sim_decoder decoder;
    struct freeze freeze;
    int64_t decoded_us;    /* newest decoded frame; 0: none */
    uint64_t lost_stream;  /* its key frame was lost on the way; 0: none */
    uint64_t decoded_from; /* its participant */
    uint8_t decoded_layer;
    int64_t undecodable_us;                   /* since when a key frame is needed; 0: it is not */
    int64_t keyframes_us[SIM_SLOT_KEYFRAMES]; /* when the newest were sent to it, a ring */
    unsigned keyframes;
    int64_t lost_us;        /* a packet was last lost on the way to it */
    int64_t answer_lost_us; /* a packet of a key frame or a replay was last lost on the way to it */
    int64_t pli_us;
    unsigned frames, undecodable, plis, nacks, switches, layer_switches, packets, repairs;
    uint32_t csrc; /* of the newest packet */
    uint16_t
        asked[SIM_SLOT_ASKED]; /* the last numbers that were asked for, a ring: nacks of them */
};

/* What a packet brought about; at most one new fact of each kind. */
struct sim_taken {
    unsigned decoded;       /* frames */
    bool is_unexplained;    /* a frame broke the invariant */
    struct sim_stamp stamp; /* that frame */
    uint32_t missing;       /* what it refers to; 0: its stream's key frame */
    bool is_cut;            /* missing is the rest of that frame */
};

/** @param rtt_us  to the server: how long a repair takes */
void sim_slot_init(struct sim_slot *slot, const struct core_slot_params *params, int64_t rtt_us,
                   int64_t now_us);
void sim_slot_dispose(struct sim_slot *slot);

/** Take a packet from the network: media, RTX, or padding under a number of the media stream. */
void sim_slot_take(struct sim_slot *slot, const struct sim_media *media, int64_t now_us,
                   struct sim_taken *taken);

/** Time has passed: patience with a gap may end. */
void sim_slot_advance(struct sim_slot *slot, int64_t now_us, struct sim_taken *taken);

/** The server told what the slot shows. */
void sim_slot_on_report(struct sim_slot *slot, const struct core_slot_report *report,
                        int64_t now_us);

/** The server sends it a packet. @param is_lost on the way */
void sim_slot_on_sent(struct sim_slot *slot, const struct sim_media *media, bool is_lost,
                      int64_t now_us);

/** These numbers are asked for again. */
void sim_slot_ask(struct sim_slot *slot, const uint16_t *seqs, size_t count);

/** Whether a number was, of late. */
bool sim_slot_has_asked(const struct sim_slot *slot, uint16_t seq);

/** A key frame should be asked for now; remembers that it was. */
bool sim_slot_wants_key(struct sim_slot *slot, int64_t now_us);

#endif
