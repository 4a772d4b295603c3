/*
 * Big-endian fields at byte addresses, as every RTP, RTCP and STUN header has them. No alignment is
 * assumed; the caller has checked the length.
 */
#ifndef IRIS_RTP_BYTES_H
#define IRIS_RTP_BYTES_H

#include <stdint.h>

/** Read 2, 3, 4 or 8 bytes in network order. */
static inline uint16_t rtp_bytes_get16(const uint8_t *at)
{
    return (uint16_t)((at[0] << 8) | at[1]);
}

static inline uint32_t rtp_bytes_get24(const uint8_t *at)
{
    return ((uint32_t)at[0] << 16) | ((uint32_t)at[1] << 8) | at[2];
}

static inline uint32_t rtp_bytes_get32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

static inline uint64_t rtp_bytes_get64(const uint8_t *at)
{
    return ((uint64_t)rtp_bytes_get32(at) << 32) | rtp_bytes_get32(at + 4);
}

/** Write 2, 3, 4 or 8 bytes in network order. */
static inline void rtp_bytes_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void rtp_bytes_put24(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 16);
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)value;
}

static inline void rtp_bytes_put32(uint8_t *at, uint32_t value)
{
    rtp_bytes_put16(at, (uint16_t)(value >> 16));
    rtp_bytes_put16(at + 2, (uint16_t)value);
}

static inline void rtp_bytes_put64(uint8_t *at, uint64_t value)
{
    rtp_bytes_put32(at, (uint32_t)(value >> 32));
    rtp_bytes_put32(at + 4, (uint32_t)value);
}

#endif
