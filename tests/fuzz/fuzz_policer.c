/*
 * Any packets through a policer. The input: a byte that picks the track, then six bytes a packet:
 * time, layer and rank, flags, temporal id, timestamp step, size. Checked: what passes stays within
 * the bounds of bwe/policer.h, every frame is whole, and nothing that passes needs what was
 * dropped.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bwe/policer.h"
#include "bwe/remb.h"
#include "tests/fuzz/target.h"

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

/* What passed above 115 %, over the stretch of time that makes most of it: a bucket that leaks. */
struct bucket {
    int64_t at_us;
    double bytes;
};

static void pour(struct bucket *bucket, uint32_t contract_bps, uint32_t bytes, int64_t now_us)
{
    bucket->bytes -= (double)contract_bps / 8 * 1.15 * (double)(now_us - bucket->at_us) / 1e6;
    if (bucket->bytes < 0)
        bucket->bytes = 0;
    bucket->at_us = now_us;
    bucket->bytes += bytes;
}

/* @param bytes  that have passed just now, 0: none */
static void check_bounds(const struct bwe_policer *policer, struct bucket *bucket, uint32_t bytes,
                         int64_t now_us)
{
    uint64_t second_bytes = policer->contract_bps / 8;
    uint64_t passed_bytes = bwe_byte_window_bytes(&policer->passed, BWE_BYTE_WINDOW_SLICES);
    bool is_strict = bwe_policer_is_policing(policer) && now_us >= policer->mild_until_us;
    unsigned percent = is_strict ? 115 : 165;
    if (bytes > 0)
        CHECK(passed_bytes <= second_bytes * 2 * percent / 100);
    pour(bucket, policer->contract_bps, bytes, now_us);
    CHECK(bucket->bytes <= (double)second_bytes * (2 * 1.15 + 2.2));
}

static void check_policer(struct bwe_policer *policer, int64_t now_us)
{
    int32_t second_bytes = (int32_t)(policer->contract_bps / 8);
    CHECK(policer->allowance_bytes <= second_bytes);
    CHECK(policer->allowance_bytes >= -second_bytes * 12 / 10);
    CHECK(policer->rung < BWE_POLICER_LAYERS * BWE_POLICER_TEMPORALS);
    CHECK(policer->hold_us >= BWE_POLICER_HOLD_US && policer->hold_us <= BWE_POLICER_HOLD_MAX_US);
    CHECK(bwe_policer_wanted_keyframes(policer, now_us) < 1u << BWE_POLICER_LAYERS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t contracts_bps[] = {BWE_CONTRACT_CAMERA_BPS, BWE_CONTRACT_SCREEN_BPS,
                                             BWE_CONTRACT_AUDIO_BPS};
    struct bwe_policer policer;
    struct seen seen[BWE_POLICER_LAYERS] = {{0}};
    struct bucket bucket = {0};
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
        uint64_t dropped = policer.dropped_packets;
        bool is_passed = bwe_policer_passes(&policer, &packet, now_us);
        struct bwe_policer_excess excess;
        CHECK(policer.dropped_packets == dropped + !is_passed);
        CHECK(is_passed || kind != 2 || bwe_policer_is_policing(&policer));
        if (kind != 2)
            check_frame(&seen[packet.layer], &packet.frame, is_passed);
        check_bounds(&policer, &bucket, is_passed ? packet.payload_bytes : 0, now_us);
        check_policer(&policer, now_us);
        if (bwe_policer_take_excess(&policer, &excess))
            CHECK(excess.measured_bps > excess.limit_bps);
    }
    return 0;
}
