/* What the receiver of a profile's stages gets second by second, as its part of the engine has it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "sfu/core/engine_internal.h"
#include "tests/sim/world.h"

#define SECOND_US INT64_C(1000000)

static const char *const states[] = {
    [BWE_STATE_STARTING] = "start",  [BWE_STATE_INCREASING] = "rise",
    [BWE_STATE_HOLDING] = "hold",    [BWE_STATE_DRAINING] = "drain",
    [BWE_STATE_APP_LIMITED] = "app", [BWE_STATE_FALLBACK] = "fallback",
    [BWE_STATE_SILENT] = "silent",
};

/* "L2+7": the first layer up to its temporal layer 2 shall be and is, seven frames came; "L2~0": it
   waits for the pacer; "L2?0": for a key frame; "-": paused for bandwidth; ".": nothing to show. */
static void print_slot(const struct core_slot *slot, uint64_t frames, uint64_t bytes)
{
    char way = slot->replay_seq ? '~' : slot->layer == slot->target ? '+' : '?';
    if (!slot->target)
        printf("  %c%11s", slot->is_starved ? '-' : '.', "");
    else
        printf("  %c%u%c%-3" PRIu64 "%5" PRIu64, 'A' + (int)(slot->target - slot->track->layers),
               slot->target_temporal, way, frames, bytes * 8 / 1000);
}

static void print_line(struct sim_world *world, const struct sim_person *person,
                       struct core_participant *receiver)
{
    struct core_estimate *estimate = &receiver->estimate;
    const struct core_pace *pace = &receiver->pace;
    printf("%5.1f s %5" PRIu64 " kbps: %-5s est %4.0f/%4.0f video %4" PRIu64 " given %4" PRIu64
           " goal %4" PRIu64 " pace %4u voices %3u",
           (double)(world->now_us - world->begin_us) / 1e6, person->down.params.capacity_bps / 1000,
           states[estimate->state], estimate->estimator.target_bps / 1000,
           estimate->estimator.stable_bps / 1000,
           (estimate->video_bps < UINT32_MAX ? estimate->video_bps : 0) / 1000,
           estimate->allocated_bps / 1000, estimate->wanted.goal_bps / 1000,
           pace->pacer.rate_bps / 1000,
           bwe_rate_meter_peak_cost_bps(&estimate->audio, world->now_us) / 1000);
    for (unsigned i = 0; i < receiver->slot_count; i++) {
        const struct core_slot *slot = &receiver->slots[i];
        if (slot->params.kind == CORE_KIND_AUDIO)
            continue;
        print_slot(slot, person->slots[i].frames - world->traced_frames[i],
                   slot->statistics.bytes - world->traced_bytes[i]);
        world->traced_frames[i] = person->slots[i].frames;
        world->traced_bytes[i] = slot->statistics.bytes;
    }
    printf("\n");
}

void sim_trace_second(struct sim_world *world)
{
    const struct sim_person *person = world->people[world->config.profile->early];
    struct core_participant *receiver =
        person ? core_engine_find(world->engine, person->number) : NULL;
    if (receiver)
        print_line(world, person, receiver);
    if (!world->is_closing)
        sim_world_schedule(world, SIM_EVENT_TRACE, NULL, world->now_us + SECOND_US, 0);
}
