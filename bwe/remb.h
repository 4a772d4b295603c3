/*
 * What a participant is told that it may send in all (REMB; protocol.md, section 5): room for its
 * contract and for the overshoot of honest encoders, because REMB caps the whole transport and a
 * tighter one would keep the highest simulcast layer from starting.
 */
#ifndef IRIS_BWE_REMB_H
#define IRIS_BWE_REMB_H

#include <stdbool.h>
#include <stdint.h>

#define BWE_REMB_HEADROOM_BPS 150000
#define BWE_REMB_PERIOD_US    1000000 /* how often it is repeated; a change is told at once */
#define BWE_REMB_RAISE_US     5000000 /* after the last excess it is raised again */
/* A browser sends what a picture that jumped has left in its pacer at so much of the limit (seen in
   Chromium and Firefox: docs/bandwidth.md). */
#define BWE_REMB_PACING_PERCENT 110

/* The media contract of one track (facts.md): RTP payload, no headers, padding or RTX. */
#define BWE_CONTRACT_AUDIO_BPS  100000
#define BWE_CONTRACT_CAMERA_BPS 500000
#define BWE_CONTRACT_SCREEN_BPS 800000
#define BWE_CONTRACT_DOWN_BPS   2800000 /* video received by one participant */

/* What honest encoders overshoot by (protocol.md, section 5), over any 2 s. */
#define BWE_CONTRACT_TOLERANCE_PERCENT 115

/* Whether a participant's limit is lowered. All zero: it is not. */
struct bwe_remb {
    bool is_lowered;
};

/**
 * Lowered while a track is over its contract by the mean of 2 s, and for BWE_REMB_RAISE_US after.
 *
 * @param over_us  when the last of the participant's tracks was, 0: none (bwe_policer_over_us())
 * @param now_us   monotonic [us]
 * @return         it has changed: tell at once
 */
bool bwe_remb_note(struct bwe_remb *remb, int64_t over_us, int64_t now_us);

/**
 * The limit to announce.
 *
 * @param contracts_bps  sum of the contracts of the tracks that are sending now [bit/s]
 * @return               1.25 x contracts + headroom; lowered, what a pacer makes the contracts of
 *                       [bit/s]
 */
uint64_t bwe_remb_limit_bps(const struct bwe_remb *remb, uint64_t contracts_bps);

#endif
