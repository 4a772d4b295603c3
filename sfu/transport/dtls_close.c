/*
 * Recognising the client's close_notify when the SSL is gone: its write key is derived once more
 * from the master secret (RFC 5246, 6.3), and a record of epoch 1 is opened with it (RFC 5288,
 * section 3).
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/dtls_internal.h"

#define RANDOM_BYTES         32
#define MASTER_SECRET_BYTES  48
#define LABEL                "key expansion"
#define LABEL_BYTES          (sizeof(LABEL) - 1)
#define KEY_BLOCK_MAX_BYTES  (2 * 32 + 2 * 4)
#define EXPLICIT_NONCE_BYTES 8
#define TAG_BYTES            16
#define ALERT_BYTES          2
#define ALERT_LEVEL_FATAL    2
#define ALERT_CLOSE_NOTIFY   0

/* The PRF of TLS 1.2 (RFC 5246, section 5). */
static int expand(const char *digest, uint8_t *secret, size_t secret_len, uint8_t *seed,
                  uint8_t *out, size_t out_len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret, secret_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed,
                                          LABEL_BYTES + 2 * (size_t)RANDOM_BYTES),
        OSSL_PARAM_construct_end(),
    };
    int is_ok = context && EVP_KDF_derive(context, out, out_len, params) > 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_ok ? 0 : IRIS_E_SYSTEM;
}

int transport_alert_key_derive(struct transport_alert_key *key, const SSL *ssl)
{
    /* Only the two AES-GCM suites are offered: 128 goes with SHA-256, 256 with SHA-384. */
    bool is_256 = SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl), NULL) == 256;
    size_t key_bytes = is_256 ? 32 : 16;
    uint8_t secret[MASTER_SECRET_BYTES], seed[LABEL_BYTES + 2 * RANDOM_BYTES];
    uint8_t block[KEY_BLOCK_MAX_BYTES];
    memcpy(seed, LABEL, LABEL_BYTES);
    if (SSL_get_server_random(ssl, seed + LABEL_BYTES, RANDOM_BYTES) != RANDOM_BYTES ||
        SSL_get_client_random(ssl, seed + LABEL_BYTES + RANDOM_BYTES, RANDOM_BYTES) != RANDOM_BYTES)
        return IRIS_E_SYSTEM;
    size_t secret_len = SSL_SESSION_get_master_key(SSL_get_session(ssl), secret, sizeof(secret));
    int result = expand(is_256 ? "SHA2-384" : "SHA2-256", secret, secret_len, seed, block,
                        2 * key_bytes + 2 * sizeof(key->salt));
    if (result == 0) {
        /* client_write_key, server_write_key, client_write_IV, server_write_IV */
        memcpy(key->key, block, key_bytes);
        memcpy(key->salt, block + 2 * key_bytes, sizeof(key->salt));
        key->key_bytes = (uint8_t)key_bytes;
    }
    OPENSSL_cleanse(secret, sizeof(secret));
    OPENSSL_cleanse(block, sizeof(block));
    return result;
}

static bool open_alert(const struct transport_alert_key *key, const struct transport_record *record,
                       uint8_t *alert)
{
    const uint8_t *sealed = record->body + EXPLICIT_NONCE_BYTES;
    uint8_t tag[TAG_BYTES], nonce[12], aad[13];
    memcpy(tag, sealed + ALERT_BYTES, sizeof(tag));
    memcpy(nonce, key->salt, sizeof(key->salt));
    memcpy(nonce + sizeof(key->salt), record->body, EXPLICIT_NONCE_BYTES);
    memcpy(aad, record->whole + 3, 8); /* epoch and sequence number */
    aad[8] = record->type;
    memcpy(aad + 9, record->whole + 1, 2); /* version */
    rtp_bytes_put16(aad + 11, ALERT_BYTES);

    const EVP_CIPHER *cipher = key->key_bytes == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len;
    bool is_authentic = context && EVP_DecryptInit_ex(context, cipher, NULL, key->key, nonce) &&
                        EVP_DecryptUpdate(context, NULL, &len, aad, sizeof(aad)) &&
                        EVP_DecryptUpdate(context, alert, &len, sealed, ALERT_BYTES) &&
                        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) &&
                        EVP_DecryptFinal_ex(context, alert + ALERT_BYTES, &len) > 0;
    EVP_CIPHER_CTX_free(context);
    return is_authentic;
}

bool transport_alert_ends(const struct transport_alert_key *key,
                          const struct transport_record *record)
{
    uint8_t alert[ALERT_BYTES + TAG_BYTES];
    if (record->epoch != 1 || record->type != DTLS_ALERT ||
        record->body_len != EXPLICIT_NONCE_BYTES + ALERT_BYTES + TAG_BYTES ||
        !open_alert(key, record, alert))
        return false;
    return alert[0] == ALERT_LEVEL_FATAL || alert[1] == ALERT_CLOSE_NOTIFY;
}
