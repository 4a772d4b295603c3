/* Who sends what: the roles that a profile gives to the seats of a room. Pure functions. */
#ifndef IRIS_BENCH_BUBBLES_CAST_H
#define IRIS_BENCH_BUBBLES_CAST_H

#include "bench/bubbles/options.h"

/* What the participant of a seat sends. Everybody receives. */
struct bubbles_cast {
    bool has_voice, has_camera, has_screen;
};

struct bubbles_cast bubbles_cast_of(const struct bubbles_options *options, unsigned seat);

/** The seats from 0 on that send something, of each room. */
unsigned bubbles_cast_senders(const struct bubbles_options *options);

/** How many seats of a room have a role like this. */
unsigned bubbles_cast_voices(const struct bubbles_options *options);
unsigned bubbles_cast_cameras(const struct bubbles_options *options);
unsigned bubbles_cast_screens(const struct bubbles_options *options);

#endif
