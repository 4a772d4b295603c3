#include "srtp_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/bytes.h"

const struct srtp_case srtp_cases[SRTP_CASES] = {
    {TRANSPORT_SRTP_AEAD_AES_128_GCM, TRANSPORT_AEAD_EVP},
    {TRANSPORT_SRTP_AEAD_AES_256_GCM, TRANSPORT_AEAD_EVP},
    {TRANSPORT_SRTP_AEAD_AES_128_GCM, TRANSPORT_AEAD_AUTO},
    {TRANSPORT_SRTP_AEAD_AES_256_GCM, TRANSPORT_AEAD_AUTO},
    {TRANSPORT_SRTP_AES128_CM_SHA1_80, TRANSPORT_AEAD_AUTO},
};

struct transport_srtp_keys srtp_bench_keys(enum transport_srtp_profile profile)
{
    struct transport_srtp_keys keys = {.profile = profile};

    for (int i = 0; i < TRANSPORT_SRTP_KEY_BYTES; i++)
        keys.key[i] = (uint8_t)(i * 11 + 3);
    for (int i = 0; i < TRANSPORT_SRTP_SALT_BYTES; i++)
        keys.salt[i] = (uint8_t)(i * 13 + 4);
    return keys;
}

srtp_t oracle_create(const struct transport_srtp_keys *keys, srtp_ssrc_type_t type,
                     srtp_sec_serv_t rtcp_service)
{
    uint8_t master[TRANSPORT_SRTP_KEY_BYTES + TRANSPORT_SRTP_SALT_BYTES];
    size_t key_bytes = transport_srtp_key_bytes(keys->profile);
    srtp_profile_t profile = (srtp_profile_t)keys->profile; /* IANA's numbers on both sides */
    srtp_policy_t policy;
    srtp_t session;

    memcpy(master, keys->key, key_bytes);
    memcpy(master + key_bytes, keys->salt, transport_srtp_salt_bytes(keys->profile));
    memset(&policy, 0, sizeof(policy));
    assert_int_equal(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile), 0);
    assert_int_equal(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile), 0);
    policy.rtcp.sec_serv = rtcp_service;
    policy.ssrc.type = type;
    policy.ssrc.value = SSRC;
    policy.key = master;
    policy.window_size = 1024;
    assert_int_equal(srtp_create(&session, &policy), 0);
    return session;
}

void srtp_bench_open(struct srtp_bench *bench, size_t c)
{
    struct transport_srtp_keys keys = srtp_bench_keys(srtp_cases[c].profile);

    bench->context = transport_aead_context_create(srtp_cases[c].backend);
    assert_non_null(bench->context);
    bench->sender = transport_srtp_sender_create(bench->context, &keys);
    bench->receiver = transport_srtp_receiver_create(bench->context, &keys);
    assert_non_null(bench->sender);
    assert_non_null(bench->receiver);
    bench->oracle_out = oracle_create(&keys, ssrc_any_outbound, sec_serv_conf_and_auth);
    bench->oracle_in = oracle_create(&keys, ssrc_any_inbound, sec_serv_conf_and_auth);
}

void srtp_bench_close(struct srtp_bench *bench)
{
    transport_srtp_sender_destroy(bench->sender);
    transport_srtp_receiver_destroy(bench->receiver);
    transport_aead_context_destroy(bench->context);
    srtp_dealloc(bench->oracle_out);
    srtp_dealloc(bench->oracle_in);
}

static uint32_t random_state;

void seed_random(uint32_t seed)
{
    random_state = seed;
}

uint32_t next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

size_t make_rtcp(uint8_t *packet, uint32_t ssrc, size_t len)
{
    for (size_t i = 0; i < len; i++)
        packet[i] = (uint8_t)next_random();
    packet[0] = 0x80;
    packet[1] = 200;
    rtp_bytes_put16(packet + 2, (uint16_t)(len / 4 - 1));
    rtp_bytes_put32(packet + 4, ssrc);
    return len;
}

int srtp_bench_set_up(void **state)
{
    struct transport_srtp_keys keys = srtp_bench_keys(TRANSPORT_SRTP_AES128_CM_SHA1_80);
    struct transport_srtp_sender *sender = transport_srtp_sender_create(NULL, &keys);

    (void)state;
    transport_srtp_sender_destroy(sender);
    return sender ? 0 : -1;
}
