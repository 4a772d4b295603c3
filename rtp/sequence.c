/* Unwrapping by the signed 16-bit distance from the highest number seen. */
#include "rtp/sequence.h"

uint64_t rtp_sequence_peek(const struct rtp_sequence *sequence, uint16_t seq)
{
    if (!sequence->started)
        return RTP_SEQUENCE_FIRST + seq;
    int16_t distance = (int16_t)(uint16_t)(seq - (uint16_t)sequence->highest);
    return sequence->highest + (uint64_t)(int64_t)distance;
}

uint64_t rtp_sequence_unwrap(struct rtp_sequence *sequence, uint16_t seq)
{
    uint64_t ext_seq = rtp_sequence_peek(sequence, seq);
    if (!sequence->started || ext_seq > sequence->highest)
        sequence->highest = ext_seq;
    sequence->started = true;
    return ext_seq;
}
