/*
 * What floor_seal.c and floor_jobs.c share: the batch, and libipsec-mb's job queue, which works on
 * packets of many receivers side by side.
 */
#ifndef IRIS_BENCH_FLOOR_SEAL_H
#define IRIS_BENCH_FLOOR_SEAL_H

#include "bench/floor.h"
#include "sfu/transport/srtp.h"

/* Packets between two readings of the clock; they stay in the L2 cache. */
#define FLOOR_SEAL_BATCH     256
#define FLOOR_SEAL_RECEIVERS 100
#define FLOOR_SEAL_HEADER    12
#define FLOOR_SEAL_JOBS      32 /* packets of one call */

struct floor_sealed {
    int len; /* after sealing; negative: failed */
    uint8_t bytes[FLOOR_PACKET_BYTES + TRANSPORT_SRTP_TRAILER_BYTES];
};

struct floor_jobs; /* a job manager and the expanded keys of the receivers */

/** @return owned, NULL: no memory, or the library does not run here */
struct floor_jobs *floor_jobs_create(void);
void floor_jobs_destroy(struct floor_jobs *jobs);

/** The next receiver; all of one profile (GCM-128 or CM-SHA1_80). @return 0 or negative */
int floor_jobs_add(struct floor_jobs *jobs, const struct transport_srtp_keys *keys);

/**
 * Seal FLOOR_SEAL_BATCH packets, packet i for receiver i modulo their number, FLOOR_SEAL_JOBS a
 * call.
 *
 * @param index  SRTP index of the first one
 */
void floor_jobs_seal(struct floor_jobs *jobs, struct floor_sealed *batch, uint64_t index);

#endif
