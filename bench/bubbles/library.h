/* All that is replayed: clips and voices of a handful of sources, made by several threads. */
#ifndef IRIS_BENCH_BUBBLES_LIBRARY_H
#define IRIS_BENCH_BUBBLES_LIBRARY_H

#include "bench/bubbles/clip.h"
#include "bench/bubbles/options.h"
#include "bench/bubbles/voice.h"

#define BUBBLES_CAMERAS 6 /* sources; more participants of a room share them */
#define BUBBLES_SCREENS 2
#define BUBBLES_SIZES   2 /* simulcast: low, high */

struct bubbles_library {
    unsigned camera_count, voice_count, screen_count;
    unsigned size_count; /* of each camera: 1 without simulcast */
    struct bubbles_clip *cameras[BUBBLES_CAMERAS][BUBBLES_SIZES];
    struct bubbles_clip *screens[BUBBLES_SCREENS];
    struct bubbles_voice *voices[BUBBLES_VOICES];
};

/**
 * Make what the participants of a run need.
 *
 * @return 0, or -1 (a library refused; dispose all the same)
 */
int bubbles_library_init(struct bubbles_library *library, const struct bubbles_options *options);
void bubbles_library_dispose(struct bubbles_library *library);

#endif
