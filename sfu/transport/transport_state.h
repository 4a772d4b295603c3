/*
 * A transport's state as bytes, to go on in another engine: ICE's credentials and paths, the SRTP
 * master keys, roll-over counters, replay windows and SRTCP indices, and of DTLS what is left after
 * the handshake (the last flight, and the key that close_notify is read with).
 *
 * A handshake that is under way lives in OpenSSL and cannot be carried: it waits for a ClientHello
 * again, within what is left of its time. A client that has sent its certificate does not send
 * another ClientHello; it fails, and joins anew.
 */
#ifndef IRIS_TRANSPORT_TRANSPORT_STATE_H
#define IRIS_TRANSPORT_TRANSPORT_STATE_H

#include "sfu/transport/directory.h"
#include "sfu/transport/state.h"
#include "sfu/transport/transport.h"

/* How far outgoing SRTP and SRTCP indices are moved on by whoever takes over from a process that
   may have sent more than it told. */
#define TRANSPORT_STATE_SKIP 1024

#define TRANSPORT_STATE_SIZES 4

/** Sizes of the structs that are copied whole [bytes]. */
void transport_state_sizes(uint32_t sizes[TRANSPORT_STATE_SIZES]);

/** Append a transport. */
void transport_export(const struct transport *transport, struct transport_state_writer *writer);

/**
 * Read a transport.
 *
 * @param is_skipping  move the SRTCP index on by TRANSPORT_STATE_SKIP
 * @param transport    written on success; owned by the caller
 * @return             0, IRIS_E_TRUNCATED, IRIS_E_MALFORMED or IRIS_E_NO_MEMORY
 */
int transport_import(struct transport_worker *worker, struct transport_state_reader *reader,
                     bool is_skipping, struct transport **transport);

/* One entry of a directory: a path or a ufrag, and whose it is. */
struct transport_directory_entry {
    bool is_ufrag;
    uint8_t key[20]; /* as the directory keeps it */
    void *owner, *claimant;
};

/** How many entries there are. */
size_t transport_directory_count(const struct transport_directory *directory);

/** All entries, ordered by kind and key. @param entries  transport_directory_count() */
void transport_directory_list(const struct transport_directory *directory,
                              struct transport_directory_entry *entries);

/** Put an entry back. @return 0 or IRIS_E_NO_MEMORY */
int transport_directory_restore(struct transport_directory *directory,
                                const struct transport_directory_entry *entry);

#endif
