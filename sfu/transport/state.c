/* Bytes in order, and HMAC-SHA-256 over them. */
#include "sfu/transport/state.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

#include "rtp/error.h"

void transport_state_put(struct transport_state_writer *writer, const void *data, size_t len)
{
    if (writer->len <= writer->cap && len > 0 && len <= writer->cap - writer->len)
        memcpy(writer->out + writer->len, data, len);
    writer->len += len;
}

void transport_state_put_count(struct transport_state_writer *writer, size_t count)
{
    uint32_t number = (uint32_t)count;
    transport_state_put(writer, &number, sizeof(number));
}

int transport_state_get(struct transport_state_reader *reader, void *data, size_t len)
{
    if (len > reader->len)
        return IRIS_E_TRUNCATED;
    if (len > 0)
        memcpy(data, reader->data, len);
    reader->data += len;
    reader->len -= len;
    return 0;
}

int transport_state_get_count(struct transport_state_reader *reader, size_t max, size_t *count)
{
    uint32_t number;
    int error = transport_state_get(reader, &number, sizeof(number));
    if (error)
        return error;
    if (number > max)
        return IRIS_E_MALFORMED;
    *count = number;
    return 0;
}

int transport_state_tag(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *tag)
{
    unsigned tag_len = 0;
    const uint8_t *made =
        HMAC(EVP_sha256(), key, TRANSPORT_STATE_KEY_BYTES, data, len, tag, &tag_len);
    return made && tag_len == TRANSPORT_STATE_TAG_BYTES ? 0 : IRIS_E_SYSTEM;
}

bool transport_state_is_authentic(const uint8_t *key, const uint8_t *data, size_t len,
                                  const uint8_t *tag)
{
    uint8_t right[TRANSPORT_STATE_TAG_BYTES];
    return transport_state_tag(key, data, len, right) == 0 &&
           CRYPTO_memcmp(right, tag, sizeof(right)) == 0;
}
