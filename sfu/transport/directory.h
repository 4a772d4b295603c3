/*
 * Which transport a datagram belongs to: by its path (RTP, RTCP, DTLS), or by the ufrag of ours
 * that a STUN check names. Two open-addressing hash tables (linear probing, backward-shift
 * deletion), seeded against chosen collisions.
 *
 * Invariant: load factor <= 1/2; every entry is reachable from its home slot without crossing an
 * empty one. Look-ups touch no heap; adding may grow a table (when a participant joins or a path is
 * validated, never per packet).
 */
#ifndef IRIS_TRANSPORT_DIRECTORY_H
#define IRIS_TRANSPORT_DIRECTORY_H

#include "sfu/transport/ice_lite.h"

struct transport_directory;

/** @param seed  random, so that nobody can choose colliding addresses. @return owned; NULL: no
 * memory */
struct transport_directory *transport_directory_create(uint64_t seed);
void transport_directory_destroy(struct transport_directory *directory);

/**
 * Bind a path to an owner (not NULL); an older binding of the same path is replaced (a client's
 * port may be reused by the next client behind the same NAT).
 *
 * @return  0 or IRIS_E_NO_MEMORY
 */
int transport_directory_add_path(struct transport_directory *directory,
                                 const struct transport_path *path, void *owner);

/**
 * Note who would own a path if its owner did not: it follows when the owner gives the path up. The
 * newest claim counts, and an older one is forgotten; so is one for a path that is nobody's.
 */
void transport_directory_claim_path(struct transport_directory *directory,
                                    const struct transport_path *path, void *claimant);

/** The owner of a path, or NULL. @param claimant  written: who claims it, or NULL */
void *transport_directory_find_path(const struct transport_directory *directory,
                                    const struct transport_path *path, void **claimant);

/** It will be looked up soon: fetch its entry into the cache. */
void transport_directory_prefetch_path(const struct transport_directory *directory,
                                       const struct transport_path *path);

/** Give up a path, or the claim to it. */
void transport_directory_remove_path(struct transport_directory *directory,
                                     const struct transport_path *path, const void *owner);

/** Bind one of our ufrags (at most TRANSPORT_ICE_LOCAL_UFRAG_BYTES - 1 characters); replaces an
 * older binding. */
int transport_directory_add_ufrag(struct transport_directory *directory, const char *ufrag,
                                  void *owner);
void *transport_directory_find_ufrag(const struct transport_directory *directory,
                                     const char *ufrag);

/** Forget one of our ufrags, if it is there. */
void transport_directory_remove_ufrag(struct transport_directory *directory, const char *ufrag);

/** Forget every path and ufrag of an owner. Linear in the tables' size: when somebody leaves. */
void transport_directory_remove_owner(struct transport_directory *directory, const void *owner);

#endif
