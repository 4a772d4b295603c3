/*
 * One direction of a participant's network: delay, jitter, loss, bursts of loss, reordering,
 * duplication, and a bottleneck with a tail-drop queue. Decides when a packet arrives, if it does;
 * carries no bytes. Its parameters may change at any time.
 */
#ifndef IRIS_SIM_LINK_H
#define IRIS_SIM_LINK_H

#include "tests/sim/random.h"

#define SIM_LINK_COPIES 2

/* Probabilities are per packet. */
struct sim_link_params {
    int64_t delay_us;
    int64_t jitter_us; /* added delay: uniform in 0 to this; order is kept */
    double loss;       /* independent losses */
    double burst;      /* a burst of losses begins (Gilbert-Elliott, everything lost in it) */
    double burst_end;  /* it ends */
    double reorder;    /* the packet overtakes nothing and is overtaken: late by reorder_us */
    int64_t reorder_us;
    double duplicate;
    uint64_t capacity_bps; /* UDP payload; 0: without a bottleneck */
    int64_t queue_us;      /* what does not fit into so much waiting is dropped */
    bool is_down;          /* nothing passes */
};

struct sim_link {
    struct sim_link_params params;
    struct sim_random random;
    bool is_in_burst;
    int64_t free_us;    /* when the bottleneck has sent what waits */
    int64_t arrived_us; /* newest arrival: order is kept */
    int64_t trouble_us; /* when it last lost anything but by independent loss */
    uint64_t sent, lost, bytes;
};

/** A fresh link, nothing on it. */
void sim_link_init(struct sim_link *link, const struct sim_link_params *params,
                   struct sim_random random, int64_t now_us);

/**
 * Put a packet on the link.
 *
 * @param bytes        UDP payload
 * @param arrivals_us  written: when each copy arrives
 * @return             copies that arrive: 0 (lost), 1 or 2 (duplicated)
 */
unsigned sim_link_send(struct sim_link *link, unsigned bytes, int64_t now_us,
                       int64_t arrivals_us[SIM_LINK_COPIES]);

/**
 * Nothing was wrong lately: no outage, no full queue, no burst in the last `within_us`, and no more
 * independent loss than repair copes with.
 */
bool sim_link_is_healthy(const struct sim_link *link, int64_t within_us, int64_t now_us);

#endif
