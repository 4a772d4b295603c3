/*
 * Freezes as libwebrtc counts them (webrtc-stats, freezeCount): a picture that comes later than
 * max(3 x average, average + 150 ms), of the last 30 intervals. Time is an argument.
 */
#ifndef IRIS_BENCH_FREEZE_FREEZE_H
#define IRIS_BENCH_FREEZE_FREEZE_H

#include <stdbool.h>
#include <stdint.h>

#define FREEZE_WINDOW  30
#define FREEZE_SAMPLES 5 /* intervals that are needed before one can be called long */

/* One received video. Embedded; zero-initialised. */
struct freeze {
    int64_t last_us; /* newest picture; 0: none since the last break */
    int64_t sum_us;  /* of the window */
    unsigned at, filled;
    int32_t intervals_us[FREEZE_WINDOW];
    unsigned freezes;
    int64_t frozen_us; /* in all */
};

/** A picture is shown. @return true: a freeze ended with it */
bool freeze_on_frame(struct freeze *freeze, int64_t now_us);

/** The video was stopped, or shows somebody else: the next interval is none. */
void freeze_break(struct freeze *freeze);

#endif
