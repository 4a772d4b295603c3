/* The check is a hash of the stamp's six words and the length. */
#include "tests/sim/stamp.h"

#include <string.h>

#define MAGIC UINT32_C(0x51A3B007)

static uint64_t check_of(const uint8_t *body, size_t len)
{
    uint64_t hash = 0x9E3779B97F4A7C15u ^ len;
    for (size_t i = 0; i < SIM_STAMP_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, body + i, 8);
        hash = (hash ^ word) * 0xD6E8FEB86659FD93u;
        hash ^= hash >> 32;
    }
    return hash;
}

void sim_stamp_write(uint8_t *body, size_t len, const struct sim_stamp *stamp)
{
    memcpy(body, stamp, SIM_STAMP_BYTES);
    memcpy(body, &(uint32_t){MAGIC}, sizeof(uint32_t));
    memset(body + SIM_STAMP_BYTES, 0, len - SIM_STAMP_BYTES);
    uint64_t check = check_of(body, len);
    memcpy(body + len - SIM_STAMP_CHECK_BYTES, &check, SIM_STAMP_CHECK_BYTES);
}

bool sim_stamp_read(const uint8_t *body, size_t len, struct sim_stamp *stamp)
{
    uint64_t check;
    if (len < SIM_STAMP_BYTES + SIM_STAMP_CHECK_BYTES)
        return false;
    memcpy(stamp, body, SIM_STAMP_BYTES);
    memcpy(&check, body + len - SIM_STAMP_CHECK_BYTES, SIM_STAMP_CHECK_BYTES);
    return stamp->magic == MAGIC && check == check_of(body, len);
}
