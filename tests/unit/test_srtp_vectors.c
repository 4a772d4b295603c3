/* Vectors of the RFCs: the key derivation (RFC 3711, B.3) and AES-GCM (RFC 7714, 16 and 17). */
#include "sfu/transport/srtp.h"
#include "sfu/transport/srtp_aead.h"
#include "sfu/transport/srtp_kdf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unhex.h"

/* RFC 3711, appendix B.3. (AES-256 and 96-bit salts: by equality with libsrtp2.) */
static void test_key_derivation(void **state)
{
    struct transport_srtp_keys master = {.profile = TRANSPORT_SRTP_AES128_CM_SHA1_80};
    uint8_t expected[16], out[16];

    (void)state;
    unhex(master.key, "e1f97a0d3e018be0d64fa32c06de4139");
    unhex(master.salt, "0ec675ad498afeebb6960b3aabe6");
    unhex(expected, "c61e7a93744f39ee10734afe3ff7a087");
    assert_int_equal(transport_srtp_kdf(&master, TRANSPORT_SRTP_LABEL_RTP_KEY, out, 16), 0);
    assert_memory_equal(out, expected, 16);
    unhex(expected, "30cbbc08863d8c85d49db34a9ae1");
    assert_int_equal(transport_srtp_kdf(&master, TRANSPORT_SRTP_LABEL_RTP_SALT, out, 14), 0);
    assert_memory_equal(out, expected, 14);
}

#define RFC7714_KEY  "000102030405060708090a0b0c0d0e0f"
#define RFC7714_HIGH "101112131415161718191a1b1c1d1e1f"
#define RFC7714_SALT "517569642070726f2071756f"
#define RFC7714_RTP                                                                                \
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361"                       \
    "20696e207061727465732074726573"
#define RFC7714_RTCP                                                                               \
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"                             \
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"

static const struct {
    const char *key, *clear, *sealed;
    uint64_t index;
    bool is_rtcp;
} rfc7714_vectors[] = {
    {RFC7714_KEY, RFC7714_RTP,
     "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b3"
     "6"
     "de3adf8833899d7f27beb16a9152cf765ee4390cce",
     0xf17b, false},
    {RFC7714_KEY RFC7714_HIGH, RFC7714_RTP,
     "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1"
     "b"
     "a63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
     0xf17b, false},
    {RFC7714_KEY, RFC7714_RTCP,
     "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b468"
     "6"
     "303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
     0x5d4, true},
};

/* RFC 7714, sections 16.1.1, 16.2.1 and 17.1: session keys, so the derivation is passed by. */
static void test_rfc7714_vectors(void **state)
{

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rfc7714_vectors) / sizeof(*rfc7714_vectors); i++) {
        struct transport_aead_context *context =
            transport_aead_context_create(i % 2 ? TRANSPORT_AEAD_AUTO : TRANSPORT_AEAD_EVP);
        struct transport_srtp_aead_receiver receiver;
        struct transport_srtp_aead_keys *keys = &receiver.keys;
        uint8_t key[32], packet[128], clear[128], sealed[128];
        size_t key_bytes = unhex(key, rfc7714_vectors[i / 2].key),
               len = unhex(clear, rfc7714_vectors[i / 2].clear);
        size_t sealed_len = unhex(sealed, rfc7714_vectors[i / 2].sealed);

        keys->rtp = transport_aead_key_create(context, key, key_bytes);
        keys->rtcp = transport_aead_key_create(context, key, key_bytes);
        unhex(keys->rtp_salt, RFC7714_SALT);
        unhex(keys->rtcp_salt, RFC7714_SALT);
        transport_srtp_sources_init(&receiver.rtp, TRANSPORT_SRTP_SSRCS);
        transport_srtp_sources_init(&receiver.rtcp, TRANSPORT_SRTP_SSRCS);
        memcpy(packet, clear, len);
        if (rfc7714_vectors[i / 2].is_rtcp) {
            assert_int_equal(transport_srtp_aead_seal_rtcp(keys, packet, len,
                                                           (uint32_t)rfc7714_vectors[i / 2].index),
                             sealed_len);
            assert_memory_equal(packet, sealed, sealed_len);
            assert_int_equal(transport_srtp_aead_open_rtcp(&receiver, packet, sealed_len), len);
        } else {
            const struct transport_srtp_clear from = {packet, len, 12,
                                                      rfc7714_vectors[i / 2].index};
            uint8_t elsewhere[sizeof(packet)];
            assert_int_equal(transport_srtp_aead_seal_rtp(keys, &from, elsewhere), sealed_len);
            assert_memory_equal(elsewhere, sealed, sealed_len);
            assert_int_equal(transport_srtp_aead_seal_rtp(keys, &from, packet), sealed_len);
            assert_memory_equal(packet, sealed, sealed_len);
            assert_int_equal(transport_srtp_aead_open_rtp(&receiver, packet, sealed_len), len);
        }
        assert_memory_equal(packet, clear, len);
        transport_srtp_aead_receiver_dispose(&receiver);
        transport_aead_context_destroy(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_derivation),
        cmocka_unit_test(test_rfc7714_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
