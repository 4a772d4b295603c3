/*
 * The rate at which packets arrive, as the receiver's feedback tells: windows of 500 ms at first,
 * then of 150 ms, weighed into the estimate the less the more they differ from it (as libwebrtc's
 * Bayesian bitrate estimator).
 */
#ifndef IRIS_BWE_ACKED_RATE_H
#define IRIS_BWE_ACKED_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised. */
struct bwe_acked_rate {
    int64_t window_start_us, last_us;
    uint32_t window_bytes;
    bool started;
    double estimate_bps; /* 0: unknown yet */
    double variance;
};

/**
 * Count a received packet.
 *
 * @param arrival_us      receiver's clock, unwrapped [us]
 * @param is_app_limited  the sender had nothing more to send: then a low rate says little
 */
void bwe_acked_rate_add(struct bwe_acked_rate *acked, int64_t arrival_us, uint16_t bytes,
                        bool is_app_limited);

#endif
