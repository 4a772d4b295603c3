/*
 * One slot as a participant receives it (protocol.md, "What a slot's stream looks like"): loss and
 * repair, complete frames in order, freezes. Sans-IO; time is an argument.
 *
 * Frames count once all packets up to their marker have come, from a key frame on. A gap that is
 * not repaired ends this until the next key frame.
 */
#ifndef IRIS_BENCH_BUBBLES_SLOT_H
#define IRIS_BENCH_BUBBLES_SLOT_H

#include "bench/bubbles/description.h"
#include "bench/freeze/freeze.h"
#include "rtp/nack.h"
#include "rtp/reception.h"
#include "rtp/vp8.h"

#define BUBBLES_REORDER     1024 /* packets that may wait behind a gap; a power of two */
#define BUBBLES_PAYLOAD_MAX 1300

/* Payloads, kept for receivers that decode. */
struct bubbles_kept {
    uint16_t len;
    uint8_t payload[BUBBLES_PAYLOAD_MAX];
};

/* Counted since the join, or since the last reset. */
struct bubbles_slot_counters {
    uint64_t packets, bytes; /* media and repairs, RTP payload */
    uint64_t rtx_packets, repaired;
    uint64_t expected_base, received_base; /* of the reception, at the reset */
    unsigned frames, key_frames, source_changes;
    unsigned nacks, plis; /* sequence numbers asked for; key frames asked for */
};

struct bubbles_slot {
    enum bubbles_kind kind;
    struct bubbles_answer_line line;
    struct rtp_extension_map extensions;
    struct rtp_reception reception;
    struct rtp_nack nack; /* video */
    struct freeze freeze;
    bool is_live;       /* as the server last told */
    uint32_t csrc;      /* of the newest packet */
    uint64_t next_seq;  /* next one to be consumed; 0: a key frame is awaited */
    uint64_t frame_seq; /* first packet of the frame that is being consumed; 0: none */
    bool is_frame_key;
    int64_t waiting_since_us;       /* for a key frame; 0: not waiting */
    int64_t pli_us;                 /* last one sent */
    struct bubbles_kept *kept;      /* BUBBLES_REORDER entries, owned; NULL: not kept */
    uint8_t flags[BUBBLES_REORDER]; /* of each packet from next_seq on */
    struct bubbles_slot_counters counters;
};

/* A frame that is complete. */
struct bubbles_arrived {
    uint64_t first_seq, last_seq;
    bool is_key;
};

/* What a packet brought about. */
struct bubbles_taken {
    bool is_new_source; /* its CSRC is another than that of the packet before */
    unsigned frame_count;
    struct bubbles_arrived frames[8]; /* those completed by it, in order (the newest ones) */
};

/** @param keeps_payloads  for a decoder. @return 0, or -1: no memory */
int bubbles_slot_init(struct bubbles_slot *slot, enum bubbles_kind kind,
                      const struct bubbles_answer_line *line, bool keeps_payloads);
void bubbles_slot_dispose(struct bubbles_slot *slot);

/**
 * Take a decrypted packet of this slot, media or RTX.
 *
 * @param packet  its view is changed for RTX
 * @param vp8     written for video: the descriptor
 * @return        false: not media (probe, or not understood)
 */
bool bubbles_slot_take(struct bubbles_slot *slot, struct rtp_packet *packet, struct rtp_vp8 *vp8,
                       struct bubbles_taken *taken, int64_t now_us);

/** Whether a key frame is due to be asked for; if so, remembers that it was. */
bool bubbles_slot_wants_key(struct bubbles_slot *slot, int64_t now_us);

/** Count anew from here. */
void bubbles_slot_reset(struct bubbles_slot *slot);

/** Packets that did not come at first, since the reset. @param unrepaired written: nor later */
uint64_t bubbles_slot_lost(const struct bubbles_slot *slot, uint64_t *unrepaired);

/** The server told whether the slot is live. */
void bubbles_slot_set_live(struct bubbles_slot *slot, bool is_live);

/** A kept payload; NULL: not (or no longer) kept. */
const struct bubbles_kept *bubbles_slot_kept(const struct bubbles_slot *slot, uint64_t ext_seq);

#endif
