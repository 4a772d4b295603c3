/*
 * Datagrams under way through a link: kept until they come out. One participant's two directions.
 */
#ifndef IRIS_BENCH_LINK_WIRE_H
#define IRIS_BENCH_LINK_WIRE_H

#include "bench/link/link.h"

/* Takes a datagram that comes out; it may be changed. at_us: when it was to come out. */
typedef void (*link_wire_fn)(void *owner, uint8_t *data, size_t len, int64_t at_us);

struct link_wire;

/**
 * @param began_us  when the script began [us]
 * @return          owned; NULL: no memory
 */
struct link_wire *link_wire_create(const struct link_script *script, unsigned seat, uint64_t seed,
                                   int64_t began_us);
void link_wire_destroy(struct link_wire *wire);

/** The script begins anew, now. What is under way is not changed by it. */
void link_wire_restart(struct link_wire *wire, int64_t now_us);

/**
 * A datagram goes in (copied), or is lost.
 *
 * @param carried_bytes  what of it the bottleneck has to carry, headers of the network included
 * @return               what becomes of it
 */
struct link_passage link_wire_push(struct link_wire *wire, enum link_direction direction,
                                   const uint8_t *data, size_t len, size_t carried_bytes,
                                   int64_t now_us);

/** Hand out what has come through by now, in the order of coming out. */
void link_wire_pop(struct link_wire *wire, enum link_direction direction, int64_t now_us,
                   link_wire_fn take, void *owner);

/** When the next one comes out [us]; INT64_MAX: none is under way. */
int64_t link_wire_deadline(const struct link_wire *wire);

#endif
