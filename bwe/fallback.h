/*
 * The estimate for receivers that send REMB and no transport feedback: what they announce, lowered
 * by the losses that their receiver reports tell (draft-ietf-rmcat-gcc-02, 6).
 *
 * The receiver's own estimate grows only with what arrives, so the sender must probe with media or
 * with packets that the receiver counts.
 */
#ifndef IRIS_BWE_FALLBACK_H
#define IRIS_BWE_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#define BWE_REMB_AGE_US        10000000 /* an older announcement does not count */
#define BWE_FALLBACK_REPORT_US 5000000  /* nor does a limit by losses without a report since */

struct bwe_fallback {
    double remb_bps; /* 0: none */
    double loss_bps; /* the loss-based limit */
    int64_t remb_us, loss_us;
};

/** Start with a rate and without REMB. */
void bwe_fallback_init(struct bwe_fallback *fallback, double start_bps);

/** The receiver has announced its estimate. */
void bwe_fallback_on_remb(struct bwe_fallback *fallback, double bitrate_bps, int64_t now_us);

/**
 * The share of packets lost since the last call: below 2 % the limit grows by 8 % a second, above
 * 10 % it falls.
 */
void bwe_fallback_on_loss(struct bwe_fallback *fallback, double share, int64_t now_us);

/** A REMB is there and not too old. */
bool bwe_fallback_is_usable(const struct bwe_fallback *fallback, int64_t now_us);

/** The estimate, while usable [bit/s]. */
double bwe_fallback_bps(const struct bwe_fallback *fallback);

#endif
