/*
 * A TCP flow of the simulator, by packets: slow start, Reno's or Cubic's congestion avoidance, fast
 * recovery on three later acknowledgements, timeout. It has no bytes: what is lost is sent again as
 * one packet more.
 */
#ifndef IRIS_BENCH_BWE_TCP_H
#define IRIS_BENCH_BWE_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/bwe/link.h"
#include "bench/bwe/measure.h"

#define BWE_SIM_TCP_RING 4096

struct bwe_sim_tcp_config {
    double start_s, end_s;
    double one_way_ms;
    bool is_cubic;
    bool is_short; /* files of 30-50 KB, idle exp(10 s) between them */
    bool starts_idle;
};

struct bwe_sim_tcp {
    struct bwe_sim_tcp_config config;
    struct bwe_sim_link *link;
    struct bwe_sim_measure *measure;
    unsigned index; /* in the measurements */
    struct bwe_sim_random random;
    int64_t acks_us[BWE_SIM_TCP_RING]; /* when each packet's acknowledgement comes; -1: never */
    uint64_t head, acked, next; /* oldest unresolved, next to be acknowledged, next to send */
    uint64_t recover;           /* losses before it belong to one event */
    uint64_t left;              /* packets of the file; UINT64_MAX: endless */
    double window, threshold;   /* packets */
    double cubic_max;
    int64_t cubic_us; /* of the last reduction */
    int64_t idle_us;  /* until then there is nothing to send */
    int64_t heard_us; /* last acknowledgement or begin */
};

/** Set up. link and measure must outlive the flow. */
void bwe_sim_tcp_init(struct bwe_sim_tcp *tcp, const struct bwe_sim_tcp_config *config,
                      uint64_t seed);

/** When something happens next [us]; INT64_MAX after its end. */
int64_t bwe_sim_tcp_next(const struct bwe_sim_tcp *tcp);

/** Let it happen. */
void bwe_sim_tcp_run(struct bwe_sim_tcp *tcp, int64_t now_us);

#endif
