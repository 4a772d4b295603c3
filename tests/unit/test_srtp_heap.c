/* What an SRTP session costs in heap, ours and libsrtp2's
 * (docs/decisions/0003-srtcp-aead-is-ours.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>

#include "srtp_bench.h"

static size_t heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

enum { SESSIONS = 32 };

/* One RTP and one RTCP packet through a pair: what is made on first use is counted, too. */
static void exercise_ours(struct srtp_bench *bench)
{
    uint32_t packet[32];
    int len;

    make_rtcp((uint8_t *)packet, SSRC, 28);
    len = transport_srtp_seal_rtcp(bench->sender, (uint8_t *)packet, 28);
    assert_int_equal(transport_srtp_open_rtcp(bench->receiver, (uint8_t *)packet, (size_t)len), 28);
    memset(packet, 0, sizeof(packet));
    *(uint8_t *)packet = 0x80;
    len = transport_srtp_seal_rtp(bench->sender, (uint8_t *)packet, 60, 12, 0);
    assert_int_equal(transport_srtp_open_rtp(bench->receiver, (uint8_t *)packet, (size_t)len), 60);
}

static void exercise_oracle(struct srtp_bench *bench)
{
    uint32_t packet[64];
    int len = 28;

    make_rtcp((uint8_t *)packet, SSRC, 28);
    assert_int_equal(srtp_protect_rtcp(bench->oracle_out, packet, &len), 0);
    assert_int_equal(srtp_unprotect_rtcp(bench->oracle_in, packet, &len), 0);
    memset(packet, 0, sizeof(packet));
    *(uint8_t *)packet = 0x80;
    len = 60;
    assert_int_equal(srtp_protect(bench->oracle_out, packet, &len), 0);
    assert_int_equal(srtp_unprotect(bench->oracle_in, packet, &len), 0);
}

/* Heap of a pair of sessions (sender and receiver), mean of SESSIONS after a first one [bytes]. */
static void measure(size_t c, size_t *ours, size_t *theirs)
{
    static struct srtp_bench pairs[SESSIONS + 1];
    struct transport_srtp_keys keys = srtp_bench_keys(srtp_cases[c].profile);
    struct transport_aead_context *context = transport_aead_context_create(srtp_cases[c].backend);
    size_t before = 0;

    for (int i = 0; i <= SESSIONS; i++) {
        before = i == 1 ? heap_in_use() : before;
        pairs[i].sender = transport_srtp_sender_create(context, &keys);
        pairs[i].receiver = transport_srtp_receiver_create(context, &keys);
        exercise_ours(&pairs[i]);
    }
    *ours = (heap_in_use() - before) / SESSIONS;
    for (int i = 0; i <= SESSIONS; i++) {
        before = i == 1 ? heap_in_use() : before;
        pairs[i].oracle_out = oracle_create(&keys, ssrc_any_outbound, sec_serv_conf_and_auth);
        pairs[i].oracle_in = oracle_create(&keys, ssrc_any_inbound, sec_serv_conf_and_auth);
        exercise_oracle(&pairs[i]);
    }
    *theirs = (heap_in_use() - before) / SESSIONS;
    for (int i = 0; i <= SESSIONS; i++) {
        pairs[i].context = NULL;
        srtp_bench_close(&pairs[i]);
    }
    transport_aead_context_destroy(context);
}

static void test_heap_of_a_session_pair(void **state)
{
    size_t before = heap_in_use();
    void *volatile probe = malloc(4096); /* volatile: or the compiler drops it */
    bool is_measurable = heap_in_use() >= before + 4096;

    (void)state;
    free(probe);
    if (!is_measurable) /* a sanitizer's allocator */
        skip();
    for (size_t c = 0; c < SRTP_CASES; c++) {
        struct transport_aead_context *context =
            transport_aead_context_create(srtp_cases[c].backend);
        size_t ours, theirs;

        measure(c, &ours, &theirs);
        print_message("heap of a sender and a receiver, %s, %s: ours %zu bytes, libsrtp2 %zu\n",
                      transport_srtp_profile_name(srtp_cases[c].profile),
                      transport_aead_context_name(context), ours, theirs);
        if (srtp_cases[c].profile != TRANSPORT_SRTP_AES128_CM_SHA1_80)
            assert_true(ours < theirs);
        transport_aead_context_destroy(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_of_a_session_pair),
    };

    return cmocka_run_group_tests(tests, srtp_bench_set_up, NULL);
}
