/*
 * Writing a capture that Wireshark opens (draft-ietf-opsawg-pcapng): one section, one interface of
 * link type "exported PDU" (LINKTYPE_WIRESHARK_UPPER_PDU, 252), whose packets name their dissector,
 * so that decrypted RTP and RTCP need no rule of ports. Little-endian, times in microseconds.
 */
#ifndef IRIS_CONTROL_PCAPNG_H
#define IRIS_CONTROL_PCAPNG_H

#include <stdio.h>

#include "sfu/core/message.h"

#define CONTROL_PCAPNG_PACKET_MAX  512 /* bytes of a packet that are kept */
#define CONTROL_PCAPNG_COMMENT_MAX 256

struct control_pcapng_packet {
    int64_t unix_us;       /* since 1970 */
    bool is_sent;          /* by this server */
    const char *dissector; /* Wireshark's name: "rtp", "rtcp" */
    struct transport_address from, to;
    const uint8_t *data;
    size_t len;            /* of data, CONTROL_PCAPNG_PACKET_MAX at most; shorter ones are cut */
    size_t original_bytes; /* what the packet had */
    const char *comment;   /* UTF-8, CONTROL_PCAPNG_COMMENT_MAX at most; the rest is cut off */
};

/** Begin: section header and interface. @param comment as a packet's. @return 0 or IRIS_E_SYSTEM */
int control_pcapng_begin(FILE *file, const char *comment);

/** One packet. @return 0 or IRIS_E_SYSTEM (errno) */
int control_pcapng_write(FILE *file, const struct control_pcapng_packet *packet);

#endif
