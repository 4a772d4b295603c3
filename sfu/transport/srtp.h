/*
 * SRTP and SRTCP sessions (RFC 3711; AES-GCM: RFC 7714). One sender and one receiver session a
 * peer. The AEAD profiles are our own (transport/aead); AES128_CM_SHA1_80 goes through libsrtp2.
 *
 * Invariants: nothing of a session's state changes before a packet is authenticated; one (SSRC,
 * index) is sealed at most once per key (asserted in builds without NDEBUG).
 */
#ifndef IRIS_TRANSPORT_SRTP_H
#define IRIS_TRANSPORT_SRTP_H

#include "sfu/transport/aead.h"
#include "sfu/transport/state.h"

/* Room that sealing may need behind a packet: tag, E and index. */
#define TRANSPORT_SRTP_TRAILER_BYTES 32
#define TRANSPORT_SRTP_KEY_BYTES     32
#define TRANSPORT_SRTP_SALT_BYTES    14
/* SSRCs that a peer may send in a session: one that has ended stays known, or it could be replayed.
   A source that restarts takes two for each layer. */
#define TRANSPORT_SRTP_SSRCS 256

/* DTLS-SRTP protection profiles (RFC 5764, 4.1.2; RFC 7714, 14.2), in order of preference. */
enum transport_srtp_profile {
    TRANSPORT_SRTP_NONE = 0,
    TRANSPORT_SRTP_AES128_CM_SHA1_80 = 0x0001,
    TRANSPORT_SRTP_AEAD_AES_128_GCM = 0x0007,
    TRANSPORT_SRTP_AEAD_AES_256_GCM = 0x0008,
};

/* Master key and salt of one direction. */
struct transport_srtp_keys {
    enum transport_srtp_profile profile;
    uint8_t key[TRANSPORT_SRTP_KEY_BYTES];
    uint8_t salt[TRANSPORT_SRTP_SALT_BYTES];
};

/** Length of a profile's master key and salt [bytes]; 0 for an unknown one. */
size_t transport_srtp_key_bytes(enum transport_srtp_profile profile);
size_t transport_srtp_salt_bytes(enum transport_srtp_profile profile);

/** The profile's IANA name without its prefix, e.g. "AEAD_AES_128_GCM". Static text. */
const char *transport_srtp_profile_name(enum transport_srtp_profile profile);

struct transport_srtp_sender;
struct transport_srtp_receiver;

/**
 * Create a session. The keys are copied and expanded; wipe yours.
 *
 * @param context  of the worker, must outlive the session
 * @return         owned by the caller; NULL when memory is short or the profile is unknown
 */
struct transport_srtp_sender *transport_srtp_sender_create(struct transport_aead_context *context,
                                                           const struct transport_srtp_keys *keys);
void transport_srtp_sender_destroy(struct transport_srtp_sender *sender);

struct transport_srtp_receiver *
transport_srtp_receiver_create(struct transport_aead_context *context,
                               const struct transport_srtp_keys *keys);
void transport_srtp_receiver_destroy(struct transport_srtp_receiver *receiver);

/**
 * Encrypt and authenticate an RTP packet in place.
 *
 * @param packet      followed by room for TRANSPORT_SRTP_TRAILER_BYTES
 * @param len         [bytes]
 * @param header_len  fixed header, CSRCs, extension [bytes]
 * @param index       2^16 x ROC + SEQ (RFC 3711, 3.3.1); unique per SSRC, its low 16 bits are the
 *                    header's sequence number
 *                    and the first one of an SSRC below 2^16 (receivers begin with ROC 0)
 * @return            new length, or IRIS_E_STATE (index of 2^48 or more, or libsrtp2 refused)
 */
int transport_srtp_seal_rtp(struct transport_srtp_sender *sender, uint8_t *packet, size_t len,
                            size_t header_len, uint64_t index);

/* An RTP packet to be sealed; the fields are as those of transport_srtp_seal_rtp(). */
struct transport_srtp_clear {
    const uint8_t *packet;
    size_t len, header_len;
    uint64_t index;
};

/**
 * As transport_srtp_seal_rtp(), to another place.
 *
 * @param out  room for clear->len + TRANSPORT_SRTP_TRAILER_BYTES: the packet itself, or memory that
 *             does not overlap
 */
int transport_srtp_seal_rtp_to(struct transport_srtp_sender *sender,
                               const struct transport_srtp_clear *clear, uint8_t *out);

/** Packets will be sealed soon: fetch what that needs into the cache. */
void transport_srtp_sender_prefetch(const struct transport_srtp_sender *sender);

/**
 * A packet will be opened soon: fetch what that needs, in two steps.
 *
 * @param step  0 (reads nothing) or 1 (reads what 0 has fetched)
 */
void transport_srtp_receiver_prefetch(const struct transport_srtp_receiver *receiver, unsigned step,
                                      bool is_rtcp);

/** What sealing adds to an RTP packet [bytes]. */
size_t transport_srtp_tag_bytes(const struct transport_srtp_sender *sender);

/**
 * Authenticate and decrypt an RTP packet in place.
 *
 * @param packet  len bytes, hostile until the function returns a length
 * @return        new length, IRIS_E_TRUNCATED, IRIS_E_MALFORMED, IRIS_E_AUTH, IRIS_E_REPLAY,
 *                IRIS_E_FULL (more than TRANSPORT_SRTP_SSRCS authenticated SSRCs) or
 * IRIS_E_NO_MEMORY (for the first packet of an SSRC)
 */
int transport_srtp_open_rtp(struct transport_srtp_receiver *receiver, uint8_t *packet, size_t len);

/**
 * Encrypt and authenticate a compound RTCP packet in place; the session counts the SRTCP index.
 *
 * @return  new length, or IRIS_E_STATE
 */
int transport_srtp_seal_rtcp(struct transport_srtp_sender *sender, uint8_t *packet, size_t len);

/**
 * Authenticate and decrypt a compound RTCP packet in place.
 *
 * @return  new length, or an error as transport_srtp_open_rtp()
 */
int transport_srtp_open_rtcp(struct transport_srtp_receiver *receiver, uint8_t *packet, size_t len);

/** Append a session's state: master keys, indices, replay windows. */
void transport_srtp_sender_export(const struct transport_srtp_sender *sender,
                                  struct transport_state_writer *writer);
void transport_srtp_receiver_export(const struct transport_srtp_receiver *receiver,
                                    struct transport_state_writer *writer);

/**
 * Create a session from what was exported.
 *
 * @param skipped   SRTCP indices that are left out
 * @param sender    written on success; owned by the caller
 * @return          0, IRIS_E_TRUNCATED, IRIS_E_MALFORMED or IRIS_E_NO_MEMORY
 */
int transport_srtp_sender_import(struct transport_aead_context *context,
                                 struct transport_state_reader *reader, uint32_t skipped,
                                 struct transport_srtp_sender **sender);
int transport_srtp_receiver_import(struct transport_aead_context *context,
                                   struct transport_state_reader *reader,
                                   struct transport_srtp_receiver **receiver);

#endif
