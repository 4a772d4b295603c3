/* The old engine is there until the new one is, so that no address is the same by chance. */
#include "tests/sim/handover.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/error.h"
#include "sfu/core/state.h"
#include "tests/sim/world.h"

#define HEADER_BYTES 128 /* what the self-test spoils lies behind it */

static const struct core_state_options options = {.key = "a key of both processes"};

static void draw_next(struct sim_world *world)
{
    struct sim_handover *handover = &world->handover;
    int64_t from_us = world->now_us;
    handover->next_us = INT64_MAX;
    if (handover->left > 0)
        handover->next_us =
            from_us + sim_random_interval(&handover->random,
                                          (world->end_us - from_us) / (handover->left + 1));
}

void sim_handover_begin(struct sim_world *world, unsigned count)
{
    world->handover.random.state = ~world->config.seed;
    world->handover.left = count;
    draw_next(world);
}

/* @return  owned, of len bytes; NULL: told */
static uint8_t *export(struct sim_world *world, const struct core_engine *engine, size_t *len)
{
    int error = core_engine_export(engine, &options, NULL, 0, len);
    uint8_t *state = error == IRIS_E_FULL ? malloc(*len) : NULL;
    if (state)
        error = core_engine_export(engine, &options, state, *len, len);
    if (error == 0 && state)
        return state;
    sim_check_fail(&world->checks, SIM_CHECK_HANDOVER, 0, "not exported: %s",
                   rtp_error_text(error));
    free(state);
    return NULL;
}

static struct core_engine *import(struct sim_world *world, uint8_t *state, size_t len)
{
    struct core_engine_config config = sim_world_engine_config(world);
    struct core_engine *engine = NULL;
    if (world->tamper.kind == SIM_TAMPER_HANDOVER)
        state[HEADER_BYTES] ^= 1;
    int error = core_engine_import(&config, &options, state, len, &engine);
    if (error)
        sim_check_fail(&world->checks, SIM_CHECK_HANDOVER, 0, "not imported: %s",
                       rtp_error_text(error));
    return engine;
}

/* What the new one would export is what it was made of: nothing is left behind. */
static void compare(struct sim_world *world, const struct core_engine *engine, const uint8_t *state,
                    size_t len)
{
    size_t again_len, at = 0;
    uint8_t *again = export(world, engine, &again_len);
    if (!again)
        return;
    while (at < len && at < again_len && state[at] == again[at])
        at++;
    if (len != again_len || at < len)
        sim_check_fail(&world->checks, SIM_CHECK_HANDOVER, 0,
                       "exported again, byte %zu of %zu differs", at, len);
    free(again);
}

void sim_handover_now(struct sim_world *world)
{
    size_t len;
    uint8_t *state = export(world, world->engine, &len);
    struct core_engine *engine = state ? import(world, state, len) : NULL;
    if (engine) {
        compare(world, engine, state, len);
        core_engine_destroy(world->engine);
        world->engine = engine;
        world->summary.handovers++;
        world->summary.state_bytes = len;
    }
    free(state);
}

void sim_handover_advance(struct sim_world *world)
{
    if (world->now_us < world->handover.next_us)
        return;
    world->handover.left--;
    sim_handover_now(world);
    draw_next(world);
}
