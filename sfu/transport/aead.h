/*
 * AES-GCM with a kept key: the only cipher of the packet path. libipsec-mb where the CPU has AES-NI
 * and carry-less multiplication (floor.md: 104 ns a kilobyte against 435), OpenSSL's EVP elsewhere.
 * The back end is chosen once a worker.
 */
#ifndef IRIS_TRANSPORT_AEAD_H
#define IRIS_TRANSPORT_AEAD_H

#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_AEAD_TAG_BYTES 16
#define TRANSPORT_AEAD_IV_BYTES  12

enum transport_aead_backend {
    TRANSPORT_AEAD_AUTO, /* the fastest that this CPU runs */
    TRANSPORT_AEAD_IPSEC_MB,
    TRANSPORT_AEAD_EVP,
};

struct transport_aead_context; /* one a worker: the chosen back end and its tables */
struct transport_aead_key;     /* one an SRTP direction: expanded key */

/**
 * Choose a back end.
 *
 * @return  owned by the caller, or NULL when memory is short or the wanted back end does not run
 * here
 */
struct transport_aead_context *transport_aead_context_create(enum transport_aead_backend wanted);
void transport_aead_context_destroy(struct transport_aead_context *context);

/** "ipsec-mb avx512" and the like, for the log and the benchmarks. Static text. */
const char *transport_aead_context_name(const struct transport_aead_context *context);

/**
 * Expand a key.
 *
 * @param key      16 or 32 bytes, copied
 * @param context  must outlive the result
 * @return         owned by the caller, NULL when memory is short
 */
struct transport_aead_key *transport_aead_key_create(struct transport_aead_context *context,
                                                     const uint8_t *key, size_t key_bytes);

/** Wipe and free; NULL is harmless. */
void transport_aead_key_destroy(struct transport_aead_key *key);

/* What is to be sealed. */
struct transport_aead_clear {
    const uint8_t *iv;  /* TRANSPORT_AEAD_IV_BYTES, never used twice with a key */
    const uint8_t *aad; /* aad_len bytes, authenticated, not encrypted */
    size_t aad_len;
    const uint8_t *data; /* len bytes */
    size_t len;
};

/**
 * Encrypt data and write the tag behind it (RFC 5116, AES-GCM, 16-byte tag).
 *
 * @param out  room for the data and TRANSPORT_AEAD_TAG_BYTES: the data itself, or memory that does
 *             not overlap
 */
void transport_aead_seal(struct transport_aead_key *key, const struct transport_aead_clear *clear,
                         uint8_t *out);

/**
 * Decrypt data in place after checking the tag behind it, in constant time.
 *
 * @return  0, or IRIS_E_AUTH (data is then undefined)
 */
int transport_aead_open(struct transport_aead_key *key, const uint8_t *iv, const uint8_t *aad,
                        size_t aad_len, uint8_t *data, size_t len);

#endif
