/*
 * The door to SRTP: the table of profiles, and for each session the way to our AEAD or to libsrtp2.
 *
 * One SRTCP index counts for all SSRCs of a sender: RFC 3711 wants it to grow per SSRC and never to
 * repeat, which a shared counter gives with less state.
 */
#include "sfu/transport/srtp.h"

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/srtp_aead.h"
#include "sfu/transport/srtp_libsrtp.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define RTP_INDEX_LIMIT (UINT64_C(1) << 48) /* no more packets of an SSRC under one key */
#define LEDGER_SSRCS    1024
/* Of an expanded key what libipsec-mb reads for a packet: round keys, and powers of the hash key.
 */
#define EXPANDED_BYTES    1088
#define CACHE_LINE_BYTES  64
#define SHA1_80_TAG_BYTES 10 /* RFC 3711, section 8.2 */

struct transport_srtp_sender {
    struct transport_srtp_keys master;  /* to be expanded again by whoever takes over */
    struct transport_srtp_libsrtp *lib; /* owned; NULL for the AEAD profiles */
    struct transport_srtp_aead_keys aead;
    uint32_t srtcp_index; /* of the next SRTCP packet */
#ifndef NDEBUG
    struct transport_srtp_sources ledger; /* what was sealed */
#endif
};

struct transport_srtp_receiver {
    struct transport_srtp_keys master;
    struct transport_srtp_libsrtp *lib; /* owned; NULL for the AEAD profiles */
    struct transport_srtp_aead_receiver aead;
};

struct profile {
    enum transport_srtp_profile profile;
    const char *name;
    size_t key_bytes, salt_bytes;
};

static const struct profile *find_profile(enum transport_srtp_profile profile)
{
    static const struct profile profiles[] = {
        {TRANSPORT_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12},
        {TRANSPORT_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12},
        {TRANSPORT_SRTP_AES128_CM_SHA1_80, "AES128_CM_SHA1_80", 16, 14},
    };
    static const struct profile none = {TRANSPORT_SRTP_NONE, "none", 0, 0};

    for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
        if (profiles[i].profile == profile)
            return &profiles[i];
    }
    return &none;
}

size_t transport_srtp_key_bytes(enum transport_srtp_profile profile)
{
    return find_profile(profile)->key_bytes;
}

size_t transport_srtp_salt_bytes(enum transport_srtp_profile profile)
{
    return find_profile(profile)->salt_bytes;
}

const char *transport_srtp_profile_name(enum transport_srtp_profile profile)
{
    return find_profile(profile)->name;
}

#ifndef NDEBUG
static void ledger_init(struct transport_srtp_sender *sender)
{
    transport_srtp_sources_init(&sender->ledger, LEDGER_SSRCS);
}

static void ledger_dispose(struct transport_srtp_sender *sender)
{
    transport_srtp_sources_dispose(&sender->ledger);
}

/* A nonce that repeats gives away both plaintexts and the authentication key: stop at our first
 * bug. An index below the window cannot be told from a repeated one and counts as such. */
static void ledger_note(struct transport_srtp_sender *sender, uint32_t ssrc, uint64_t index)
{
    struct transport_srtp_source *source;

    if (transport_srtp_sources_add(&sender->ledger, ssrc, &source) != 0)
        return; /* memory is short: seal unwatched, as a release build does */
    assert(rtp_seen_check(&source->window, index) == 0);
    rtp_seen_accept(&source->window, index);
}

static void ledger_export(const struct transport_srtp_sender *sender,
                          struct transport_state_writer *writer)
{
    transport_srtp_sources_export(&sender->ledger, writer);
}

static int ledger_import(struct transport_srtp_sender *sender,
                         struct transport_state_reader *reader)
{
    return transport_srtp_sources_import(&sender->ledger, reader);
}
#else
static void ledger_init(struct transport_srtp_sender *sender)
{
    (void)sender;
}

static void ledger_dispose(struct transport_srtp_sender *sender)
{
    (void)sender;
}

static void ledger_note(struct transport_srtp_sender *sender, uint32_t ssrc, uint64_t index)
{
    (void)sender;
    (void)ssrc;
    (void)index;
}

static void ledger_export(const struct transport_srtp_sender *sender,
                          struct transport_state_writer *writer)
{
    (void)sender;
    transport_state_put_count(writer, 0);
}

static int ledger_import(struct transport_srtp_sender *sender,
                         struct transport_state_reader *reader)
{
    size_t none;
    (void)sender;
    return transport_state_get_count(reader, 0, &none);
}
#endif

struct transport_srtp_sender *transport_srtp_sender_create(struct transport_aead_context *context,
                                                           const struct transport_srtp_keys *keys)
{
    struct transport_srtp_sender *sender;
    bool is_made;

    if (transport_srtp_key_bytes(keys->profile) == 0)
        return NULL;
    sender = calloc(1, sizeof(*sender));
    if (!sender)
        return NULL;
    sender->master = *keys;
    ledger_init(sender);
    if (keys->profile == TRANSPORT_SRTP_AES128_CM_SHA1_80) {
        sender->lib = transport_srtp_libsrtp_create(keys, false);
        is_made = sender->lib != NULL;
    } else {
        is_made = transport_srtp_aead_keys_init(&sender->aead, context, keys) == 0;
    }
    if (!is_made) {
        transport_srtp_sender_destroy(sender);
        return NULL;
    }
    return sender;
}

void transport_srtp_sender_destroy(struct transport_srtp_sender *sender)
{
    if (!sender)
        return;
    transport_srtp_libsrtp_destroy(sender->lib);
    transport_srtp_aead_keys_dispose(&sender->aead);
    ledger_dispose(sender);
    OPENSSL_cleanse(&sender->master, sizeof(sender->master));
    free(sender);
}

struct transport_srtp_receiver *
transport_srtp_receiver_create(struct transport_aead_context *context,
                               const struct transport_srtp_keys *keys)
{
    struct transport_srtp_receiver *receiver;
    bool is_made;

    if (transport_srtp_key_bytes(keys->profile) == 0)
        return NULL;
    receiver = calloc(1, sizeof(*receiver));
    if (!receiver)
        return NULL;
    receiver->master = *keys;
    if (keys->profile == TRANSPORT_SRTP_AES128_CM_SHA1_80) {
        receiver->lib = transport_srtp_libsrtp_create(keys, true);
        is_made = receiver->lib != NULL;
    } else {
        is_made = transport_srtp_aead_receiver_init(&receiver->aead, context, keys) == 0;
    }
    if (!is_made) {
        transport_srtp_receiver_destroy(receiver);
        return NULL;
    }
    return receiver;
}

void transport_srtp_receiver_destroy(struct transport_srtp_receiver *receiver)
{
    if (!receiver)
        return;
    transport_srtp_libsrtp_destroy(receiver->lib);
    transport_srtp_aead_receiver_dispose(&receiver->aead);
    OPENSSL_cleanse(&receiver->master, sizeof(receiver->master));
    free(receiver);
}

static void prefetch_key(const struct transport_aead_key *key)
{
    for (size_t at = 0; key && at < EXPANDED_BYTES; at += CACHE_LINE_BYTES)
        __builtin_prefetch((const uint8_t *)key + at);
}

void transport_srtp_sender_prefetch(const struct transport_srtp_sender *sender)
{
    prefetch_key(sender->aead.rtp);
}

void transport_srtp_receiver_prefetch(const struct transport_srtp_receiver *receiver, unsigned step,
                                      bool is_rtcp)
{
    const struct transport_srtp_aead_receiver *aead = &receiver->aead;
    if (step == 0) {
        for (size_t at = 0; at < sizeof(*aead); at += CACHE_LINE_BYTES)
            __builtin_prefetch((const uint8_t *)aead + at);
        return;
    }
    prefetch_key(is_rtcp ? aead->keys.rtcp : aead->keys.rtp);
    transport_srtp_sources_prefetch(is_rtcp ? &aead->rtcp : &aead->rtp);
}

size_t transport_srtp_tag_bytes(const struct transport_srtp_sender *sender)
{
    return sender->lib ? SHA1_80_TAG_BYTES : TRANSPORT_AEAD_TAG_BYTES;
}

int transport_srtp_seal_rtp_to(struct transport_srtp_sender *sender,
                               const struct transport_srtp_clear *clear, uint8_t *out)
{
    assert(clear->header_len <= clear->len &&
           (uint16_t)clear->index == rtp_bytes_get16(clear->packet + 2));
    if (clear->index >= RTP_INDEX_LIMIT)
        return IRIS_E_STATE;
    ledger_note(sender, rtp_bytes_get32(clear->packet + 8), clear->index);
    if (!sender->lib)
        return transport_srtp_aead_seal_rtp(&sender->aead, clear, out);
    if (out != clear->packet)
        memcpy(out, clear->packet, clear->len);
    return transport_srtp_libsrtp_seal_rtp(sender->lib, out, clear->len, clear->index);
}

int transport_srtp_seal_rtp(struct transport_srtp_sender *sender, uint8_t *packet, size_t len,
                            size_t header_len, uint64_t index)
{
    const struct transport_srtp_clear clear = {packet, len, header_len, index};
    return transport_srtp_seal_rtp_to(sender, &clear, packet);
}

int transport_srtp_open_rtp(struct transport_srtp_receiver *receiver, uint8_t *packet, size_t len)
{
    if (receiver->lib)
        return transport_srtp_libsrtp_open_rtp(receiver->lib, packet, len);
    return transport_srtp_aead_open_rtp(&receiver->aead, packet, len);
}

int transport_srtp_seal_rtcp(struct transport_srtp_sender *sender, uint8_t *packet, size_t len)
{
    if (sender->lib)
        return transport_srtp_libsrtp_seal_rtcp(sender->lib, packet, len);
    if (sender->srtcp_index >= TRANSPORT_SRTCP_INDEX_LIMIT)
        return IRIS_E_STATE;
    return transport_srtp_aead_seal_rtcp(&sender->aead, packet, len, sender->srtcp_index++);
}

int transport_srtp_open_rtcp(struct transport_srtp_receiver *receiver, uint8_t *packet, size_t len)
{
    if (receiver->lib)
        return transport_srtp_libsrtp_open_rtcp(receiver->lib, packet, len);
    return transport_srtp_aead_open_rtcp(&receiver->aead, packet, len);
}

void transport_srtp_sender_export(const struct transport_srtp_sender *sender,
                                  struct transport_state_writer *writer)
{
    transport_state_put(writer, &sender->master, sizeof(sender->master));
    transport_state_put(writer, &sender->srtcp_index, sizeof(sender->srtcp_index));
    ledger_export(sender, writer);
    if (sender->lib)
        transport_srtp_libsrtp_export(sender->lib, writer);
}

/* The caller wipes them. */
static int import_master(struct transport_state_reader *reader, struct transport_srtp_keys *master)
{
    int error = transport_state_get(reader, master, sizeof(*master));
    if (!error && transport_srtp_key_bytes(master->profile) == 0)
        error = IRIS_E_MALFORMED;
    return error;
}

int transport_srtp_sender_import(struct transport_aead_context *context,
                                 struct transport_state_reader *reader, uint32_t skipped,
                                 struct transport_srtp_sender **sender)
{
    struct transport_srtp_keys master;
    int error = import_master(reader, &master);
    if (error)
        return error;
    struct transport_srtp_sender *made = transport_srtp_sender_create(context, &master);
    OPENSSL_cleanse(&master, sizeof(master));
    if (!made)
        return IRIS_E_NO_MEMORY;
    error = transport_state_get(reader, &made->srtcp_index, sizeof(made->srtcp_index));
    if (!error)
        error = ledger_import(made, reader);
    if (!error && made->lib)
        error = transport_srtp_libsrtp_import(made->lib, &made->master, reader, skipped);
    if (!error && made->srtcp_index > TRANSPORT_SRTCP_INDEX_LIMIT)
        error = IRIS_E_MALFORMED;
    if (error) {
        transport_srtp_sender_destroy(made);
        return error;
    }
    made->srtcp_index += skipped;
    *sender = made;
    return 0;
}

void transport_srtp_receiver_export(const struct transport_srtp_receiver *receiver,
                                    struct transport_state_writer *writer)
{
    transport_state_put(writer, &receiver->master, sizeof(receiver->master));
    if (receiver->lib) {
        transport_srtp_libsrtp_export(receiver->lib, writer);
        return;
    }
    transport_srtp_sources_export(&receiver->aead.rtp, writer);
    transport_srtp_sources_export(&receiver->aead.rtcp, writer);
}

int transport_srtp_receiver_import(struct transport_aead_context *context,
                                   struct transport_state_reader *reader,
                                   struct transport_srtp_receiver **receiver)
{
    struct transport_srtp_keys master;
    int error = import_master(reader, &master);
    if (error)
        return error;
    struct transport_srtp_receiver *made = transport_srtp_receiver_create(context, &master);
    OPENSSL_cleanse(&master, sizeof(master));
    if (!made)
        return IRIS_E_NO_MEMORY;
    if (made->lib) {
        error = transport_srtp_libsrtp_import(made->lib, &made->master, reader, 0);
    } else {
        error = transport_srtp_sources_import(&made->aead.rtp, reader);
        if (!error)
            error = transport_srtp_sources_import(&made->aead.rtcp, reader);
    }
    if (error) {
        transport_srtp_receiver_destroy(made);
        return error;
    }
    *receiver = made;
    return 0;
}
