/*
 * When a receiver plays out what a slot brings, by RTP timestamps and the slot's sender reports, as
 * a client does that knows nothing else (RFC 3550, 6.4.1). The delay behind the capture is the
 * longest way that anything took of late: it grows at once and shrinks slowly. Sans-IO.
 */
#ifndef IRIS_SIM_PLAYOUT_H
#define IRIS_SIM_PLAYOUT_H

#include "rtp/rtcp.h"

/* Zero-initialised but for the clock. */
struct sim_playout {
    uint32_t clock_hz;
    bool has_report, has_delay;
    int64_t report_us; /* the report's time, on the server's clock */
    uint32_t report_timestamp;
    uint32_t source;  /* CSRC */
    int64_t delay_us; /* of the newest, behind its capture; the clocks' difference is in it */
    int64_t played_us;
};

/** A sender report of the slot. */
void sim_playout_on_report(struct sim_playout *playout, const struct rtcp_sender_report *report);

/** A frame is complete, or a packet of a voice is there; nothing is known before the first report.
 * Another source begins anew. */
void sim_playout_take(struct sim_playout *playout, uint32_t source, uint32_t timestamp,
                      int64_t now_us);

/** How much later a picture is played out than the voice [us]; both have a delay. */
int64_t sim_playout_skew_us(const struct sim_playout *picture, const struct sim_playout *voice);

#endif
