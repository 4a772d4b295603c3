/* From a track's layers to bwe's. */
#include "sfu/core/offer.h"

#include "sfu/core/participant.h"

#define SPEAKER_US 10000000 /* whose turn ended so long ago is no speaker any more */

static bool is_speaker(const struct core_track *camera, int64_t now_us)
{
    const struct core_candidate *candidate = &camera->candidate;
    return candidate->has_floor ||
           (candidate->spoke_us && now_us - candidate->spoke_us < SPEAKER_US);
}

static void describe_layer(struct core_layer *layer, struct bwe_allocation_layer *out,
                           int64_t now_us)
{
    out->is_available = true;
    out->height = layer->height;
    out->temporal_count = layer->has_temporal_ids ? BWE_ALLOCATION_TEMPORALS : 1;
    for (unsigned t = 0; t < BWE_ALLOCATION_TEMPORALS; t++) {
        /* Four cameras' key frames and, seconds later, a screen's first slide were more than the
           contract together: a camera was lowered for 5 s (iris-sim --profile demo --seed 7). */
        out->cost_bps[t] = bwe_rate_meter_peak_cost_bps(&layer->meters[t], now_us);
        out->payload_bps[t] = bwe_rate_meter_mean(&layer->meters[t], now_us).payload_bps;
    }
}

const struct core_offer *core_offer_describe(struct core_track *track, uint64_t round,
                                             int64_t now_us)
{
    struct core_offer *offer = &track->offer;
    if (offer->round == round)
        return offer;
    offer->round = round;
    offer->track = (struct bwe_allocation_track){
        .id = (uint64_t)1 << 32 | track->params.csrc,
        .is_speaker = is_speaker(track, now_us),
        .layer_count =
            (uint8_t)(track->is_muted ? 0 : core_track_rank_layers(track, now_us, offer->layers)),
    };
    for (unsigned i = 0; i < offer->track.layer_count; i++)
        describe_layer(offer->layers[i], &offer->track.layers[i], now_us);
    return offer;
}
