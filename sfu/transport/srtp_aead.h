/*
 * SRTP and SRTCP with AES-GCM (RFC 7714). Internal to the folder; srtp.c is the door.
 *
 * Invariant: a receiver's tables change only after a packet has been authenticated.
 */
#ifndef IRIS_TRANSPORT_SRTP_AEAD_H
#define IRIS_TRANSPORT_SRTP_AEAD_H

#include "sfu/transport/srtp.h"
#include "sfu/transport/srtp_sources.h"

#define TRANSPORT_SRTCP_INDEX_LIMIT UINT32_C(0x80000000) /* 31 bits; no more under one key */

/* Session keys of one direction. Owns the two expanded keys. */
struct transport_srtp_aead_keys {
    struct transport_aead_key *rtp, *rtcp;
    uint8_t rtp_salt[TRANSPORT_AEAD_IV_BYTES], rtcp_salt[TRANSPORT_AEAD_IV_BYTES];
};

struct transport_srtp_aead_receiver {
    struct transport_srtp_aead_keys keys;
    struct transport_srtp_sources rtp, rtcp; /* SRTCP counts its own indices */
};

/**
 * Derive and expand the session keys.
 *
 * @param keys  written; dispose of it in either case
 * @return      0, or IRIS_E_NO_MEMORY
 */
int transport_srtp_aead_keys_init(struct transport_srtp_aead_keys *keys,
                                  struct transport_aead_context *context,
                                  const struct transport_srtp_keys *master);
void transport_srtp_aead_keys_dispose(struct transport_srtp_aead_keys *keys);

/** As transport_srtp_receiver_create(), in place; dispose of it in either case. */
int transport_srtp_aead_receiver_init(struct transport_srtp_aead_receiver *receiver,
                                      struct transport_aead_context *context,
                                      const struct transport_srtp_keys *master);
void transport_srtp_aead_receiver_dispose(struct transport_srtp_aead_receiver *receiver);

/** As transport_srtp_seal_rtp_to(); cannot fail. */
int transport_srtp_aead_seal_rtp(const struct transport_srtp_aead_keys *keys,
                                 const struct transport_srtp_clear *clear, uint8_t *out);

/**
 * As transport_srtp_seal_rtcp(); cannot fail.
 *
 * @param index  below TRANSPORT_SRTCP_INDEX_LIMIT, never used twice
 */
int transport_srtp_aead_seal_rtcp(const struct transport_srtp_aead_keys *keys, uint8_t *packet,
                                  size_t len, uint32_t index);

/** As transport_srtp_open_rtp() and transport_srtp_open_rtcp(). */
int transport_srtp_aead_open_rtp(struct transport_srtp_aead_receiver *receiver, uint8_t *packet,
                                 size_t len);
int transport_srtp_aead_open_rtcp(struct transport_srtp_aead_receiver *receiver, uint8_t *packet,
                                  size_t len);

#endif
