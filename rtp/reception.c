/*
 * Loss and jitter as RFC 3550 computes them (A.3, A.8), and the source's clock, mapped on ours by
 * its sender reports.
 */
#include "rtp/reception.h"

#include <string.h>

#define US_PER_S 1000000
/* A report later than this means that the source's clock was set. */
#define CLOCK_STEP_US  US_PER_S
#define DRIFT_INVERSE  10000 /* 100 ppm: twice what two cheap oscillators differ by */
#define CUMULATIVE_MAX 0x7FFFFF

void rtp_reception_init(struct rtp_reception *reception, uint32_t clock_rate_hz)
{
    memset(reception, 0, sizeof(*reception));
    reception->clock_rate_hz = clock_rate_hz;
}

/* The interarrival jitter (A.8): the difference of transit times, smoothed by 1/16. */
static void update_jitter(struct rtp_reception *reception, uint32_t timestamp, int64_t now_us)
{
    double arrived =
        (double)(now_us - reception->last_arrival_us) * reception->clock_rate_hz / US_PER_S;
    double sampled = (double)(int32_t)(timestamp - reception->last_timestamp);
    double difference = arrived > sampled ? arrived - sampled : sampled - arrived;
    reception->jitter += (difference - reception->jitter) / 16;
}

uint64_t rtp_reception_on_packet(struct rtp_reception *reception, uint16_t seq, uint32_t timestamp,
                                 size_t payload_bytes, int64_t now_us)
{
    bool is_first = !reception->sequence.started;
    uint64_t ext_seq = rtp_sequence_unwrap(&reception->sequence, seq);
    if (is_first)
        reception->first_seq = ext_seq;
    else
        update_jitter(reception, timestamp, now_us);
    reception->last_timestamp = timestamp;
    reception->last_arrival_us = now_us;
    reception->packets++;
    reception->bytes += payload_bytes;
    return ext_seq;
}

uint64_t rtp_reception_on_repair(struct rtp_reception *reception, uint16_t seq)
{
    bool is_first = !reception->sequence.started;
    uint64_t ext_seq = rtp_sequence_unwrap(&reception->sequence, seq);
    if (is_first)
        reception->first_seq = ext_seq;
    return ext_seq;
}

static int64_t us_from_ntp(uint64_t ntp)
{
    return (int64_t)((ntp >> 32) * US_PER_S + (((ntp & UINT32_MAX) * US_PER_S) >> 32));
}

void rtp_reception_on_sender_report(struct rtp_reception *reception,
                                    const struct rtcp_sender_report *report, int64_t now_us)
{
    if (report->ntp == 0)
        return; /* the source has no clock (RFC 3550, 6.4.1) */
    int64_t sample_us = now_us - us_from_ntp(report->ntp);
    /* The smallest offset is that of the report that queued least. It may grow as clocks drift. */
    int64_t grown_us = reception->ntp_offset_us + (now_us - reception->last_sr_us) / DRIFT_INVERSE;
    bool is_better = sample_us < grown_us;
    bool is_step = sample_us > grown_us + CLOCK_STEP_US;
    if (reception->last_sr_ntp == 0 || is_better || is_step)
        reception->ntp_offset_us = sample_us;
    else
        reception->ntp_offset_us = grown_us;
    reception->last_sr_ntp = report->ntp;
    reception->last_sr_timestamp = report->rtp_timestamp;
    reception->last_sr_us = now_us;
}

/* Lost in the interval since the last report, as a fraction of 256 (A.3). */
static uint8_t fraction_lost(uint64_t expected, uint64_t received)
{
    if (expected == 0 || received >= expected)
        return 0;
    uint64_t fraction = ((expected - received) << 8) / expected;
    return fraction > UINT8_MAX ? UINT8_MAX : (uint8_t)fraction;
}

static int32_t cumulative_lost(uint64_t expected, uint64_t received)
{
    int64_t lost = (int64_t)(expected - received);
    if (lost > CUMULATIVE_MAX)
        return CUMULATIVE_MAX;
    return lost < -CUMULATIVE_MAX - 1 ? -CUMULATIVE_MAX - 1 : (int32_t)lost;
}

/* Time since the last sender report, in 1/65536 s. */
static uint32_t delay_since(int64_t last_sr_us, int64_t now_us)
{
    if (now_us <= last_sr_us)
        return 0;
    int64_t delay_us = now_us - last_sr_us;
    if (delay_us >= INT64_C(65536) * US_PER_S)
        return UINT32_MAX;
    return (uint32_t)(delay_us * 65536 / US_PER_S);
}

bool rtp_reception_report(struct rtp_reception *reception, uint32_t ssrc, int64_t now_us,
                          struct rtcp_report_block *block)
{
    if (!reception->sequence.started)
        return false;
    uint64_t highest = reception->sequence.highest;
    uint64_t expected = highest - reception->first_seq + 1;
    uint64_t received = reception->packets;
    memset(block, 0, sizeof(*block));
    block->ssrc = ssrc;
    block->fraction_lost =
        fraction_lost(expected - reception->expected_prior, received - reception->received_prior);
    block->cumulative_lost = cumulative_lost(expected, received);
    block->highest_seq = (uint32_t)(highest - RTP_SEQUENCE_FIRST);
    block->jitter =
        reception->jitter < (double)UINT32_MAX ? (uint32_t)reception->jitter : UINT32_MAX;
    if (reception->last_sr_ntp != 0) {
        block->last_sr = (uint32_t)(reception->last_sr_ntp >> 16);
        block->delay_since_last_sr = delay_since(reception->last_sr_us, now_us);
    }
    reception->expected_prior = expected;
    reception->received_prior = received;
    return true;
}

int64_t rtp_reception_capture_us(const struct rtp_reception *reception, uint32_t timestamp)
{
    if (!reception->sequence.started)
        return INT64_MIN;
    bool has_report = reception->last_sr_ntp != 0;
    uint32_t known = has_report ? reception->last_sr_timestamp : reception->last_timestamp;
    int64_t known_us = has_report ? us_from_ntp(reception->last_sr_ntp) + reception->ntp_offset_us
                                  : reception->last_arrival_us;
    return known_us + (int64_t)(int32_t)(timestamp - known) * US_PER_S / reception->clock_rate_hz;
}

int64_t rtp_reception_rtt_us(const struct rtcp_report_block *block, uint32_t now_ntp_mid)
{
    if (block->last_sr == 0)
        return -1;
    int32_t rtt = (int32_t)(now_ntp_mid - block->last_sr - block->delay_since_last_sr);
    return rtt < 0 ? -1 : (int64_t)rtt * US_PER_S / 65536;
}

uint64_t rtp_ntp_from_us(int64_t now_us, uint64_t epoch_ntp)
{
    int64_t seconds = now_us / US_PER_S;
    int64_t rest_us = now_us % US_PER_S;
    if (rest_us < 0) { /* before the epoch: round down */
        seconds--;
        rest_us += US_PER_S;
    }
    return epoch_ntp + ((uint64_t)seconds << 32) + ((uint64_t)rest_us << 32) / US_PER_S;
}
