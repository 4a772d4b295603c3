/*
 * An engine's state as bytes: for an upgrade in place, and for a process that takes over
 * (architecture.md, A hand-over). Everything that decides about a byte to be sent is in it: keys,
 * roll-over counters, mappings, histories, decisions, deadlines, random state, events not yet
 * taken.
 *
 * The form: a header (magic, version, sizes of what is copied whole, length), sections, a tag.
 * Structs are copied whole, so that what is added to them is carried; pointers are cleared or
 * become indices, and are made anew (state_participant.c, state_room.c). Only a build of the same
 * layout reads it: the header's sizes tell most others, the version the rest. The tag is an HMAC
 * under a key of both processes: what somebody else made or changed is refused before anything of
 * it is believed. Keys and passwords are in it in clear: pass it through memory or a socket that
 * nobody else has, and wipe it.
 *
 * Times go on: the importer's now_us must be on the scale of the exporter's (CLOCK_MONOTONIC of one
 * machine is).
 */
#ifndef IRIS_CORE_STATE_H
#define IRIS_CORE_STATE_H

#include "sfu/core/engine.h"
#include "sfu/transport/transport_state.h"

/* To be raised when fields of a struct that is copied whole move, or mean something else, while its
   size stays. */
#define CORE_STATE_VERSION 7

struct core_state_options {
    uint8_t key[TRANSPORT_STATE_KEY_BYTES]; /* of this hand-over, random */
    /* The exporter may have sent more after the export: leave TRANSPORT_STATE_SKIP indices of each
       outgoing SRTP stream out. Receivers see a gap, and video goes on with a key frame. */
    bool is_skipping;
};

/**
 * Write an engine's state. Changes nothing of it; to be called when core_engine_next_packets() has
 * nothing more and all packets are released.
 *
 * @param options  key; is_skipping is not looked at
 * @param out      cap bytes, may be NULL with cap 0
 * @param len      written on 0 and IRIS_E_FULL: bytes that it takes
 * @return         0, IRIS_E_FULL, IRIS_E_STATE (packets wait), IRIS_E_NO_MEMORY or IRIS_E_SYSTEM
 */
int core_engine_export(const struct core_engine *engine, const struct core_state_options *options,
                       uint8_t *out, size_t cap, size_t *len);

/**
 * Make an engine that goes on where another one stood.
 *
 * @param config  certificate, back end, clock and buffers of this process; of the seed only the
 *                hash tables' is used
 * @param data    hostile
 * @param engine  written on success; owned by the caller
 * @return        0, IRIS_E_TRUNCATED, IRIS_E_MALFORMED, IRIS_E_UNSUPPORTED (another layout's),
 *                IRIS_E_AUTH (another key's, or changed) or IRIS_E_NO_MEMORY
 */
int core_engine_import(const struct core_engine_config *config,
                       const struct core_state_options *options, const uint8_t *data, size_t len,
                       struct core_engine **engine);

#endif
