/*
 * iris-bench floor: sealing, to one receiver and to a hundred with a key each, so that the cost of
 * keys that are not in the cache shows. floor_jobs.c seals many packets a call.
 *
 * Every batch is opened again by sfu/transport: what does not open was not sealed.
 */
#include "bench/floor_seal.h"
#include "bench/bench.h"
#include "rtp/bytes.h"

#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#define SSRC UINT32_C(0x49524953)

enum method { BY_LIBSRTP, BY_EVP, BY_DIRECT, BY_JOBS, METHODS };

static const struct {
    enum method method;
    enum transport_srtp_profile profile;
    const char *name;
} kinds[] = {
    {BY_LIBSRTP, TRANSPORT_SRTP_AEAD_AES_128_GCM, "GCM-128, libsrtp2"},
    {BY_EVP, TRANSPORT_SRTP_AEAD_AES_128_GCM, "GCM-128, OpenSSL EVP"},
    {BY_DIRECT, TRANSPORT_SRTP_AEAD_AES_128_GCM, "GCM-128, libipsec-mb, one a call"},
    {BY_JOBS, TRANSPORT_SRTP_AEAD_AES_128_GCM, "GCM-128, libipsec-mb, 32 jobs a call"},
    {BY_LIBSRTP, TRANSPORT_SRTP_AES128_CM_SHA1_80, "CM-SHA1_80, libsrtp2"},
    {BY_JOBS, TRANSPORT_SRTP_AES128_CM_SHA1_80, "CM-SHA1_80, libipsec-mb, 32 jobs a call"},
};

#define KINDS   (sizeof(kinds) / sizeof(*kinds))
#define COLUMNS 2

static const unsigned receivers_of[COLUMNS] = {1, FLOOR_SEAL_RECEIVERS};

/* One cell: a session a receiver, whatever the method needs of it. */
struct cell {
    srtp_t lib[FLOOR_SEAL_RECEIVERS];
    struct transport_srtp_sender *senders[FLOOR_SEAL_RECEIVERS];
    struct transport_srtp_receiver *receivers[FLOOR_SEAL_RECEIVERS];
    struct floor_jobs *jobs;
    uint64_t index; /* of the next packet; all sessions share the count */
};

struct bench {
    struct transport_aead_context
        *contexts[METHODS]; /* NULL: not here; one back end, one context */
    struct cell cells[KINDS][COLUMNS];
    struct floor_sealed batch[FLOOR_SEAL_BATCH];
};

static struct transport_srtp_keys keys_of(enum transport_srtp_profile profile, unsigned receiver)
{
    struct transport_srtp_keys keys = {.profile = profile};

    for (unsigned i = 0; i < sizeof(keys.key); i++)
        keys.key[i] = (uint8_t)(7 * i + receiver);
    for (unsigned i = 0; i < sizeof(keys.salt); i++)
        keys.salt[i] = (uint8_t)(5 * i + 3 * receiver);
    return keys;
}

/* libsrtp2 wants key and salt in one piece. */
static int open_lib(srtp_t *session, const struct transport_srtp_keys *keys)
{
    uint8_t key[TRANSPORT_SRTP_KEY_BYTES + TRANSPORT_SRTP_SALT_BYTES];
    size_t key_bytes = transport_srtp_key_bytes(keys->profile);
    srtp_policy_t policy = {.key = key, .window_size = 1024};

    memcpy(key, keys->key, key_bytes);
    memcpy(key + key_bytes, keys->salt, transport_srtp_salt_bytes(keys->profile));
    if (keys->profile == TRANSPORT_SRTP_AES128_CM_SHA1_80)
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    else
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    policy.rtcp = policy.rtp;
    policy.ssrc.type = ssrc_any_outbound;
    return srtp_create(session, &policy) ? -1 : 0;
}

static int open_session(struct bench *bench, unsigned kind, struct cell *cell, unsigned receiver)
{
    enum method method = kinds[kind].method;
    struct transport_srtp_keys keys = keys_of(kinds[kind].profile, receiver);

    /* The receiver first: the transport initialises libsrtp2 with its first session. */
    cell->receivers[receiver] = transport_srtp_receiver_create(bench->contexts[BY_LIBSRTP], &keys);
    if (!cell->receivers[receiver])
        return -1;
    if (method == BY_LIBSRTP)
        return open_lib(&cell->lib[receiver], &keys);
    if (method == BY_JOBS)
        return floor_jobs_add(cell->jobs, &keys);
    cell->senders[receiver] = transport_srtp_sender_create(bench->contexts[method], &keys);
    return cell->senders[receiver] ? 0 : -1;
}

static bool is_here(const struct bench *bench, unsigned kind)
{
    return bench->contexts[kinds[kind].method] != NULL;
}

static int open_all(struct bench *bench)
{
    struct transport_srtp_keys first = keys_of(TRANSPORT_SRTP_AES128_CM_SHA1_80, 0);

    bench->contexts[BY_EVP] = transport_aead_context_create(TRANSPORT_AEAD_EVP);
    bench->contexts[BY_DIRECT] = transport_aead_context_create(TRANSPORT_AEAD_IPSEC_MB);
    bench->contexts[BY_JOBS] = bench->contexts[BY_DIRECT];
    bench->contexts[BY_LIBSRTP] = bench->contexts[BY_EVP];
    if (!bench->contexts[BY_EVP])
        return -1;
    /* The transport initialises libsrtp2 with its first session of this profile. */
    transport_srtp_receiver_destroy(
        transport_srtp_receiver_create(bench->contexts[BY_EVP], &first));
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned column = 0; column < COLUMNS; column++) {
            struct cell *cell = &bench->cells[kind][column];

            if (!is_here(bench, kind))
                continue;
            if (kinds[kind].method == BY_JOBS && !(cell->jobs = floor_jobs_create()))
                return -1;
            for (unsigned i = 0; i < receivers_of[column]; i++)
                if (open_session(bench, kind, cell, i))
                    return -1;
        }
    }
    return 0;
}

static void close_all(struct bench *bench)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned column = 0; column < COLUMNS; column++) {
            struct cell *cell = &bench->cells[kind][column];

            for (unsigned i = 0; i < FLOOR_SEAL_RECEIVERS; i++) {
                if (cell->lib[i])
                    srtp_dealloc(cell->lib[i]);
                transport_srtp_sender_destroy(cell->senders[i]);
                transport_srtp_receiver_destroy(cell->receivers[i]);
            }
            floor_jobs_destroy(cell->jobs);
        }
    }
    transport_aead_context_destroy(bench->contexts[BY_DIRECT]);
    transport_aead_context_destroy(bench->contexts[BY_EVP]);
}

static void fill(uint8_t *packet, uint64_t index)
{
    packet[0] = 0x80;
    packet[1] = 96;
    rtp_bytes_put16(packet + 2, (uint16_t)index);
    rtp_bytes_put32(packet + 4, (uint32_t)(index / 2 * 3000)); /* two packets a frame */
    rtp_bytes_put32(packet + 8, SSRC);
    for (unsigned i = FLOOR_SEAL_HEADER; i < FLOOR_PACKET_BYTES; i++)
        packet[i] = (uint8_t)(i + index);
}

static void seal_singly(struct bench *bench, struct cell *cell, unsigned receivers, bool by_lib)
{
    for (unsigned i = 0; i < FLOOR_SEAL_BATCH; i++) {
        struct floor_sealed *packet = &bench->batch[i];

        packet->len = FLOOR_PACKET_BYTES;
        if (by_lib && srtp_protect(cell->lib[i % receivers], packet->bytes, &packet->len))
            packet->len = -1;
        else if (!by_lib)
            packet->len =
                transport_srtp_seal_rtp(cell->senders[i % receivers], packet->bytes,
                                        FLOOR_PACKET_BYTES, FLOOR_SEAL_HEADER, cell->index + i);
    }
}

static bool is_right(struct bench *bench, struct cell *cell, unsigned receivers)
{
    uint8_t expected[FLOOR_PACKET_BYTES];

    for (unsigned i = 0; i < FLOOR_SEAL_BATCH; i++) {
        struct floor_sealed *packet = &bench->batch[i];

        fill(expected, cell->index + i);
        if (packet->len < 0 ||
            transport_srtp_open_rtp(cell->receivers[i % receivers], packet->bytes,
                                    (size_t)packet->len) != FLOOR_PACKET_BYTES ||
            memcmp(packet->bytes, expected, FLOOR_PACKET_BYTES) != 0)
            return false;
    }
    return true;
}

static int run_batch(void *context, unsigned row, unsigned column, double *ns)
{
    struct bench *bench = context;
    struct cell *cell = &bench->cells[row][column];
    unsigned receivers = receivers_of[column];
    uint64_t start_ns;

    if (!is_here(bench, row))
        return FLOOR_ABSENT;
    for (unsigned i = 0; i < FLOOR_SEAL_BATCH; i++)
        fill(bench->batch[i].bytes, cell->index + i);
    start_ns = bench_cpu_ns();
    if (kinds[row].method == BY_JOBS)
        floor_jobs_seal(cell->jobs, bench->batch, cell->index);
    else
        seal_singly(bench, cell, receivers, kinds[row].method == BY_LIBSRTP);
    *ns = (double)(bench_cpu_ns() - start_ns) / FLOOR_SEAL_BATCH;
    if (!is_right(bench, cell, receivers)) {
        fprintf(stderr, "iris-bench: %s: a packet did not open to what was sealed\n",
                kinds[row].name);
        return -1;
    }
    cell->index += FLOOR_SEAL_BATCH;
    return 0;
}

int floor_measure_seal(struct floor_section *section, double seconds)
{
    static struct bench bench;
    int result = open_all(&bench);

    section->key = "seal";
    section->title = "Sealing a 1000-byte packet";
    section->column_count = COLUMNS;
    section->columns[0] = "1 receiver";
    section->columns[1] = "100 receivers";
    section->row_count = KINDS;
    for (unsigned kind = 0; kind < KINDS; kind++)
        snprintf(section->rows[kind], sizeof(section->rows[kind]), "%s", kinds[kind].name);
    if (result)
        fputs("iris-bench: no SRTP session can be made here\n", stderr);
    else
        result = floor_section_run(section, seconds, run_batch, &bench);
    close_all(&bench);
    return result;
}
