/*
 * The choice of an AES-GCM back end, and the way to it: one indirect call a packet.
 */
#include "sfu/transport/aead.h"

#include "sfu/transport/aead_backend.h"

#include <assert.h>

struct transport_aead_context *transport_aead_context_create(enum transport_aead_backend wanted)
{
    struct transport_aead_context *context = NULL;

    if (wanted != TRANSPORT_AEAD_EVP)
        context = transport_aead_ipsec_mb_create();
    if (!context && wanted != TRANSPORT_AEAD_IPSEC_MB)
        context = transport_aead_evp_create();
    return context;
}

void transport_aead_context_destroy(struct transport_aead_context *context)
{
    if (context)
        context->operations->context_destroy(context);
}

const char *transport_aead_context_name(const struct transport_aead_context *context)
{
    return context->operations->name(context);
}

struct transport_aead_key *transport_aead_key_create(struct transport_aead_context *context,
                                                     const uint8_t *key, size_t key_bytes)
{
    assert(key_bytes == 16 || key_bytes == 32);
    return context->operations->key_create(context, key, key_bytes);
}

void transport_aead_key_destroy(struct transport_aead_key *key)
{
    if (key)
        key->operations->key_destroy(key);
}

void transport_aead_seal(struct transport_aead_key *key, const struct transport_aead_clear *clear,
                         uint8_t *out)
{
    key->operations->seal(key, clear, out);
}

int transport_aead_open(struct transport_aead_key *key, const uint8_t *iv, const uint8_t *aad,
                        size_t aad_len, uint8_t *data, size_t len)
{
    return key->operations->open(key, iv, aad, aad_len, data, len);
}
