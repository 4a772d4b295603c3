#include "video_source.h"

uint32_t video_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

unsigned video_source_encode(struct video_source *source,
                             struct video_frame frames[VIDEO_SOURCE_LAYERS])
{
    static const uint8_t patterns[3][4] = {{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 2, 1, 2}};
    /* Shares of the rate, as libvpx has them: 40 % base; 20 + 40, or 60. In percent of a mean
     * frame. */
    static const uint32_t sizes[3][3] = {{100, 0, 0}, {120, 80, 0}, {160, 80, 80}};
    unsigned count = 0;
    bool is_keyframe = source->is_keyframe_wanted || source->frame_count == 0;
    if (is_keyframe)
        source->since_keyframe = 0;
    unsigned phase = source->since_keyframe % 4;
    uint8_t temporal_id = patterns[source->temporals - 1][phase];
    for (uint32_t layer = 0; layer < VIDEO_SOURCE_LAYERS; layer++) {
        if (source->layer_bps[layer] == 0)
            continue;
        uint64_t mean_bytes = source->layer_bps[layer] / 8 / source->fps;
        uint64_t bytes = mean_bytes * sizes[source->temporals - 1][temporal_id] / 100;
        if (is_keyframe)
            bytes = mean_bytes * source->keyframe_factor;
        else if (source->noise_percent > 0)
            bytes = bytes *
                    (100 - source->noise_percent +
                     video_random(&source->random) % (2 * source->noise_percent + 1)) /
                    100;
        frames[count++] = (struct video_frame){
            .layer = layer,
            .bytes = bytes > 20 ? (uint32_t)bytes : 20,
            .timestamp =
                (uint32_t)(source->frame_count * 90000 / source->fps) + layer * 0x70000000u,
            .temporal_id = temporal_id,
            .is_keyframe = is_keyframe,
            /* The last TL2 of a pattern also uses the TL1 before it. */
            .is_layer_sync = temporal_id > 0 && (phase != 3 || source->temporals < 3),
            .is_non_reference = temporal_id > 0 && temporal_id == source->temporals - 1,
        };
    }
    source->frame_count++;
    source->since_keyframe++;
    source->is_keyframe_wanted = false;
    return count;
}

void video_decoder_take(struct video_decoder *decoder, const struct video_frame *frame,
                        unsigned passed, unsigned total, bool is_prefix)
{
    bool needs = frame->is_keyframe ||
                 (decoder->has_base &&
                  (frame->temporal_id == 0 || frame->is_layer_sync || decoder->has_first));
    bool is_decoded = passed == total && needs;
    if (frame->is_keyframe || frame->temporal_id == 0)
        decoder->has_base = is_decoded;
    if (frame->is_keyframe || frame->temporal_id == 0)
        decoder->has_first =
            false; /* TL1 of the pattern before is no reference of this one's TL2 */
    if (frame->temporal_id == 1)
        decoder->has_first = is_decoded;
    decoder->decoded += is_decoded;
    if (passed > 0 && !is_decoded) {
        decoder->broken++;
        decoder->cut += needs && is_prefix;
    }
}
