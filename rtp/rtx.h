/*
 * Retransmission payload format (RFC 4588, section 4): the original sequence number in front of the
 * original payload.
 */
#ifndef IRIS_RTP_RTX_H
#define IRIS_RTP_RTX_H

#include "rtp/packet.h"

#define RTP_RTX_BYTES 2 /* the original sequence number */

/**
 * Turn the view of a received retransmission into one of the original packet: payload type, SSRC
 * and sequence number are restored, the payload begins RTP_RTX_BYTES later and the header is that
 * much longer. No byte of the buffer changes, so pointers into the header extensions stay good.
 *
 * @param packet        parsed; updated on success
 * @param ssrc          of the repaired stream
 * @param payload_type  of the repaired stream
 * @return              0 or IRIS_E_TRUNCATED (padding only: a probe, no media in it)
 */
int rtp_rtx_restore(struct rtp_packet *packet, uint32_t ssrc, uint8_t payload_type);

#endif
