/*
 * What a decoder has: which frames of the current stream were decoded since its key frame. A frame
 * is decodable if it is a key frame, or all that it refers to were decoded.
 */
#ifndef IRIS_SIM_DECODER_H
#define IRIS_SIM_DECODER_H

#include "tests/sim/stamp.h"

#define SIM_DECODER_FRAMES 256

enum sim_fate { SIM_FATE_UNKNOWN, SIM_FATE_DECODED, SIM_FATE_LOST };

struct sim_decoder {
    uint64_t stream; /* sim_stamp_stream() of the last key frame; 0: none yet */
    uint32_t newest; /* newest frame seen of it */
    struct {
        uint32_t frame;
        enum sim_fate fate;
    } frames[SIM_DECODER_FRAMES];
};

/** All that the frame refers to is there. @param missing written: the frame that is not, or 0 */
bool sim_decoder_can_decode(const struct sim_decoder *decoder, const struct sim_stamp *stamp,
                            uint32_t *missing);

/** The frame was decoded; a key frame begins anew. */
void sim_decoder_decoded(struct sim_decoder *decoder, const struct sim_stamp *stamp);

/** What became of a frame of the current stream. */
enum sim_fate sim_decoder_fate(const struct sim_decoder *decoder, uint32_t frame);

/** Frames first to last of the current stream will not be decoded, and it is known why. */
void sim_decoder_lose(struct sim_decoder *decoder, uint32_t first, uint32_t last);

#endif
