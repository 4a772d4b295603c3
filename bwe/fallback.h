/*
 * The estimate for receivers that send REMB and no transport feedback: what they announce, lowered
 * by the losses that their receiver reports tell (draft-ietf-rmcat-gcc-02, 6).
 *
 * The receiver's own estimate grows only with what arrives, so the sender must probe with media or
 * with packets that the receiver counts (remb_probe.h). And it begins with what arrives: a first
 * one that covers what is sent says nothing of what more would fit, and takes nothing away.
 */
#ifndef IRIS_BWE_FALLBACK_H
#define IRIS_BWE_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/byte_window.h"

#define BWE_REMB_AGE_US        10000000 /* an older announcement does not count */
#define BWE_FALLBACK_REPORT_US 5000000  /* nor does a limit by losses without a report since */
#define BWE_FALLBACK_OPEN_BPS  1e10     /* of that limit: there is none */
#define BWE_FALLBACK_LOSS_LOW  0.02     /* a share below it counts as none */

struct bwe_fallback {
    double remb_bps; /* 0: none */
    double loss_bps; /* the limit by losses: below the rest only when there were some */
    double head_bps; /* what counts for a first REMB that covers what was sent; 0: over */
    int64_t head_us; /* the last time at which it does */
    struct bwe_byte_window sent;
    int64_t sent_since_us; /* the first of it; 0: none */
    double loss_share;     /* of the last report */
    int64_t remb_us, loss_us;
    int64_t rtt_us, base_us, next_base_us; /* round trip: last; least; least since base_since_us */
    int64_t measured_us, base_since_us;
};

/** Start without REMB. */
void bwe_fallback_init(struct bwe_fallback *fallback);

/** Bytes leave for the receiver [UDP payload]. */
void bwe_fallback_on_sent(struct bwe_fallback *fallback, uint32_t bytes, int64_t now_us);

/** The receiver has announced its estimate. */
void bwe_fallback_on_remb(struct bwe_fallback *fallback, double bitrate_bps, int64_t now_us);

/**
 * The share of packets lost since the last call: above 10 % what is allowed now is lowered, below 2
 * % that limit grows by 8 % a second.
 */
void bwe_fallback_on_loss(struct bwe_fallback *fallback, double share, int64_t now_us);

/** A round trip out of a report block on a sender report of which none has told before: the
 * packets' queue is in it [us]. */
void bwe_fallback_on_rtt(struct bwe_fallback *fallback, int64_t rtt_us, int64_t now_us);

/** The share of packets lost, as told last; 0 when that is older than BWE_FALLBACK_REPORT_US. A
 * receiver's estimate does not see a queue that is full. */
double bwe_fallback_loss_share(const struct bwe_fallback *fallback, int64_t now_us);

/** The last round trip is longer than the least of the last half a minute by a queue, and not older
 * than BWE_FALLBACK_REPORT_US. A receiver's estimate does not see one that grows slowly. */
bool bwe_fallback_is_queued(const struct bwe_fallback *fallback, int64_t now_us);

/** A REMB is there and not too old. */
bool bwe_fallback_is_usable(const struct bwe_fallback *fallback, int64_t now_us);

/** The estimate, while usable [bit/s]. */
double bwe_fallback_bps(const struct bwe_fallback *fallback, int64_t now_us);

#endif
