/*
 * AES128_CM_SHA1_80 through libsrtp2; the only file that knows libsrtp2. Internal to the folder.
 */
#ifndef IRIS_TRANSPORT_SRTP_LIBSRTP_H
#define IRIS_TRANSPORT_SRTP_LIBSRTP_H

#include "sfu/transport/srtp.h"

#include <stdbool.h>

struct transport_srtp_libsrtp; /* one direction of a peer */

/**
 * @param keys        of TRANSPORT_SRTP_AES128_CM_SHA1_80, copied
 * @param is_inbound  opens; otherwise seals
 * @return            owned by the caller; NULL when memory is short or the library refuses
 */
struct transport_srtp_libsrtp *transport_srtp_libsrtp_create(const struct transport_srtp_keys *keys,
                                                             bool is_inbound);
void transport_srtp_libsrtp_destroy(struct transport_srtp_libsrtp *lib);

/** As transport_srtp_seal_rtp(), seal_rtcp(), open_rtp() and open_rtcp(). */
int transport_srtp_libsrtp_seal_rtp(struct transport_srtp_libsrtp *lib, uint8_t *packet, size_t len,
                                    uint64_t index);
int transport_srtp_libsrtp_seal_rtcp(struct transport_srtp_libsrtp *lib, uint8_t *packet,
                                     size_t len);
int transport_srtp_libsrtp_open_rtp(struct transport_srtp_libsrtp *lib, uint8_t *packet,
                                    size_t len);
int transport_srtp_libsrtp_open_rtcp(struct transport_srtp_libsrtp *lib, uint8_t *packet,
                                     size_t len);

/** Append indices and windows; the keys are the caller's to keep. */
void transport_srtp_libsrtp_export(const struct transport_srtp_libsrtp *lib,
                                   struct transport_state_writer *writer);

/**
 * Let a fresh one go on where the exported one stood.
 *
 * libsrtp2 has no way to set an SRTCP index: it is moved there by sealing as many reports that are
 * thrown away (about 1 us each).
 *
 * @param keys     as it was created with
 * @param skipped  SRTCP indices that are left out
 * @return         0, IRIS_E_TRUNCATED, IRIS_E_MALFORMED or IRIS_E_NO_MEMORY
 */
int transport_srtp_libsrtp_import(struct transport_srtp_libsrtp *lib,
                                  const struct transport_srtp_keys *keys,
                                  struct transport_state_reader *reader, uint32_t skipped);

#endif
