/* One worker and one pair of certificates for all tests of a group. */
#include "transport_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/bytes.h"

struct transport_certificate *bench_client_certificate;
struct transport_worker *bench_worker;

static struct transport_certificate *server_certificate;

const struct transport_ice_credentials bench_credentials = {
    "abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs"};

struct transport_path bench_path(int i)
{
    struct transport_path path = {.local = 0};
    transport_address_set_ipv4(&path.remote, (const uint8_t[]){192, 0, 2, (uint8_t)i},
                               (uint16_t)(50000 + i));
    return path;
}

void bench_init(struct bench *bench, const char *profiles)
{
    static struct dtls_client_params params;
    struct transport_params ours = {.ice = bench_credentials};
    memset(bench, 0, sizeof(*bench));
    memcpy(ours.fingerprint, bench_client_certificate->fingerprint, sizeof(ours.fingerprint));
    params =
        (struct dtls_client_params){.certificate = bench_client_certificate, .profiles = profiles};
    stun_client_init(&bench->stun, &bench_credentials);
    dtls_client_init(&bench->dtls, &params);
    bench->transport = transport_create(bench_worker, &ours, 0);
    bench->aead = transport_aead_context_create(TRANSPORT_AEAD_EVP);
    assert_non_null(bench->transport);
    assert_non_null(bench->aead);
}

void bench_dispose(struct bench *bench)
{
    if (bench->sender)
        transport_srtp_sender_destroy(bench->sender);
    if (bench->receiver)
        transport_srtp_receiver_destroy(bench->receiver);
    transport_aead_context_destroy(bench->aead);
    transport_destroy(bench->transport);
    dtls_client_dispose(&bench->dtls);
}

enum transport_verdict bench_receive(struct bench *bench, int path, uint8_t *data, size_t *len,
                                     int64_t now_us)
{
    struct transport_datagram datagram = {bench_path(path), data, *len};
    enum transport_verdict verdict = transport_receive(bench->transport, &datagram, now_us);
    *len = datagram.len;
    return verdict;
}

void bench_check(struct bench *bench, int path, bool is_nominating, int64_t now_us)
{
    struct transport_datagram datagram;
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    struct transport_path expected = bench_path(path);
    stun_client_write(&bench->stun,
                      &(struct stun_client_check){.priority = 100, .is_nominating = is_nominating});
    assert_int_equal(bench_receive(bench, path, bench->stun.data, &bench->stun.len, now_us),
                     TRANSPORT_HANDLED);
    assert_true(transport_next_datagram(bench->transport, &datagram));
    assert_true(transport_path_is_equal(&datagram.path, &expected));
    reply.len = datagram.len;
    memcpy(reply.data, datagram.data, datagram.len);
    assert_int_equal(stun_client_read(&bench->stun, &reply, &mapped), 0);
}

void bench_shake_hands(struct bench *bench, int from_path, int to_path, int64_t now_us)
{
    struct transport_datagram datagram;
    struct transport_path expected = bench_path(to_path);
    for (int turn = 0; turn < 4; turn++) {
        uint8_t *data;
        size_t len;
        dtls_client_run(&bench->dtls, now_us);
        while ((len = dtls_client_pop(&bench->dtls.out, &data)) > 0)
            assert_int_equal(bench_receive(bench, from_path, data, &len, now_us),
                             TRANSPORT_HANDLED);
        while (transport_next_datagram(bench->transport, &datagram)) {
            assert_true(transport_path_is_equal(&datagram.path, &expected));
            dtls_client_push(&bench->dtls.in, datagram.data, datagram.len);
        }
    }
}

void bench_key_client(struct bench *bench)
{
    struct transport_srtp_keys send, receive_keys;
    dtls_client_keys(&bench->dtls, &send, &receive_keys);
    bench->sender = transport_srtp_sender_create(bench->aead, &send);
    bench->receiver = transport_srtp_receiver_create(bench->aead, &receive_keys);
    assert_non_null(bench->sender);
    assert_non_null(bench->receiver);
}

size_t bench_write_rtp(uint8_t *out, uint16_t seq)
{
    static const uint8_t header[12] = {0x80, 96, 0, 0, 0, 0, 0, 1, 0xca, 0xfe, 0, 1};
    memcpy(out, header, sizeof(header));
    rtp_bytes_put16(out + 2, seq);
    memset(out + 12, 0x5a, 100);
    return 112;
}

size_t bench_write_rtcp(uint8_t *out)
{
    static const uint8_t empty_report[8] = {0x80, 201, 0, 1, 0xca, 0xfe, 0, 1};
    memcpy(out, empty_report, sizeof(empty_report));
    return sizeof(empty_report);
}

size_t bench_seal_rtp_at(struct bench *bench, uint8_t *out, uint64_t index)
{
    size_t len = bench_write_rtp(out, (uint16_t)index);
    int sealed = transport_srtp_seal_rtp(bench->sender, out, len, 12, index);
    assert_in_range(sealed, len + 10, len + TRANSPORT_SRTP_TRAILER_BYTES);
    return (size_t)sealed;
}

size_t bench_seal_rtp(struct bench *bench, uint8_t *out, uint16_t seq)
{
    return bench_seal_rtp_at(bench, out, seq);
}

void bench_exchange_media(struct bench *bench, int64_t now_us)
{
    uint8_t packet[256], plain[256];
    size_t len = bench_seal_rtp(bench, packet, 1);
    size_t plain_len = bench_write_rtp(plain, 1);
    assert_int_equal(bench_receive(bench, 1, packet, &len, now_us), TRANSPORT_RTP);
    assert_int_equal(len, plain_len);
    assert_memory_equal(packet, plain, len);

    plain_len = bench_write_rtcp(plain);
    int sealed = transport_srtp_seal_rtcp(bench->sender, packet, bench_write_rtcp(packet));
    len = (size_t)sealed;
    assert_int_equal(bench_receive(bench, 1, packet, &len, now_us), TRANSPORT_RTCP);
    assert_int_equal(len, plain_len);
    assert_memory_equal(packet, plain, len);

    plain_len = bench_write_rtp(plain, 9);
    const struct transport_srtp_clear clear = {packet, bench_write_rtp(packet, 9), 12, 9};
    sealed = transport_seal_rtp(bench->transport, &clear, packet);
    assert_int_equal(transport_srtp_open_rtp(bench->receiver, packet, (size_t)sealed), plain_len);
    assert_memory_equal(packet, plain, plain_len);

    plain_len = bench_write_rtcp(plain);
    sealed = transport_seal_rtcp(bench->transport, packet, bench_write_rtcp(packet));
    assert_int_equal(transport_srtp_open_rtcp(bench->receiver, packet, (size_t)sealed), plain_len);
    assert_memory_equal(packet, plain, plain_len);
}

int bench_set_up(void **state)
{
    (void)state;
    server_certificate = transport_certificate_create();
    bench_client_certificate = transport_certificate_create();
    bench_worker = transport_worker_create(server_certificate, TRANSPORT_AEAD_AUTO);
    return server_certificate && bench_client_certificate && bench_worker &&
                   transport_worker_aead_name(bench_worker)[0]
               ? 0
               : -1;
}

int bench_tear_down(void **state)
{
    (void)state;
    transport_worker_destroy(bench_worker);
    transport_certificate_destroy(server_certificate);
    transport_certificate_destroy(bench_client_certificate);
    return 0;
}
