/*
 * Which temporal layers of a VP8 stream are whole for whoever receives it, as far as the payload
 * descriptor tells what a frame refers to (RFC 7741, section 4.2):
 *
 *  - A frame of layer t may refer to frames of the layers up to t.
 *  - With Y it refers to the base layer only, and no later frame refers to one of t before it:
 * there a layer can be taken up again, each by itself.
 *  - A frame that no other refers to (N) may be missing.
 *
 * Y is a promise, its absence is none: a layer whose source never says Y waits for a key frame,
 * which the caller may ask for. It cannot be taken up earlier, for nobody knows what its frames
 * refer to: not at a frame of the base layer either, after which one of layer t may still refer to
 * an older one of t.
 *
 * Invariant: a layer is broken from a frame that was left out until a frame of it is sent that
 * needs none of the broken layers, or until a key frame.
 */
#ifndef IRIS_BWE_TEMPORAL_SYNC_H
#define IRIS_BWE_TEMPORAL_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#define BWE_TEMPORAL_SYNC_LAYERS 4 /* TID has two bits */

/* All zero: nothing was left out. */
struct bwe_temporal_sync {
    uint8_t broken; /* bit t: of temporal layer t something is missing that frames may refer to */
};

/**
 * Whether all that a frame may refer to was sent. Key frames refer to nothing: they are not asked
 * about, but told (bwe_temporal_sync_on_keyframe()).
 *
 * @param temporal_id    below BWE_TEMPORAL_SYNC_LAYERS; 0 where the source has none
 * @param is_layer_sync  Y
 */
bool bwe_temporal_sync_is_decodable(const struct bwe_temporal_sync *sync, unsigned temporal_id,
                                    bool is_layer_sync);

/** A key frame is sent: what was missing before it no longer matters. */
void bwe_temporal_sync_on_keyframe(struct bwe_temporal_sync *sync);

/** A frame that is decodable, as far as its sender knows, is sent: its layer is whole from here on.
 */
void bwe_temporal_sync_on_sent(struct bwe_temporal_sync *sync, unsigned temporal_id);

/**
 * A frame is not sent, or not all of it: what may refer to it is broken.
 *
 * @param is_non_reference  N: nothing does
 */
void bwe_temporal_sync_on_dropped(struct bwe_temporal_sync *sync, unsigned temporal_id,
                                  bool is_non_reference);

/** Nothing above `highest` is sent at present, whether or not frames of it come. */
void bwe_temporal_sync_limit(struct bwe_temporal_sync *sync, unsigned highest);

#endif
