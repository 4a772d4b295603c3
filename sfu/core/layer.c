/* Life of a received stream. */
#include "sfu/core/layer.h"

#include "rtp/error.h"

#define AUDIO_CLOCK_HZ 48000
#define VIDEO_CLOCK_HZ 90000
/* One second of the contract's rate (facts.md: 0.5 and 0.8 Mbps) and a quarter more. */
#define HISTORY_ENTRIES      512
#define HISTORY_CAMERA_BYTES 81920
#define HISTORY_SCREEN_BYTES 131072

int core_layer_init(struct core_layer *layer, uint64_t id, uint32_t ssrc, enum core_kind kind)
{
    memset(layer, 0, sizeof(*layer));
    if (kind != CORE_KIND_AUDIO) {
        uint32_t bytes = kind == CORE_KIND_CAMERA ? HISTORY_CAMERA_BYTES : HISTORY_SCREEN_BYTES;
        if (rtp_history_init(&layer->history, HISTORY_ENTRIES, bytes))
            return IRIS_E_NO_MEMORY;
    }
    layer->id = id;
    layer->ssrc = ssrc;
    rtp_reception_init(&layer->reception,
                       kind == CORE_KIND_AUDIO ? AUDIO_CLOCK_HZ : VIDEO_CLOCK_HZ);
    rtp_nack_init(&layer->nack);
    return 0;
}

void core_layer_dispose(struct core_layer *layer)
{
    rtp_history_dispose(&layer->history);
    memset(layer, 0, sizeof(*layer));
}

bool core_layer_is_alive(const struct core_layer *layer, int64_t now_us)
{
    return layer->id && layer->reception.packets > 0 &&
           now_us - layer->last_packet_us < CORE_LAYER_SILENCE_US;
}

void core_layer_on_frame(struct core_layer *layer, const struct rtp_packet *packet,
                         const struct rtp_vp8 *vp8, int64_t now_us)
{
    if (vp8 && vp8->is_frame_start && vp8->is_keyframe) {
        layer->height = vp8->height;
        layer->is_pli_wanted = false;
        layer->keyframe_count++;
    }
    if (layer->has_frame && !rtp_timestamp_is_later(packet->timestamp, layer->frame_timestamp))
        return;
    layer->has_frame = true;
    layer->frame_timestamp = packet->timestamp;
    layer->previous_frame_us = layer->last_frame_us;
    layer->last_frame_us = now_us;
}

void core_layer_want_keyframe(struct core_layer *layer)
{
    layer->is_pli_wanted = true;
}
