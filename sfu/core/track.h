/*
 * One track that a participant sends: up to three layers, and the slots that it is shown in.
 *
 * Invariant: a slot is in subscribers exactly if its track points here.
 */
#ifndef IRIS_CORE_TRACK_H
#define IRIS_CORE_TRACK_H

#include "sfu/core/layer.h"
#include "sfu/core/selection.h"
#include "sfu/core/turn.h"

struct core_participant;
struct core_slot;

struct core_track {
    struct core_track_params params;
    struct core_participant *owner;
    bool is_muted; /* nothing of it is forwarded */
    int64_t muted_us;
    struct core_voice voice; /* audio */
    struct core_turn turn;
    struct core_candidate candidate; /* its room's */
    struct core_layer layers[CORE_LAYERS_MAX];
    struct core_slot *subscribers; /* linked by next_subscriber */
};

/**
 * Something of it arrived lately, and it has not been muted for longer than CORE_LAYER_SILENCE_US:
 * it keeps its slots, or may get one.
 */
bool core_track_is_live(const struct core_track *track, int64_t now_us);

/**
 * The layer that a new receiver should get: of those alive, the lowest by the height of its key
 * frames.
 *
 * @return  NULL while no layer has sent a key frame (audio: the only layer)
 */
struct core_layer *core_track_lowest_layer(struct core_track *track, int64_t now_us);

/**
 * Take a packet of a microphone: how loud it is, and whether its participant has the floor.
 *
 * @param level  -dBov, or CORE_VOICE_NO_LEVEL
 * @return       true if its activity rises with it: the room should look at once
 */
bool core_track_on_audio(struct core_track *track, int level, size_t payload_len, int64_t now_us);

/** What a microphone hears now; muted, it is silent. */
enum core_voice_activity core_track_activity(const struct core_track *track, int64_t now_us);

/** The contract's media rate of its kind (facts.md) [bit/s]. */
uint64_t core_track_contract_bps(const struct core_track *track);

/** A receiver needs a key frame: the layer that would be forwarded is asked for one. */
void core_track_want_keyframe(struct core_track *track, int64_t now_us);

#endif
