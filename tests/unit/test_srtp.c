/*
 * SRTP sessions by themselves: what is refused, and that a refusal leaves no trace. Known answers
 * are test_srtp_vectors.c, equality with libsrtp2 is test_srtp_libsrtp.c.
 */
#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/srtp.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_BYTES (1500 + TRANSPORT_SRTP_TRAILER_BYTES)
#define SSRC      0x5501a0b2u

static const struct {
    enum transport_srtp_profile profile;
    enum transport_aead_backend backend;
} cases[] = {
    {TRANSPORT_SRTP_AEAD_AES_128_GCM, TRANSPORT_AEAD_EVP},
    {TRANSPORT_SRTP_AEAD_AES_256_GCM, TRANSPORT_AEAD_EVP},
    {TRANSPORT_SRTP_AEAD_AES_128_GCM, TRANSPORT_AEAD_AUTO},
    {TRANSPORT_SRTP_AEAD_AES_256_GCM, TRANSPORT_AEAD_AUTO},
    {TRANSPORT_SRTP_AES128_CM_SHA1_80, TRANSPORT_AEAD_AUTO},
};

/* Both ends of one direction. */
struct pair {
    struct transport_aead_context *context;
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
};

static void pair_open(struct pair *pair, size_t c)
{
    struct transport_srtp_keys keys = {.profile = cases[c].profile};

    for (int i = 0; i < TRANSPORT_SRTP_KEY_BYTES; i++)
        keys.key[i] = (uint8_t)(i * 7 + 1);
    for (int i = 0; i < TRANSPORT_SRTP_SALT_BYTES; i++)
        keys.salt[i] = (uint8_t)(i * 5 + 2);
    pair->context = transport_aead_context_create(cases[c].backend);
    assert_non_null(pair->context);
    pair->sender = transport_srtp_sender_create(pair->context, &keys);
    pair->receiver = transport_srtp_receiver_create(pair->context, &keys);
    assert_non_null(pair->sender);
    assert_non_null(pair->receiver);
}

static void pair_close(struct pair *pair)
{
    transport_srtp_sender_destroy(pair->sender);
    transport_srtp_receiver_destroy(pair->receiver);
    transport_aead_context_destroy(pair->context);
}

#define FOR_EACH_CASE(pair)                                                                        \
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases) && (pair_open(pair, c), true);           \
         pair_close(pair), c++)

#define HEADER 24 /* fixed header, one CSRC, an extension block of one word */

/* The CSRC's low half is small, because a flipped CSRC count makes it the extension's length. */
static size_t make_rtp(uint8_t *packet, uint32_t ssrc, uint16_t seq, size_t payload_len)
{
    static const uint8_t head[HEADER] = {0x91, 0x60, 0, 0, 1,    2,    3, 4, 0,    0, 0, 0,
                                         9,    8,    0, 6, 0xbe, 0xde, 0, 1, 0x10, 5, 0, 0};

    memcpy(packet, head, HEADER);
    rtp_bytes_put16(packet + 2, seq);
    rtp_bytes_put32(packet + 8, ssrc);
    for (size_t i = 0; i < payload_len; i++)
        packet[HEADER + i] = (uint8_t)(i + seq);
    return HEADER + payload_len;
}

static int seal(struct pair *pair, uint8_t *packet, uint32_t ssrc, uint64_t index,
                size_t payload_len)
{
    size_t len = make_rtp(packet, ssrc, (uint16_t)index, payload_len);

    return transport_srtp_seal_rtp(pair->sender, packet, len, HEADER, index);
}

static size_t make_rtcp(uint8_t *packet, uint32_t ssrc, size_t len)
{
    memset(packet, 0x3c, len);
    packet[0] = 0x80;
    packet[1] = 200;
    rtp_bytes_put16(packet + 2, (uint16_t)(len / 4 - 1));
    rtp_bytes_put32(packet + 4, ssrc);
    return len;
}

static void test_profiles(void **state)
{
    static const struct {
        unsigned profile;
        size_t key_bytes, salt_bytes;
        const char *name;
    } rows[] = {
        {TRANSPORT_SRTP_AEAD_AES_128_GCM, 16, 12, "AEAD_AES_128_GCM"},
        {TRANSPORT_SRTP_AEAD_AES_256_GCM, 32, 12, "AEAD_AES_256_GCM"},
        {TRANSPORT_SRTP_AES128_CM_SHA1_80, 16, 14, "AES128_CM_SHA1_80"},
        {TRANSPORT_SRTP_NONE, 0, 0, "none"},
        {0x0002, 0, 0, "none"}, /* AES128_CM_SHA1_32, not spoken here */
    };
    struct transport_aead_context *context = transport_aead_context_create(TRANSPORT_AEAD_EVP);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct transport_srtp_keys keys = {.profile = (enum transport_srtp_profile)rows[i].profile};

        assert_int_equal(transport_srtp_key_bytes(keys.profile), rows[i].key_bytes);
        assert_int_equal(transport_srtp_salt_bytes(keys.profile), rows[i].salt_bytes);
        assert_string_equal(transport_srtp_profile_name(keys.profile), rows[i].name);
        if (rows[i].key_bytes == 0) {
            assert_null(transport_srtp_sender_create(context, &keys));
            assert_null(transport_srtp_receiver_create(context, &keys));
        }
    }
    transport_srtp_sender_destroy(NULL);
    transport_srtp_receiver_destroy(NULL);
    transport_aead_context_destroy(context);
}

/* Every byte is held: header, CSRC, extension, payload, tag. The genuine packet still opens. */
static void test_tampered_rtp(void **state)
{
    uint8_t sealed[MAX_BYTES], packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        size_t payload_len = 1200; /* more than what a flipped extension length can skip */
        int len = seal(&pair, sealed, SSRC, 1000, payload_len);

        for (int at = 0; at < len; at++) {
            memcpy(packet, sealed, (size_t)len);
            packet[at] ^= 1;
            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                             IRIS_E_AUTH);
        }
        memcpy(packet, sealed, (size_t)len);
        assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len - 1),
                         IRIS_E_AUTH);
        memcpy(packet, sealed, (size_t)len);
        assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                         HEADER + payload_len);
        make_rtp(sealed, SSRC, 1000, payload_len);
        assert_memory_equal(packet, sealed, HEADER + payload_len);
    }
}

static void test_tampered_rtcp(void **state)
{
    uint8_t sealed[MAX_BYTES], packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        size_t clear_len = make_rtcp(sealed, SSRC, 64);
        int len = transport_srtp_seal_rtcp(pair.sender, sealed, clear_len);

        for (int at = 0; at < 8 * len; at++) { /* every bit, the E flag among them */
            memcpy(packet, sealed, (size_t)len);
            packet[at / 8] ^= (uint8_t)(1u << (at % 8));
            assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, (size_t)len),
                             IRIS_E_AUTH);
        }
        memcpy(packet, sealed, (size_t)len);
        assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, (size_t)len), clear_len);
        make_rtcp(sealed, SSRC, 64);
        assert_memory_equal(packet, sealed, clear_len);
    }
}

static void test_replayed(void **state)
{
    enum { COUNT = 3000, SIZE = 100 };
    static uint8_t sealed[COUNT][SIZE];
    uint8_t packet[SIZE];
    struct pair pair;
    size_t rtcp_len;
    int len = 0;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        for (int i = 0; i < COUNT; i++)
            len = seal(&pair, sealed[i], SSRC, 64000 + (uint64_t)i, 20); /* passes 65536 */
        for (int i = 0; i < COUNT; i++) {
            if (i % 100 == 7)
                continue; /* lost, and repaired later */
            memcpy(packet, sealed[i], SIZE);
            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                             HEADER + 20);
        }
        for (int i = 0; i < COUNT; i++) {
            bool is_late = i % 100 == 7 && i >= COUNT - 1024;

            memcpy(packet, sealed[i], SIZE);
            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                             is_late ? HEADER + 20 : IRIS_E_REPLAY);
        }
        rtcp_len = make_rtcp(sealed[0], SSRC, 28);
        len = transport_srtp_seal_rtcp(pair.sender, sealed[0], rtcp_len);
        memcpy(packet, sealed[0], SIZE);
        assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, (size_t)len), rtcp_len);
        memcpy(packet, sealed[0], SIZE);
        assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, (size_t)len),
                         IRIS_E_REPLAY);
    }
}

/* A packet before the wrap that comes after 1000 others of the next round, through NACK and repair.
 */
static void test_late_over_the_wrap(void **state)
{
    uint8_t late[MAX_BYTES], packet[MAX_BYTES];
    struct pair pair;
    int len;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        for (uint64_t wrap = 0x10000; wrap <= 0x30000; wrap += 0x10000) {
            /* what was sent in between is lost, in steps that the receiver can still follow */
            for (uint64_t index = wrap - 0xc000; index < wrap - 600; index += 0x3f00) {
                len = seal(&pair, packet, SSRC, index, 10);
                assert_true(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len) > 0);
            }
            len = seal(&pair, late, SSRC, wrap - 500, 10);
            for (uint64_t index = wrap + 100; index < wrap + 500; index++) {
                len = seal(&pair, packet, SSRC, index, 10);
                assert_true(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len) > 0);
            }
            assert_true(transport_srtp_open_rtp(pair.receiver, late, (size_t)len) > 0);
        }
    }
}

/* Hostile lengths and headers never reach the cipher; cut packets fail as such. */
static void test_malformed(void **state)
{
    uint8_t packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        size_t tag = c == 4 ? 10 : 16;

        for (size_t len = 0; len < 12 + tag; len++) {
            uint8_t *cut = malloc(len + 1); /* so that the sanitizer sees a read beyond it */

            make_rtp(packet, SSRC, 1, 100);
            packet[0] = 0x80;
            memcpy(cut, packet, len);
            assert_int_equal(transport_srtp_open_rtp(pair.receiver, cut, len), IRIS_E_TRUNCATED);
            free(cut);
        }
        for (size_t len = 0; len < 8 + tag + 4; len++) {
            make_rtcp(packet, SSRC, 64);
            assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, len),
                             IRIS_E_TRUNCATED);
        }
        make_rtp(packet, SSRC, 1, 100);
        packet[0] = 0x41; /* version 1 */
        assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, 150), IRIS_E_MALFORMED);
        packet[0] = 0x8f; /* 15 CSRCs leave no room for the tag */
        assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, 72 + tag - 1),
                         IRIS_E_TRUNCATED);
        packet[0] = 0x90;
        rtp_bytes_put16(packet + 14, 0xffff); /* 256 KiB of extension */
        assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, 150), IRIS_E_TRUNCATED);
    }
}

/* 64 SSRCs, not one more, and the one too many leaves no state: again it is one too many, not a
 * replay. */
static void test_ssrcs_are_bounded(void **state)
{
    uint8_t packet[MAX_BYTES], again[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        for (int round = 0; round < 3; round++) {
            for (uint32_t i = 0; i <= TRANSPORT_SRTP_SSRCS; i++) {
                int full = i < TRANSPORT_SRTP_SSRCS ? 0 : IRIS_E_FULL;
                uint32_t ssrc = i * 0x10000u + 77; /* equal low bits: nothing for a weak hash */
                int len = seal(&pair, packet, ssrc, 10 + (uint64_t)round, 30);

                memcpy(again, packet, sizeof(again));
                assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                                 full ? full : HEADER + 30);
                assert_int_equal(transport_srtp_open_rtp(pair.receiver, again, (size_t)len),
                                 full ? full : IRIS_E_REPLAY);
                len = transport_srtp_seal_rtcp(pair.sender, packet, make_rtcp(packet, ssrc, 40));
                memcpy(again, packet, sizeof(again));
                assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, (size_t)len),
                                 full ? full : 40);
                assert_int_equal(transport_srtp_open_rtcp(pair.receiver, again, (size_t)len),
                                 full ? full : IRIS_E_REPLAY);
            }
        }
    }
}

/* 500 forged SSRCs take no place: 64 genuine ones still fit. */
static void test_forged_ssrcs_take_no_place(void **state)
{
    uint8_t packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        for (uint32_t ssrc = 5000; ssrc < 5500; ssrc++) {
            memset(packet, 0xee, sizeof(packet)); /* its last bytes: an E flag and an index */
            make_rtp(packet, ssrc, 7, 50);
            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, 120), IRIS_E_AUTH);
            make_rtcp(packet, ssrc, 40);
            assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, 100), IRIS_E_AUTH);
        }
        for (uint32_t ssrc = 1; ssrc <= TRANSPORT_SRTP_SSRCS; ssrc++) {
            int len = seal(&pair, packet, ssrc, 10, 30);

            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                             HEADER + 30);
            len = transport_srtp_seal_rtcp(pair.sender, packet, make_rtcp(packet, ssrc, 40));
            assert_int_equal(transport_srtp_open_rtcp(pair.receiver, packet, (size_t)len), 40);
        }
    }
}

/* A forgery far ahead must not move the estimate: the next genuine packet opens. */
static void test_forgery_moves_no_index(void **state)
{
    uint8_t packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        for (uint64_t index = 100; index < 0x28000; index += 0x3001) {
            int len = seal(&pair, packet, SSRC, index, 40);

            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, (size_t)len),
                             HEADER + 40);
            make_rtp(packet, SSRC, (uint16_t)(index + 0x7000), 80);
            assert_int_equal(transport_srtp_open_rtp(pair.receiver, packet, HEADER + 80),
                             IRIS_E_AUTH);
        }
    }
}

static void test_wrong_key(void **state)
{
    uint8_t packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        struct transport_srtp_keys other = {.profile = cases[c].profile, .key = {1}};
        struct transport_srtp_receiver *receiver =
            transport_srtp_receiver_create(pair.context, &other);
        int len = seal(&pair, packet, SSRC, 1, 40);

        assert_int_equal(transport_srtp_open_rtp(receiver, packet, (size_t)len), IRIS_E_AUTH);
        transport_srtp_receiver_destroy(receiver);
    }
}

static void test_indices_end(void **state)
{
    uint8_t packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        assert_true(seal(&pair, packet, SSRC, (UINT64_C(1) << 48) - 1, 40) > 0);
        assert_int_equal(seal(&pair, packet, SSRC, UINT64_C(1) << 48, 40), IRIS_E_STATE);
    }
}

/*
 * The same (SSRC, index) sealed twice: with assertions on, the process stops; without, libsrtp2's
 * profile refuses. Another SSRC may use the index.
 */
static void test_nonce_is_used_once(void **state)
{
    uint8_t packet[MAX_BYTES];
    struct pair pair;

    (void)state;
    FOR_EACH_CASE(&pair)
    {
        assert_true(seal(&pair, packet, SSRC, 0x20001, 40) > 0);
        assert_true(seal(&pair, packet, SSRC + 1, 0x20001, 40) > 0);
        assert_true(seal(&pair, packet, SSRC, 0x20003, 40) > 0);
        assert_true(seal(&pair, packet, SSRC, 0x20002, 40) > 0);
#ifdef NDEBUG
        if (cases[c].profile == TRANSPORT_SRTP_AES128_CM_SHA1_80)
            assert_int_equal(seal(&pair, packet, SSRC, 0x20001, 40), IRIS_E_STATE);
#else
        int status;
        pid_t child = fork();

        if (child == 0) {
            if (!freopen("/dev/null", "w", stderr))
                _exit(1);
            signal(SIGABRT, SIG_DFL); /* cmocka catches it in the parent */
            seal(&pair, packet, SSRC, 0x20001, 40);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#endif
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_tampered_rtp),
        cmocka_unit_test(test_tampered_rtcp),
        cmocka_unit_test(test_replayed),
        cmocka_unit_test(test_late_over_the_wrap),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_ssrcs_are_bounded),
        cmocka_unit_test(test_forged_ssrcs_take_no_place),
        cmocka_unit_test(test_forgery_moves_no_index),
        cmocka_unit_test(test_wrong_key),
        cmocka_unit_test(test_indices_end),
        cmocka_unit_test(test_nonce_is_used_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
