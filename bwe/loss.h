/*
 * The loss-based part: which bandwidth explains the losses best, beside a loss that is inherent to
 * the path whatever is sent (the model of libwebrtc's loss-based estimator, version 2).
 *
 * Observations of 250 ms hold packets, losses and rate. For each candidate bandwidth the most
 * likely inherent loss is found, within a bound; above the bandwidth the excess is lost too. How
 * much inherent loss is believed depends on the queue: with an empty one, losses do not come from
 * an overflow.
 */
#ifndef IRIS_BWE_LOSS_H
#define IRIS_BWE_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/tuning.h"

#define BWE_LOSS_OBSERVATIONS 15
#define BWE_LOSS_PERIOD_US    250000

struct bwe_loss_observation {
    uint16_t packets, lost;
    uint32_t rate_bps; /* as sent */
};

struct bwe_loss {
    struct bwe_loss_observation observations[BWE_LOSS_OBSERVATIONS];
    uint8_t count, head;
    uint16_t packets, lost; /* of the observation that runs */
    uint32_t bytes;
    int64_t first_us, last_us; /* departure of its first and last packet; first 0: none */
    double estimate_bps;       /* 0: no limit */
    double inherent;           /* share of packets */
    double average;            /* recent share of packets lost */
};

/* What else is known when an observation ends. */
struct bwe_loss_input {
    double delay_bps; /* the other parts' estimate: never above it */
    double acked_bps; /* 0: unknown */
    double queue_ms;
    double min_bps;
};

/** A packet has been reported, lost or not. Zero-initialised before the first. */
void bwe_loss_add(struct bwe_loss *loss, int64_t sent_us, uint16_t bytes, bool is_lost);

/** One that was reported lost has arrived after all. */
void bwe_loss_restore(struct bwe_loss *loss);

/** After a feedback message: when an observation has ended, estimate again. */
void bwe_loss_update(struct bwe_loss *loss, const struct bwe_tuning *tuning,
                     const struct bwe_loss_input *input);

/** A probe at a higher rate than the estimate has come without a loss: what was lost before was
 * lost of another capacity. */
void bwe_loss_forget(struct bwe_loss *loss);

#endif
