/*
 * The exported state of an engine as bytes: what its sections are written with and read from, and
 * the tag that lets only bytes in that were made by whoever shares a key.
 *
 * Sections are structs copied whole, with their pointers cleared or replaced by indices, and lists
 * with a count in front. Such bytes are for a build of the same layout on the same machine; the
 * header of the whole says so (sfu/core/state.h). They hold keys and passwords in clear.
 */
#ifndef IRIS_TRANSPORT_STATE_H
#define IRIS_TRANSPORT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_STATE_KEY_BYTES 32
#define TRANSPORT_STATE_TAG_BYTES 32 /* HMAC-SHA-256 */

/* Counts what does not fit, so that a first pass over nothing tells the size. */
struct transport_state_writer {
    uint8_t *out; /* the caller's; may be NULL with cap 0 */
    size_t cap, len;
};

/* A view of the bytes that are still to be read. */
struct transport_state_reader {
    const uint8_t *data;
    size_t len;
};

/** Append bytes. */
void transport_state_put(struct transport_state_writer *writer, const void *data, size_t len);
void transport_state_put_count(struct transport_state_writer *writer, size_t count);

/** Take bytes. @return 0 or IRIS_E_TRUNCATED (nothing is written) */
int transport_state_get(struct transport_state_reader *reader, void *data, size_t len);

/**
 * Take a count.
 *
 * @param max  larger ones are refused
 * @return     0, IRIS_E_TRUNCATED or IRIS_E_MALFORMED
 */
int transport_state_get_count(struct transport_state_reader *reader, size_t max, size_t *count);

/**
 * Authenticate bytes.
 *
 * @param key  TRANSPORT_STATE_KEY_BYTES
 * @param tag  TRANSPORT_STATE_TAG_BYTES, written
 * @return     0 or IRIS_E_SYSTEM
 */
int transport_state_tag(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *tag);

/** The tag is that of the bytes; compared in constant time. */
bool transport_state_is_authentic(const uint8_t *key, const uint8_t *data, size_t len,
                                  const uint8_t *tag);

#endif
