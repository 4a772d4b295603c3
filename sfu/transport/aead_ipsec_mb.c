/*
 * AES-GCM by libipsec-mb's direct calls: one packet a call, no job queue, so nothing is in flight
 * between two calls. The library's manager is only read after creation; one a context, because it
 * belongs to the worker's memory, not because a call would write to it.
 *
 * Does not batch: with one key per receiver a batch would need packets of many receivers at hand,
 * and floor.md measured 104 ns a kilobyte without.
 */
#include "sfu/transport/aead_backend.h"

#include "rtp/error.h"

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* Without these the library falls back on an emulation in C that EVP beats. */
#define FEATURES_REQUIRED (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_SELF_TEST_PASS)

struct mb_context {
    struct transport_aead_context base;
    IMB_MGR *manager; /* owned */
    IMB_ARCH arch;
};

/* The library reads gcm_key_data by aligned loads, but its header aligns the type only where LINUX
 * is defined; so it is done here. */
#define EXPANDED_ALIGNMENT 64

struct mb_key {
    struct transport_aead_key base;
    aes_gcm_enc_dec_t encrypt;
    aes_gcm_enc_dec_t decrypt;
    _Alignas(EXPANDED_ALIGNMENT) struct gcm_key_data expanded;
};

static const char *mb_name(const struct transport_aead_context *context)
{
    switch (((const struct mb_context *)context)->arch) {
    case IMB_ARCH_AVX512:
        return "ipsec-mb avx512";
    case IMB_ARCH_AVX2:
        return "ipsec-mb avx2";
    case IMB_ARCH_AVX:
        return "ipsec-mb avx";
    default:
        return "ipsec-mb sse";
    }
}

static void mb_context_destroy(struct transport_aead_context *context)
{
    struct mb_context *mb = (struct mb_context *)context;

    free_mb_mgr(mb->manager);
    free(mb);
}

static struct transport_aead_key *mb_key_create(struct transport_aead_context *context,
                                                const uint8_t *key, size_t key_bytes)
{
    IMB_MGR *manager = ((struct mb_context *)context)->manager;
    struct mb_key *mb = aligned_alloc(EXPANDED_ALIGNMENT, sizeof(*mb));

    if (!mb)
        return NULL;
    mb->base.operations = context->operations;
    if (key_bytes == 16) {
        mb->encrypt = manager->gcm128_enc;
        mb->decrypt = manager->gcm128_dec;
        IMB_AES128_GCM_PRE(manager, key, &mb->expanded);
    } else {
        mb->encrypt = manager->gcm256_enc;
        mb->decrypt = manager->gcm256_dec;
        IMB_AES256_GCM_PRE(manager, key, &mb->expanded);
    }
    return &mb->base;
}

static void mb_key_destroy(struct transport_aead_key *key)
{
    OPENSSL_cleanse(key, sizeof(struct mb_key));
    free(key);
}

/* IMB_AES128_GCM_ENC and IMB_AES256_GCM_ENC are these calls through the manager; by the key's own
 * pointers the packet path neither reads the manager nor asks for the key's length. */
static void mb_seal(struct transport_aead_key *key, const struct transport_aead_clear *clear,
                    uint8_t *out)
{
    const struct mb_key *mb = (const struct mb_key *)key;
    struct gcm_context_data scratch;

    mb->encrypt(&mb->expanded, &scratch, out, clear->data, clear->len, clear->iv, clear->aad,
                clear->aad_len, out + clear->len, TRANSPORT_AEAD_TAG_BYTES);
}

static int mb_open(struct transport_aead_key *key, const uint8_t *iv, const uint8_t *aad,
                   size_t aad_len, uint8_t *data, size_t len)
{
    const struct mb_key *mb = (const struct mb_key *)key;
    struct gcm_context_data scratch;
    uint8_t tag[TRANSPORT_AEAD_TAG_BYTES];

    mb->decrypt(&mb->expanded, &scratch, data, data, len, iv, aad, aad_len, tag, sizeof(tag));
    return CRYPTO_memcmp(tag, data + len, sizeof(tag)) == 0 ? 0 : IRIS_E_AUTH;
}

static const struct transport_aead_operations mb_operations = {
    .name = mb_name,
    .context_destroy = mb_context_destroy,
    .key_create = mb_key_create,
    .key_destroy = mb_key_destroy,
    .seal = mb_seal,
    .open = mb_open,
};

struct transport_aead_context *transport_aead_ipsec_mb_create(void)
{
    struct mb_context *mb = malloc(sizeof(*mb));

    if (!mb)
        return NULL;
    mb->base.operations = &mb_operations;
    mb->manager = alloc_mb_mgr(0);
    if (!mb->manager)
        goto no_manager;
    init_mb_mgr_auto(mb->manager, &mb->arch);
    if (imb_get_errno(mb->manager) != 0 ||
        (mb->manager->features & FEATURES_REQUIRED) != FEATURES_REQUIRED)
        goto not_here;
    return &mb->base;

not_here:
    free_mb_mgr(mb->manager);
no_manager:
    free(mb);
    return NULL;
}
