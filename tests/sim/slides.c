/* A slide's pieces come in order, the first time and in each replay. */
#include "tests/sim/slides.h"

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
    const uint64_t *bytes = slides->replays_bytes;
    uint64_t larger = bytes[0] > bytes[1] ? bytes[0] : bytes[1];
    return larger > SLIDE_BYTES ? larger : SLIDE_BYTES;
}

static void count_replay(struct sim_slides *slides, const struct sim_media *media, bool is_replayed)
{
    uint64_t *bytes = slides->replays_bytes;
    if (is_replayed && media->stamp.flags & SIM_STAMP_KEY && media->stamp.piece == 0) {
        bytes[1] = bytes[0];
        bytes[0] = 0;
    }
    if (is_replayed)
        bytes[0] += media->wire_len;
}

uint64_t sim_slides_on_sent(struct sim_slides *slides, const struct sim_media *media,
                            bool is_screen, bool has_loss, int64_t step_us, int64_t now_us)
{
    unsigned len = is_screen ? media->wire_len : 0;
    bool is_of_slide = is_screen && media->is_stamped && !media->is_rtx;
    bool is_new = is_of_slide && is_fresh(slides, &media->stamp);
    bool is_key = media->stamp.flags & SIM_STAMP_KEY;
    bool is_old = now_us - media->stamp.captured_us > SIM_STAMP_REPLAYED_US;
    bool is_replayed = is_of_slide && !is_new && (is_key || is_old);
    uint64_t all = sim_window_add(&slides->all, step_us, now_us, len);
    uint64_t fresh = sim_window_add(&slides->fresh, step_us, now_us, is_new ? len : 0);
    count_replay(slides, media, is_replayed);
    uint64_t replay = sim_slides_replay_bytes(slides);
    return has_loss || all - fresh < replay ? all : fresh + replay;
}
