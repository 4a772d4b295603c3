/* Slices of 100 ms in a ring, their sums, and the highest sum of ten by second. */
#include "bwe/rate_meter.h"

#include <string.h>

#define SLICE_US          100000
#define SLICES_PER_SECOND 10
#define SECOND_US         1000000
#define UNIT_BYTES        16
#define YOUNG_US          500000 /* a mean is never taken over less */

/* After so many slices without a packet nothing is left to remember. */
#define FORGOTTEN_SLICES (BWE_RATE_METER_PEAKS * SLICES_PER_SECOND + BWE_RATE_METER_SLICES)

void bwe_rate_meter_init(struct bwe_rate_meter *meter)
{
    memset(meter, 0, sizeof(*meter));
}

static struct bwe_rate rate_over(const struct bwe_rate_meter *meter, int64_t span_us)
{
    uint64_t payload = (uint64_t)meter->payload_sum_bytes * 8000000 / (uint64_t)span_us;
    uint64_t overhead =
        (uint64_t)meter->packet_sum * BWE_PACKET_OVERHEAD_BYTES * 8000000 / (uint64_t)span_us;
    uint64_t cost = payload + overhead;
    return (struct bwe_rate){
        .payload_bps = payload < UINT32_MAX ? (uint32_t)payload : UINT32_MAX,
        .cost_bps = cost < UINT32_MAX ? (uint32_t)cost : UINT32_MAX,
    };
}

static uint16_t *second_of(struct bwe_rate_meter *meter)
{
    return &meter->seconds[meter->slice / SLICES_PER_SECOND % BWE_RATE_METER_PEAKS];
}

/* The running slice is over. Its successor takes the place of the oldest, so that the sums are
   those of a whole second. */
static void end_slice(struct bwe_rate_meter *meter)
{
    meter->slice++;
    unsigned oldest = (unsigned)(meter->slice % BWE_RATE_METER_SLICES);
    meter->payload_sum_bytes -= meter->payload_bytes[oldest];
    meter->packet_sum -= meter->packets[oldest];
    meter->payload_bytes[oldest] = 0;
    meter->packets[oldest] = 0;

    uint32_t *peak_bps =
        &meter->peaks_bps[(meter->slice - 1) / SLICES_PER_SECOND % BWE_RATE_METER_PEAKS];
    uint32_t cost_bps = rate_over(meter, SECOND_US).cost_bps;
    if ((meter->slice - 1) % SLICES_PER_SECOND == 0 || cost_bps > *peak_bps)
        *peak_bps = cost_bps;
    if (meter->slice % SLICES_PER_SECOND == 0)
        *second_of(meter) = 0;
}

static void advance(struct bwe_rate_meter *meter, int64_t now_us)
{
    int64_t slice = now_us / SLICE_US;
    if (slice - meter->slice > FORGOTTEN_SLICES)
        meter->slice = slice - FORGOTTEN_SLICES;
    while (meter->slice < slice)
        end_slice(meter);
}

void bwe_rate_meter_on_packet(struct bwe_rate_meter *meter, uint32_t payload_bytes, int64_t now_us)
{
    if (!meter->has_packet) {
        meter->has_packet = true;
        meter->first_us = now_us;
        meter->slice = now_us / SLICE_US;
    }
    advance(meter, now_us);
    unsigned running = (unsigned)(meter->slice % BWE_RATE_METER_SLICES);
    if (meter->packets[running] == UINT16_MAX)
        return; /* 655,350 packets/s: no layer of ours */
    meter->payload_bytes[running] += payload_bytes;
    meter->payload_sum_bytes += payload_bytes;
    meter->packets[running]++;
    meter->packet_sum++;
    uint64_t units =
        *second_of(meter) +
        (payload_bytes + (uint64_t)BWE_PACKET_OVERHEAD_BYTES + UNIT_BYTES - 1) / UNIT_BYTES;
    *second_of(meter) = units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

struct bwe_rate bwe_rate_meter_mean(struct bwe_rate_meter *meter, int64_t now_us)
{
    if (!meter->has_packet)
        return (struct bwe_rate){0};
    advance(meter, now_us);
    int64_t running_us = now_us - meter->slice * SLICE_US;
    int64_t span_us = SECOND_US + (running_us > 0 ? running_us : 0);
    int64_t age_us = now_us - meter->first_us;
    if (age_us < YOUNG_US)
        age_us = YOUNG_US;
    return rate_over(meter, age_us < span_us ? age_us : span_us);
}

uint32_t bwe_rate_meter_long_cost_bps(struct bwe_rate_meter *meter, int64_t now_us)
{
    uint64_t units = 0;
    if (!meter->has_packet)
        return 0;
    advance(meter, now_us);
    for (unsigned i = 0; i < BWE_RATE_METER_PEAKS; i++)
        units += meter->seconds[i];
    int64_t begin_us = (meter->slice / SLICES_PER_SECOND - BWE_RATE_METER_PEAKS + 1) * SECOND_US;
    int64_t span_us = now_us - (begin_us > meter->first_us ? begin_us : meter->first_us);
    span_us = span_us > SECOND_US ? span_us : SECOND_US;
    return (uint32_t)(units * UNIT_BYTES * 8000000 / (uint64_t)span_us);
}

uint32_t bwe_rate_meter_peak_cost_bps(struct bwe_rate_meter *meter, int64_t now_us)
{
    if (!meter->has_packet)
        return 0;
    uint32_t most_bps = bwe_rate_meter_mean(meter, now_us).cost_bps;
    for (unsigned i = 0; i < BWE_RATE_METER_PEAKS; i++)
        if (meter->peaks_bps[i] > most_bps)
            most_bps = meter->peaks_bps[i];
    return most_bps;
}
