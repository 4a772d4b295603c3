/* Dependencies of VP8 temporal layers, as far as the payload descriptor tells them. */
#include "bwe/frame_gate.h"

#define TEMPORAL_MAX 2

/* Old boundaries are forgotten before timestamps have gone half way round: 90 s at 90 kHz. */
#define BOUNDARY_TICKS 8100000

static uint8_t temporal_id(const struct bwe_frame_packet *packet)
{
    return packet->temporal_id < TEMPORAL_MAX ? packet->temporal_id : TEMPORAL_MAX;
}

static bool is_older(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static bool is_keyframe_start(const struct bwe_frame_packet *packet)
{
    return packet->is_frame_start && packet->is_keyframe;
}

static bool was_dropped(const struct bwe_frame_gate *gate, uint32_t timestamp)
{
    for (unsigned i = 0; i < gate->dropped_count; i++)
        if (gate->dropped[i] == timestamp)
            return true;
    return false;
}

static void remember_dropped(struct bwe_frame_gate *gate, uint32_t timestamp)
{
    gate->dropped[gate->dropped_next] = timestamp;
    gate->dropped_next = (gate->dropped_next + 1) % BWE_FRAME_GATE_DROPPED;
    if (gate->dropped_count < BWE_FRAME_GATE_DROPPED)
        gate->dropped_count++;
}

/* The newest frame is dropped: what follows from it. */
static void drop(struct bwe_frame_gate *gate)
{
    gate->is_passing = false;
    if (gate->is_waiting)
        return; /* the boundary holds for it */
    remember_dropped(gate, gate->newest);
    if (gate->is_non_reference && !gate->is_keyframe)
        return;
    if (gate->temporal_id == 0 || gate->is_keyframe) {
        gate->is_waiting = true;
        gate->has_boundary = true;
        gate->boundary = gate->newest;
        return; /* of what came before it, late packets still pass as their layer does */
    }
    bwe_temporal_sync_on_dropped(&gate->sync, gate->temporal_id, gate->is_non_reference);
}

static void note_newest(struct bwe_frame_gate *gate, const struct bwe_frame_packet *packet)
{
    gate->has_frame = true;
    gate->newest = packet->timestamp;
    gate->is_keyframe = is_keyframe_start(packet);
    gate->is_non_reference = packet->is_non_reference;
    gate->temporal_id = temporal_id(packet);
    if (!gate->is_waiting && gate->newest - gate->boundary > BOUNDARY_TICKS)
        gate->has_boundary = false;
}

/* A packet of a frame older than the newest. */
static enum bwe_frame_state look_back(const struct bwe_frame_gate *gate,
                                      const struct bwe_frame_packet *packet)
{
    if (gate->has_boundary && is_older(packet->timestamp, gate->boundary) != gate->is_waiting)
        return BWE_FRAME_DROPPED;
    if (was_dropped(gate, packet->timestamp))
        return BWE_FRAME_DROPPED;
    /* Whether one that was never seen needs a dropped one cannot be told apart: its layer tells. */
    return bwe_temporal_sync_is_decodable(&gate->sync, temporal_id(packet), false)
               ? BWE_FRAME_PASSES
               : BWE_FRAME_DROPPED;
}

/* A packet of the newest frame; the frame's start may come after other packets. */
static enum bwe_frame_state look_at_newest(struct bwe_frame_gate *gate,
                                           const struct bwe_frame_packet *packet)
{
    if (is_keyframe_start(packet)) {
        gate->is_keyframe = true;
        if (gate->is_passing)
            bwe_temporal_sync_on_keyframe(&gate->sync);
    }
    return gate->is_passing ? BWE_FRAME_PASSES : BWE_FRAME_DROPPED;
}

enum bwe_frame_state bwe_frame_gate_look(struct bwe_frame_gate *gate,
                                         const struct bwe_frame_packet *packet)
{
    if (gate->has_frame && packet->timestamp == gate->newest)
        return look_at_newest(gate, packet);
    if (gate->has_frame && is_older(packet->timestamp, gate->newest))
        return look_back(gate, packet);
    if (is_keyframe_start(packet))
        return BWE_FRAME_NEW;
    if (!gate->is_waiting &&
        bwe_temporal_sync_is_decodable(&gate->sync, temporal_id(packet), packet->is_layer_sync))
        return BWE_FRAME_NEW;
    note_newest(gate, packet);
    drop(gate);
    return BWE_FRAME_DROPPED;
}

void bwe_frame_gate_begin(struct bwe_frame_gate *gate, const struct bwe_frame_packet *packet,
                          bool is_passed)
{
    note_newest(gate, packet);
    if (!is_passed) {
        drop(gate);
        return;
    }
    gate->is_passing = true;
    if (gate->is_keyframe) {
        bwe_temporal_sync_on_keyframe(&gate->sync);
        if (gate->is_waiting)
            gate->boundary = gate->newest;
        gate->is_waiting = false;
    }
    bwe_temporal_sync_on_sent(&gate->sync, gate->temporal_id);
}

void bwe_frame_gate_cut(struct bwe_frame_gate *gate)
{
    drop(gate);
}

bool bwe_frame_gate_is_keyframe(const struct bwe_frame_gate *gate,
                                const struct bwe_frame_packet *packet)
{
    return is_keyframe_start(packet) ||
           (gate->has_frame && gate->is_keyframe && packet->timestamp == gate->newest);
}
