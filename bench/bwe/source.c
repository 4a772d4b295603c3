/* Sources: see the header. */
#include "bench/bwe/source.h"

#include <math.h>
#include <string.h>

#define FRAME_US     33333
#define FRAME_NOISE  0.1
#define WANDER       0.05
#define UP_MARGIN    1.10
#define UP_WAIT_US   1000000
#define DOWN_HOLD_US 5000000
#define UP_FAILED_US 10000000 /* down again so soon: the next attempt waits longer */
#define HOLD_BACKOFF 1.5
#define HOLD_MAX_US  60e6
#define BUDGET_SHARE 0.95

/* In order of importance: screen floor, the cameras' low layers, their high ones, the screen. */
static const struct {
    unsigned track;
    double more_bps;
} layers[BWE_SIM_LAYERS] = {
    {4, 100e3}, {0, 150e3}, {1, 150e3}, {2, 150e3}, {3, 150e3},
    {0, 400e3}, {4, 800e3}, {1, 400e3}, {2, 400e3}, {3, 400e3},
};

void bwe_sim_source_init(struct bwe_sim_source *source, enum bwe_sim_kind kind, double max_bps,
                         uint64_t seed, int64_t now_us)
{
    memset(source, 0, sizeof(*source));
    source->kind = kind;
    source->max_bps = max_bps - bwe_sim_source_audio_bps(source);
    source->random.state = seed;
    source->rate_bps = BWE_SIM_VIDEO_MIN;
    source->wander = 1;
    for (unsigned i = 0; i < BWE_SIM_TRACKS; i++)
        source->frame_us[i] = now_us + (int64_t)(FRAME_US * bwe_sim_uniform(&source->random)) + 1;
}

double bwe_sim_source_audio_bps(const struct bwe_sim_source *source)
{
    return source->kind == BWE_SIM_CONFERENCE ? 3 * 100e3 : BWE_SIM_AUDIO_BPS;
}

/* Layers of a track replace each other: what the sum grows by stands in the second column. */
static double layers_bps(unsigned count)
{
    double bps = 0;
    for (unsigned i = 0; i < count; i++)
        bps += layers[i].more_bps;
    return bps;
}

double bwe_sim_source_next_bps(const struct bwe_sim_source *source)
{
    if (source->kind != BWE_SIM_CONFERENCE || source->layers == BWE_SIM_LAYERS)
        return 0;
    return layers_bps(source->layers + 1);
}

/* Down at once; up when it has fitted for a second, and not soon after a step down. */
static void choose_layers(struct bwe_sim_source *source, const struct bwe_sim_target *target,
                          int64_t now_us)
{
    double budget_bps = BUDGET_SHARE * target->stable_bps;
    unsigned before = source->layers;
    while (source->layers > 0 && layers_bps(source->layers) > budget_bps)
        source->layers--;
    if (source->layers < before) {
        source->hold_us = source->up_us > 0 && now_us - source->up_us < UP_FAILED_US
                              ? fmin(HOLD_BACKOFF * source->hold_us, HOLD_MAX_US)
                              : DOWN_HOLD_US;
        source->up_us = 0;
        source->was_lowered = true;
        source->changed_us = now_us;
        source->fits_us = 0;
        return;
    }
    bool fits = source->layers < BWE_SIM_LAYERS &&
                UP_MARGIN * layers_bps(source->layers + 1) < budget_bps / BUDGET_SHARE;
    if (!fits) {
        source->fits_us = 0;
        return;
    }
    if (source->fits_us == 0)
        source->fits_us = now_us;
    if (target->is_probed)
        source->fits_us = now_us - UP_WAIT_US;
    bool is_held = (double)(now_us - source->changed_us) < source->hold_us;
    if (source->was_lowered && (is_held || now_us - source->fits_us < UP_WAIT_US))
        return;
    source->ups += source->was_lowered;
    source->up_us = source->was_lowered ? now_us : 0;
    source->layers++;
}

void bwe_sim_source_set_target(struct bwe_sim_source *source, const struct bwe_sim_target *target,
                               int64_t now_us)
{
    if (source->kind == BWE_SIM_CONFERENCE) {
        choose_layers(source, target, now_us);
        return;
    }
    /* Of targets that come faster than the queue holds, the last one counts. */
    if (source->pending_count == BWE_SIM_REACTION)
        source->pending_count--;
    source->pending[source->pending_count].at_us = now_us + BWE_SIM_REACT_US;
    source->pending[source->pending_count++].rate_bps = target->target_bps;
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
    if (source->kind == BWE_SIM_CONFERENCE || source->rate_bps >= 400e3)
        return 30;
    return source->rate_bps >= 250e3 ? 20 : 10;
}

static double track_bps(const struct bwe_sim_source *source, unsigned track)
{
    double bps = 0;
    if (source->kind == BWE_SIM_VIDEO)
        return source->rate_bps;
    for (unsigned i = 0; i < source->layers; i++)
        bps += layers[i].track == track ? layers[i].more_bps : 0;
    return bps;
}

uint32_t bwe_sim_source_frame(struct bwe_sim_source *source, unsigned track, int64_t now_us)
{
    if (source->kind == BWE_SIM_VIDEO)
        react(source, now_us);
    if (now_us >= source->wander_us) {
        source->wander_us = now_us + 1000000;
        source->wander = 1 + WANDER * (2 * bwe_sim_uniform(&source->random) - 1);
    }
    double fps = frames_per_second(source);
    double noise = fmin(fmax(1 + FRAME_NOISE * bwe_sim_normal(&source->random), 0.5), 1.5);
    source->frame_us[track] = now_us + (int64_t)(1e6 / fps);
    return (uint32_t)(track_bps(source, track) * source->wander * noise / fps / 8);
}
