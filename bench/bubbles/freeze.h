/*
 * Freezes as libwebrtc counts them (webrtc-stats, freezeCount): a picture that comes later than
 * max(3 x average, average + 150 ms), of the last 30 intervals. Time is an argument.
 */
#ifndef IRIS_BENCH_BUBBLES_FREEZE_H
#define IRIS_BENCH_BUBBLES_FREEZE_H

#include <stdbool.h>
#include <stdint.h>

#define BUBBLES_FREEZE_WINDOW  30
#define BUBBLES_FREEZE_SAMPLES 5 /* intervals that are needed before one can be called long */

/* One received video. Embedded; zero-initialised. */
struct bubbles_freeze {
    int64_t last_us; /* newest picture; 0: none since the last break */
    int64_t sum_us;  /* of the window */
    unsigned at, filled;
    int32_t intervals_us[BUBBLES_FREEZE_WINDOW];
    unsigned freezes;
    int64_t frozen_us; /* in all */
};

/** A picture is shown. @return true: a freeze ended with it */
bool bubbles_freeze_on_frame(struct bubbles_freeze *freeze, int64_t now_us);

/** The video was stopped, or shows somebody else: the next interval is none. */
void bubbles_freeze_break(struct bubbles_freeze *freeze);

#endif
