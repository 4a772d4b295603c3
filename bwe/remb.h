/*
 * What a participant is told that it may send in all (REMB; protocol.md, section 5): room for its
 * contract and for the overshoot of honest encoders, because REMB caps the whole transport and a
 * tighter one would keep the highest simulcast layer from starting.
 */
#ifndef IRIS_BWE_REMB_H
#define IRIS_BWE_REMB_H

#include <stdint.h>

#define BWE_REMB_HEADROOM_BPS 150000
#define BWE_REMB_PERIOD_US    1000000 /* how often it is repeated; a change is told at once */

/* The media contract of one track (facts.md): RTP payload, no headers, padding or RTX. */
#define BWE_CONTRACT_AUDIO_BPS  100000
#define BWE_CONTRACT_CAMERA_BPS 500000
#define BWE_CONTRACT_SCREEN_BPS 800000
#define BWE_CONTRACT_DOWN_BPS   2800000 /* video received by one participant */

/**
 * The limit to announce.
 *
 * @param contracts_bps  sum of the contracts of the tracks that are sending now [bit/s]
 * @return               1.25 x contracts + headroom [bit/s]
 */
uint64_t bwe_remb_limit_bps(uint64_t contracts_bps);

#endif
