/* The named conferences. */
#include "tests/sim/profile.h"

#include <string.h>

#define MS INT64_C(1000)
#define S  INT64_C(1000000)

#define PAGE_CAMERAS                                                                               \
    {                                                                                              \
        [SIM_VIDEO_SIMULCAST] = 1                                                                  \
    }
#define ALL_CAMERAS                                                                                \
    {                                                                                              \
        [SIM_VIDEO_SIMULCAST] = 6, [SIM_VIDEO_SIMULCAST_3] = 2, [SIM_VIDEO_SINGLE] = 1,            \
        [SIM_VIDEO_FLAT] = 1, [SIM_VIDEO_SHORT_ID] = 1, [SIM_VIDEO_BARE] = 1                       \
    }
/* Networks of the neighbourhood: nothing is lost. */
#define NEAR                                                                                       \
    {                                                                                              \
        .delay_min_us = 5 * MS, .delay_max_us = 40 * MS, .jitter_max_us = 5 * MS                   \
    }
/* A room in which the one with the staged network receives what four others send. */
#define WATCHES_FOUR                                                                               \
    .goals = {.skew_ms = 60}, .participants = 5, .rooms = 1, .floors = 3, .join_spread_us = 1 * S, \
    .cameras = PAGE_CAMERAS, .has_screens = true,                                                  \
    .network = {.delay_min_us = 10 * MS, .delay_max_us = 40 * MS, .jitter_max_us = 5 * MS},        \
    .stage_queue_us = 300 * MS

/* Conferences that are also held without RTX, and without transport feedback. also: follows in what
   is said of them; full: see struct sim_stage, for it takes longer without; last: seconds of the
   last stage. */
#define SQUEEZED(also, last, full)                                                                 \
    .about = "a receiver of everything whose network carries 5, 1, 0.3 and 3 Mbps" also,           \
    WATCHES_FOUR, .seconds = 92 + (last), .stage_count = 4,                                        \
    .stages = {                                                                                    \
        {30 * S, 5000000}, {30 * S, 1000000}, {30 * S, 300000}, {(last)*S, 3000000, (full)}}
#define DIP(also, last, full)                                                                      \
    .about = "a receiver of everything whose network carries 4, 0.8 and 4 Mbps" also,              \
    WATCHES_FOUR, .seconds = 47 + (last), .stage_count = 3,                                        \
    .stages = {{20 * S, 4000000}, {25 * S, 800000}, {(last)*S, 4000000, (full)}}
#define STARVED(also, last, full)                                                                  \
    .about = "a receiver of everything whose network carries voices only, then all again" also,    \
    WATCHES_FOUR, .seconds = 47 + (last), .stage_count = 3,                                        \
    .stages = {{20 * S, 5000000}, {25 * S, 200000}, {(last)*S, 3000000, (full)}}
#define JOINS(kbps)                                                                                \
    .participants = 6, .seconds = 22, .rooms = 1, .floors = 3, .early = 5,                         \
    .join_spread_us = 1 * S, .cameras = PAGE_CAMERAS, .has_screens = true,                         \
    .network = {.delay_min_us = 25 * MS, .delay_max_us = 25 * MS, .jitter_max_us = 5 * MS},        \
    .stage_count = 1, .stages = {{15 * S, (kbps)*1000}}, .stage_queue_us = 300 * MS
#define ARRIVAL(also)                                                                              \
    .about = "somebody with 5 Mbps, round trip 50 ms, who joins a room of five" also, JOINS(5000), \
    .goals = {.first_frame_ms = 500, .filler_pct = 3, .skew_ms = 20}
#define NARROW(kbps)                                                                               \
    {                                                                                              \
        .name = "arrival-" #kbps,                                                                  \
        .about = "somebody with " #kbps " kbps who joins a room of five", JOINS(kbps)              \
    }
#define NO_RTX "; nobody has RTX"
#define REMB   "; nobody has transport feedback"
/* Random conferences below are as they were before there were such receivers: what those seeds have
   found, they go on looking for. */
#define OLD_CLIENTS_SEED 1000000

/* Goals of repairs and of lips and voice, measured at worst of 52 seeds (wraps: 12; flapping,
   rationed: 8): what is lost and not repaired in time, requests for a packet that bring it, p95 of
   pictures and voices: churn12 29 %, -, 73 ms; wireless 41 %, 45.7 %, 124 ms; wraps 51 %, 49.6 %,
   109 ms; lossy 58 %, -, 411 ms; flapping 461 ms; rationed 138 ms. A packet is asked for twice, as
   a rule, before it can be there. Of a server that leaves out every fourth repair, 41-45 % of
   requests in wireless and in wraps bring something. */
static const struct sim_profile profiles[] = {
    {.name = "call3",
     .about = "three people, good networks, a screen by turns",
     .participants = 3,
     .seconds = 60,
     .rooms = 1,
     .floors = 1,
     .join_spread_us = 2 * S,
     .cameras = PAGE_CAMERAS,
     .has_screens = true,
     .goals = {.skew_ms = 20, .first_frame_ms = 500, .filler_pct = 3},
     .network = NEAR},
    {.name = "call10",
     .about = "ten people in one room on good networks; what the speed is measured with",
     .participants = 10,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .cameras = PAGE_CAMERAS,
     .goals = {.skew_ms = 20, .first_frame_ms = 500, .filler_pct = 3},
     .network = NEAR},
    {.name = "churn12",
     .about = "twelve who come and go in two rooms, mute, share and choose layouts",
     .participants = 12,
     .seconds = 60,
     .rooms = 2,
     .floors = 2,
     .join_spread_us = 5 * S,
     .stay_us = 15 * S,
     .away_us = 3 * S,
     .action_us = 4 * S,
     .actions = {[SIM_ACTION_MUTE_CAMERA] = 3,
                 [SIM_ACTION_MUTE_VOICE] = 3,
                 [SIM_ACTION_LAYOUT] = 3,
                 [SIM_ACTION_STOP_LAYER] = 1},
     .cameras = ALL_CAMERAS,
     .no_levels = 0.1,
     .no_dtx = 0.2,
     .has_screens = true,
     .goals = {.unrepaired_pct = 40, .skew_ms = 100},
     .network = {.delay_min_us = 5 * MS,
                 .delay_max_us = 80 * MS,
                 .jitter_max_us = 10 * MS,
                 .loss_max = 0.002}},
    {.name = "burst50",
     .about = "fifty who join a room of five within a second",
     .participants = 55,
     .seconds = 12,
     .rooms = 1,
     .floors = 2,
     .early = 5,
     .join_spread_us = 1 * S,
     .cameras = PAGE_CAMERAS,
     .goals = {.skew_ms = 80, .first_frame_ms = 500, .key_requests = 3, .filler_pct = 3},
     .network = NEAR},
    {.name = "big120",
     .about = "a full room of 120, four who speak at once",
     .participants = 120,
     .seconds = 10,
     .rooms = 1,
     .floors = 4,
     .join_spread_us = 4 * S,
     .cameras = PAGE_CAMERAS,
     .has_screens = true,
     .goals = {.skew_ms = 60, .first_frame_ms = 500},
     .network = {.delay_min_us = 5 * MS, .delay_max_us = 60 * MS, .jitter_max_us = 5 * MS}},
    {.name = "wireless",
     .about = "six people on networks that lose up to 2 % at random, with jitter",
     .participants = 6,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .cameras = PAGE_CAMERAS,
     .has_screens = true,
     .goals = {.unrepaired_pct = 45, .repaired_pct = 44, .skew_ms = 200},
     .network = {.delay_min_us = 10 * MS,
                 .delay_max_us = 60 * MS,
                 .jitter_max_us = 20 * MS,
                 .loss_max = 0.02}},
    {.name = "wraps",
     .about = "three people for half an hour; where sequence numbers wrap, packets are lost",
     .participants = 3,
     .seconds = 1800,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .cameras = PAGE_CAMERAS,
     .has_screens = true,
     .wraps = 4,
     .goals = {.unrepaired_pct = 60, .repaired_pct = 48, .skew_ms = 200},
     .network = {.delay_min_us = 10 * MS,
                 .delay_max_us = 60 * MS,
                 .jitter_max_us = 20 * MS,
                 .loss_max = 0.02}},
    {.name = "lossy",
     .about = "eight people on networks that lose, reorder, repeat and burst",
     .participants = 8,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .cameras = ALL_CAMERAS,
     .no_rtx = 0.1,
     .has_screens = true,
     .goals = {.unrepaired_pct = 65, .skew_ms = 450},
     .network = {.delay_min_us = 10 * MS,
                 .delay_max_us = 120 * MS,
                 .jitter_max_us = 30 * MS,
                 .loss_max = 0.05,
                 .burst = 0.0005,
                 .burst_end = 0.2,
                 .reorder = 0.002,
                 .duplicate = 0.002}},
    {.name = "flapping",
     .about = "eight people whose networks go away, shrink and change their address",
     .participants = 8,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .action_us = 6 * S,
     .actions = {[SIM_ACTION_OUTAGE] = 2, [SIM_ACTION_SQUEEZE] = 2, [SIM_ACTION_REBIND] = 1},
     .cameras = PAGE_CAMERAS,
     .has_screens = true,
     .goals = {.skew_ms = 700},
     .network = {.delay_min_us = 5 * MS,
                 .delay_max_us = 80 * MS,
                 .jitter_max_us = 10 * MS,
                 .loss_max = 0.005,
                 .up_bps = 4000000,
                 .down_bps = 10000000,
                 .queue_us = 200 * MS}},
    {.name = "layers",
     .about = "eight people whose layers stop, with layouts and budgets that change",
     .participants = 8,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .action_us = 3 * S,
     .actions = {[SIM_ACTION_STOP_LAYER] = 2, [SIM_ACTION_LAYOUT] = 1, [SIM_ACTION_BUDGET] = 3},
     .cameras = ALL_CAMERAS,
     .has_screens = true,
     .goals = {.skew_ms = 80},
     .network = {.delay_min_us = 5 * MS, .delay_max_us = 60 * MS, .jitter_max_us = 5 * MS}},
    {.name = "rationed",
     .about = "six people with small budgets on networks that lose up to 2 %, half without RTX",
     .participants = 6,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .action_us = 20 * S,
     .actions = {[SIM_ACTION_BUDGET] = 1},
     .cameras = PAGE_CAMERAS,
     .no_rtx = 0.5,
     .has_screens = true,
     .goals = {.skew_ms = 220},
     .network = {.delay_min_us = 10 * MS,
                 .delay_max_us = 60 * MS,
                 .jitter_max_us = 20 * MS,
                 .loss_max = 0.02}},
    {.name = "squeezed", SQUEEZED("", 30, 0)},
    {.name = "dip", DIP("", 28, 9000)},
    {.name = "demo",
     .about =
         "the same (4, 0.8, 4), of recordings as iris-bench bubbles sends: a screen that moves",
     .participants = 6,
     .seconds = 75,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 1 * S,
     .cameras = {[SIM_VIDEO_CLIP] = 1},
     .has_screens = true,
     .has_demos = true,
     .tick_us = 60 * MS,
     .goals = {.skew_ms = 60},
     .network = {.delay_min_us = 10 * MS, .delay_max_us = 10 * MS, .jitter_max_us = 1 * MS},
     .stage_count = 3,
     .stages = {{20 * S, 4000000}, {25 * S, 770000}, {28 * S, 3800000}},
     .stage_queue_us = 300 * MS},
    {.name = "arrival", ARRIVAL("")},
    NARROW(1000),
    NARROW(500),
    NARROW(300),
    {.name = "starved", STARVED("", 28, 11000)},
    {.name = "starved-no-rtx", STARVED(NO_RTX, 28, 0), .no_rtx = 1},
    {.name = "dip-no-rtx", DIP(NO_RTX, 28, 0), .no_rtx = 1},
    {.name = "arrival-no-rtx", ARRIVAL(NO_RTX), .no_rtx = 1},
    {.name = "squeezed-no-rtx", SQUEEZED(NO_RTX, 30, 0), .no_rtx = 1},
    {.name = "squeezed-remb", SQUEEZED(REMB, 45, 40000), .no_twcc = 1},
    {.name = "dip-remb", DIP(REMB, 45, 30000), .no_twcc = 1},
    {.name = "starved-remb", STARVED(REMB, 45, 42000), .no_twcc = 1},
    {.name = "impatient",
     .about = "five people, one of whom asks everybody for key frames all the time",
     .participants = 5,
     .seconds = 60,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 1 * S,
     .cameras = PAGE_CAMERAS,
     .impatient = 0.2,
     .has_screens = true,
     .goals = {.skew_ms = 100},
     .network = {.delay_min_us = 5 * MS, .delay_max_us = 40 * MS, .jitter_max_us = 5 * MS}},
    {.name = "hostile",
     .about = "nine people, a third of whom send too much, garbage and jumping numbers",
     .participants = 9,
     .seconds = 40,
     .rooms = 1,
     .floors = 2,
     .join_spread_us = 3 * S,
     .cameras = PAGE_CAMERAS,
     .hostile = 0.33,
     .goals = {.skew_ms = 40, .first_frame_ms = 500},
     .network = NEAR},
};

const struct sim_profile *sim_profiles(unsigned *count)
{
    *count = sizeof(profiles) / sizeof(*profiles);
    return profiles;
}

const struct sim_profile *sim_profile_find(const char *name)
{
    for (unsigned i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

/* Half of the runs have nothing of it, the others up to max. */
static double draw_share(struct sim_random *random, double max)
{
    return sim_random_chance(random, 0.5) ? 0 : max * sim_random_unit(random);
}

static void draw_network(struct sim_network *network, struct sim_random *random)
{
    network->delay_min_us = sim_random_between(random, 1 * MS, 40 * MS);
    network->delay_max_us = network->delay_min_us + sim_random_between(random, 0, 120 * MS);
    network->jitter_max_us = sim_random_between(random, 0, 40 * MS);
    network->loss_max = draw_share(random, 0.1);
    network->burst = draw_share(random, 0.002);
    network->burst_end = 0.1 + 0.4 * sim_random_unit(random);
    network->reorder = draw_share(random, 0.01);
    network->duplicate = draw_share(random, 0.01);
    network->queue_us = sim_random_between(random, 50 * MS, 500 * MS);
    if (sim_random_chance(random, 0.5))
        return;
    network->up_bps = (uint64_t)sim_random_between(random, 1500000, 10000000);
    network->down_bps = (uint64_t)sim_random_between(random, 3000000, 20000000);
}

void sim_profile_draw(struct sim_profile *profile, uint64_t seed)
{
    struct sim_random random = {seed ^ 0x70726F66696C65u}, old = {seed ^ 0x72656D62u};
    *profile = (struct sim_profile){.name = "random",
                                    .about = "drawn from the seed",
                                    .is_drawn = true,
                                    .participants = (unsigned)sim_random_between(&random, 2, 16),
                                    .seconds = (unsigned)sim_random_between(&random, 15, 40),
                                    .rooms = (unsigned)sim_random_between(&random, 1, 3),
                                    .floors = (unsigned)sim_random_between(&random, 1, 4),
                                    .join_spread_us = sim_random_between(&random, 100 * MS, 8 * S),
                                    .cameras = ALL_CAMERAS,
                                    .no_levels = draw_share(&random, 0.3),
                                    .no_dtx = draw_share(&random, 0.5),
                                    .no_rtx = draw_share(&random, 0.3),
                                    .hostile = draw_share(&random, 0.3),
                                    .has_screens = sim_random_chance(&random, 0.7)};
    if (sim_random_chance(&random, 0.5)) {
        profile->stay_us = sim_random_between(&random, 3 * S, 20 * S);
        profile->away_us = sim_random_between(&random, 500 * MS, 5 * S);
    }
    if (sim_random_chance(&random, 0.8)) {
        profile->action_us = sim_random_between(&random, 1 * S, 10 * S);
        for (unsigned i = 0; i < SIM_ACTION_COUNT; i++)
            profile->actions[i] = (unsigned)sim_random_between(&random, 0, 3);
    }
    draw_network(&profile->network, &random);
    if (seed >= OLD_CLIENTS_SEED)
        profile->no_twcc = draw_share(&old, 0.5);
}
