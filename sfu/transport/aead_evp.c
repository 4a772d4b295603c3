/*
 * AES-GCM by OpenSSL's EVP with a cipher context that is made once a key; a packet resets only the
 * IV and the direction (GCM uses the same key schedule for both). Nothing is allocated per packet.
 *
 * An SRTP key seals or opens, never both; the one EVP context serves either, so that the back ends
 * stay interchangeable and a key costs one context.
 */
#include "sfu/transport/aead_backend.h"

#include "rtp/error.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

/* Fetched once: an implicit fetch takes a lock and a look-up by name. */
struct evp_context {
    struct transport_aead_context base;
    EVP_CIPHER *gcm128, *gcm256; /* owned */
};

struct evp_key {
    struct transport_aead_key base;
    EVP_CIPHER_CTX *cipher; /* owned; OpenSSL wipes the key when it frees it */
};

static const char *evp_name(const struct transport_aead_context *context)
{
    (void)context;
    return "openssl evp";
}

static void evp_context_destroy(struct transport_aead_context *context)
{
    struct evp_context *evp = (struct evp_context *)context;

    EVP_CIPHER_free(evp->gcm128);
    EVP_CIPHER_free(evp->gcm256);
    free(evp);
}

static void evp_key_destroy(struct transport_aead_key *key)
{
    EVP_CIPHER_CTX_free(((struct evp_key *)key)->cipher);
    free(key);
}

static struct transport_aead_key *evp_key_create(struct transport_aead_context *context,
                                                 const uint8_t *key, size_t key_bytes)
{
    const struct evp_context *evp = (const struct evp_context *)context;
    struct evp_key *made = malloc(sizeof(*made));

    if (!made)
        return NULL;
    made->base.operations = context->operations;
    made->cipher = EVP_CIPHER_CTX_new();
    if (!made->cipher ||
        EVP_EncryptInit_ex2(made->cipher, key_bytes == 16 ? evp->gcm128 : evp->gcm256, key, NULL,
                            NULL) != 1) {
        evp_key_destroy(&made->base);
        return NULL;
    }
    return &made->base;
}

/* Run the cipher over aad and data, up to but without the tag. */
static bool evp_run(EVP_CIPHER_CTX *cipher, const struct transport_aead_clear *text, uint8_t *out)
{
    int written;

    if (text->aad_len > INT_MAX || text->len > INT_MAX)
        return false;
    if (text->aad_len > 0 &&
        EVP_CipherUpdate(cipher, NULL, &written, text->aad, (int)text->aad_len) != 1)
        return false;
    return text->len == 0 ||
           EVP_CipherUpdate(cipher, out, &written, text->data, (int)text->len) == 1;
}

static void evp_seal(struct transport_aead_key *key, const struct transport_aead_clear *clear,
                     uint8_t *out)
{
    EVP_CIPHER_CTX *cipher = ((struct evp_key *)key)->cipher;
    uint8_t *tag = out + clear->len;
    int written;

    if (EVP_EncryptInit_ex2(cipher, NULL, NULL, clear->iv, NULL) == 1 &&
        evp_run(cipher, clear, out) && EVP_CipherFinal_ex(cipher, tag, &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TRANSPORT_AEAD_TAG_BYTES, tag) == 1)
        return;
    /* OpenSSL has no reason to refuse. If it ever does, the packet must not leave in clear: the
     * peer then drops one that fails authentication. */
    OPENSSL_cleanse(out, clear->len + TRANSPORT_AEAD_TAG_BYTES);
}

static int evp_open(struct transport_aead_key *key, const uint8_t *iv, const uint8_t *aad,
                    size_t aad_len, uint8_t *data, size_t len)
{
    EVP_CIPHER_CTX *cipher = ((struct evp_key *)key)->cipher;
    uint8_t *tag = data + len;
    const struct transport_aead_clear sealed = {iv, aad, aad_len, data, len};
    int written;

    if (EVP_DecryptInit_ex2(cipher, NULL, NULL, iv, NULL) != 1 || !evp_run(cipher, &sealed, data))
        return IRIS_E_AUTH;
    if (EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TRANSPORT_AEAD_TAG_BYTES, tag) != 1)
        return IRIS_E_AUTH;
    /* The final step compares the tags by CRYPTO_memcmp; GCM writes no bytes in it. */
    return EVP_CipherFinal_ex(cipher, tag, &written) == 1 ? 0 : IRIS_E_AUTH;
}

static const struct transport_aead_operations evp_operations = {
    .name = evp_name,
    .context_destroy = evp_context_destroy,
    .key_create = evp_key_create,
    .key_destroy = evp_key_destroy,
    .seal = evp_seal,
    .open = evp_open,
};

struct transport_aead_context *transport_aead_evp_create(void)
{
    struct evp_context *evp = malloc(sizeof(*evp));

    if (!evp)
        return NULL;
    evp->base.operations = &evp_operations;
    evp->gcm128 = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    evp->gcm256 = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (!evp->gcm128 || !evp->gcm256) {
        evp_context_destroy(&evp->base);
        return NULL;
    }
    return &evp->base;
}
