/*
 * iris-bench floor: SRTP through libipsec-mb's burst of jobs. Everything is in flight within one
 * call only: what the burst does not finish is flushed, as a server would have to before it sends.
 */
#include "bench/floor_seal.h"
#include "rtp/bytes.h"
#include "sfu/transport/srtp_kdf.h"

#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

#define IV_BYTES        16
#define SHA1_BYTES      20
#define SHA1_BLOCK      64
#define TAG_BYTES       10 /* of CM-SHA1_80 */
#define ROC_BYTES       4
#define LABEL_RTP_AUTH  1 /* RFC 3711, 4.3.1 */
#define CM_SALT_BYTES   14
#define AUTH_KEY_BYTES  20
#define LIBRARY_ALIGNED _Alignas(64)

struct receiver {
    LIBRARY_ALIGNED struct gcm_key_data gcm;
    LIBRARY_ALIGNED uint32_t expanded[4 * 15], unused[4 * 15];
    LIBRARY_ALIGNED uint8_t inner[SHA1_BYTES], outer[SHA1_BYTES];
    uint8_t salt[CM_SALT_BYTES];
};

struct floor_jobs {
    IMB_MGR *manager; /* owned */
    bool is_gcm;
    unsigned count;
    uint8_t ivs[FLOOR_SEAL_BATCH][IV_BYTES];
    struct receiver *receivers; /* owned */
};

struct floor_jobs *floor_jobs_create(void)
{
    struct floor_jobs *jobs = calloc(1, sizeof(*jobs));

    if (!jobs)
        return NULL;
    jobs->manager = alloc_mb_mgr(0);
    jobs->receivers = aligned_alloc(64, FLOOR_SEAL_RECEIVERS * sizeof(*jobs->receivers));
    if (!jobs->manager || !jobs->receivers) {
        floor_jobs_destroy(jobs);
        return NULL;
    }
    init_mb_mgr_auto(jobs->manager, NULL);
    return jobs;
}

void floor_jobs_destroy(struct floor_jobs *jobs)
{
    if (!jobs)
        return;
    if (jobs->manager)
        free_mb_mgr(jobs->manager);
    free(jobs->receivers);
    free(jobs);
}

/* What HMAC makes of its key before the message (RFC 2104): the two states after one block. */
static void expand_hmac(IMB_MGR *manager, const uint8_t *key, struct receiver *receiver)
{
    uint8_t block[SHA1_BLOCK];

    memset(block, 0x36, sizeof(block));
    for (unsigned i = 0; i < AUTH_KEY_BYTES; i++)
        block[i] ^= key[i];
    IMB_SHA1_ONE_BLOCK(manager, block, receiver->inner);
    memset(block, 0x5c, sizeof(block));
    for (unsigned i = 0; i < AUTH_KEY_BYTES; i++)
        block[i] ^= key[i];
    IMB_SHA1_ONE_BLOCK(manager, block, receiver->outer);
}

int floor_jobs_add(struct floor_jobs *jobs, const struct transport_srtp_keys *keys)
{
    struct receiver *receiver = &jobs->receivers[jobs->count++];
    uint8_t key[16], auth[AUTH_KEY_BYTES];
    size_t salt_bytes = transport_srtp_salt_bytes(keys->profile);

    jobs->is_gcm = keys->profile == TRANSPORT_SRTP_AEAD_AES_128_GCM;
    memset(receiver, 0, sizeof(*receiver));
    if (transport_srtp_kdf(keys, TRANSPORT_SRTP_LABEL_RTP_KEY, key, sizeof(key)) ||
        transport_srtp_kdf(keys, TRANSPORT_SRTP_LABEL_RTP_SALT, receiver->salt, salt_bytes) ||
        transport_srtp_kdf(keys, (enum transport_srtp_label)LABEL_RTP_AUTH, auth, sizeof(auth)))
        return -1;
    IMB_AES128_GCM_PRE(jobs->manager, key, &receiver->gcm);
    IMB_AES_KEYEXP_128(jobs->manager, key, receiver->expanded, receiver->unused);
    expand_hmac(jobs->manager, auth, receiver);
    return 0;
}

static void set_gcm(IMB_JOB *job, const struct receiver *receiver, uint8_t *packet, uint8_t *iv,
                    uint64_t index)
{
    /* RFC 7714, 8.1 */
    memset(iv, 0, 2);
    memcpy(iv + 2, packet + 8, 4);
    rtp_bytes_put16(iv + 6, (uint16_t)(index >> 32));
    rtp_bytes_put32(iv + 8, (uint32_t)index);
    for (unsigned i = 0; i < 12; i++)
        iv[i] ^= receiver->salt[i];
    job->cipher_mode = IMB_CIPHER_GCM;
    job->hash_alg = IMB_AUTH_AES_GMAC;
    job->enc_keys = job->dec_keys = &receiver->gcm;
    job->src = packet;
    job->cipher_start_src_offset_in_bytes = FLOOR_SEAL_HEADER;
    job->hash_start_src_offset_in_bytes = FLOOR_SEAL_HEADER;
    job->iv_len_in_bytes = 12;
    job->u.GCM.aad = packet;
    job->u.GCM.aad_len_in_bytes = FLOOR_SEAL_HEADER;
    job->msg_len_to_hash_in_bytes = FLOOR_PACKET_BYTES - FLOOR_SEAL_HEADER;
    job->auth_tag_output_len_in_bytes = 16;
}

static void set_cm(IMB_JOB *job, const struct receiver *receiver, uint8_t *packet, uint8_t *iv,
                   uint64_t index)
{
    /* RFC 3711, 4.1.1: salt x 2^16 XOR SSRC x 2^64 XOR index x 2^16 */
    memset(iv, 0, IV_BYTES);
    memcpy(iv + 4, packet + 8, 4);
    rtp_bytes_put16(iv + 8, (uint16_t)(index >> 32));
    rtp_bytes_put32(iv + 10, (uint32_t)index);
    for (unsigned i = 0; i < CM_SALT_BYTES; i++)
        iv[i] ^= receiver->salt[i];
    /* The roll-over counter is authenticated behind the packet, where the tag then goes (4.2). */
    rtp_bytes_put32(packet + FLOOR_PACKET_BYTES, (uint32_t)(index >> 16));
    job->cipher_mode = IMB_CIPHER_CNTR;
    job->hash_alg = IMB_AUTH_HMAC_SHA_1;
    job->enc_keys = job->dec_keys = receiver->expanded;
    job->src = packet;
    job->cipher_start_src_offset_in_bytes = FLOOR_SEAL_HEADER;
    job->hash_start_src_offset_in_bytes = 0;
    job->iv_len_in_bytes = IV_BYTES;
    job->u.HMAC._hashed_auth_key_xor_ipad = receiver->inner;
    job->u.HMAC._hashed_auth_key_xor_opad = receiver->outer;
    job->msg_len_to_hash_in_bytes = FLOOR_PACKET_BYTES + ROC_BYTES;
    job->auth_tag_output_len_in_bytes = SHA1_BYTES; /* cut to 10 by the packet's length */
}

static void set_job(struct floor_jobs *jobs, IMB_JOB *job, struct floor_sealed *packet, unsigned i,
                    uint64_t index)
{
    const struct receiver *receiver = &jobs->receivers[i % jobs->count];

    if (jobs->is_gcm)
        set_gcm(job, receiver, packet->bytes, jobs->ivs[i], index);
    else
        set_cm(job, receiver, packet->bytes, jobs->ivs[i], index);
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_CIPHER_HASH;
    job->key_len_in_bytes = 16;
    job->iv = jobs->ivs[i];
    job->dst = packet->bytes + FLOOR_SEAL_HEADER;
    job->msg_len_to_cipher_in_bytes = FLOOR_PACKET_BYTES - FLOOR_SEAL_HEADER;
    job->auth_tag_output = packet->bytes + FLOOR_PACKET_BYTES;
    job->user_data = packet;
}

static unsigned finish(const struct floor_jobs *jobs, IMB_JOB *const *done, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (done[i]->status == IMB_STATUS_COMPLETED)
            ((struct floor_sealed *)done[i]->user_data)->len =
                FLOOR_PACKET_BYTES + (jobs->is_gcm ? TRANSPORT_AEAD_TAG_BYTES : TAG_BYTES);
    return count;
}

void floor_jobs_seal(struct floor_jobs *jobs, struct floor_sealed *batch, uint64_t index)
{
    IMB_JOB *burst[FLOOR_SEAL_JOBS];

    for (unsigned i = 0; i < FLOOR_SEAL_BATCH; i++)
        batch[i].len = -1;
    for (unsigned first = 0; first < FLOOR_SEAL_BATCH; first += FLOOR_SEAL_JOBS) {
        uint32_t room = IMB_GET_NEXT_BURST(jobs->manager, FLOOR_SEAL_JOBS, burst), done;

        if (room < FLOOR_SEAL_JOBS)
            return; /* the packets that are left count as failed */
        for (unsigned i = 0; i < FLOOR_SEAL_JOBS; i++)
            set_job(jobs, burst[i], &batch[first + i], first + i, index + first + i);
        done = finish(jobs, burst, IMB_SUBMIT_BURST_NOCHECK(jobs->manager, FLOOR_SEAL_JOBS, burst));
        while (done < FLOOR_SEAL_JOBS) {
            uint32_t flushed = IMB_FLUSH_BURST(jobs->manager, FLOOR_SEAL_JOBS, burst);

            if (flushed == 0)
                return;
            done += finish(jobs, burst, flushed);
        }
    }
}
