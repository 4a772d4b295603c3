/* Measurements: see the header. */
#include "bench/bwe/measure.h"

static unsigned bin_of(int64_t at_us)
{
    int64_t bin = at_us / BWE_SIM_BIN_US;
    return bin < BWE_SIM_BINS ? (unsigned)bin : BWE_SIM_BINS - 1;
}

static void count_delay(struct bwe_sim_measure *measure, const struct bwe_sim_passage *passage,
                        int64_t now_us)
{
    int64_t delay_ms = passage->queue_us / 1000;
    unsigned slot = delay_ms < BWE_SIM_DELAYS ? (unsigned)delay_ms : BWE_SIM_DELAYS - 1;
    uint16_t *most = &measure->queue_ms[bin_of(now_us)];
    if (slot > *most)
        *most = (uint16_t)slot;
    if (now_us < measure->window_from_us || now_us >= measure->window_to_us)
        return;
    measure->window_packets++;
    measure->window_dropped += passage->is_dropped;
    measure->window_lost += passage->is_lost;
    if (passage->queue_us > BWE_SIM_ABOVE_US)
        measure->last_above_us = now_us;
    if (passage->is_dropped)
        return;
    measure->delays.counts[slot]++;
    measure->delays.total++;
}

void bwe_sim_measure_add(struct bwe_sim_measure *measure, const struct bwe_sim_packet *packet,
                         const struct bwe_sim_passage *passage, int64_t now_us)
{
    struct bwe_sim_flow_measure *flow = &measure->flows[packet->flow];
    count_delay(measure, passage, now_us);
    flow->packets++;
    flow->dropped += passage->is_dropped;
    switch (packet->purpose) {
    case BWE_SIM_MEDIA:
        flow->media_bytes += packet->bytes;
        if (!passage->is_dropped)
            flow->bytes[bin_of(passage->depart_us)] += packet->bytes;
        break;
    case BWE_SIM_REPAIR:
        flow->repair_bytes += packet->bytes;
        break;
    case BWE_SIM_PADDING:
        flow->padding_bytes += packet->bytes;
        break;
    }
}

void bwe_sim_delays_merge(struct bwe_sim_delays *into, const struct bwe_sim_delays *from)
{
    for (unsigned i = 0; i < BWE_SIM_DELAYS; i++)
        into->counts[i] += from->counts[i];
    into->total += from->total;
}

double bwe_sim_delays_quantile(const struct bwe_sim_delays *delays, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)delays->total), seen = 0;
    for (unsigned i = 0; i < BWE_SIM_DELAYS && delays->total > 0; i++) {
        seen += delays->counts[i];
        if (seen > wanted)
            return i;
    }
    return 0;
}

double bwe_sim_measure_bps(const struct bwe_sim_measure *measure, unsigned flow, double from_s,
                           double to_s)
{
    unsigned from = bin_of((int64_t)(from_s * 1e6)), to = bin_of((int64_t)(to_s * 1e6));
    uint64_t bytes = 0;
    for (unsigned i = from; i < to; i++)
        bytes += measure->flows[flow].bytes[i];
    return to > from ? 8e6 * (double)bytes / ((double)(to - from) * BWE_SIM_BIN_US) : 0;
}
