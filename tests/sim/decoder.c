/* A ring by frame number. */
#include "tests/sim/decoder.h"

#include <string.h>

static void set_fate(struct sim_decoder *decoder, uint32_t frame, enum sim_fate fate)
{
    decoder->frames[frame % SIM_DECODER_FRAMES].frame = frame;
    decoder->frames[frame % SIM_DECODER_FRAMES].fate = fate;
    if (frame > decoder->newest)
        decoder->newest = frame;
}

bool sim_decoder_can_decode(const struct sim_decoder *decoder, const struct sim_stamp *stamp,
                            uint32_t *missing)
{
    *missing = 0;
    if (stamp->flags & SIM_STAMP_KEY)
        return true;
    if (decoder->stream != sim_stamp_stream(stamp))
        return false;
    for (unsigned i = 0; i < SIM_STAMP_DEPENDS && stamp->depends[i]; i++)
        if (sim_decoder_fate(decoder, stamp->depends[i]) != SIM_FATE_DECODED) {
            *missing = stamp->depends[i];
            return false;
        }
    return true;
}

void sim_decoder_decoded(struct sim_decoder *decoder, const struct sim_stamp *stamp)
{
    if (stamp->flags & SIM_STAMP_KEY) {
        memset(decoder, 0, sizeof(*decoder));
        decoder->stream = sim_stamp_stream(stamp);
    }
    set_fate(decoder, stamp->frame, SIM_FATE_DECODED);
}

enum sim_fate sim_decoder_fate(const struct sim_decoder *decoder, uint32_t frame)
{
    return decoder->frames[frame % SIM_DECODER_FRAMES].frame == frame
               ? decoder->frames[frame % SIM_DECODER_FRAMES].fate
               : SIM_FATE_UNKNOWN;
}

void sim_decoder_lose(struct sim_decoder *decoder, uint32_t first, uint32_t last)
{
    if (last - first >= SIM_DECODER_FRAMES && last > first)
        first = last - SIM_DECODER_FRAMES + 1;
    for (uint32_t frame = first; frame <= last; frame++)
        set_fate(decoder, frame, SIM_FATE_LOST);
}
