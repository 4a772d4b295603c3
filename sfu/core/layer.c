/* Life of a received stream. */
#include "sfu/core/layer.h"

#include <stdlib.h>

#include "rtp/error.h"

/* Of the contract's rates (facts.md): 1.5 s of a camera's 0.5 Mbps, for replays; a second of a
   screen's 0.8, and a quarter more. As many packets as the bytes hold of 160 or 220
   bytes each: of smaller ones the oldest go sooner, at a sender's 1000 packets/s after 0.6 s. */
#define HISTORY_ENTRIES      600
#define HISTORY_CAMERA_BYTES 98304
#define HISTORY_SCREEN_BYTES 131072

int core_layer_init(struct core_layer *layer, uint64_t id, uint32_t ssrc, enum core_kind kind)
{
    memset(layer, 0, sizeof(*layer));
    if (kind != CORE_KIND_AUDIO) {
        uint32_t bytes = kind == CORE_KIND_CAMERA ? HISTORY_CAMERA_BYTES : HISTORY_SCREEN_BYTES;
        layer->nack = calloc(1, sizeof(*layer->nack));
        if (!layer->nack || rtp_history_init(&layer->history, HISTORY_ENTRIES, bytes)) {
            core_layer_dispose(layer);
            return IRIS_E_NO_MEMORY;
        }
        rtp_nack_init(layer->nack);
    }
    layer->id = id;
    layer->ssrc = ssrc;
    rtp_reception_init(&layer->reception, core_kind_clock_hz(kind));
    return 0;
}

void core_layer_dispose(struct core_layer *layer)
{
    rtp_history_dispose(&layer->history);
    free(layer->nack);
    memset(layer, 0, sizeof(*layer));
}

bool core_layer_is_alive(const struct core_layer *layer, int64_t now_us)
{
    return layer->id && layer->reception.packets > 0 &&
           now_us - layer->last_packet_us < CORE_LAYER_SILENCE_US;
}

void core_layer_on_frame(struct core_layer *layer, const struct rtp_packet *packet,
                         const struct rtp_vp8 *vp8, uint64_t ext_seq, int64_t now_us)
{
    bool is_newer =
        !layer->has_frame || rtp_timestamp_is_later(packet->timestamp, layer->frame_timestamp);
    bool is_newest_keyframe = layer->keyframe_count == 0 ||
                              rtp_timestamp_is_later(packet->timestamp, layer->keyframe_timestamp);
    if (vp8 && vp8->is_frame_start && vp8->is_keyframe && is_newest_keyframe) {
        layer->height = vp8->height;
        layer->keyframe_timestamp = packet->timestamp;
        layer->keyframe_seq = ext_seq;
        layer->keyframe_us = now_us;
        layer->keyframe_count++;
    }
    if (!is_newer)
        return;
    layer->has_frame = true;
    layer->statistics.frames++;
    layer->frame_timestamp = packet->timestamp;
    layer->previous_frame_us = layer->last_frame_us;
    layer->last_frame_us = now_us;
}

bool core_layer_is_of_keyframe(const struct core_layer *layer, uint32_t timestamp)
{
    return layer->keyframe_count > 0 && timestamp == layer->keyframe_timestamp;
}

bool core_layer_can_replay(const struct core_layer *layer, enum core_kind kind, int64_t now_us)
{
    struct rtp_history_packet packet;
    uint64_t count = layer->history.highest - layer->keyframe_seq + 1;
    if (layer->keyframe_seq == 0 || layer->history.highest < layer->keyframe_seq ||
        count > CORE_LAYER_REPLAY_PACKETS)
        return false;
    if (kind == CORE_KIND_CAMERA && now_us - layer->keyframe_us > CORE_LAYER_REPLAY_US)
        return false;
    for (uint64_t seq = layer->keyframe_seq; seq <= layer->history.highest; seq++)
        if (!rtp_history_get(&layer->history, seq, &packet))
            return false;
    return true;
}

uint32_t core_layer_replay_bytes(const struct core_layer *layer)
{
    struct rtp_history_packet packet;
    uint32_t bytes = 0;
    for (uint64_t seq = layer->keyframe_seq; seq <= layer->history.highest; seq++)
        bytes += rtp_history_get(&layer->history, seq, &packet) ? packet.payload_len : 0;
    return bytes;
}

void core_layer_forget_keyframe(struct core_layer *layer)
{
    layer->keyframe_seq = 0;
}
