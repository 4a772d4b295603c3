/* What a track offers: its layers as bwe sees them, described once a round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/track.h"

#define S   INT64_C(1000000)
#define NOW (100 * S)

/* Two layers, the higher one bound first; each has counted packets for a second. */
static void fill(struct core_track *track)
{
    static const uint16_t heights[] = {480, 240};
    static struct core_layer layers[CORE_LAYERS_MAX];
    memset(track, 0, sizeof(*track));
    memset(layers, 0, sizeof(layers));
    track->layers = layers;
    track->params.kind = CORE_KIND_CAMERA;
    track->params.csrc = 17;
    for (unsigned i = 0; i < 2; i++) {
        struct core_layer *layer = &track->layers[i];
        layer->id = i + 1;
        layer->height = heights[i];
        layer->has_temporal_ids = i == 1;
        layer->reception.packets = 1;
        layer->last_packet_us = NOW;
        for (int64_t at_us = NOW - S; at_us < NOW; at_us += S / 50)
            bwe_rate_meter_on_packet(&layer->meters[0], i == 0 ? 1000 : 250, at_us);
    }
}

static void test_layers(void **state)
{
    (void)state;
    struct core_track track;
    fill(&track);
    const struct core_offer *offer = core_offer_describe(&track, 1, NOW);
    assert_int_equal(offer->track.id, UINT64_C(1) << 32 | 17);
    assert_int_equal(offer->track.layer_count, 2);
    assert_ptr_equal(offer->layers[0], &track.layers[1]); /* lowest first */
    assert_ptr_equal(offer->layers[1], &track.layers[0]);
    assert_int_equal(offer->track.layers[0].height, 240);
    assert_int_equal(offer->track.layers[0].temporal_count, 3);
    assert_int_equal(offer->track.layers[0].payload_bps[0], 50 * 250 * 8);
    assert_int_equal(offer->track.layers[0].cost_bps[0], 50 * (250 + 60) * 8);
    assert_int_equal(offer->track.layers[0].cost_bps[1], 0);
    assert_int_equal(offer->track.layers[1].height, 480);
    assert_int_equal(offer->track.layers[1].temporal_count, 1);
    assert_int_equal(offer->track.layers[1].payload_bps[0], 50 * 1000 * 8);
    assert_true(offer->track.layers[0].is_available && offer->track.layers[1].is_available);
}

/* Two seconds after a second in which twice as much came: the network must have room for that
   again, the contract has long forgotten it. */
static void test_peak_and_mean(void **state)
{
    (void)state;
    struct core_track track;
    fill(&track);
    struct bwe_rate_meter *meter = &track.layers[1].meters[0];
    for (int64_t at_us = NOW; at_us < NOW + 3 * S; at_us += S / 50)
        bwe_rate_meter_on_packet(meter, at_us < NOW + S ? 500 : 250, at_us);
    track.layers[0].last_packet_us = track.layers[1].last_packet_us = NOW + 3 * S;
    const struct core_offer *offer = core_offer_describe(&track, 1, NOW + 3 * S);
    assert_int_equal(offer->track.layers[0].payload_bps[0], 50 * 250 * 8);
    assert_int_equal(offer->track.layers[0].cost_bps[0], 50 * (500 + 60) * 8);
}

static void test_speaker(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool has_floor;
        int64_t spoke_us;
        bool is_speaker;
    } table[] = {
        {"never spoke", false, 0, false},
        {"speaks", true, 0, true},
        {"spoke a moment less than 10 s ago", false, NOW - 10 * S + 1, true},
        {"spoke 10 s ago", false, NOW - 10 * S, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct core_track track;
        fill(&track);
        track.candidate.has_floor = table[i].has_floor;
        track.candidate.spoke_us = table[i].spoke_us;
        print_message("%s\n", table[i].what);
        assert_int_equal(core_offer_describe(&track, 1, NOW)->track.is_speaker,
                         table[i].is_speaker);
    }
}

/* What changes within a round is seen in the next one. */
static void test_rounds(void **state)
{
    (void)state;
    struct core_track track;
    fill(&track);
    const struct core_offer *offer = core_offer_describe(&track, 1, NOW);
    assert_int_equal(offer->track.layer_count, 2);
    track.is_muted = true;
    assert_ptr_equal(core_offer_describe(&track, 1, NOW), offer);
    assert_int_equal(offer->track.layer_count, 2);
    assert_int_equal(core_offer_describe(&track, 2, NOW)->track.layer_count, 0);
    track.is_muted = false;
    assert_int_equal(core_offer_describe(&track, 3, NOW)->track.layer_count, 2);
    track.layers[0].last_packet_us = NOW - S; /* stopped, while its sibling goes on */
    assert_int_equal(core_offer_describe(&track, 4, NOW)->track.layer_count, 1);
    assert_ptr_equal(offer->layers[0], &track.layers[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_peak_and_mean),
        cmocka_unit_test(test_speaker),
        cmocka_unit_test(test_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
