/* Written and checked byte by byte. */
#include "tests/integration/media_payload.h"

#include "rtp/bytes.h"

#define MAGIC 0x49524953u /* "IRIS" */

static uint8_t filling(const struct media_signature *signature, size_t index)
{
    return (uint8_t)(signature->tag * 7 + signature->counter * 31 + index);
}

void media_payload_write(uint8_t *out, size_t len, const struct media_signature *signature)
{
    size_t filling_len = len - MEDIA_PAYLOAD_SIGNATURE_BYTES;
    rtp_bytes_put32(out, MAGIC);
    rtp_bytes_put32(out + 4, signature->tag);
    out[8] = signature->kind;
    out[9] = signature->layer;
    rtp_bytes_put16(out + 10, (uint16_t)filling_len);
    rtp_bytes_put32(out + 12, signature->counter);
    for (size_t i = 0; i < filling_len; i++)
        out[MEDIA_PAYLOAD_SIGNATURE_BYTES + i] = filling(signature, i);
}

bool media_payload_read(struct media_signature *signature, const uint8_t *data, size_t len)
{
    if (len < MEDIA_PAYLOAD_SIGNATURE_BYTES || rtp_bytes_get32(data) != MAGIC ||
        rtp_bytes_get16(data + 10) != len - MEDIA_PAYLOAD_SIGNATURE_BYTES)
        return false;
    *signature = (struct media_signature){.tag = rtp_bytes_get32(data + 4),
                                          .kind = data[8],
                                          .layer = data[9],
                                          .counter = rtp_bytes_get32(data + 12)};
    for (size_t i = MEDIA_PAYLOAD_SIGNATURE_BYTES; i < len; i++) {
        if (data[i] != filling(signature, i - MEDIA_PAYLOAD_SIGNATURE_BYTES))
            return false;
    }
    return true;
}
