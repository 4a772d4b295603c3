/*
 * Datagrams under way through a link: kept until they come out. One participant's two directions.
 */
#ifndef IRIS_BENCH_BUBBLES_WIRE_H
#define IRIS_BENCH_BUBBLES_WIRE_H

#include "bench/bubbles/link.h"

/* Takes a datagram that comes out; it may be changed. */
typedef void (*bubbles_wire_fn)(void *owner, uint8_t *data, size_t len, int64_t at_us);

struct bubbles_wire;

/**
 * @param began_us  when the script began [us]
 * @return          owned; NULL: no memory
 */
struct bubbles_wire *bubbles_wire_create(const struct bubbles_link_script *script, unsigned seat,
                                         uint64_t seed, int64_t began_us);
void bubbles_wire_destroy(struct bubbles_wire *wire);

/** A datagram goes in (copied), or is lost. */
void bubbles_wire_push(struct bubbles_wire *wire, enum bubbles_direction direction,
                       const uint8_t *data, size_t len, int64_t now_us);

/** Hand out what has come through by now, in order. */
void bubbles_wire_pop(struct bubbles_wire *wire, enum bubbles_direction direction, int64_t now_us,
                      bubbles_wire_fn take, void *owner);

/** When the next one comes out [us]; INT64_MAX: none is under way. */
int64_t bubbles_wire_deadline(const struct bubbles_wire *wire);

/** Lost in this direction, by chance or by a full queue. */
uint64_t bubbles_wire_lost(const struct bubbles_wire *wire, enum bubbles_direction direction);

#endif
