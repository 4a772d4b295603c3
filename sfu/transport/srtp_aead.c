/*
 * SRTP and SRTCP with AES-GCM (RFC 7714), in place.
 *
 *   SRTP                                        SRTCP (section 9.2)
 *   | header, CSRCs, extension | payload | tag |    | 8 bytes | rest | tag | E and index |
 *   |<-- associated data ----->|<- sealed ---->|    |<- AAD ->|<- sealed ->|<-- AAD ---->|
 *
 * SRTCP without encryption (E = 0) is refused as unauthenticated: WebRTC does not negotiate it
 * (RFC 8827, section 6.5), and libsrtp2 refuses it for the other profile.
 */
#include "sfu/transport/srtp_aead.h"

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/packet.h"
#include "sfu/transport/srtp_kdf.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#define RTCP_HEADER_BYTES 8 /* RFC 3550, 6.4: header word and the sender's SSRC stay in clear */
#define RTCP_AAD_BYTES    (RTCP_HEADER_BYTES + ESRTCP_BYTES)
#define ESRTCP_BYTES      4
#define E_FLAG            UINT32_C(0x80000000)

static struct transport_aead_key *derive_key(struct transport_aead_context *context,
                                             const struct transport_srtp_keys *master,
                                             enum transport_srtp_label label)
{
    uint8_t key[TRANSPORT_SRTP_KEY_BYTES];
    size_t key_bytes = transport_srtp_key_bytes(master->profile);
    struct transport_aead_key *expanded = NULL;

    if (transport_srtp_kdf(master, label, key, key_bytes) == 0)
        expanded = transport_aead_key_create(context, key, key_bytes);
    OPENSSL_cleanse(key, sizeof(key));
    return expanded;
}

int transport_srtp_aead_keys_init(struct transport_srtp_aead_keys *keys,
                                  struct transport_aead_context *context,
                                  const struct transport_srtp_keys *master)
{
    keys->rtp = derive_key(context, master, TRANSPORT_SRTP_LABEL_RTP_KEY);
    keys->rtcp = derive_key(context, master, TRANSPORT_SRTP_LABEL_RTCP_KEY);
    if (!keys->rtp || !keys->rtcp ||
        transport_srtp_kdf(master, TRANSPORT_SRTP_LABEL_RTP_SALT, keys->rtp_salt,
                           sizeof(keys->rtp_salt)) != 0 ||
        transport_srtp_kdf(master, TRANSPORT_SRTP_LABEL_RTCP_SALT, keys->rtcp_salt,
                           sizeof(keys->rtcp_salt)) != 0)
        return IRIS_E_NO_MEMORY;
    return 0;
}

void transport_srtp_aead_keys_dispose(struct transport_srtp_aead_keys *keys)
{
    transport_aead_key_destroy(keys->rtp);
    transport_aead_key_destroy(keys->rtcp);
    OPENSSL_cleanse(keys, sizeof(*keys));
}

int transport_srtp_aead_receiver_init(struct transport_srtp_aead_receiver *receiver,
                                      struct transport_aead_context *context,
                                      const struct transport_srtp_keys *master)
{
    transport_srtp_sources_init(&receiver->rtp, TRANSPORT_SRTP_SSRCS);
    transport_srtp_sources_init(&receiver->rtcp, TRANSPORT_SRTP_SSRCS);
    return transport_srtp_aead_keys_init(&receiver->keys, context, master);
}

void transport_srtp_aead_receiver_dispose(struct transport_srtp_aead_receiver *receiver)
{
    transport_srtp_aead_keys_dispose(&receiver->keys);
    transport_srtp_sources_dispose(&receiver->rtp);
    transport_srtp_sources_dispose(&receiver->rtcp);
}

/*
 * The IV of both protocols (RFC 7714, sections 8.1 and 9.1): 16 zero bits, SSRC, then the 48 bits
 * of ROC and SEQ, or 17 zero bits and the 31-bit SRTCP index, which is the same number; XOR the
 * salt.
 */
static void make_iv(uint8_t *iv, const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
    uint64_t high = (uint64_t)ssrc << 16 | (uint16_t)(index >> 32);
    rtp_bytes_put64(iv, high ^ rtp_bytes_get64(salt));
    rtp_bytes_put32(iv + 8, (uint32_t)index ^ rtp_bytes_get32(salt + 8));
}

/* After authentication: remember index, and the SSRC if it is new. */
static int accept_index(struct transport_srtp_sources *sources,
                        struct transport_srtp_source *source, uint32_t ssrc, uint64_t index)
{
    if (!source) {
        int error = transport_srtp_sources_add(sources, ssrc, &source);

        if (error)
            return error;
    }
    rtp_seen_accept(&source->window, index);
    return 0;
}

int transport_srtp_aead_seal_rtp(const struct transport_srtp_aead_keys *keys,
                                 const struct transport_srtp_clear *clear, uint8_t *out)
{
    const uint8_t *packet = clear->packet;
    size_t header_len = clear->header_len, payload_len = clear->len - header_len;
    uint8_t iv[TRANSPORT_AEAD_IV_BYTES];

    make_iv(iv, keys->rtp_salt, rtp_bytes_get32(packet + 8), clear->index);
    if (out != packet)
        memcpy(out, packet, header_len);
    const struct transport_aead_clear input = {iv, packet, header_len, packet + header_len,
                                               payload_len};
    transport_aead_seal(keys->rtp, &input, out + header_len);
    return (int)(clear->len + TRANSPORT_AEAD_TAG_BYTES);
}

int transport_srtp_aead_open_rtp(struct transport_srtp_aead_receiver *receiver, uint8_t *packet,
                                 size_t len)
{
    struct transport_srtp_source *source;
    uint8_t iv[TRANSPORT_AEAD_IV_BYTES];
    size_t clear_len;
    int header_len, error;
    uint32_t ssrc;
    uint64_t index;

    if (len < RTP_HEADER_BYTES + TRANSPORT_AEAD_TAG_BYTES)
        return IRIS_E_TRUNCATED;
    clear_len = len - TRANSPORT_AEAD_TAG_BYTES;
    header_len = rtp_packet_header_len(packet, clear_len);
    if (header_len < 0)
        return header_len;
    ssrc = rtp_bytes_get32(packet + 8);
    source = transport_srtp_sources_find(&receiver->rtp, ssrc);
    index = transport_srtp_source_estimate(source, rtp_bytes_get16(packet + 2));
    if (source && rtp_seen_check(&source->window, index) != 0)
        return IRIS_E_REPLAY;
    make_iv(iv, receiver->keys.rtp_salt, ssrc, index);
    error = transport_aead_open(receiver->keys.rtp, iv, packet, (size_t)header_len,
                                packet + header_len, clear_len - (size_t)header_len);
    if (error)
        return error;
    error = accept_index(&receiver->rtp, source, ssrc, index);
    return error ? error : (int)clear_len;
}

int transport_srtp_aead_seal_rtcp(const struct transport_srtp_aead_keys *keys, uint8_t *packet,
                                  size_t len, uint32_t index)
{
    uint8_t iv[TRANSPORT_AEAD_IV_BYTES];
    uint8_t aad[RTCP_AAD_BYTES];

    assert(len >= RTCP_HEADER_BYTES && index < TRANSPORT_SRTCP_INDEX_LIMIT);
    memcpy(aad, packet, RTCP_HEADER_BYTES);
    rtp_bytes_put32(aad + RTCP_HEADER_BYTES, E_FLAG | index);
    make_iv(iv, keys->rtcp_salt, rtp_bytes_get32(packet + 4), index);
    const struct transport_aead_clear input = {iv, aad, sizeof(aad), packet + RTCP_HEADER_BYTES,
                                               len - RTCP_HEADER_BYTES};
    transport_aead_seal(keys->rtcp, &input, packet + RTCP_HEADER_BYTES);
    memcpy(packet + len + TRANSPORT_AEAD_TAG_BYTES, aad + RTCP_HEADER_BYTES, ESRTCP_BYTES);
    return (int)(len + TRANSPORT_AEAD_TAG_BYTES + ESRTCP_BYTES);
}

int transport_srtp_aead_open_rtcp(struct transport_srtp_aead_receiver *receiver, uint8_t *packet,
                                  size_t len)
{
    struct transport_srtp_source *source;
    uint8_t iv[TRANSPORT_AEAD_IV_BYTES];
    uint8_t aad[RTCP_AAD_BYTES];
    uint32_t ssrc, esrtcp, index;
    size_t clear_len;
    int error;

    if (len < RTCP_HEADER_BYTES + TRANSPORT_AEAD_TAG_BYTES + ESRTCP_BYTES)
        return IRIS_E_TRUNCATED;
    clear_len = len - TRANSPORT_AEAD_TAG_BYTES - ESRTCP_BYTES;
    esrtcp = rtp_bytes_get32(packet + len - ESRTCP_BYTES);
    if (!(esrtcp & E_FLAG))
        return IRIS_E_AUTH;
    index = esrtcp & ~E_FLAG;
    ssrc = rtp_bytes_get32(packet + 4);
    source = transport_srtp_sources_find(&receiver->rtcp, ssrc);
    if (source && rtp_seen_check(&source->window, index) != 0)
        return IRIS_E_REPLAY;
    memcpy(aad, packet, RTCP_HEADER_BYTES);
    memcpy(aad + RTCP_HEADER_BYTES, packet + len - ESRTCP_BYTES, ESRTCP_BYTES);
    make_iv(iv, receiver->keys.rtcp_salt, ssrc, index);
    error = transport_aead_open(receiver->keys.rtcp, iv, aad, sizeof(aad),
                                packet + RTCP_HEADER_BYTES, clear_len - RTCP_HEADER_BYTES);
    if (error)
        return error;
    error = accept_index(&receiver->rtcp, source, ssrc, index);
    return error ? error : (int)clear_len;
}
