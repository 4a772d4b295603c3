/* The tracks as data, and the temporal layers' places in the row of frames. */
#include "bench/bwe/conference.h"

#include <string.h>

#define SCREEN       (BWE_SIM_TRACKS - 1)
#define BUDGET_SHARE 0.95 /* as bwe_allocation_budget_bps() */

/* On the wire, with the share of headers that the contract (500 and 800 kbit/s of payload) does not
   count. Temporal layers of a camera as libwebrtc divides them. */
static const struct bwe_allocation_layer camera_low = {
    .is_available = true,
    .temporal_count = 3,
    .height = 240,
    .cost_bps = {60000, 30000, 60000},
    .payload_bps = {54000, 27000, 54000},
};
static const struct bwe_allocation_layer camera_high = {
    .is_available = true,
    .temporal_count = 3,
    .height = 480,
    .cost_bps = {220000, 110000, 220000},
    .payload_bps = {200000, 100000, 200000},
};
static const struct bwe_allocation_layer screen = {
    .is_available = true,
    .temporal_count = 2,
    .height = 720,
    .cost_bps = {100000, 800000},
    .payload_bps = {90000, 710000},
};

void bwe_sim_conference_init(struct bwe_sim_conference *conference)
{
    memset(conference, 0, sizeof(*conference));
    for (unsigned i = 0; i < BWE_SIM_TRACKS; i++) {
        struct bwe_allocation_track *track = &conference->tracks[i];
        *track = (struct bwe_allocation_track){
            .id = i + 1,
            .is_screen = i == SCREEN,
            .is_speaker = i == 0,
            .wanted_height = UINT16_MAX,
            .layer_count = i == SCREEN ? 1 : 2,
        };
        track->layers[0] = i == SCREEN ? screen : camera_low;
        track->layers[1] = camera_high;
        conference->allocation.choices[i].level = BWE_LEVEL_PAUSED;
    }
}

static void count_switches(struct bwe_sim_conference *conference,
                           const struct bwe_allocation *before)
{
    for (unsigned i = 0; i < BWE_SIM_TRACKS; i++) {
        int level = conference->allocation.choices[i].level, old = before->choices[i].level;
        conference->was_lowered[i] |= level < old;
        conference->ups += level > old && conference->was_lowered[i];
    }
}

int64_t bwe_sim_conference_set_target(struct bwe_sim_conference *conference, double stable_bps,
                                      bool is_probed, int64_t now_us)
{
    struct bwe_allocation_ladders ladders;
    bwe_allocation_prepare(&ladders, conference->tracks, BWE_SIM_TRACKS);
    const struct bwe_hysteresis_input input = {
        .tracks = conference->tracks,
        .count = BWE_SIM_TRACKS,
        .ladders = &ladders,
        .budget_bps =
            bwe_allocation_budget_bps((uint64_t)stable_bps, (uint64_t)BWE_SIM_VOICES_BPS, 0),
        .has_estimator = true,
        .is_probe_passed = is_probed || conference->demand.is_proven,
    };
    struct bwe_allocation before = conference->allocation;
    now_us++; /* the simulator begins at 0, which is no time for the allocator */
    int64_t deadline_us =
        bwe_hysteresis_decide(&conference->hysteresis, &input, now_us, &conference->allocation);
    bwe_allocation_demand_update(&conference->demand, &input,
                                 bwe_allocation_budget_bps(UINT64_MAX, 0, 0),
                                 &conference->allocation, now_us);
    count_switches(conference, &before);
    return deadline_us;
}

unsigned bwe_sim_conference_live_count(const struct bwe_sim_conference *conference)
{
    unsigned count = 0;
    for (unsigned i = 0; i < BWE_SIM_TRACKS; i++)
        count += conference->allocation.choices[i].level >= 0;
    return count;
}

bool bwe_sim_conference_is_full(const struct bwe_sim_conference *conference)
{
    for (unsigned i = 0; i < BWE_SIM_TRACKS; i++)
        if (conference->allocation.choices[i].level !=
            bwe_allocation_best_level(&conference->tracks[i]))
            return false;
    return true;
}

/* What an estimate must be for so much video beside the voices. */
static uint32_t estimate_for(uint64_t video_bps)
{
    return (uint32_t)(((double)video_bps + BWE_SIM_VOICES_BPS) / BUDGET_SHARE) + 1;
}

struct bwe_demand bwe_sim_conference_demand(const struct bwe_sim_conference *conference)
{
    const struct bwe_allocation_demand *demand = &conference->demand;
    return (struct bwe_demand){
        .target_bps = demand->goal_bps > 0 ? estimate_for(demand->goal_bps) : 0,
        .ideal_bps = demand->ideal_bps > 0 ? estimate_for(demand->ideal_bps) : 0,
        .max_bps = estimate_for(bwe_allocation_budget_bps(UINT64_MAX, 0, 0)),
        .is_paused = demand->is_all_paused,
    };
}

/* Of four frames a camera's are of layers 0 2 1 2, of two a screen's 0 1. */
double bwe_sim_conference_frame_bits(struct bwe_sim_conference *conference, unsigned track)
{
    static const unsigned pattern[] = {0, 2, 1, 2};
    const struct bwe_allocation_choice *choice = &conference->allocation.choices[track];
    unsigned position = conference->frames[track]++;
    if (choice->level < 0)
        return 0;
    const struct bwe_allocation_layer *layer = &conference->tracks[track].layers[choice->spatial];
    unsigned temporal = layer->temporal_count == 3 ? pattern[position % 4] : position % 2;
    double share = layer->temporal_count == 2 || temporal == 2 ? 0.5 : 0.25; /* of the frames */
    if (temporal > choice->temporal)
        return 0;
    return layer->cost_bps[temporal] / share / BWE_SIM_CONFERENCE_FPS;
}
