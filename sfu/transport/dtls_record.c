/*
 * Reading DTLS records and handshake fragments (RFC 6347, sections 4.1 and 4.2), and putting
 * fragments together. Everything here is plaintext from strangers: nothing is believed, everything
 * is bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/dtls_internal.h"

#define HEADERS_BYTES (DTLS_RECORD_HEADER_BYTES + DTLS_HANDSHAKE_HEADER_BYTES)
#define VERSION_1_0   0xfeff /* on a ClientHello's record (RFC 6347, 4.1) */

bool transport_record_next(const uint8_t **data, size_t *len, struct transport_record *record)
{
    const uint8_t *at = *data;
    if (*len < DTLS_RECORD_HEADER_BYTES)
        return false;
    uint16_t version = rtp_bytes_get16(at + 1);
    size_t body_len = rtp_bytes_get16(at + 11);
    if ((version != VERSION_1_0 && version != DTLS_VERSION_1_2) ||
        body_len > *len - DTLS_RECORD_HEADER_BYTES)
        return false;
    *record = (struct transport_record){.whole = at,
                                        .body = at + DTLS_RECORD_HEADER_BYTES,
                                        .whole_len = DTLS_RECORD_HEADER_BYTES + body_len,
                                        .body_len = body_len,
                                        .epoch = rtp_bytes_get16(at + 3),
                                        .type = at[0]};
    *data += record->whole_len;
    *len -= record->whole_len;
    return true;
}

bool transport_fragment_next(const uint8_t **body, size_t *len, struct transport_fragment *fragment)
{
    const uint8_t *at = *body;
    if (*len < DTLS_HANDSHAKE_HEADER_BYTES)
        return false;
    struct transport_fragment read = {.body = at + DTLS_HANDSHAKE_HEADER_BYTES,
                                      .message_len = rtp_bytes_get24(at + 1),
                                      .offset = rtp_bytes_get24(at + 6),
                                      .len = rtp_bytes_get24(at + 9),
                                      .message_seq = rtp_bytes_get16(at + 4),
                                      .type = at[0]};
    if (read.len > *len - DTLS_HANDSHAKE_HEADER_BYTES ||
        read.offset + read.len > read.message_len) /* 24 bits each: no overflow */
        return false;
    *fragment = read;
    *body += DTLS_HANDSHAKE_HEADER_BYTES + read.len;
    *len -= DTLS_HANDSHAKE_HEADER_BYTES + read.len;
    return true;
}

void transport_record_write_header(uint8_t *out, enum dtls_content type, uint64_t seq,
                                   size_t body_len)
{
    out[0] = (uint8_t)type;
    rtp_bytes_put16(out + 1, DTLS_VERSION_1_2);
    rtp_bytes_put64(out + 3, seq); /* epoch 0 in the upper 16 bits */
    rtp_bytes_put16(out + 11, (uint16_t)body_len);
}

static int allocate(struct transport_message *message, uint8_t type, size_t len)
{
    uint8_t *bytes = calloc(1, HEADERS_BYTES + len + (len + 7) / 8);
    if (!bytes)
        return IRIS_E_NO_MEMORY;
    transport_message_clear(message);
    *message = (struct transport_message){
        .bytes = bytes, .have = bytes + HEADERS_BYTES + len, .len = len, .type = type};
    return 0;
}

int transport_message_insert(struct transport_message *message,
                             const struct transport_fragment *fragment)
{
    if (fragment->message_len == 0 || fragment->message_len > DTLS_MESSAGE_MAX_BYTES)
        return IRIS_E_MALFORMED;
    if (!message->bytes || message->len != fragment->message_len ||
        message->type != fragment->type) {
        int result = allocate(message, fragment->type, fragment->message_len);
        if (result)
            return result;
    }
    memcpy(message->bytes + HEADERS_BYTES + fragment->offset, fragment->body, fragment->len);
    for (size_t i = fragment->offset; i < fragment->offset + fragment->len; i++) {
        uint8_t bit = (uint8_t)(1u << (i & 7));
        message->have_len += !(message->have[i >> 3] & bit);
        message->have[i >> 3] |= bit;
    }
    return 0;
}

bool transport_message_is_complete(const struct transport_message *message)
{
    return message->bytes && message->have_len == message->len;
}

bool transport_message_repeats(const struct transport_message *message,
                               const struct transport_fragment *fragment)
{
    return transport_message_is_complete(message) && message->type == fragment->type &&
           message->len == fragment->message_len &&
           memcmp(message->bytes + HEADERS_BYTES + fragment->offset, fragment->body,
                  fragment->len) == 0;
}

int transport_message_copy(struct transport_message *to, const struct transport_message *from)
{
    struct transport_fragment all = {.body = transport_message_body(from),
                                     .message_len = (uint32_t)from->len,
                                     .len = (uint32_t)from->len,
                                     .type = from->type};
    transport_message_clear(to);
    return transport_message_insert(to, &all);
}

const uint8_t *transport_message_body(const struct transport_message *message)
{
    return message->bytes + HEADERS_BYTES;
}

void transport_message_clear(struct transport_message *message)
{
    free(message->bytes);
    *message = (struct transport_message){0};
}
