/*
 * What the two AES-GCM back ends (aead_ipsec_mb.c, aead_evp.c) owe to aead.c. Internal to the
 * folder.
 *
 * A back end embeds the two structs below as the first member of its own context and key, so that a
 * pointer to one is a pointer to the other. Whoever creates, owns; a key never outlives its
 * context.
 */
#ifndef IRIS_TRANSPORT_AEAD_BACKEND_H
#define IRIS_TRANSPORT_AEAD_BACKEND_H

#include "sfu/transport/aead.h"

/* One table a back end; the contracts are those of the functions of aead.h with the same names. */
struct transport_aead_operations {
    const char *(*name)(const struct transport_aead_context *context);
    void (*context_destroy)(struct transport_aead_context *context);
    struct transport_aead_key *(*key_create)(struct transport_aead_context *context,
                                             const uint8_t *key, size_t key_bytes);
    void (*key_destroy)(struct transport_aead_key *key);
    void (*seal)(struct transport_aead_key *key, const struct transport_aead_clear *clear,
                 uint8_t *out);
    int (*open)(struct transport_aead_key *key, const uint8_t *iv, const uint8_t *aad,
                size_t aad_len, uint8_t *data, size_t len);
};

struct transport_aead_context {
    const struct transport_aead_operations *operations;
};

struct transport_aead_key {
    const struct transport_aead_operations *operations;
};

/** @return  owned by the caller; NULL when memory is short or the CPU lacks AES-NI or PCLMULQDQ */
struct transport_aead_context *transport_aead_ipsec_mb_create(void);

/** @return  owned by the caller; NULL when memory is short or OpenSSL offers no AES-GCM */
struct transport_aead_context *transport_aead_evp_create(void);

#endif
