/*
 * Any tracks, budgets and times through the allocation with its hysteresis. The input is a row of
 * events: a byte of what happens, then what it takes. Checked: choices are wanted and available,
 * the sums are right, and the next call is in the future.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bwe/allocation_demand.h"
#include "tests/fuzz/target.h"

#define MOST_BPS UINT64_C(3220000)

struct conference {
    struct bwe_hysteresis hysteresis;
    struct bwe_allocation_track tracks[BWE_ALLOCATION_TRACKS];
    struct bwe_hysteresis_input input;
    int64_t now_us;
};

struct reader {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct reader *reader)
{
    if (reader->size == 0)
        return 0;
    reader->size--;
    return *reader->data++;
}

static void read_track(struct bwe_allocation_track *track, struct reader *reader)
{
    uint32_t flags = take(reader);
    track->is_screen = flags & 1;
    track->is_speaker = flags & 2;
    track->is_pinned = flags & 4;
    track->layer_count = flags >> 3 & 3;
    track->wanted_height = (uint16_t)(take(reader) * 4);
    for (unsigned i = 0; i < track->layer_count; i++) {
        struct bwe_allocation_layer *layer = &track->layers[i];
        uint32_t shape = take(reader);
        layer->temporal_count = (uint8_t)(shape % 3 + 1);
        layer->is_available = shape & 4;
        layer->height = (uint16_t)(shape & 0xF8);
        for (unsigned t = 0; t < BWE_ALLOCATION_TEMPORALS; t++) {
            uint32_t rate = take(reader);
            layer->cost_bps[t] = rate == 255 ? UINT32_MAX : rate * rate * 16;
            layer->payload_bps[t] = layer->cost_bps[t] / 9 * 8;
        }
    }
}

static void happen(struct conference *conference, struct reader *reader)
{
    struct bwe_hysteresis_input *input = &conference->input;
    uint32_t event = take(reader);
    conference->now_us += take(reader) * 20000;
    switch (event % 8) {
    case 0:
    case 1:
        if (input->count < BWE_ALLOCATION_TRACKS) {
            struct bwe_allocation_track *track = &conference->tracks[input->count++];
            memset(track, 0, sizeof(*track));
            track->id = event / 8 + 1;
            for (unsigned i = 0; i + 1 < input->count; i++) /* ids differ */
                if (conference->tracks[i].id == track->id) {
                    input->count--;
                    return;
                }
            read_track(track, reader);
        }
        break;
    case 2:
        if (input->count > 0)
            conference->tracks[event / 8 % input->count] = conference->tracks[input->count - 1];
        input->count -= input->count > 0;
        break;
    case 3:
        if (input->count > 0)
            read_track(&conference->tracks[event / 8 % input->count], reader);
        break;
    case 4:
        input->has_estimator = event & 8;
        input->is_probe_passed = event & 16;
        break;
    default:
        input->budget_bps = (uint64_t)take(reader) << (event / 8);
        break;
    }
}

static void check_choice(const struct bwe_allocation_track *track,
                         const struct bwe_allocation_choice *choice)
{
    if (choice->state != BWE_ALLOCATION_LIVE) {
        CHECK(choice->level == BWE_LEVEL_PAUSED && choice->cost_bps == 0);
        return;
    }
    CHECK(bwe_allocation_is_level(track, choice->level));
    CHECK(choice->level == choice->spatial * BWE_ALLOCATION_TEMPORALS + choice->temporal);
}

/* What is asked of the estimator is more than there is, and never more than there can be. */
static void check_demand(struct bwe_allocation_demand *demand, const struct conference *conference,
                         const struct bwe_allocation *out)
{
    const struct bwe_hysteresis_input *input = &conference->input;
    uint64_t most_bps = input->budget_bps > MOST_BPS ? input->budget_bps : MOST_BPS;
    bwe_allocation_demand_update(demand, input, most_bps, out, conference->now_us);
    CHECK(demand->goal_bps <= most_bps);
    CHECK(demand->goal_bps == 0 ||
          demand->goal_bps > input->budget_bps / BWE_HYSTERESIS_MARGIN_PERCENT * 100);
    CHECK(!demand->is_all_paused || out->total_bps == 0);
    CHECK(!demand->is_proven || demand->waits_us == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conference conference = {.now_us = 1000000};
    struct bwe_allocation_demand demand = {0};
    struct reader reader = {data, size};
    struct bwe_allocation_ladders ladders;
    conference.input.tracks = conference.tracks;
    conference.input.ladders = &ladders;
    while (reader.size > 0) {
        struct bwe_allocation pure, out;
        happen(&conference, &reader);
        bwe_allocation_prepare(&ladders, conference.tracks, conference.input.count);
        bwe_allocation_decide_on(&ladders, NULL, conference.input.budget_bps, &pure);
        CHECK(pure.total_bps <= conference.input.budget_bps);
        CHECK(pure.next_budget_bps == 0 || pure.next_budget_bps > conference.input.budget_bps);
        int64_t deadline_us = bwe_hysteresis_decide(&conference.hysteresis, &conference.input,
                                                    conference.now_us, &out);
        CHECK(deadline_us > conference.now_us);
        CHECK(out.next_budget_bps == pure.next_budget_bps);
        for (unsigned i = 0; i < conference.input.count; i++)
            check_choice(&conference.tracks[i], &out.choices[i]);
        check_demand(&demand, &conference, &out);
        conference.input.is_probe_passed = false;
    }
    return 0;
}
