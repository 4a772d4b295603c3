/*
 * The contract on one track that a participant sends (protocol.md, section 5): all its layers
 * together, RTP payload of media.
 *
 * Over it: a mean above 115 % over 2 s, or above 200 % over 500 ms. Two kinds of excess are paid
 * for from an allowance, a second of the contract when full, which fills only by what the source
 * leaves unused of 115 %:
 *
 *  - key frames, and what comes at once after a stall: all of it, whatever the rate;
 *  - the grace: a picture that jumps. An encoder's rate control is a bucket of about a second, so
 *    what it sends after a cut is too much for a while, and too little after. Paid while no more
 *    than 150 % has passed in 2 s, and for 2.5 s after these were last within 115 %: a browser
 *    obeys the REMB that it is sent meanwhile (bwe_policer_over_us()) in less than one.
 *
 * So honest encoders and shaky networks are not policed. Who comes out of grace is policed: frames
 * are dropped from the top until the rest fits: the highest temporal layer, then the higher spatial
 * layer, then whole frames until the next key frame. More is dropped at once, less after that has
 * fitted for 5 s (twice as long when the source relapses, 40 s at most). Audio has no grace and is
 * thinned to its contract.
 *
 * Invariants, C being what the contract allows in a second:
 *
 *  - At most 1.65 * 2 C passes in any 2 s, and of an excess that is only graced 1.5 * 2 C.
 *  - Policed, 1.15 * 2 C; but for the first 2 s of an excess below 200 % (over 500 ms): there only
 *    the above holds, so that dropping the top is enough and nothing freezes. The allowance pays
 *    for them too, C at most, and is in debt for them if it must; who is in debt has no such 2 s.
 *  - In any t seconds at most 1.15 (t + 2) C + 2.2 C passes: 115 % in the long run, whatever the
 *    source alternates between. Grace needs no pause between two: there is more of it only where
 *    there was less traffic.
 *  - At most BWE_POLICER_PACKETS_PER_S packets, a second's worth at once: tiny ones cost the server
 *    as much as large ones, for each receiver. An honest source sends a fifth of that.
 *
 * Camera and screen of a participant both kept so, their sum is within 115 % of 1.3 Mbps: video
 * together needs no count of its own.
 *
 * Every packet that would be forwarded or kept is put to the policer once, repaired ones too (or
 * RTX would be a way round it); what it drops is not kept for retransmission.
 */
#ifndef IRIS_BWE_POLICER_H
#define IRIS_BWE_POLICER_H

#include "bwe/byte_window.h"
#include "bwe/frame_gate.h"
#include "bwe/headless.h"

#define BWE_POLICER_LAYERS        3
#define BWE_POLICER_TEMPORALS     3
#define BWE_POLICER_PACKETS_PER_S 1000
#define BWE_POLICER_HOLD_US       5000000 /* fitting for so long before less is dropped */
#define BWE_POLICER_HOLD_MAX_US   40000000
/* Silence, after which a burst is the network's doing. What a shorter one holds back is 5 % of a
   window of 2 s at most: a third of the tolerance, the rest is the encoder's. */
#define BWE_POLICER_STALL_US        100000
#define BWE_POLICER_SCREEN_STALL_US 250000 /* its frames alone are 200 ms apart, at 5 a second */

struct bwe_policer_packet {
    uint8_t layer;          /* which of the track's streams, the same as long as it lives, < 3 */
    uint8_t rank;           /* of the stream among the track's, 0: the lowest, < 3; may change */
    uint32_t payload_bytes; /* RTP payload without padding */
    struct bwe_frame_packet frame; /* audio: not looked at */
};

/* What the participant is told (`limit`, protocol.md section 2). */
struct bwe_policer_excess {
    uint32_t limit_bps;
    uint32_t measured_bps;
};

struct bwe_policer {
    uint32_t contract_bps;
    bool is_audio;
    int64_t stall_us; /* BWE_POLICER_STALL_US; whoever sends frames further apart sets more */
    bool has_excess;  /* to be told */
    struct bwe_policer_excess excess;
    uint64_t dropped_packets, dropped_bytes; /* payload */

    struct bwe_byte_window offered; /* what came, without what the allowance paid for */
    struct bwe_byte_window passed;  /* all that passed */
    int32_t allowance_bytes;        /* below 0: in debt */
    int64_t over_us;                /* when it was last above 115 % over 2 s, 0: never */
    int64_t within_us;              /* when what passed in 2 s was last within them */
    int64_t begun_us;               /* the first packet */
    int64_t last_packet_us;         /* 0: none yet */
    int64_t paced_us;               /* how far what passed has used up its packets a second */
    int64_t stall_end_us;           /* what comes until then was held back by a stall */

    uint8_t class_slices; /* that class_bps is made of, saturating */
    uint8_t rung;         /* how much is dropped, 0: not policed */
    int64_t eased_us;     /* when less was dropped than before, 0: never */
    int64_t better_us;    /* since when less would fit, 0: it does not */
    int64_t hold_us;
    int64_t mild_until_us;                                           /* until then 165 % may pass */
    uint32_t class_bps[BWE_POLICER_LAYERS][BWE_POLICER_TEMPORALS];   /* smoothed, by rank */
    uint32_t class_bytes[BWE_POLICER_LAYERS][BWE_POLICER_TEMPORALS]; /* of the running slice */
    uint32_t frame_peak_bytes[BWE_POLICER_LAYERS]; /* of its larger delta frames */
    uint32_t frame_bytes[BWE_POLICER_LAYERS];      /* of the layer's last frame so far */
    uint32_t keyframe_bytes[BWE_POLICER_LAYERS];   /* of its last key frame */
    uint8_t ranks[BWE_POLICER_LAYERS];             /* as last told */
    struct bwe_headless headless[BWE_POLICER_LAYERS];
    struct bwe_frame_gate gates[BWE_POLICER_LAYERS];
};

/**
 * @param contract_bps  BWE_CONTRACT_* (bwe/remb.h)
 * @param is_audio      every packet stands for itself
 */
void bwe_policer_init(struct bwe_policer *policer, uint32_t contract_bps, bool is_audio);

/** Another stream (SSRC) takes a layer's place; what the track has sent still counts. */
void bwe_policer_forget_layer(struct bwe_policer *policer, unsigned layer);

/**
 * Put a packet to the policer.
 *
 * @param now_us  monotonic [us]
 * @return        whether it passes; if not, it is counted as dropped
 */
bool bwe_policer_passes(struct bwe_policer *policer, const struct bwe_policer_packet *packet,
                        int64_t now_us);

/** Frames are being dropped, or would be if more came. */
bool bwe_policer_is_policing(const struct bwe_policer *policer);

/** Nothing of a `layer` can pass now, a key frame neither: its rank is dropped. Whoever shows it
 * should show a lower one. */
bool bwe_policer_is_layer_dropped(const struct bwe_policer *policer, unsigned layer);

/** When it was last over the contract by the mean of 2 s, whether that was paid for or policed; 0:
 * never. It is what lowers REMB (bwe_remb_note()). */
int64_t bwe_policer_over_us(const struct bwe_policer *policer);

/**
 * What to tell the participant, once when policing begins.
 *
 * @param excess  written if there is something
 * @return        whether there is; the next call says no
 */
bool bwe_policer_take_excess(struct bwe_policer *policer, struct bwe_policer_excess *excess);

/**
 * Layers that wait for a key frame, and could have one pass now: a bit for each `layer`. The caller
 * asks for it within its budget of key frames.
 */
unsigned bwe_policer_wanted_keyframes(struct bwe_policer *policer, int64_t now_us);

#endif
