/*
 * A receiver that looks and listens: decodes every slot by libvpx and libopus and holds what it
 * sees and hears against what the server said (CSRC of `slots`) and what was sent.
 */
#ifndef IRIS_BENCH_BUBBLES_VERIFY_H
#define IRIS_BENCH_BUBBLES_VERIFY_H

#include "bench/bubbles/histogram.h"
#include "bench/bubbles/slot.h"
#include "bench/bubbles/stream.h"

/* What all verifying receivers found together. */
struct bubbles_verdicts {
    uint64_t pictures, wrong_pictures; /* of another source, or another frame's content */
    uint64_t unreadable;               /* decoded, but nobody's blocks are in it */
    uint64_t undecodable;              /* refused by libvpx or libopus */
    uint64_t voices, wrong_voices;     /* packets with a recognized tone */
    uint64_t wrong_slots;              /* a CSRC that `slots` never named for this slot */
    uint64_t blind, deaf;              /* receivers that should have seen or heard something */
    double psnr_sum_db, psnr_min_db;
    struct bubbles_histogram delay; /* from capture (sending) to the decoded picture */
};

/* Where a slot's media comes from. */
struct bubbles_origin {
    unsigned stream_count;
    const struct bubbles_stream *streams[BUBBLES_LAYERS]; /* its layers, or its one stream */
};

struct bubbles_verifier;

/** @param verdicts  where what it finds is added. @return owned; NULL: no memory */
struct bubbles_verifier *bubbles_verifier_create(struct bubbles_verdicts *verdicts);
void bubbles_verifier_destroy(struct bubbles_verifier *verifier);

/**
 * Decode a complete frame and judge it.
 *
 * @param index   of the slot
 * @param origin  NULL: not known yet, then it is decoded only
 */
void bubbles_verifier_frame(struct bubbles_verifier *verifier, unsigned index,
                            const struct bubbles_slot *slot, const struct bubbles_arrived *frame,
                            const struct bubbles_origin *origin, int64_t now_us);

/** Decode a packet of voice and judge it. */
void bubbles_verifier_voice(struct bubbles_verifier *verifier, unsigned index,
                            const struct rtp_packet *packet, bool is_new_source,
                            const struct bubbles_origin *origin);

/** The server said that this slot shows the track of this CSRC. */
void bubbles_verifier_announced(struct bubbles_verifier *verifier, unsigned index, uint32_t csrc);

/** Packets of this CSRC came in this slot. */
void bubbles_verifier_observed(struct bubbles_verifier *verifier, unsigned index, uint32_t csrc);

/** The end: what was observed must have been announced. */
void bubbles_verifier_conclude(const struct bubbles_verifier *verifier);

/** Pictures and tones judged right by this receiver so far. */
uint64_t bubbles_verifier_pictures(const struct bubbles_verifier *verifier);
uint64_t bubbles_verifier_voices(const struct bubbles_verifier *verifier);

/** Something was wrong. */
bool bubbles_verdicts_are_bad(const struct bubbles_verdicts *verdicts);

#endif
