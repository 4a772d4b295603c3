/* A retransmission back into the packet that it repeats (RFC 4588, section 4). */
#include "rtp/rtx.h"

#include "rtp/bytes.h"
#include "rtp/error.h"

int rtp_rtx_restore(struct rtp_packet *packet, uint32_t ssrc, uint8_t payload_type)
{
    if (packet->payload_len < RTP_RTX_BYTES)
        return IRIS_E_TRUNCATED;
    packet->seq = rtp_bytes_get16(packet->payload);
    packet->ssrc = ssrc;
    packet->payload_type = payload_type;
    /* The two bytes now count as header: nothing moves, and pointers into the header stay good. */
    packet->payload += RTP_RTX_BYTES;
    packet->payload_len -= RTP_RTX_BYTES;
    packet->header_len += RTP_RTX_BYTES;
    return 0;
}
