/*
 * The SSRCs of one SRTP session and what is known of each: its highest index and replay window.
 * Open addressing over a dense array that grows from a few entries; entries are never removed.
 * Internal to the folder.
 *
 * Invariant: slots holds entry number + 1 of every entry, or 0, and is at most half full.
 */
#ifndef IRIS_TRANSPORT_SRTP_SOURCES_H
#define IRIS_TRANSPORT_SRTP_SOURCES_H

#include "rtp/seen.h"
#include "sfu/transport/state.h"

/* window.highest is the extended index that the next one is estimated from (RFC 3711, 3.3.1). */
struct transport_srtp_source {
    uint32_t ssrc;
    struct rtp_seen window;
};

struct transport_srtp_sources {
    struct transport_srtp_source *entries; /* owned; one allocation together with slots */
    uint16_t *slots;                       /* 2 x capacity */
    uint16_t count, capacity, limit;
    uint16_t recent; /* the entry found last: packets come in runs of one SSRC */
};

/**
 * @param limit  entries at most, a power of two and at least 8; nothing is allocated before the
 * first
 */
void transport_srtp_sources_init(struct transport_srtp_sources *sources, uint16_t limit);
void transport_srtp_sources_dispose(struct transport_srtp_sources *sources);

/** @return  valid until the next add; NULL if ssrc is unknown. Never allocates. */
struct transport_srtp_source *transport_srtp_sources_find(struct transport_srtp_sources *sources,
                                                          uint32_t ssrc);

/** One will be looked up soon: fetch what says where it is, the one found last and the first few.
 */
void transport_srtp_sources_prefetch(const struct transport_srtp_sources *sources);

/**
 * Find ssrc, or add it with an empty window.
 *
 * @param source  written on success; valid until the next add
 * @return        0, IRIS_E_FULL or IRIS_E_NO_MEMORY (nothing changed)
 */
int transport_srtp_sources_add(struct transport_srtp_sources *sources, uint32_t ssrc,
                               struct transport_srtp_source **source);

/**
 * The extended index that seq most likely stands for (RFC 3711, appendix A). A source starts with
 * ROC 0, and nothing lies before that: what would be ROC -1 is a packet 2^15 or more ahead.
 *
 * @param source  NULL: nothing was received
 */
uint64_t transport_srtp_source_estimate(const struct transport_srtp_source *source, uint16_t seq);

/** Append what a hand-over must carry: who was heard, how far, and what would be a replay. */
void transport_srtp_sources_export(const struct transport_srtp_sources *sources,
                                   struct transport_state_writer *writer);

/**
 * Fill an empty table.
 *
 * @return  0, IRIS_E_TRUNCATED, IRIS_E_MALFORMED (more than the limit, one twice) or
 * IRIS_E_NO_MEMORY
 */
int transport_srtp_sources_import(struct transport_srtp_sources *sources,
                                  struct transport_state_reader *reader);

#endif
