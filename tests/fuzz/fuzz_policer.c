/*
 * Any packets through a policer. The input: a byte that picks the track, then six bytes a packet:
 * time, layer and rank, flags, temporal id, timestamp step, size. Checked: what passes while it is
 * policed stays within its bounds, every frame is whole, and nothing that passes needs what was
 * dropped.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bwe/policer.h"
#include "bwe/remb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* What was seen of the newest frame of a layer. */
struct seen {
    bool has_frame, is_dropped, needs_keyframe;
    bool is_needed; /* by the frames after it, so its first packet says */
    uint32_t timestamp;
};

static void check_frame(struct seen *seen, const struct bwe_frame_packet *frame, bool is_passed)
{
    bool is_newer = !seen->has_frame || (int32_t)(frame->timestamp - seen->timestamp) > 0;
    if (is_newer) {
        seen->has_frame = true;
        seen->timestamp = frame->timestamp;
        seen->is_dropped = false;
        seen->is_needed = frame->temporal_id == 0 && !frame->is_non_reference;
    }
    if (frame->timestamp != seen->timestamp)
        return;
    CHECK(
        !(is_passed && seen->is_dropped)); /* whole, or cut: nothing after the first dropped one */
    bool is_keyframe = frame->is_frame_start && frame->is_keyframe;
    CHECK(!(is_passed && is_newer && seen->needs_keyframe && !is_keyframe));
    if (is_passed && is_newer && is_keyframe)
        seen->needs_keyframe = false;
    if (!is_passed) {
        seen->is_dropped = true;
        seen->needs_keyframe |= seen->is_needed;
    }
}

static void check_policer(struct bwe_policer *policer, bool was_policing, int64_t now_us)
{
    uint64_t passed_bytes = bwe_byte_window_bytes(&policer->passed, BWE_BYTE_WINDOW_SLICES);
    CHECK(policer->allowance_bytes <= policer->contract_bps / 8);
    CHECK(policer->rung < BWE_POLICER_LAYERS * BWE_POLICER_TEMPORALS);
    CHECK(policer->hold_us >= BWE_POLICER_HOLD_US && policer->hold_us <= BWE_POLICER_HOLD_MAX_US);
    CHECK(bwe_policer_wanted_keyframes(policer, now_us) < 1u << BWE_POLICER_LAYERS);
    /* 150 % and the allowance, at the worst. */
    if (was_policing || bwe_policer_is_policing(policer))
        CHECK(passed_bytes <= (uint64_t)policer->contract_bps * 2 * 150 / 100 / 8 +
                                  policer->contract_bps / 8 + 65536);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t contracts_bps[] = {BWE_CONTRACT_CAMERA_BPS, BWE_CONTRACT_SCREEN_BPS,
                                             BWE_CONTRACT_AUDIO_BPS};
    struct bwe_policer policer;
    struct seen seen[BWE_POLICER_LAYERS] = {{0}};
    uint32_t timestamps[BWE_POLICER_LAYERS] = {0x7FFFF000, 0xFFFFF000, 0};
    int64_t now_us = 1000000;
    if (size == 0)
        return 0;
    unsigned kind = data[0] % 3;
    bwe_policer_init(&policer, contracts_bps[kind], kind == 2);
    for (data++, size--; size >= 6; data += 6, size -= 6) {
        struct bwe_policer_packet packet = {
            .layer = data[1] % 3,
            .rank = data[1] / 3 % 3,
            .payload_bytes = (uint32_t)data[5] * 6,
            .frame =
                {
                    .is_frame_start = data[2] & 1,
                    .is_keyframe = data[2] & 2,
                    .is_layer_sync = data[2] & 4,
                    .is_non_reference = data[2] & 8,
                    .temporal_id = data[3] & 7,
                },
        };
        now_us += data[0] * (data[2] & 16 ? 10000 : 100);
        timestamps[packet.layer] += data[4] % 8 == 7 ? 0u - 3000 : data[4] % 8 * 3000u;
        packet.frame.timestamp = timestamps[packet.layer];
        bool was_policing = bwe_policer_is_policing(&policer);
        uint64_t dropped = policer.dropped_packets;
        bool is_passed = bwe_policer_passes(&policer, &packet, now_us);
        struct bwe_policer_excess excess;
        CHECK(policer.dropped_packets == dropped + !is_passed);
        CHECK(is_passed || kind != 2 || bwe_policer_is_policing(&policer));
        if (kind != 2)
            check_frame(&seen[packet.layer], &packet.frame, is_passed);
        check_policer(&policer, was_policing, now_us);
        if (bwe_policer_take_excess(&policer, &excess))
            CHECK(excess.measured_bps > excess.limit_bps);
    }
    return 0;
}
