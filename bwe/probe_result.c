/* Send and receive rate of a cluster: see the header. */
#include "bwe/probe_result.h"

#include <math.h>
#include <stddef.h>

#define INTERVAL_MAX_US 1000000
#define UNSATURATED     0.9  /* received at so much of the rate sent: the path carries it */
#define SATURATED_SHARE 0.95 /* otherwise a little below what arrived */

void bwe_probe_results_begin(struct bwe_probe_results *results, uint8_t id, uint32_t bytes,
                             uint16_t packets)
{
    results->clusters[id % BWE_PROBE_CLUSTERS] =
        (struct bwe_cluster){.id = id, .planned_bytes = bytes, .planned_packets = packets};
}

static void count(struct bwe_cluster *cluster, const struct bwe_probe_packet *packet)
{
    if (cluster->packets == 0 || packet->sent_us < cluster->first_sent_us)
        cluster->first_sent_us = packet->sent_us;
    if (cluster->packets == 0 || packet->sent_us >= cluster->last_sent_us) {
        cluster->last_sent_us = packet->sent_us;
        cluster->last_sent_bytes = packet->bytes;
    }
    if (cluster->packets == 0 || packet->arrival_us < cluster->first_arrival_us) {
        cluster->first_arrival_us = packet->arrival_us;
        cluster->first_arrival_bytes = packet->bytes;
    }
    if (cluster->packets == 0 || packet->arrival_us > cluster->last_arrival_us)
        cluster->last_arrival_us = packet->arrival_us;
    cluster->packets++;
    cluster->bytes += packet->bytes;
}

double bwe_probe_results_add(struct bwe_probe_results *results, const struct bwe_tuning *tuning,
                             const struct bwe_probe_packet *packet)
{
    struct bwe_cluster *cluster = &results->clusters[packet->id % BWE_PROBE_CLUSTERS];
    if (packet->id == 0 || cluster->id != packet->id || cluster->packets == UINT16_MAX)
        return 0;
    count(cluster, packet);
    if (cluster->packets < tuning->probe_received * cluster->planned_packets ||
        cluster->bytes < tuning->probe_received * cluster->planned_bytes)
        return 0;
    int64_t send_us = cluster->last_sent_us - cluster->first_sent_us;
    int64_t arrival_us = cluster->last_arrival_us - cluster->first_arrival_us;
    if (send_us <= 0 || arrival_us <= 0 || send_us > INTERVAL_MAX_US ||
        arrival_us > INTERVAL_MAX_US)
        return 0;
    double send_bps = 8e6 * (cluster->bytes - cluster->last_sent_bytes) / (double)send_us;
    double arrival_bps = 8e6 * (cluster->bytes - cluster->first_arrival_bytes) / (double)arrival_us;
    if (arrival_bps > tuning->probe_ratio * send_bps)
        return 0;
    if (arrival_bps < UNSATURATED * send_bps)
        return SATURATED_SHARE * arrival_bps;
    return fmin(send_bps, arrival_bps);
}
