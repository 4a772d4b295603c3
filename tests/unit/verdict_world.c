#include "verdict_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

void world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    for (unsigned t = 0; t < 2; t++) {
        struct core_statistics *sender = &world->sender[t], *receiver = &world->receiver[t];
        struct core_layer_statistics *layer = &sender->layers[TRACK][0];
        struct core_slot_statistics *slot = &receiver->slots[SLOT];
        sender->at_us = receiver->at_us = t * 1000000;
        sender->track_count = TRACK + 1;
        receiver->slot_count = SLOT + 1;
        sender->seen_layers[TRACK] = sender->live_layers[TRACK] = 1;
        sender->sending_tracks = 1u << TRACK;
        layer->expected = layer->packets = layer->delivered = 100 + t * 100;
        layer->jitter_us = 5000;
        sender->downlink.rtt_us = receiver->downlink.rtt_us = 30000;
        receiver->downlink.budget_bps = receiver->downlink.wanted_bps = 500000;
        receiver->downlink.packets = slot->expected = slot->delivered = 100 + t * 100;
        slot->jitter_us = 4000;
        receiver->reports[SLOT] = (struct core_slot_report){
            .participant = 7, .csrc = 9, .height = 480, .state = CORE_SLOT_LIVE};
    }
    world->server.delay_p99_ms = 1;
    world->decoding = (struct core_verdict_decoding){
        .is_known = true, .frames_decoded = 20, .frames_received = 20};
}

struct core_verdict_second second_of(const struct world *world)
{
    struct core_verdict_second second = {.pair = {&world->receiver[1], &world->receiver[0]},
                                         .server = world->server};
    second.sources[SLOT] =
        (struct core_verdict_source){{&world->sender[1], &world->sender[0]}, TRACK};
    second.decodings[SLOT] = world->decoding;
    return second;
}

struct core_verdict judge_second(const struct core_verdict_second *second)
{
    struct core_evidences evidences;
    struct core_verdict_coverage coverage = {.is_begun = false};
    core_verdict_measure_slot(second, SLOT, &coverage, &evidences);
    return core_verdict_decide(&evidences);
}

struct core_verdict judge_slot(const struct world *world)
{
    struct core_verdict_second second = second_of(world);
    return judge_second(&second);
}

void assert_blames(const struct world *world, enum core_evidence evidence, double value)
{
    struct core_verdict verdict = judge_slot(world);
    print_message("%s %f\n", core_evidence_name(verdict.evidence), verdict.value);
    assert_int_equal(verdict.cause, core_evidence_cause(evidence));
    assert_int_equal(verdict.evidence, evidence);
    assert_true(verdict.value > value - 1e-9 && verdict.value < value + 1e-9);
}
