/*
 * What the simulator measures: histograms of queue delay, bytes by flow in bins of 200 ms, loss,
 * repairs, padding.
 */
#ifndef IRIS_BENCH_BWE_MEASURE_H
#define IRIS_BENCH_BWE_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/bwe/link.h"

#define BWE_SIM_BIN_US    200000
#define BWE_SIM_BINS      1536 /* 307 s */
#define BWE_SIM_DELAYS    2048 /* ms, the last one for all above */
#define BWE_SIM_FLOWS_MAX 6
#define BWE_SIM_ABOVE_US  100000 /* "last packet above 100 ms of queue" */

/* Queue delay of packets, by the millisecond. */
struct bwe_sim_delays {
    uint32_t counts[BWE_SIM_DELAYS];
    uint64_t total;
};

struct bwe_sim_flow_measure {
    uint32_t bytes[BWE_SIM_BINS];       /* that left the queue, repairs and padding not counted */
    uint32_t target_kbps[BWE_SIM_BINS]; /* at the end of the bin */
    uint64_t media_bytes, repair_bytes, padding_bytes, feedback_bytes;
    uint64_t packets, dropped;
    uint64_t video_packets, video_lost, video_repaired; /* with repairs: first tries; in time */
};

/* One run. */
struct bwe_sim_measure {
    struct bwe_sim_delays delays; /* within the window */
    int64_t window_from_us, window_to_us;
    uint64_t window_packets, window_dropped; /* by the queue; */
    uint64_t window_lost;                    /* and at random, too */
    int64_t last_above_us;                   /* of a packet within the window; 0: none */
    uint16_t queue_ms[BWE_SIM_BINS];         /* most in the bin */
    struct bwe_sim_flow_measure flows[BWE_SIM_FLOWS_MAX];
};

/* What a packet is sent for. */
enum bwe_sim_purpose {
    BWE_SIM_MEDIA,
    BWE_SIM_REPAIR, /* media once more, over RTX */
    BWE_SIM_PADDING,
};

/* A packet of a flow, at the moment it enters the link. */
struct bwe_sim_packet {
    unsigned flow;
    uint32_t bytes;
    enum bwe_sim_purpose purpose;
};

/** Count a packet and what became of it. */
void bwe_sim_measure_add(struct bwe_sim_measure *measure, const struct bwe_sim_packet *packet,
                         const struct bwe_sim_passage *passage, int64_t now_us);

/** Add a histogram to another. */
void bwe_sim_delays_merge(struct bwe_sim_delays *into, const struct bwe_sim_delays *from);

/** The delay that a share of the packets does not exceed [ms]; 0 without packets. */
double bwe_sim_delays_quantile(const struct bwe_sim_delays *delays, double share);

/** The mean rate of a flow between two moments [bit/s]. */
double bwe_sim_measure_bps(const struct bwe_sim_measure *measure, unsigned flow, double from_s,
                           double to_s);

#endif
