/*
 * The ear at the server's door: sees every packet of a slot in the order in which the server sent
 * it, before any network, and holds the invariants that a stream must keep (check.h). One function
 * an invariant. What is a cause of a jump, it learns from the source's own numbers in the payload.
 */
#ifndef IRIS_SIM_TAP_H
#define IRIS_SIM_TAP_H

#include "rtp/sequence.h"
#include "sfu/core/message.h"
#include "tests/sim/check.h"
#include "tests/sim/media.h"
#include "tests/sim/window.h"

/* How long a packet of video waits in the server's pacer, at most: 40 ms at a rate that carries the
   voices; below it they go first (sfu/core/pace.h). */
#define SIM_PACED_US 1500000
/* Packets remembered for retransmissions, and padding of two seconds of a probe (random
   162753686172413: 1,500); a power of two. */
#define SIM_TAP_SENT 4096

#define SIM_TAP_CSRCS 4 /* a participant's tracks have CSRCs from its number times this on */

/* What was sent under a sequence number. */
struct sim_tap_sent {
    uint64_t ext_seq; /* 0: empty */
    uint64_t stream;  /* 0: padding closed the number */
    bool is_key;      /* of a key frame: a replay may begin with it */
    uint32_t packet, timestamp;
    uint16_t picture_id;
};

/* How far a stream has been counted. */
struct sim_tap_counted {
    uint64_t stream;
    uint32_t packet;
};

/* What a tap must know of the source of a packet. */
struct sim_tap_source {
    uint32_t room;            /* 0: there is no such source */
    uint32_t csrc;            /* of its track */
    bool is_hostile;          /* sends what it likes: only the server's own promises are held */
    bool is_uncounted;        /* its pictures have no ids */
    int64_t lost_us;          /* when it last lost a packet on the way to the server */
    int64_t previous_lost_us; /* the same of the slot's source before */
    int64_t overtaken_us;     /* when a packet of its layer last came before or after its turn */
    int64_t previous_overtaken_us;
    int64_t away_us;    /* when the receiver's network was last away: there may have been no path */
    int64_t queue_us;   /* how much its packets may be late */
    int64_t over_us;    /* sends over its contract since; INT64_MAX: it does not */
    int64_t arrived_us; /* when the server had its frame so far */
    unsigned grown_bytes; /* of a packet: the server gives it a full descriptor */
};

/* One slot. Zero-initialised but for the parameters. */
struct sim_tap {
    struct core_slot_params params;
    uint64_t participant; /* the receiver */
    uint32_t room;
    struct rtp_sequence sequence;
    struct sim_tap_sent *sent; /* SIM_TAP_SENT, owned; video, from the first packet on */
    bool has_last;
    uint64_t last_seq; /* highest sent, and what was in it: */
    int64_t last_us;
    uint32_t last_timestamp;
    struct sim_stamp last;
    uint16_t last_picture_id;
    uint8_t last_tl0;
    bool is_last_hostile; /* its source's; what was sent while there was no path is not seen */
    bool is_whole;        /* no sequence number was left out since the last frame's start */
    uint32_t voice;       /* number of the newest audio packet of the owner; 0: a new owner */
    int64_t voice_us;
    int64_t owned_us;                                /* since when it is the owner's */
    struct sim_tap_counted counted[CORE_LAYERS_MAX]; /* by layer */
    struct sim_window window;
    uint64_t policed;    /* whose media is in the window; 0: nobody's yet */
    double excess_bytes; /* of the slot's source above 115 %, so far */
    int64_t excess_us;
    uint64_t packets, bytes, retransmitted;
};

void sim_tap_init(struct sim_tap *tap, const struct core_slot_params *params, uint64_t participant,
                  uint32_t room);
void sim_tap_dispose(struct sim_tap *tap);

/** SIM_CHECK_SSRC: one of the slot's two, with its payload type. @return it held */
bool sim_check_ssrc(const struct sim_tap *tap, const struct sim_media *media,
                    struct sim_checks *checks);

/** SIM_CHECK_PAYLOAD, SIM_CHECK_ROOM, SIM_CHECK_ONESELF: whose it is. @return all held */
bool sim_check_origin(const struct sim_tap *tap, const struct sim_media *media,
                      const struct sim_tap_source *source, struct sim_checks *checks);

/** SIM_CHECK_RETRANSMISSION: it repeats what was sent. */
void sim_check_retransmission(const struct sim_tap *tap, const struct sim_media *media,
                              struct sim_checks *checks);

/**
 * SIM_CHECK_SEQUENCE: the next number; or one further on or back, as far as the source's own
 * packets are.
 *
 * @param ext_seq  of the packet, unwrapped
 */
void sim_check_sequence(const struct sim_tap *tap, const struct sim_media *media, uint64_t ext_seq,
                        const struct sim_tap_source *source, struct sim_checks *checks);

/** SIM_CHECK_TIMESTAMP, of a packet newer than all before. */
void sim_check_timestamp(const struct sim_tap *tap, const struct sim_media *media,
                         const struct sim_tap_source *source, struct sim_checks *checks);

/** SIM_CHECK_PICTURE, of a packet newer than all before. A new stream begins with a key frame
 * (SIM_CHECK_DECODABLE). */
void sim_check_picture(const struct sim_tap *tap, const struct sim_media *media,
                       const struct sim_tap_source *source, struct sim_checks *checks);

/** SIM_CHECK_POLICER: what came of the slot's source in 2 s, and in any time. */
void sim_check_policer(struct sim_tap *tap, const struct sim_media *media,
                       const struct sim_tap_source *source, struct sim_checks *checks);

/** Padding closed a number of the media stream: it is not left out. */
void sim_tap_padding(struct sim_tap *tap, uint16_t seq);

/** All of these in turn, for a packet that authenticated. */
void sim_tap_packet(struct sim_tap *tap, const struct sim_media *media,
                    const struct sim_tap_source *source, struct sim_checks *checks);

#endif
