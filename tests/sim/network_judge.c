/* What is asked of a conference on a changing network (issue: bandwidth estimation). */
#include <inttypes.h>

#include "tests/sim/network.h"

#define S               SIM_NETWORK_S
#define VOICES_LOST_PPM 5000
#define FIRST_LOST_PPM  40000 /* of a stage's, in a first second that nobody could foresee */
#define OVER_PCT        105   /* of the capacity: probes */
#define USED_PCT        55    /* of what the network carries, once that is known; measured 58-66 */
#define USED_LOW_PCT    45    /* where not all cameras fit; measured 53-69 */
#define USED_VOICES_PCT 40    /* where only voices fit: what is spoken */
#define FULL_BPS        1400000 /* of four cameras, a still screen and three voices; 1.5-1.7 */
#define GAP_MS          200
#define GAP_BARE_MS     400    /* without RTX; measured 359 */
#define WAIT_MS         500    /* measured 111-383 over 160 runs */
#define DRAIN_MS        600    /* measured 41-582 */
#define SMALL_BPS       500000 /* with less, a slide and the voices are most of it: */
#define WAIT_SMALL_MS   800    /* measured 467-696 */
#define WAIT_BARE_MS    1000   /* and without RTX: a loss takes a key frame; measured 899 */
#define DRAIN_SMALL_MS  800    /* measured 277-725, where not all fits */
#define DRAIN_SWITCH_MS 300    /* measured 110-253 */
#define DRAIN_BARE_MS   400    /* without RTX, or who has joined just so; measured 352 */
#define DRAIN_BPS       900000
#define DRAIN_LOW_MS    650     /* less; measured 200-440 */
#define FULL_MS         1500    /* bwe.md, goal 1: at the first stage's capacity */
#define FULL_AGAIN_MS   20000   /* unless the profile says less */
#define FIT_MS          1000    /* layers step down */
#define BACK_MS         3000    /* goal 12 */
#define VOICES_BPS      200000  /* carries three voices and what makes them known */
#define CLIFF           5       /* times narrower at once */
#define JOIN_BPS        1000000 /* less than what comes at first (estimate.c) by as much */
#define CAMERAS_BPS     700000  /* carries all cameras' lowest layers */
#define DARK_MS         1000    /* without any camera */
#define UNPAUSED_BPS    2000000 /* with which nothing has to be paused, and all fits */
/* Of a receiver that estimates by itself and tells by REMB. It grows by 8 % a second at most: from
   0.15 Mbps, which is what it takes three voices for, it takes 7 s to the first camera and 33 s to
   all (sim_stage.full_ms). It measures what comes over a second, so that it comes down in two;
   jitter that it takes for a queue leaves it at no more than what was just sent. Measured over 60
   runs of each profile. */
#define SLOW_BACK_MS    12000 /* 9,887 */
#define SLOW_FIT_MS     1600  /* 1,534 */
#define SLOW_USED_PCT   35    /* 38 */
#define SLOW_LOW_PCT    28    /* 31 */
#define SLOW_VOICES_PCT 28    /* 30 */
#define SLOW_FIRST_PPM  80000 /* 63,000; of two seconds */

static void too_long(const struct sim_network_watch *watch, struct sim_checks *checks, uint32_t ms,
                     uint32_t most_ms, const char *what)
{
    if (ms > most_ms)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %" PRIu32 " ms %s, at most %" PRIu32, watch->stage, ms, what,
                       most_ms);
}

/* So, unless the receiver tells by REMB alone. */
static uint32_t unless_slow(const struct sim_network_watch *watch, uint32_t bound,
                            uint32_t slow_bound)
{
    return watch->is_slow ? slow_bound : bound;
}

static uint32_t full_ms(const struct sim_network_watch *watch)
{
    uint32_t stage_ms = watch->profile->stages[watch->stage].full_ms;
    return watch->stage == 0 ? FULL_MS : stage_ms > 0 ? stage_ms : FULL_AGAIN_MS;
}

/* Where everything fits. */
static void judge_fullness(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_stage_result *result = &watch->results[watch->stage];
    if (watch->profile->stages[watch->stage].down_bps < UNPAUSED_BPS)
        return;
    if (watch->is_all_paused)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: all video stays paused", watch->stage);
    if (result->paused > 0)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u slots paused in the end", watch->stage, result->paused);
    if (result->all_full_ms == 0)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: never all cameras at their top layers", watch->stage);
    too_long(watch, checks, result->back_ms, unless_slow(watch, BACK_MS, SLOW_BACK_MS),
             "until there is video again");
    too_long(watch, checks, result->full_ms, full_ms(watch), "without a camera's top layer");
}

static bool has_risen(const struct sim_network_watch *watch)
{
    const struct sim_stage *stage = &watch->profile->stages[watch->stage];
    return watch->stage > 0 && stage[0].down_bps > stage[-1].down_bps;
}

static bool has_fallen(const struct sim_network_watch *watch)
{
    const struct sim_stage *stage = &watch->profile->stages[watch->stage];
    return watch->stage > 0 && stage[0].down_bps < stage[-1].down_bps;
}

/* The first pictures come before anybody can know what the network carries. */
static bool joins_narrow(const struct sim_network_watch *watch)
{
    return watch->stage == 0 && watch->profile->stages[0].down_bps <= JOIN_BPS;
}

/* Where the network carries no video at all, what still comes of it comes by chance. */
static void judge_gaps(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_profile *profile = watch->profile;
    const struct sim_stage_result *result = &watch->results[watch->stage];
    uint64_t capacity_bps = profile->stages[watch->stage].down_bps;
    bool is_bare = profile->no_rtx > 0, is_small = capacity_bps < SMALL_BPS;
    if (capacity_bps < VOICES_BPS)
        return;
    too_long(watch, checks, result->drain_ms,
             capacity_bps < UNPAUSED_BPS ? DRAIN_SMALL_MS : DRAIN_MS,
             "between two frames after the change");
    too_long(watch, checks, result->drain_switch_ms,
             capacity_bps < DRAIN_BPS         ? DRAIN_LOW_MS
             : is_bare || joins_narrow(watch) ? DRAIN_BARE_MS
                                              : DRAIN_SWITCH_MS,
             "between two frames at a switch after the change");
    too_long(watch, checks, result->switch_gap_ms, is_bare ? GAP_BARE_MS : GAP_MS,
             "between two frames at a switch");
    too_long(watch, checks, result->wait_ms,
             !is_small ? WAIT_MS
             : is_bare ? WAIT_BARE_MS
                       : WAIT_SMALL_MS,
             "between two frames");
}

/* Cameras make room for each other and for a screen, but never all of them. A beginning without any
   is that of the stage before. */
static void judge_darkness(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_stage *stage = &watch->profile->stages[watch->stage];
    bool begins_dark = watch->stage > 0 && stage[-1].down_bps < CAMERAS_BPS;
    if (stage->down_bps >= CAMERAS_BPS && !begins_dark)
        too_long(watch, checks, watch->results[watch->stage].dark_ms, DARK_MS,
                 "without a frame of any camera");
}

/* A network that is narrower by so much at once is full before anybody can know: what is in flight
   and what is sent until the next report has come through the full queue loses voices, too. REMB
   alone comes down later, whatever the step. */
static bool is_sudden(const struct sim_network_watch *watch)
{
    const struct sim_stage *stage = &watch->profile->stages[watch->stage];
    return joins_narrow(watch) ||
           (has_fallen(watch) && (watch->is_slow || stage[-1].down_bps > CLIFF * stage->down_bps));
}

static void judge_lost(const struct sim_network_watch *watch, struct sim_checks *checks,
                       uint64_t lost, uint32_t most_ppm, const char *when)
{
    uint64_t voices = watch->results[watch->stage].voices;
    if (lost * 1000000 > voices * most_ppm)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %" PRIu64 " of %" PRIu64 " packets of voices lost%s",
                       watch->stage, lost, voices, when);
}

static void judge_voices(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_stage_result *result = &watch->results[watch->stage];
    if (watch->profile->stages[watch->stage].down_bps < VOICES_BPS)
        return;
    uint64_t excused = is_sudden(watch) ? result->first_voices_lost : 0;
    judge_lost(watch, checks, result->voices_lost - excused, VOICES_LOST_PPM, "");
    judge_lost(watch, checks, excused, unless_slow(watch, FIRST_LOST_PPM, SLOW_FIRST_PPM),
               " at first");
}

static void judge_use(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_stage_result *result = &watch->results[watch->stage];
    uint64_t capacity_bps = watch->profile->stages[watch->stage].down_bps;
    uint64_t early_bps =
        result->early_bytes * 8 * (uint64_t)S / (SIM_NETWORK_EARLY_US - SIM_NETWORK_ADAPTED_US);
    uint64_t late_bps = result->late_bytes * 8 * (uint64_t)S / SIM_NETWORK_LATE_US;
    int64_t adapted_us = watch->profile->stages[watch->stage].for_us - SIM_NETWORK_LATE_US;
    uint64_t adapted_bps = result->adapted_bytes * 8 * (uint64_t)S / (uint64_t)adapted_us;
    unsigned used_pct =
        capacity_bps <= VOICES_BPS   ? unless_slow(watch, USED_VOICES_PCT, SLOW_VOICES_PCT)
        : capacity_bps < CAMERAS_BPS ? unless_slow(watch, USED_LOW_PCT, SLOW_LOW_PCT)
                                     : unless_slow(watch, USED_PCT, SLOW_USED_PCT);
    if (capacity_bps >= VOICES_BPS && early_bps * 100 > capacity_bps * OVER_PCT)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: a second after the change %" PRIu64 " bit/s for %" PRIu64,
                       watch->stage, early_bps, capacity_bps);
    if (capacity_bps >= UNPAUSED_BPS && late_bps < FULL_BPS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: in the end %" PRIu64 " bit/s", watch->stage, late_bps);
    if (capacity_bps < UNPAUSED_BPS && adapted_bps * 100 < capacity_bps * used_pct)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %" PRIu64 " bit/s used of %" PRIu64, watch->stage, adapted_bps,
                       capacity_bps);
}

/* Where there has come to be more, all cameras rise on the way to what there is, and what they then
   bring at once may take them down again, once. */
static void judge_flaps(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    unsigned flaps = watch->results[watch->stage].flaps;
    if (flaps > has_risen(watch))
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: a camera %u times up and down again", watch->stage, flaps);
}

void sim_network_judge(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    judge_fullness(watch, checks);
    judge_gaps(watch, checks);
    judge_darkness(watch, checks);
    judge_voices(watch, checks);
    judge_use(watch, checks);
    if (has_fallen(watch))
        too_long(watch, checks, watch->results[watch->stage].fit_ms,
                 unless_slow(watch, FIT_MS, SLOW_FIT_MS), "until the layers fit");
    judge_flaps(watch, checks);
}
