/*
 * The rate that a probe shows: the bytes of a cluster over the time in which they were sent and in
 * which they arrived.
 *
 * Nothing is said before most of the cluster has been reported, nor of one that arrived much faster
 * than it was sent: then it was held back somewhere.
 */
#ifndef IRIS_BWE_PROBE_RESULT_H
#define IRIS_BWE_PROBE_RESULT_H

#include <stdint.h>

#include "bwe/tuning.h"

#define BWE_PROBE_CLUSTERS 4 /* remembered; ids go round through 1-255 */

struct bwe_cluster {
    uint8_t id; /* 0: free */
    uint16_t planned_packets, packets;
    uint32_t planned_bytes, bytes;
    uint16_t last_sent_bytes, first_arrival_bytes; /* outside the intervals */
    int64_t first_sent_us, last_sent_us, first_arrival_us, last_arrival_us;
};

/* Zero-initialised. */
struct bwe_probe_results {
    struct bwe_cluster clusters[BWE_PROBE_CLUSTERS];
};

/** A probe begins; it takes the place of the one BWE_PROBE_CLUSTERS before it. */
void bwe_probe_results_begin(struct bwe_probe_results *results, uint8_t id, uint32_t bytes,
                             uint16_t packets);

/** A packet of a probe: when it left and arrived, of any two clocks. */
struct bwe_probe_packet {
    uint8_t id;
    uint16_t bytes;
    int64_t sent_us, arrival_us;
};

/**
 * A packet of a probe has arrived.
 *
 * @return  the rate [bit/s], or 0: nothing to say yet
 */
double bwe_probe_results_add(struct bwe_probe_results *results, const struct bwe_tuning *tuning,
                             const struct bwe_probe_packet *packet);

#endif
