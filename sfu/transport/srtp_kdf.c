/*
 * SRTP key derivation: the key stream of AES in counter mode, started at the master salt with the
 * label XORed in. Runs when a session is made, never per packet (the key derivation rate is 0).
 */
#include "sfu/transport/srtp_kdf.h"

#include "rtp/error.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define COUNTER_BYTES  16
#define LABEL_POSITION 7 /* key_id is label || 48-bit r, right-aligned in the 112-bit salt */

int transport_srtp_kdf(const struct transport_srtp_keys *master, enum transport_srtp_label label,
                       uint8_t *out, size_t out_len)
{
    static const uint8_t zeros[TRANSPORT_SRTP_KEY_BYTES];
    const EVP_CIPHER *aes =
        transport_srtp_key_bytes(master->profile) == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
    uint8_t counter[COUNTER_BYTES] = {0}; /* x times 2^16, RFC 3711, 4.3.3; r is 0 */
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int error = IRIS_E_NO_MEMORY;
    int written;

    assert(out_len <= sizeof(zeros));
    if (!cipher)
        return IRIS_E_NO_MEMORY;
    memcpy(counter, master->salt, transport_srtp_salt_bytes(master->profile));
    counter[LABEL_POSITION] ^= (uint8_t)label;
    if (EVP_EncryptInit_ex2(cipher, aes, master->key, counter, NULL) == 1 &&
        EVP_EncryptUpdate(cipher, out, &written, zeros, (int)out_len) == 1)
        error = 0;
    EVP_CIPHER_CTX_free(cipher);
    OPENSSL_cleanse(counter, sizeof(counter));
    return error;
}
