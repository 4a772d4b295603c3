/*
 * One track that a participant sends: up to three layers, and the slots that it is shown in.
 *
 * Invariant: a slot is in subscribers exactly if its track points here.
 */
#ifndef IRIS_CORE_TRACK_H
#define IRIS_CORE_TRACK_H

#include "bwe/policer.h"
#include "sfu/core/keyframe_budget.h"
#include "sfu/core/layer.h"
#include "sfu/core/offer.h"
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
    struct core_layer *layers;       /* CORE_LAYERS_MAX, of the owner's memory */
    struct core_offer offer;
    struct core_keyframe_budget keyframes; /* video */
    struct bwe_policer policer;
    unsigned asked_layer;          /* that a key frame is wanted of */
    struct core_slot *subscribers; /* linked by next_subscriber */
};

/**
 * Something of it arrived lately, and it has not been muted for longer than CORE_LAYER_SILENCE_US:
 * it keeps its slots, or may get one.
 */
bool core_track_is_live(const struct core_track *track, int64_t now_us);

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

/**
 * Set up as negotiated.
 *
 * @param layers  CORE_LAYERS_MAX of the owner's memory, all zero; nothing is written to them before
 *                a stream begins
 */
void core_track_init(struct core_track *track, const struct core_track_params *params,
                     struct core_participant *owner, struct core_layer *layers);

/**
 * Is a layer still sent, and may it be? Its siblings show that its source is alive: one that sent
 * nothing for CORE_LAYER_STOPPED_US while another did has been stopped (a browser under load drops
 * the upper layer); the lowest after CORE_LAYER_STOPPED_LOWEST_US. One whose rank is policed away
 * is for nobody.
 */
bool core_track_is_layer_sent(const struct core_track *track, const struct core_layer *layer,
                              int64_t now_us);

/**
 * The layers that can be forwarded now, lowest first: by the height in their key frames, then by
 * rate (protocol.md, section 1).
 *
 * @param layers  CORE_LAYERS_MAX; written
 * @return        how many: those that are sent and have shown a key frame (audio: any)
 */
unsigned core_track_rank_layers(struct core_track *track, int64_t now_us,
                                struct core_layer **layers);

/** A layer has shown another height: count each one's rank anew. */
void core_track_note_ranks(struct core_track *track);

/** A receiver needs a key frame of this layer (NULL: of any). Sends nothing.
 * @param has_picture  it sees another layer meanwhile */
void core_track_want_keyframe(struct core_track *track, const struct core_layer *layer,
                              bool has_picture, int64_t now_us);

#endif
