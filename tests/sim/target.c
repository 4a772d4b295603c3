/* What the server means to send, by what the sources' encoders are set to. */
#include "sfu/core/engine_internal.h"
#include "tests/sim/world.h"

static uint64_t slot_bps(struct sim_world *world, const struct core_slot *slot)
{
    struct sim_person *source = sim_world_person(world, slot->track->owner->id);
    const struct sim_video *video = source ? &source->videos[0] : NULL;
    for (unsigned l = 0; video && l < video->layer_count; l++)
        if (video->layers[l].stream.ssrc == slot->target->ssrc)
            return sim_video_rate_bps(video, l, slot->target_temporal);
    return 0;
}

uint64_t sim_world_target_bps(struct sim_world *world, const struct sim_person *receiver)
{
    const struct core_participant *participant = core_engine_find(world->engine, receiver->number);
    uint64_t bps = 0;
    for (unsigned i = 0; participant && i < participant->slot_count; i++) {
        const struct core_slot *slot = &participant->slots[i];
        if (slot->params.kind == CORE_KIND_CAMERA && slot->track && slot->target)
            bps += slot_bps(world, slot);
    }
    return bps;
}
