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

struct core_layer *core_track_lowest_layer(struct core_track *track, int64_t now_us)
{
    struct core_layer *lowest = NULL;
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++) {
        struct core_layer *layer = &track->layers[i];
        if (!core_layer_is_alive(layer, now_us))
            continue;
        if (track->params.kind == CORE_KIND_AUDIO)
            return layer;
        if (layer->height > 0 && (!lowest || layer->height < lowest->height))
            lowest = layer;
    }
    return lowest;
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

void core_track_want_keyframe(struct core_track *track, int64_t now_us)
{
    struct core_layer *layer = core_track_lowest_layer(track, now_us);
    if (layer) {
        core_layer_want_keyframe(layer);
        return;
    }
    /* None has shown its height yet: whichever sends answers for all (Chromium encodes a key frame
       in every layer). */
    for (unsigned i = 0; i < CORE_LAYERS_MAX; i++)
        if (core_layer_is_alive(&track->layers[i], now_us)) {
            core_layer_want_keyframe(&track->layers[i]);
            return;
        }
}
