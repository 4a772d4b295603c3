/*
 * SRTP key derivation (RFC 3711, section 4.3; AES-256: RFC 6188). Internal to the folder.
 */
#ifndef IRIS_TRANSPORT_SRTP_KDF_H
#define IRIS_TRANSPORT_SRTP_KDF_H

#include "sfu/transport/srtp.h"

/* RFC 3711, 4.3.1 and 4.3.2. The authentication keys (1 and 4) do not exist with AEAD. */
enum transport_srtp_label {
    TRANSPORT_SRTP_LABEL_RTP_KEY = 0,
    TRANSPORT_SRTP_LABEL_RTP_SALT = 2,
    TRANSPORT_SRTP_LABEL_RTCP_KEY = 3,
    TRANSPORT_SRTP_LABEL_RTCP_SALT = 5,
};

/**
 * Derive a session key or salt by AES-CM with the master key, key derivation rate 0.
 *
 * @param master  its profile says how long key and salt are; a 96-bit salt counts as 112 bits with
 *                zeros behind (RFC 7714, section 11; as libsrtp2 does)
 * @param out     out_len bytes, at most TRANSPORT_SRTP_KEY_BYTES; written on success
 * @return        0, or IRIS_E_NO_MEMORY
 */
int transport_srtp_kdf(const struct transport_srtp_keys *master, enum transport_srtp_label label,
                       uint8_t *out, size_t out_len);

#endif
