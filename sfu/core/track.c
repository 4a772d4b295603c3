/* What a track knows of its layers. */
#include "sfu/core/track.h"

#include "bwe/remb.h"

bool core_track_is_live(const struct core_track *track, int64_t now_us)
{
    if (track->is_muted && now_us - track->muted_us >= CORE_LAYER_SILENCE_US)
        return false;
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++)
        if (core_layer_is_alive(&track->layers[i], now_us))
            return true;
    return false;
}

void core_track_init(struct core_track *track, const struct core_track_params *params,
                     struct core_participant *owner, struct core_layer *layers)
{
    memset(track, 0, sizeof(*track));
    track->layers = layers;
    track->params = *params;
    track->owner = owner;
    core_keyframe_budget_init(&track->keyframes, core_track_contract_bps(track),
                              params->kind == CORE_KIND_SCREEN ? CORE_KEYFRAME_SCREEN_PCT
                                                               : CORE_KEYFRAME_CAMERA_PCT);
    bwe_policer_init(&track->policer, (uint32_t)core_track_contract_bps(track),
                     params->kind == CORE_KIND_AUDIO);
    if (params->kind == CORE_KIND_SCREEN)
        track->policer.stall_us = BWE_POLICER_SCREEN_STALL_US;
}

bool core_track_is_layer_sent(const struct core_track *track, const struct core_layer *layer,
                              int64_t now_us)
{
    int64_t newest_us = INT64_MIN, stopped_us = CORE_LAYER_STOPPED_LOWEST_US;
    if (!core_layer_is_alive(layer, now_us) ||
        bwe_policer_is_layer_dropped(&track->policer, (unsigned)(layer - track->layers)))
        return false;
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++) {
        const struct core_layer *sibling = &track->layers[i];
        if (!core_layer_is_alive(sibling, now_us))
            continue;
        if (sibling->last_packet_us > newest_us)
            newest_us = sibling->last_packet_us;
        if (sibling->height > 0 && sibling->height < layer->height)
            stopped_us = CORE_LAYER_STOPPED_US;
    }
    return newest_us - layer->last_packet_us < stopped_us;
}

static bool is_above(const struct core_layer *a, const struct core_layer *b)
{
    return a->height != b->height ? a->height > b->height : a->reception.bytes > b->reception.bytes;
}

unsigned core_track_rank_layers(struct core_track *track, int64_t now_us,
                                struct core_layer **layers)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++) {
        struct core_layer *layer = &track->layers[i];
        bool is_known = layer->height > 0 || track->params.kind == CORE_KIND_AUDIO;
        if (!is_known || !core_track_is_layer_sent(track, layer, now_us))
            continue;
        unsigned at = count++;
        for (; at > 0 && is_above(layers[at - 1], layer); at--)
            layers[at] = layers[at - 1];
        layers[at] = layer;
    }
    return count;
}

enum core_voice_activity core_track_activity(const struct core_track *track, int64_t now_us)
{
    enum core_voice_activity activity = core_voice_activity(&track->voice, now_us);
    if (track->is_muted)
        return CORE_VOICE_SILENT;
    if (activity == CORE_VOICE_LOUD && core_turn_has_floor(&track->turn, now_us))
        return CORE_VOICE_SPEAKING;
    return activity;
}

bool core_track_on_audio(struct core_track *track, int level, size_t payload_len, int64_t now_us)
{
    enum core_voice_activity before = core_track_activity(track, now_us);
    core_voice_on_packet(&track->voice, level, payload_len, now_us);
    if (level >= 0)
        core_turn_on_level(&track->turn, (uint8_t)level, now_us);
    else
        core_turn_on_activity(
            &track->turn, core_voice_activity(&track->voice, now_us) == CORE_VOICE_ACTIVE, now_us);
    return core_track_activity(track, now_us) > before;
}

uint64_t core_track_contract_bps(const struct core_track *track)
{
    static const uint64_t contract_bps[CORE_KIND_COUNT] = {
        [CORE_KIND_AUDIO] = BWE_CONTRACT_AUDIO_BPS,
        [CORE_KIND_CAMERA] = BWE_CONTRACT_CAMERA_BPS,
        [CORE_KIND_SCREEN] = BWE_CONTRACT_SCREEN_BPS,
    };
    return contract_bps[track->params.kind];
}

void core_track_note_ranks(struct core_track *track)
{
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++) {
        unsigned rank = 0;
        for (unsigned j = 0; j < CORE_LAYERS_MAX; j++)
            rank +=
                track->layers[j].height > 0 && track->layers[j].height < track->layers[i].height;
        track->layers[i].rank = (uint8_t)rank;
    }
}

void core_track_want_keyframe(struct core_track *track, const struct core_layer *layer,
                              bool has_picture, int64_t now_us)
{
    if (layer)
        track->asked_layer = (unsigned)(layer - track->layers);
    core_keyframe_budget_want(&track->keyframes, has_picture, now_us);
}
