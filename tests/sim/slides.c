/* A slide's pieces come in order, the first time and in each replay. */
#include "tests/sim/slides.h"

#include "sfu/core/layer.h"
#include "tests/sim/stamp.h"

#define SLIDE_BYTES 48000 /* that are sent at once: mostly 45-47 kB, with what follows it */

/* The first time that this piece of a slide is sent. */
static bool is_fresh(struct sim_slides *slides, const struct sim_stamp *stamp)
{
    if (!(stamp->flags & SIM_STAMP_KEY))
        return false;
    if (slides->stream != sim_stamp_stream(stamp) || slides->frame < stamp->frame) {
        slides->stream = sim_stamp_stream(stamp);
        slides->frame = stamp->frame;
        slides->pieces = 0;
    }
    if (stamp->frame < slides->frame || stamp->piece < slides->pieces)
        return false;
    slides->pieces = stamp->piece + 1;
    return true;
}

uint64_t sim_slides_replay_bytes(const struct sim_slides *slides)
{
    const struct sim_replay *replays = slides->replays;
    uint64_t larger = replays[0].bytes > replays[1].bytes ? replays[0].bytes : replays[1].bytes;
    return larger > SLIDE_BYTES ? larger : SLIDE_BYTES;
}

/* A replay begins with the slide, whole, and goes on in the order of its frames with those that the
   source sent before it began: what comes again in it, or after it, is none of it.
   @return what is owed of it, for a loss since the one before */
static unsigned count_replay(struct sim_slides *slides, const struct sim_media *media, bool is_old,
                             bool is_new, int64_t lost_us, int64_t now_us)
{
    const struct sim_stamp *stamp = &media->stamp;
    bool is_key = stamp->flags & SIM_STAMP_KEY;
    struct sim_replay *replay = &slides->replays[0];
    if (is_key && stamp->piece == 0 && (is_old || !is_new)) {
        slides->replays[1] = *replay;
        *replay = (struct sim_replay){.stream = sim_stamp_stream(stamp),
                                      .begin_us = now_us,
                                      .is_owed = lost_us > slides->replays[1].begin_us};
    }
    uint64_t place = (uint64_t)stamp->frame << 16 | stamp->piece;
    if (replay->stream != sim_stamp_stream(stamp) || place < replay->next_place ||
        stamp->captured_us >= replay->begin_us || replay->packets >= CORE_LAYER_REPLAY_PACKETS)
        return 0;
    replay->next_place = place + 1;
    replay->packets++;
    replay->bytes += media->wire_len;
    return replay->is_owed && !is_new ? media->wire_len : 0;
}

uint64_t sim_slides_on_sent(struct sim_slides *slides, const struct sim_media *media,
                            bool is_screen, int64_t lost_us, int64_t step_us, int64_t now_us)
{
    unsigned len = is_screen ? media->wire_len : 0;
    bool is_of_slide = is_screen && media->is_stamped && !media->is_rtx;
    bool is_new = is_of_slide && is_fresh(slides, &media->stamp);
    bool is_old = now_us - media->stamp.captured_us > SIM_STAMP_REPLAYED_US;
    uint64_t all = sim_window_add(&slides->all, step_us, now_us, len);
    uint64_t fresh = sim_window_add(&slides->fresh, step_us, now_us, is_new ? len : 0);
    unsigned owed_len =
        is_of_slide ? count_replay(slides, media, is_old, is_new, lost_us, now_us) : 0;
    uint64_t owed = sim_window_add(&slides->owed, step_us, now_us, owed_len);
    uint64_t replay = sim_slides_replay_bytes(slides);
    if (owed > replay)
        replay = owed;
    return all - fresh < replay ? all : fresh + replay;
}
