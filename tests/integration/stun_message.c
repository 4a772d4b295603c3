/* Attributes in the order of RFC 8445, 7.1, MESSAGE-INTEGRITY and FINGERPRINT last. */
#include "tests/integration/stun_message.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "rtp/bytes.h"

#define MAGIC           0x2112A442u
#define HEADER_BYTES    20
#define HMAC_BYTES      20
#define REQUEST         0x0001
#define SUCCESS         0x0101
#define ERROR_RESPONSE  0x0111
#define FINGERPRINT_XOR 0x5354554Eu

enum {
    ATTRIBUTE_USERNAME = 0x0006,
    ATTRIBUTE_INTEGRITY = 0x0008,
    ATTRIBUTE_ERROR_CODE = 0x0009,
    ATTRIBUTE_XOR_MAPPED = 0x0020,
    ATTRIBUTE_PRIORITY = 0x0024,
    ATTRIBUTE_USE_CANDIDATE = 0x0025,
    ATTRIBUTE_FINGERPRINT = 0x8028,
    ATTRIBUTE_CONTROLLED = 0x8029,
    ATTRIBUTE_CONTROLLING = 0x802A,
};

/* CRC-32 of ISO 3309, bit by bit: a few hundred bytes are no matter. */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* Append an attribute; the header's length goes with it. */
static size_t append(uint8_t *out, size_t len, uint16_t type, const void *value, size_t value_len)
{
    rtp_bytes_put16(out + len, type);
    rtp_bytes_put16(out + len + 2, (uint16_t)value_len);
    memset(out + len + 4, 0, (value_len + 3) / 4 * 4);
    if (value_len > 0)
        memcpy(out + len + 4, value, value_len);
    len += 4 + (value_len + 3) / 4 * 4;
    rtp_bytes_put16(out + 2, (uint16_t)(len - HEADER_BYTES));
    return len;
}

static size_t append_number(uint8_t *out, size_t len, uint16_t type, uint64_t value, size_t bytes)
{
    uint8_t wire[8];
    rtp_bytes_put64(wire, value);
    return append(out, len, type, wire + 8 - bytes, bytes);
}

static void integrity_of(uint8_t *digest, const uint8_t *data, size_t len, const char *password)
{
    unsigned digest_len = HMAC_BYTES;
    HMAC(EVP_sha1(), password, (int)strlen(password), data, len, digest, &digest_len);
}

/* The header's length counts the attribute already (RFC 8489, 14.5 and 14.7). */
static size_t append_integrity(uint8_t *out, size_t len, const char *password)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    rtp_bytes_put16(out + 2, (uint16_t)(len + 4 + HMAC_BYTES - HEADER_BYTES));
    integrity_of(digest, out, len, password);
    return append(out, len, ATTRIBUTE_INTEGRITY, digest, HMAC_BYTES);
}

static size_t append_fingerprint(uint8_t *out, size_t len, bool is_bad)
{
    rtp_bytes_put16(out + 2, (uint16_t)(len + 8 - HEADER_BYTES));
    uint32_t crc = crc32_of(out, len) ^ FINGERPRINT_XOR;
    return append_number(out, len, ATTRIBUTE_FINGERPRINT, is_bad ? ~crc : crc, 4);
}

size_t stun_message_write_check(uint8_t *out, const struct stun_check *check)
{
    size_t len = HEADER_BYTES;
    rtp_bytes_put16(out, REQUEST);
    rtp_bytes_put16(out + 2, 0);
    rtp_bytes_put32(out + 4, MAGIC);
    memcpy(out + 8, check->transaction, STUN_TRANSACTION_BYTES);
    len = append(out, len, ATTRIBUTE_USERNAME, check->username, strlen(check->username));
    len = append_number(out, len, ATTRIBUTE_PRIORITY, check->priority, 4);
    len =
        append_number(out, len, check->is_controlled ? ATTRIBUTE_CONTROLLED : ATTRIBUTE_CONTROLLING,
                      UINT64_MAX, 8);
    if (check->use_candidate)
        len = append(out, len, ATTRIBUTE_USE_CANDIDATE, NULL, 0);
    if (check->has_unknown)
        len = append_number(out, len, STUN_UNKNOWN_COMPULSORY, 0, 4);
    if (!check->lacks_integrity)
        len = append_integrity(out, len, check->password);
    return append_fingerprint(out, len, check->has_bad_fingerprint);
}

static void read_attribute(struct stun_answer *answer, uint16_t type, const uint8_t *value,
                           size_t len)
{
    if (type == ATTRIBUTE_XOR_MAPPED && len == 8 && value[1] == 1) {
        answer->mapped_port = (uint16_t)(rtp_bytes_get16(value + 2) ^ (MAGIC >> 16));
        answer->mapped_ipv4 = rtp_bytes_get32(value + 4) ^ MAGIC;
    } else if (type == ATTRIBUTE_ERROR_CODE && len >= 4) {
        answer->error_code = (value[2] & 7) * 100 + value[3];
    }
}

static bool is_integrity_right(const uint8_t *data, size_t at, const char *password)
{
    uint8_t copy[STUN_MESSAGE_MAX_BYTES], digest[EVP_MAX_MD_SIZE];
    memcpy(copy, data, at);
    rtp_bytes_put16(copy + 2, (uint16_t)(at + 4 + HMAC_BYTES - HEADER_BYTES));
    integrity_of(digest, copy, at, password);
    return memcmp(digest, data + at + 4, HMAC_BYTES) == 0;
}

void stun_message_read_answer(struct stun_answer *answer, const uint8_t *data, size_t len,
                              const char *password)
{
    memset(answer, 0, sizeof(*answer));
    if (len < HEADER_BYTES || len > STUN_MESSAGE_MAX_BYTES || rtp_bytes_get32(data + 4) != MAGIC ||
        rtp_bytes_get16(data + 2) + (size_t)HEADER_BYTES != len)
        return;
    uint16_t type = rtp_bytes_get16(data);
    memcpy(answer->transaction, data + 8, STUN_TRANSACTION_BYTES);
    for (size_t at = HEADER_BYTES; at + 4 <= len;) {
        uint16_t attribute = rtp_bytes_get16(data + at);
        size_t value_len = rtp_bytes_get16(data + at + 2);
        if (at + 4 + value_len > len)
            return;
        read_attribute(answer, attribute, data + at + 4, value_len);
        if (attribute == ATTRIBUTE_INTEGRITY && value_len == HMAC_BYTES)
            answer->has_integrity = is_integrity_right(data, at, password);
        at += 4 + (value_len + 3) / 4 * 4;
    }
    if (type == SUCCESS)
        answer->kind = STUN_ANSWER_SUCCESS;
    else if (type == ERROR_RESPONSE)
        answer->kind = STUN_ANSWER_ERROR;
}
