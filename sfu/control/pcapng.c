/* Blocks: type, length, body, length once more (draft-ietf-opsawg-pcapng, section 3.1). */
#include "sfu/control/pcapng.h"

#include <string.h>

#include "rtp/error.h"

#define BLOCK_MAX 2048

#define BLOCK_SECTION    0x0A0D0D0Au
#define BLOCK_INTERFACE  1u
#define BLOCK_PACKET     6u
#define BYTE_ORDER_MAGIC 0x1A2B3C4Du

#define OPTION_END         0
#define OPTION_COMMENT     1
#define OPTION_APPLICATION 4 /* shb_userappl */
#define OPTION_NAME        2 /* if_name */
#define OPTION_RESOLUTION  9 /* if_tsresol: 10^-n s */
#define OPTION_FLAGS       2 /* epb_flags */

#define FLAGS_INBOUND  1u
#define FLAGS_OUTBOUND 2u

#define LINKTYPE_UPPER_PDU 252

/* Tags of an exported PDU, big-endian (Wireshark, wsutil/exported_pdu_tlvs.h). */
#define TAG_END       0
#define TAG_DISSECTOR 12
#define TAG_IPV4_FROM 20
#define TAG_IPV4_TO   21
#define TAG_IPV6_FROM 22
#define TAG_IPV6_TO   23
#define TAG_PORT_TYPE 24
#define TAG_PORT_FROM 25
#define TAG_PORT_TO   26
#define PORT_TYPE_UDP 3

struct block {
    size_t len;
    uint8_t bytes[BLOCK_MAX];
};

static void put32(struct block *block, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        block->bytes[block->len++] = (uint8_t)(value >> 8 * i);
}

static void put16(struct block *block, uint16_t value)
{
    block->bytes[block->len++] = (uint8_t)value;
    block->bytes[block->len++] = (uint8_t)(value >> 8);
}

static void put_bytes(struct block *block, const void *bytes, size_t len)
{
    memcpy(block->bytes + block->len, bytes, len);
    block->len += len;
    while (block->len % 4)
        block->bytes[block->len++] = 0;
}

static void put_option(struct block *block, uint16_t code, const void *value, size_t len)
{
    put16(block, code);
    put16(block, (uint16_t)len);
    put_bytes(block, value, len);
}

/* Cut off between characters of UTF-8, not within one. */
static void put_comment(struct block *block, const char *comment)
{
    size_t len = strlen(comment);
    if (len > CONTROL_PCAPNG_COMMENT_MAX)
        for (len = CONTROL_PCAPNG_COMMENT_MAX; len > 0 && ((uint8_t)comment[len] & 0xC0) == 0x80;)
            len--;
    if (len > 0)
        put_option(block, OPTION_COMMENT, comment, len);
}

static void begin(struct block *block, uint32_t type)
{
    block->len = 0;
    put32(block, type);
    put32(block, 0); /* the length, when it is known */
}

static int end(struct block *block, FILE *file)
{
    uint32_t total = (uint32_t)block->len + 4;
    for (unsigned i = 0; i < 4; i++)
        block->bytes[4 + i] = (uint8_t)(total >> 8 * i);
    put32(block, total);
    return fwrite(block->bytes, 1, block->len, file) == block->len ? 0 : IRIS_E_SYSTEM;
}

int control_pcapng_begin(FILE *file, const char *comment)
{
    static const char application[] = "Iris", name[] = "iris";
    static const uint8_t resolution = 6;
    struct block block;
    begin(&block, BLOCK_SECTION);
    put32(&block, BYTE_ORDER_MAGIC);
    put16(&block, 1); /* version 1.0 */
    put16(&block, 0);
    put32(&block, UINT32_MAX); /* the section's length is not said */
    put32(&block, UINT32_MAX);
    put_comment(&block, comment);
    put_option(&block, OPTION_APPLICATION, application, strlen(application));
    put_option(&block, OPTION_END, "", 0);
    if (end(&block, file))
        return IRIS_E_SYSTEM;
    begin(&block, BLOCK_INTERFACE);
    put16(&block, LINKTYPE_UPPER_PDU);
    put16(&block, 0);
    put32(&block, 0); /* no limit to what is kept */
    put_option(&block, OPTION_NAME, name, strlen(name));
    put_option(&block, OPTION_RESOLUTION, &resolution, 1);
    put_option(&block, OPTION_END, "", 0);
    return end(&block, file);
}

static void put_tag(struct block *block, uint16_t tag, const void *value, uint16_t len)
{
    const uint8_t head[4] = {(uint8_t)(tag >> 8), (uint8_t)tag, (uint8_t)(len >> 8), (uint8_t)len};
    put_bytes(block, head, sizeof(head));
    put_bytes(block, value, len);
}

static void put_number_tag(struct block *block, uint16_t tag, uint16_t value)
{
    const uint8_t number[4] = {0, 0, (uint8_t)(value >> 8), (uint8_t)value};
    put_tag(block, tag, number, sizeof(number));
}

/* Both ends of one kind: mixed, IPv4 stays in its mapped form. */
static void put_addresses(struct block *block, const struct control_pcapng_packet *packet)
{
    if (transport_address_is_ipv4(&packet->from) && transport_address_is_ipv4(&packet->to)) {
        put_tag(block, TAG_IPV4_FROM, packet->from.ip + 12, 4);
        put_tag(block, TAG_IPV4_TO, packet->to.ip + 12, 4);
    } else {
        put_tag(block, TAG_IPV6_FROM, packet->from.ip, 16);
        put_tag(block, TAG_IPV6_TO, packet->to.ip, 16);
    }
    put_number_tag(block, TAG_PORT_TYPE, PORT_TYPE_UDP);
    put_number_tag(block, TAG_PORT_FROM, packet->from.port);
    put_number_tag(block, TAG_PORT_TO, packet->to.port);
}

/* A dissector's name is padded to whole words with zeros, which belong to it. */
static void put_dissector(struct block *block, const char *name)
{
    char padded[16] = "";
    memccpy(padded, name, '\0', sizeof(padded) - 1);
    put_tag(block, TAG_DISSECTOR, padded, (uint16_t)((strlen(padded) + 3) / 4 * 4));
}

int control_pcapng_write(FILE *file, const struct control_pcapng_packet *packet)
{
    struct block block;
    size_t len = packet->len < CONTROL_PCAPNG_PACKET_MAX ? packet->len : CONTROL_PCAPNG_PACKET_MAX;
    uint64_t unix_us = (uint64_t)packet->unix_us;
    const uint8_t flags[4] = {packet->is_sent ? FLAGS_OUTBOUND : FLAGS_INBOUND};
    begin(&block, BLOCK_PACKET);
    put32(&block, 0); /* the interface */
    put32(&block, (uint32_t)(unix_us >> 32));
    put32(&block, (uint32_t)unix_us);
    size_t lengths = block.len;
    put32(&block, 0);
    put32(&block, 0);
    size_t start = block.len;
    put_dissector(&block, packet->dissector);
    put_addresses(&block, packet);
    put_tag(&block, TAG_END, "", 0);
    size_t tags = block.len - start, after;
    put_bytes(&block, packet->data, len);
    after = block.len;
    block.len = lengths;
    put32(&block, (uint32_t)(tags + len));
    put32(&block, (uint32_t)(tags + packet->original_bytes));
    block.len = after;
    put_option(&block, OPTION_FLAGS, flags, sizeof(flags));
    put_comment(&block, packet->comment);
    put_option(&block, OPTION_END, "", 0);
    return end(&block, file);
}
