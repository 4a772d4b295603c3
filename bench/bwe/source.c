/* Sources: see the header. */
#include "bench/bwe/source.h"

#include <math.h>
#include <string.h>

#define FRAME_US    33333
#define FRAME_NOISE 0.1
#define WANDER      0.05

void bwe_sim_source_init(struct bwe_sim_source *source, enum bwe_sim_kind kind, double max_bps,
                         uint64_t seed, int64_t now_us)
{
    memset(source, 0, sizeof(*source));
    source->kind = kind;
    source->max_bps = max_bps - bwe_sim_source_audio_bps(source);
    source->random.state = seed;
    source->rate_bps = BWE_SIM_VIDEO_MIN;
    source->wander = 1;
    bwe_sim_conference_init(&source->conference);
    for (unsigned i = 0; i < BWE_SIM_TRACKS; i++)
        source->frame_us[i] = now_us + (int64_t)(FRAME_US * bwe_sim_uniform(&source->random)) + 1;
}

double bwe_sim_source_audio_bps(const struct bwe_sim_source *source)
{
    return source->kind == BWE_SIM_CONFERENCE ? BWE_SIM_VOICES_BPS : BWE_SIM_AUDIO_BPS;
}

int64_t bwe_sim_source_set_target(struct bwe_sim_source *source,
                                  const struct bwe_sim_target *target, int64_t now_us)
{
    if (source->kind == BWE_SIM_CONFERENCE)
        return bwe_sim_conference_set_target(&source->conference, target->stable_bps,
                                             target->is_probed, now_us);
    /* Of targets that come faster than the queue holds, the last one counts. */
    if (source->pending_count == BWE_SIM_REACTION)
        source->pending_count--;
    source->pending[source->pending_count].at_us = now_us + BWE_SIM_REACT_US;
    source->pending[source->pending_count++].rate_bps = target->target_bps;
    return INT64_MAX;
}

int64_t bwe_sim_source_next(const struct bwe_sim_source *source, unsigned *track)
{
    unsigned count = source->kind == BWE_SIM_CONFERENCE ? BWE_SIM_TRACKS : 1;
    *track = 0;
    for (unsigned i = 1; i < count; i++) {
        if (source->frame_us[i] < source->frame_us[*track])
            *track = i;
    }
    return source->frame_us[*track];
}

static void react(struct bwe_sim_source *source, int64_t now_us)
{
    unsigned done = 0;
    while (done < source->pending_count && source->pending[done].at_us <= now_us)
        done++;
    if (done == 0)
        return;
    source->rate_bps =
        fmin(fmax(source->pending[done - 1].rate_bps, BWE_SIM_VIDEO_MIN), source->max_bps);
    source->pending_count -= done;
    memmove(source->pending, source->pending + done,
            source->pending_count * sizeof(source->pending[0]));
}

static double frames_per_second(const struct bwe_sim_source *source)
{
    if (source->kind == BWE_SIM_CONFERENCE)
        return BWE_SIM_CONFERENCE_FPS;
    return source->rate_bps >= 400e3 ? 30 : source->rate_bps >= 250e3 ? 20 : 10;
}

uint32_t bwe_sim_source_frame(struct bwe_sim_source *source, unsigned track, int64_t now_us)
{
    bool is_video = source->kind == BWE_SIM_VIDEO;
    if (is_video)
        react(source, now_us);
    if (now_us >= source->wander_us) {
        source->wander_us = now_us + 1000000;
        source->wander = 1 + WANDER * (2 * bwe_sim_uniform(&source->random) - 1);
    }
    double fps = frames_per_second(source);
    double noise = fmin(fmax(1 + FRAME_NOISE * bwe_sim_normal(&source->random), 0.5), 1.5);
    double bits = is_video ? source->rate_bps / fps
                           : bwe_sim_conference_frame_bits(&source->conference, track);
    source->frame_us[track] = now_us + (int64_t)(1e6 / fps);
    return (uint32_t)(bits * source->wander * noise / 8);
}
