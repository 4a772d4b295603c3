/*
 * What one layer costs: bytes and packets of the last second, and the highest such second of the
 * last five. One meter for every spatial and temporal layer, so it is small and O(1) a packet.
 *
 * Time is cut into slices of 100 ms. A mean is taken over the ten slices that are over and the one
 * that runs: 1.0 to 1.1 s, divided by exactly that. A younger meter divides by its age, by half a
 * second at least, so that the key frame that a layer starts with is not taken for its rate.
 */
#ifndef IRIS_BWE_RATE_METER_H
#define IRIS_BWE_RATE_METER_H

#include <stdbool.h>
#include <stdint.h>

/* IP, UDP, SRTP and RTP headers, as a layer's cost counts them (protocol.md, section 5). */
#define BWE_PACKET_OVERHEAD_BYTES 60

#define BWE_RATE_METER_SLICES 11 /* of 100 ms: ten that are over, one that runs */
#define BWE_RATE_METER_PEAKS  6  /* of 1 s: five that are over, one that runs */

struct bwe_rate {
    uint32_t payload_bps;
    uint32_t cost_bps; /* payload + BWE_PACKET_OVERHEAD_BYTES a packet */
};

/* All zero is a meter that has seen nothing. */
struct bwe_rate_meter {
    int64_t first_us; /* when the first packet came */
    int64_t slice;    /* number of the running slice: time / 100 ms */
    bool has_packet;
    uint32_t payload_sum_bytes, packet_sum; /* of all slices */
    uint32_t payload_bytes[BWE_RATE_METER_SLICES];
    uint32_t peaks_bps[BWE_RATE_METER_PEAKS]; /* highest mean cost of whole seconds, by second */
    uint16_t packets[BWE_RATE_METER_SLICES];  /* saturating */
    uint16_t seconds[BWE_RATE_METER_PEAKS];   /* cost of each [16 bytes]; saturating */
};

/** Nothing seen. */
void bwe_rate_meter_init(struct bwe_rate_meter *meter);

/**
 * Count a packet.
 *
 * @param payload_bytes  RTP payload without padding
 * @param now_us         monotonic [us]; what is older than the last call counts as now
 */
void bwe_rate_meter_on_packet(struct bwe_rate_meter *meter, uint32_t payload_bytes, int64_t now_us);

/** Mean of the last second [bit/s]: its payload is what the contract is held with. */
struct bwe_rate bwe_rate_meter_mean(struct bwe_rate_meter *meter, int64_t now_us);

/** Mean cost of the last 5 to 6 s, or since the first packet: what a burst takes of a long time
 * [bit/s]. */
uint32_t bwe_rate_meter_long_cost_bps(struct bwe_rate_meter *meter, int64_t now_us);

/**
 * The cost to reckon with (bwe.md, allocation 2): the greater of the mean and the highest mean of a
 * whole second in the last 5 to 6 s [bit/s].
 */
uint32_t bwe_rate_meter_peak_cost_bps(struct bwe_rate_meter *meter, int64_t now_us);

#endif
