/*
 * Whether the delay is rising: a regression line through the smoothed accumulated delay of the last
 * 20 groups, against a threshold that adapts to the network (draft-ietf-rmcat-gcc-02, 5.3-5.4, with
 * the line of later libwebrtc in place of the Kalman filter).
 *
 * Sees only the gradient: a full and stable queue is "normal" here; that is the guard's part.
 */
#ifndef IRIS_BWE_TRENDLINE_H
#define IRIS_BWE_TRENDLINE_H

#include <stdint.h>

#include "bwe/interarrival.h"
#include "bwe/tuning.h"

#define BWE_TREND_WINDOW 20

enum bwe_usage { BWE_USAGE_NORMAL, BWE_USAGE_OVER, BWE_USAGE_UNDER };

struct bwe_trendline {
    float times_ms[BWE_TREND_WINDOW]; /* since first_ms */
    float delays_ms[BWE_TREND_WINDOW];
    uint8_t count, head;
    uint8_t overuse_count;
    uint16_t deltas; /* samples seen, up to 1000 */
    enum bwe_usage usage;
    double first_ms, last_ms;
    double accumulated_ms, smoothed_ms;
    double trend, threshold_ms, overuse_ms;
};

/** Start with nothing known. */
void bwe_trendline_init(struct bwe_trendline *trendline, const struct bwe_tuning *tuning);

/** Take a sample in and decide usage. A jump of the arrival time begins a new line. */
void bwe_trendline_add(struct bwe_trendline *trendline, const struct bwe_tuning *tuning,
                       const struct bwe_delay_sample *sample);

#endif
