/*
 * DTLS under hostile datagrams: a handshake that has begun, and one that is done. Nobody can finish
 * a handshake by guessing, end a finished one, or make us send more than a datagram may hold.
 *
 *   step: kind (1 byte, modulo 4), time passed [10 ms] (1), length (2), bytes
 *   kind: 0 datagram to the beginner, 1 handshake message to it in a well-formed record,
 *         2 datagram to the finished one, 3 only time
 */
#include "rtp/bytes.h"
#include "tests/fuzz/target.h"
#include "tests/unit/dtls_client.h"

/* Of the certificate in corpus/dtls/flights, so that it gets past the comparison. */
static const uint8_t corpus_fingerprint[TRANSPORT_FINGERPRINT_BYTES] = {
    0x1a, 0x49, 0x5e, 0x79, 0xc8, 0xd5, 0xbb, 0xc1, 0x67, 0xdb, 0xb5, 0x02, 0x63, 0x99, 0x37, 0xf2,
    0x64, 0xc3, 0xa9, 0x43, 0x10, 0x29, 0x3e, 0x01, 0xa3, 0xc9, 0xab, 0x29, 0x1b, 0xed, 0x96, 0x8b};

static struct transport_dtls_context *context;
static struct transport_dtls *finished;
static int64_t finished_now_us;

static void require(bool is_so)
{
    if (!is_so)
        abort();
}

/* Once a process: a server context, and a handshake done with OpenSSL's client. */
static void set_up(void)
{
    static struct dtls_client client;
    struct transport_certificate *server = transport_certificate_create();
    struct transport_certificate *peer = transport_certificate_create();
    struct dtls_client_params params = {.certificate = peer};
    context = transport_dtls_context_create(server);
    finished = transport_dtls_create(context, peer->fingerprint, 0);
    dtls_client_init(&client, &params);
    for (int turn = 0; turn < 4; turn++) {
        uint8_t *data;
        const uint8_t *answer;
        size_t len;
        dtls_client_run(&client, 0);
        while ((len = dtls_client_pop(&client.out, &data)) > 0)
            transport_dtls_receive(finished, data, len, 0);
        while ((len = transport_dtls_next_datagram(finished, &answer)) > 0)
            dtls_client_push(&client.in, answer, len);
    }
    require(transport_dtls_state(finished) == TRANSPORT_DTLS_CONNECTED);
    dtls_client_dispose(&client);
    transport_certificate_destroy(peer);
    transport_certificate_destroy(server); /* the SSL_CTX holds its own references */
}

static void receive(struct transport_dtls *dtls, const uint8_t *data, size_t len, int64_t now_us)
{
    const uint8_t *answer;
    size_t answer_len, total = 0;
    uint8_t *exact = malloc(len ? len : 1); /* so that AddressSanitizer sees a read past it */
    memcpy(exact, data, len);
    transport_dtls_receive(dtls, exact, len, now_us);
    free(exact);
    while ((answer_len = transport_dtls_next_datagram(dtls, &answer)) > 0) {
        require(answer_len <= TRANSPORT_DTLS_MTU_BYTES);
        total += answer_len;
    }
    require(total <= DTLS_FLIGHT_BYTES);
}

/* One plaintext record around the bytes, their lengths put right. */
static void receive_message(struct transport_dtls *dtls, const uint8_t *data, size_t len,
                            int64_t now_us)
{
    uint8_t record[4096];
    if (len < DTLS_HANDSHAKE_HEADER_BYTES || len > sizeof(record) - DTLS_RECORD_HEADER_BYTES)
        return;
    transport_record_write_header(record, DTLS_HANDSHAKE, 0, len);
    memcpy(record + DTLS_RECORD_HEADER_BYTES, data, len);
    rtp_bytes_put24(record + DTLS_RECORD_HEADER_BYTES + 9,
                    (uint32_t)(len - DTLS_HANDSHAKE_HEADER_BYTES));
    receive(dtls, record, DTLS_RECORD_HEADER_BYTES + len, now_us);
}

static void check_beginner(const struct transport_dtls *dtls)
{
    enum transport_dtls_state state = transport_dtls_state(dtls);
    require(state == TRANSPORT_DTLS_HANDSHAKE || state == TRANSPORT_DTLS_FAILED);
    require((state == TRANSPORT_DTLS_FAILED) == (transport_dtls_reason(dtls)[0] != 0));
    require((state == TRANSPORT_DTLS_FAILED) == (transport_dtls_deadline(dtls) == INT64_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!context)
        set_up();
    int64_t now_us = 0;
    struct transport_dtls *beginner = transport_dtls_create(context, corpus_fingerprint, 0);
    for (int steps = 0; size >= 4 && steps < 32; steps++) {
        int kind = data[0] % 4;
        size_t len = rtp_bytes_get16(data + 2);
        now_us += data[1] * (int64_t)10000;
        data += 4;
        size -= 4;
        len = len < size ? len : size;
        if (kind == 0)
            receive(beginner, data, len, now_us);
        else if (kind == 1)
            receive_message(beginner, data, len, now_us);
        else if (kind == 2)
            receive(finished, data, len, finished_now_us += 50000);
        transport_dtls_advance(beginner, now_us);
        check_beginner(beginner);
        require(transport_dtls_state(finished) == TRANSPORT_DTLS_CONNECTED);
        data += len;
        size -= len;
    }
    transport_dtls_destroy(beginner);
    return 0;
}
