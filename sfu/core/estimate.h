/*
 * What the network to one receiver carries: bwe/estimator fed with what leaves and with what the
 * receiver reports, and what follows from its decisions: the pace, probes, the budget for video.
 *
 * It has a say from the first report on (transport feedback; REMB where there is none). A receiver
 * that reports nothing gets what the contract allows, at once. In the first second of feedback the
 * contract holds too, unless the estimator sees that it is too much: so nothing that fits is taken
 * away while the estimate is still being found.
 */
#ifndef IRIS_CORE_ESTIMATE_H
#define IRIS_CORE_ESTIMATE_H

#include "bwe/allocation_demand.h"
#include "bwe/estimator.h"
#include "bwe/rate_meter.h"
#include "rtp/rtcp.h"

#define CORE_ESTIMATE_HISTORY 1024 /* packets: 2 s at 3.6 Mbit/s */

struct core_participant;

struct core_estimate {
    bool has_begun; /* something was sent */
    bool is_active; /* the receiver reports */
    bool is_open;   /* the first second: the contract holds */
    bool is_probed; /* a probe has raised the estimate, the allocation does not know yet */
    bool is_filled; /* a probe that lasts has begun, and its end is not recorded yet */
    int64_t active_us;
    int64_t probed_us;      /* when a probe last raised it */
    uint64_t video_bps;     /* budget for video; UINT64_MAX: no say */
    uint64_t sustained_bps; /* the same without the dips that drain a queue */
    uint64_t allocated_bps; /* what the allocation has given away */
    enum bwe_state state;   /* as decided last */
    struct bwe_estimator estimator;
    struct bwe_rate_meter audio, repairs; /* sent to it, repairs over RTX */
    struct bwe_allocation_demand wanted;  /* what the estimator is to find out next */
    struct bwe_sent history[CORE_ESTIMATE_HISTORY];
};

/** Nothing known: no say. */
void core_estimate_init(struct core_estimate *estimate);

/** A packet with a transport-wide sequence number leaves now. @param bytes UDP payload */
void core_estimate_on_sent(struct core_participant *participant, uint16_t seq, uint16_t bytes,
                           uint8_t cluster);

/** A packet without one leaves: nobody will tell how it fared. @param bytes UDP payload */
void core_estimate_on_unnumbered(struct core_participant *participant, uint16_t bytes);

/** A packet with abs-send-time and without number leaves: the receiver estimates by itself, and
 * until it says something video is spread at what the contract allows. */
void core_estimate_set_early_pace(struct core_participant *participant);

/** Transport feedback of the receiver (RTCP 205, format 15). Malformed: nothing. */
void core_estimate_on_feedback(struct core_participant *participant,
                               const struct rtcp_packet *packet, int64_t now_us);

/** The receiver's own estimate; counts while it sends no transport feedback. */
void core_estimate_on_remb(struct core_participant *participant, const struct rtcp_packet *packet,
                           int64_t now_us);

/** A report block about one of its slots. @param rtt_us 0: unknown, or of a
 * sender report that another block has told of */
void core_estimate_on_report(struct core_participant *participant,
                             const struct rtcp_report_block *block, int64_t rtt_us, int64_t now_us);

/** Time passes: decide; begin probes; allocate anew when the budget has become too small, or a
 * probe was passed. */
void core_estimate_advance(struct core_participant *participant, int64_t now_us);

/**
 * What was allocated, and what would be: what the estimator is to find out next.
 *
 * @param input  of the decision
 * @param out    what is forwarded now
 */
void core_estimate_on_allocation(struct core_participant *participant,
                                 const struct bwe_hysteresis_input *input,
                                 const struct bwe_allocation *out, int64_t now_us);

#endif
