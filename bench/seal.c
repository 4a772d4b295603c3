/*
 * iris-bench seal: what one 1000-byte packet costs to protect and to open, for every profile that
 * Iris speaks: through sfu/transport/srtp.h with each AES-GCM back end that runs here, and by
 * libsrtp2 alone.
 *
 * All implementations take turns, batch by batch, so that a slow second of the machine falls on all
 * of them; the median over the batches counts. The first batches of the implementations of a
 * profile must be equal to the byte: the keys, packets and indices are the same, and so is the
 * work.
 */
#include "bench/bench.h"
#include "bench/number.h"
#include "rtp/bytes.h"
#include "sfu/transport/srtp.h"

#include <getopt.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_BYTES   1000 /* RTP, before protection: about what a camera at 500 kbps sends */
#define HEADER_BYTES   12
#define BATCH          256 /* packets between two readings of the clock; the batch stays in the L2 cache */
#define ROUNDS_DEFAULT 200
#define ROUNDS_MAX     100000
#define SSRC           UINT32_C(0x49524953)

struct packet {
    uint8_t bytes[PACKET_BYTES + SRTP_MAX_TRAILER_LEN];
    int len;
};

/* One implementation of one profile. Through srtp.h: context, sender, receiver. By libsrtp2: seal,
 * open. */
struct subject {
    enum transport_srtp_profile profile;
    char name[64];
    struct transport_aead_context *context; /* not owned */
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
    srtp_t lib_sender, lib_receiver;
    uint64_t index;                                     /* of the next packet */
    uint8_t first[sizeof(((struct packet *)0)->bytes)]; /* the first packet that it sealed */
    double *seal_ns, *open_ns;                          /* one value a round, per packet */
};

#define SUBJECTS_MAX 12

struct bench {
    struct transport_aead_context *ipsec_mb, *evp; /* NULL: does not run here */
    struct subject subjects[SUBJECTS_MAX];
    unsigned count, rounds;
    struct packet batch[BATCH];
};

static struct transport_srtp_keys keys_of(enum transport_srtp_profile profile)
{
    struct transport_srtp_keys keys = {.profile = profile};

    for (unsigned i = 0; i < sizeof(keys.key); i++)
        keys.key[i] = (uint8_t)(7 * i + 1);
    for (unsigned i = 0; i < sizeof(keys.salt); i++)
        keys.salt[i] = (uint8_t)(5 * i + 2);
    return keys;
}

static int open_ours(struct subject *subject)
{
    struct transport_srtp_keys keys = keys_of(subject->profile);

    subject->sender = transport_srtp_sender_create(subject->context, &keys);
    subject->receiver = transport_srtp_receiver_create(subject->context, &keys);
    return subject->sender && subject->receiver ? 0 : -1;
}

/* libsrtp2 wants key and salt in one piece. */
static int open_lib(struct subject *subject)
{
    struct transport_srtp_keys keys = keys_of(subject->profile);
    uint8_t key[TRANSPORT_SRTP_KEY_BYTES + TRANSPORT_SRTP_SALT_BYTES];
    size_t key_bytes = transport_srtp_key_bytes(subject->profile);
    srtp_policy_t policy = {.key = key, .window_size = 1024};

    memcpy(key, keys.key, key_bytes);
    memcpy(key + key_bytes, keys.salt, transport_srtp_salt_bytes(subject->profile));
    if (subject->profile == TRANSPORT_SRTP_AES128_CM_SHA1_80)
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    else if (subject->profile == TRANSPORT_SRTP_AEAD_AES_128_GCM)
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    else
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
    policy.rtcp = policy.rtp;
    policy.ssrc.type = ssrc_any_outbound;
    if (srtp_create(&subject->lib_sender, &policy))
        return -1;
    policy.ssrc.type = ssrc_any_inbound;
    return srtp_create(&subject->lib_receiver, &policy) ? -1 : 0;
}

/* context NULL: libsrtp2 alone. */
static int add(struct bench *bench, enum transport_srtp_profile profile,
               struct transport_aead_context *context, const char *name)
{
    struct subject *subject = &bench->subjects[bench->count++];

    subject->profile = profile;
    subject->context = context;
    snprintf(subject->name, sizeof(subject->name), "%s", name);
    subject->seal_ns = calloc(bench->rounds, sizeof(double));
    subject->open_ns = calloc(bench->rounds, sizeof(double));
    if (!subject->seal_ns || !subject->open_ns)
        return -1;
    return context ? open_ours(subject) : open_lib(subject);
}

static int add_aead(struct bench *bench, enum transport_srtp_profile profile)
{
    struct transport_aead_context *contexts[] = {bench->ipsec_mb, bench->evp};
    char name[64];

    for (unsigned i = 0; i < 2; i++) {
        if (!contexts[i])
            continue;
        snprintf(name, sizeof(name), "iris, %s", transport_aead_context_name(contexts[i]));
        if (add(bench, profile, contexts[i], name))
            return -1;
    }
    return add(bench, profile, NULL, "libsrtp2");
}

static int open_all(struct bench *bench)
{
    struct transport_aead_context *any;

    bench->ipsec_mb = transport_aead_context_create(TRANSPORT_AEAD_IPSEC_MB);
    bench->evp = transport_aead_context_create(TRANSPORT_AEAD_EVP);
    any = bench->evp ? bench->evp : bench->ipsec_mb;
    /* First, because the transport initialises libsrtp2 with it, which may be done only once. */
    if (!any || add(bench, TRANSPORT_SRTP_AES128_CM_SHA1_80, any, "iris, libsrtp2") ||
        add(bench, TRANSPORT_SRTP_AES128_CM_SHA1_80, NULL, "libsrtp2"))
        return -1;
    return add_aead(bench, TRANSPORT_SRTP_AEAD_AES_128_GCM) ||
                   add_aead(bench, TRANSPORT_SRTP_AEAD_AES_256_GCM)
               ? -1
               : 0;
}

static void close_all(struct bench *bench)
{
    for (unsigned i = 0; i < bench->count; i++) {
        struct subject *subject = &bench->subjects[i];

        transport_srtp_sender_destroy(subject->sender);
        transport_srtp_receiver_destroy(subject->receiver);
        if (subject->lib_sender)
            srtp_dealloc(subject->lib_sender);
        if (subject->lib_receiver)
            srtp_dealloc(subject->lib_receiver);
        free(subject->seal_ns);
        free(subject->open_ns);
    }
    transport_aead_context_destroy(bench->ipsec_mb);
    transport_aead_context_destroy(bench->evp);
}

static void fill(struct packet *packet, uint64_t index)
{
    packet->bytes[0] = 0x80;
    packet->bytes[1] = 96;
    rtp_bytes_put16(packet->bytes + 2, (uint16_t)index);
    rtp_bytes_put32(packet->bytes + 4, (uint32_t)(index / 2 * 3000)); /* two packets a frame */
    rtp_bytes_put32(packet->bytes + 8, SSRC);
    for (unsigned i = HEADER_BYTES; i < PACKET_BYTES; i++)
        packet->bytes[i] = (uint8_t)(i + index);
    packet->len = PACKET_BYTES;
}

static void seal_batch(struct bench *bench, struct subject *subject)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct packet *packet = &bench->batch[i];

        if (subject->sender)
            packet->len = transport_srtp_seal_rtp(subject->sender, packet->bytes, PACKET_BYTES,
                                                  HEADER_BYTES, subject->index + i);
        else if (srtp_protect(subject->lib_sender, packet->bytes, &packet->len))
            packet->len = -1;
    }
}

static void open_batch(struct bench *bench, struct subject *subject)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct packet *packet = &bench->batch[i];

        if (packet->len < 0)
            continue;
        if (subject->receiver)
            packet->len =
                transport_srtp_open_rtp(subject->receiver, packet->bytes, (size_t)packet->len);
        else if (srtp_unprotect(subject->lib_receiver, packet->bytes, &packet->len))
            packet->len = -1;
    }
}

static bool is_restored(const struct bench *bench, const struct subject *subject)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct packet expected;

        fill(&expected, subject->index + i);
        if (bench->batch[i].len != PACKET_BYTES ||
            memcmp(bench->batch[i].bytes, expected.bytes, PACKET_BYTES) != 0)
            return false;
    }
    return true;
}

/* One batch through one implementation: seal, open, compare. */
static bool run_batch(struct bench *bench, struct subject *subject, unsigned round)
{
    uint64_t start_ns, middle_ns, end_ns;

    for (unsigned i = 0; i < BATCH; i++)
        fill(&bench->batch[i], subject->index + i);
    start_ns = bench_cpu_ns();
    seal_batch(bench, subject);
    middle_ns = bench_cpu_ns();
    if (round == 0 && bench->batch[0].len > 0)
        memcpy(subject->first, bench->batch[0].bytes, (size_t)bench->batch[0].len);
    subject->seal_ns[round] = (double)(middle_ns - start_ns) / BATCH;
    start_ns = bench_cpu_ns();
    open_batch(bench, subject);
    end_ns = bench_cpu_ns();
    subject->open_ns[round] = (double)(end_ns - start_ns) / BATCH;
    if (!is_restored(bench, subject))
        return false;
    subject->index += BATCH;
    return true;
}

/* Whether every implementation of a profile sealed the first packet to the same bytes. */
static bool is_agreed(const struct bench *bench)
{
    for (unsigned i = 1; i < bench->count; i++) {
        const struct subject *one = &bench->subjects[i - 1], *other = &bench->subjects[i];

        if (one->profile == other->profile &&
            memcmp(one->first, other->first, sizeof(one->first)) != 0) {
            fprintf(stderr, "iris-bench: %s: '%s' and '%s' seal differently\n",
                    transport_srtp_profile_name(one->profile), one->name, other->name);
            return false;
        }
    }
    return true;
}

static bool measure(struct bench *bench)
{
    for (unsigned round = 0; round < bench->rounds; round++) {
        for (unsigned i = 0; i < bench->count; i++) {
            struct subject *subject = &bench->subjects[i];

            if (!run_batch(bench, subject, round)) {
                fprintf(stderr, "iris-bench: %s, %s: a packet did not open to what was sealed\n",
                        transport_srtp_profile_name(subject->profile), subject->name);
                return false;
            }
        }
    }
    return is_agreed(bench);
}

static void print_table(struct bench *bench)
{
    printf("SRTP, %d-byte packets, CPU ns a packet, medians of %u batches of %d\n\n", PACKET_BYTES,
           bench->rounds, BATCH);
    printf("%-20s %-24s %8s %8s\n", "profile", "implementation", "seal", "open");
    for (unsigned i = 0; i < bench->count; i++) {
        struct subject *subject = &bench->subjects[i];

        printf("%-20s %-24s %8.0f %8.0f\n", transport_srtp_profile_name(subject->profile),
               subject->name, bench_median(subject->seal_ns, bench->rounds),
               bench_median(subject->open_ns, bench->rounds));
    }
}

/* Profile and implementation names are ours and need no escaping. */
static void print_json(struct bench *bench)
{
    printf("{\"bench\":\"seal\",\"packet_bytes\":%d,\"rounds\":%u,\"batch\":%d,\"results\":[",
           PACKET_BYTES, bench->rounds, BATCH);
    for (unsigned i = 0; i < bench->count; i++) {
        struct subject *subject = &bench->subjects[i];

        printf("%s{\"profile\":\"%s\",\"implementation\":\"%s\",\"seal_ns\":%.1f,"
               "\"open_ns\":%.1f}",
               i ? "," : "", transport_srtp_profile_name(subject->profile), subject->name,
               bench_median(subject->seal_ns, bench->rounds),
               bench_median(subject->open_ns, bench->rounds));
    }
    puts("]}");
}

static void print_usage(FILE *out)
{
    fprintf(
        out,
        "usage: iris-bench seal [--rounds N] [--json]\n\n"
        "CPU time of sealing and opening a %d-byte SRTP packet: each profile through Iris with\n"
        "each AES-GCM back end that runs here, and by libsrtp2 alone.\n\n"
        "  --rounds N  batches of %d packets to take the median of (default %d)\n"
        "  --json      one JSON object instead of a table\n",
        PACKET_BYTES, BATCH, ROUNDS_DEFAULT);
}

/* 0, or 1 + the exit code with which to end at once. */
static int parse_options(int argc, char **argv, unsigned *rounds, bool *is_json)
{
    static const struct option longs[] = {{"rounds", required_argument, NULL, 'r'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};

    *rounds = ROUNDS_DEFAULT;
    for (int option; (option = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (option == 'j')
            *is_json = true;
        else if (option != 'r' || bench_take_count(optarg, 1, ROUNDS_MAX, rounds))
            return print_usage(option == 'h' ? stdout : stderr), option == 'h' ? 1 : 3;
    }
    if (optind < argc)
        return print_usage(stderr), 3;
    return 0;
}

int bench_seal(int argc, char **argv)
{
    static struct bench bench;
    bool is_json = false, is_right;
    int code = parse_options(argc, argv, &bench.rounds, &is_json);

    if (code)
        return code - 1;
    if (open_all(&bench)) {
        fputs("iris-bench: no SRTP session can be made here\n", stderr);
        close_all(&bench);
        return 1;
    }
    is_right = measure(&bench);
    if (is_right && is_json)
        print_json(&bench);
    else if (is_right)
        print_table(&bench);
    close_all(&bench);
    return is_right ? 0 : 1;
}
