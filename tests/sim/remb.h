/*
 * The bandwidth estimate of a receiver from before transport feedback (draft-ietf-rmcat-gcc-02, run
 * at the receiver; draft-alvestrand-rmcat-remb-03): groups of packets by their abs-send-time, a
 * Kalman filter of how their delay changes, AIMD on what arrived in the last second. Grows by 8 % a
 * second at most, and never beyond 1.5 times what arrives. Sans-IO.
 */
#ifndef IRIS_SIM_REMB_H
#define IRIS_SIM_REMB_H

#include "bwe/interarrival.h"
#include "bwe/rate_control.h"
#include "tests/sim/window.h"

/* Whether the delay rises (5.3 and 5.4 of the draft). */
struct sim_remb_filter {
    double offset_ms; /* the change from group to group, as estimated: m_hat */
    double error, noise;
    double threshold_ms, over_ms;
    unsigned groups, over_count;
    enum bwe_usage usage;
};

struct sim_remb {
    struct bwe_interarrival interarrival;
    struct sim_remb_filter filter;
    struct bwe_rate_control control;
    struct sim_window arrived; /* bytes of a second */
    double rtt_ms;
    bool has_begun, is_known; /* known: there is an estimate */
    int64_t begin_us, heard_us, updated_us;
    int64_t sent_us;    /* of the newest packet, on the sender's clock, unwrapped */
    uint32_t send_time; /* the same, 24 bits */
    uint64_t told_bps;  /* 0: nothing yet */
    int64_t told_us;
};

/** Nothing has come. */
void sim_remb_init(struct sim_remb *remb, int64_t rtt_us);

/**
 * A packet has come.
 *
 * @param send_time  abs-send-time: 6.18 fixed-point seconds
 * @param bytes      of it [UDP payload]
 */
void sim_remb_on_packet(struct sim_remb *remb, uint32_t send_time, unsigned bytes, int64_t now_us);

/**
 * Whether the estimate is to be told now: once a second, and at once when it has fallen by more
 * than 3 %. Remembers that it was.
 *
 * @return  [bit/s]; 0: not now
 */
uint64_t sim_remb_take(struct sim_remb *remb, int64_t now_us);

#endif
