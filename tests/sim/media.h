/* A media packet on its way from the server to a receiver, opened and taken apart once. */
#ifndef IRIS_SIM_MEDIA_H
#define IRIS_SIM_MEDIA_H

#include "rtp/vp8.h"
#include "tests/sim/stamp.h"

struct sim_media {
    struct sim_media *next; /* in the pool */
    uint32_t ssrc, timestamp, csrc;
    uint16_t seq;                   /* of a retransmission: the original's */
    uint16_t payload_len, wire_len; /* RTP payload; UDP payload [bytes] */
    uint16_t transport_seq;
    uint32_t send_time; /* abs-send-time: 6.18 fixed-point seconds */
    uint8_t payload_type;
    uint8_t slot;
    bool marker, is_rtx, has_csrc, has_transport_seq, has_send_time;
    bool is_media;      /* not a padding probe */
    bool is_late;       /* the server sent it behind a higher number, or as a retransmission */
    bool is_stamped;    /* the payload is a source's, unharmed */
    struct rtp_vp8 vp8; /* video */
    struct sim_stamp stamp;
};

#endif
