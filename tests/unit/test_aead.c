/*
 * AES-GCM: the test cases of its authors on both back ends, equality of the back ends, tampering.
 */
#include "rtp/error.h"
#include "sfu/transport/aead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unhex.h"

#define TAG       TRANSPORT_AEAD_TAG_BYTES
#define MAX_BYTES 1500
#define CANARY    0xA5

/* [0] EVP, [1] libipsec-mb, NULL where the CPU lacks it. */
static struct transport_aead_context *contexts[2];

static int set_up(void **state)
{
    (void)state;
    contexts[0] = transport_aead_context_create(TRANSPORT_AEAD_EVP);
    contexts[1] = transport_aead_context_create(TRANSPORT_AEAD_IPSEC_MB);
    if (!contexts[1])
        print_message("libipsec-mb does not run here: its rows are left out\n");
    return contexts[0] ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    transport_aead_context_destroy(contexts[0]);
    transport_aead_context_destroy(contexts[1]);
    transport_aead_context_destroy(NULL);
    return 0;
}

static void fill(uint8_t *out, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        out[i] = (uint8_t)(seed >> 24);
    }
}

#define GCM_IV  "cafebabefacedbaddecaf888"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_TEXT                                                                                   \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6" \
    "b5"                                                                                           \
    "25b16aedf5aa0de657ba637b39"

/* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: cases 1, 4, 13 and 16. */
static void test_known_answers(void **state)
{
    static const struct {
        const char *key, *iv, *aad, *text, *sealed;
    } cases[] = {
        {"00000000000000000000000000000000", "000000000000000000000000", "", "",
         "58e2fccefa7e3061367f1d57a4e7455a"},
        {GCM_KEY, GCM_IV, GCM_AAD, GCM_TEXT,
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aa"
         "c84"
         "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {GCM_KEY GCM_KEY, GCM_IV, GCM_AAD, GCM_TEXT,
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
         "682"
         "8838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases) * 2; i++) {
        struct transport_aead_context *context = contexts[i % 2];
        uint8_t key[32], iv[12], aad[32], text[128], data[128], sealed[128];
        size_t key_len = unhex(key, cases[i / 2].key), aad_len = unhex(aad, cases[i / 2].aad);
        size_t len = unhex(text, cases[i / 2].text),
               sealed_len = unhex(sealed, cases[i / 2].sealed);
        struct transport_aead_key *made;

        if (!context)
            continue;
        unhex(iv, cases[i / 2].iv);
        memcpy(data, text, len);
        made = transport_aead_key_create(context, key, key_len);
        assert_non_null(made);
        assert_int_equal(sealed_len, len + TAG);
        transport_aead_seal(made, &(struct transport_aead_clear){iv, aad, aad_len, data, len},
                            data);
        assert_memory_equal(data, sealed, sealed_len);
        assert_int_equal(transport_aead_open(made, iv, aad, aad_len, data, len), 0);
        assert_memory_equal(data, text, len);
        transport_aead_key_destroy(made);
    }
}

/* What one back end seals, the other opens; the bytes are the same, and none behind the tag is
 * touched. */
static void test_back_ends_agree(void **state)
{
    static const size_t aad_lens[] = {0, 1, 12, 16, 20, 28, 72, 255};
    uint8_t key[32], aad[256], iv[12], text[MAX_BYTES], a[MAX_BYTES + TAG + 1],
        b[MAX_BYTES + TAG + 1];

    (void)state;
    if (!contexts[1])
        skip();
    fill(key, sizeof(key), 1);
    fill(aad, sizeof(aad), 2);
    for (size_t key_len = 16; key_len <= 32; key_len += 16) {
        struct transport_aead_key *evp = transport_aead_key_create(contexts[0], key, key_len);
        struct transport_aead_key *mb = transport_aead_key_create(contexts[1], key, key_len);

        for (size_t len = 0; len <= MAX_BYTES; len += len < 300 ? 1 : 7) {
            size_t aad_len = aad_lens[len % (sizeof(aad_lens) / sizeof(*aad_lens))];

            fill(iv, sizeof(iv), (uint32_t)len);
            fill(text, len, (uint32_t)len + 3);
            memcpy(a, text, len);
            memcpy(b, text, len);
            a[len + TAG] = b[len + TAG] = CANARY;
            transport_aead_seal(evp, &(struct transport_aead_clear){iv, aad, aad_len, a, len}, a);
            transport_aead_seal(mb, &(struct transport_aead_clear){iv, aad, aad_len, b, len}, b);
            assert_memory_equal(a, b, len + TAG + 1);
            assert_int_equal(a[len + TAG], CANARY);
            assert_int_equal(transport_aead_open(mb, iv, aad, aad_len, a, len), 0);
            assert_int_equal(transport_aead_open(evp, iv, aad, aad_len, b, len), 0);
            assert_memory_equal(a, text, len);
            assert_memory_equal(b, text, len);
        }
        transport_aead_key_destroy(evp);
        transport_aead_key_destroy(mb);
    }
}

/* Every byte of IV, associated data, cipher text and tag is held; the key goes on working. */
static void test_tampering(void **state)
{
    enum { AAD = 20, LEN = 100 };
    uint8_t key[16], original[12 + AAD + LEN + TAG], copy[sizeof(original)], text[LEN];

    (void)state;
    fill(key, sizeof(key), 4);
    fill(original, sizeof(original), 5);
    memcpy(text, original + 12 + AAD, LEN);
    for (int c = 0; c < 2; c++) {
        struct transport_aead_key *made;

        if (!contexts[c])
            continue;
        made = transport_aead_key_create(contexts[c], key, sizeof(key));
        memcpy(original + 12 + AAD, text, LEN);
        transport_aead_seal(
            made,
            &(struct transport_aead_clear){original, original + 12, AAD, original + 12 + AAD, LEN},
            original + 12 + AAD);
        for (size_t at = 0; at < sizeof(original); at++) {
            memcpy(copy, original, sizeof(copy));
            copy[at] ^= (uint8_t)(1u << (at % 8));
            assert_int_equal(transport_aead_open(made, copy, copy + 12, AAD, copy + 12 + AAD, LEN),
                             IRIS_E_AUTH);
            memcpy(copy, original, sizeof(copy));
            assert_int_equal(transport_aead_open(made, copy, copy + 12, AAD, copy + 12 + AAD, LEN),
                             0);
            assert_memory_equal(copy + 12 + AAD, text, LEN);
        }
        transport_aead_key_destroy(made);
    }
}

static void test_choice(void **state)
{
    struct transport_aead_context *automatic = transport_aead_context_create(TRANSPORT_AEAD_AUTO);

    (void)state;
    assert_non_null(automatic);
    assert_string_equal(transport_aead_context_name(contexts[0]), "openssl evp");
    if (contexts[1]) {
        assert_memory_equal(transport_aead_context_name(contexts[1]), "ipsec-mb ", 9);
        assert_string_equal(transport_aead_context_name(automatic),
                            transport_aead_context_name(contexts[1]));
    } else {
        assert_string_equal(transport_aead_context_name(automatic), "openssl evp");
    }
    print_message("chosen: %s\n", transport_aead_context_name(automatic));
    transport_aead_key_destroy(NULL);
    transport_aead_context_destroy(automatic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_back_ends_agree),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_choice),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
