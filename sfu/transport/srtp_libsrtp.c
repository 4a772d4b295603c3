/*
 * AES128_CM_SHA1_80 through libsrtp2: a template for every SSRC of the direction, cloned by the
 * library on the first packet (which shares the ciphers: a stream with a policy of its own would
 * cost kilobytes).
 *
 * The library estimates indices for itself; what the caller says is law here, so the table of
 * sources repeats the highest index of each and corrects the library where its estimate would
 * differ. For a receiver the table bounds the number of SSRCs, and its windows are what another
 * process goes on with.
 */
#include "sfu/transport/srtp_libsrtp.h"

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/packet.h"
#include "sfu/transport/srtp_aead.h"
#include "sfu/transport/srtp_sources.h"

#include <openssl/crypto.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES      16
#define SALT_BYTES     14
#define TAG_BYTES      10 /* 80 bits */
#define RTCP_MIN_BYTES (8 + TAG_BYTES + 4)
#define SENDER_SSRCS   1024       /* slots with their RTX; far above what one receiver gets */
#define BURNT_MAX      (1u << 22) /* reports of five days, ten a second; some seconds' work */
#define ESTIMATE_REACH 0x8000     /* the library guesses right up to half the range ahead */

struct transport_srtp_libsrtp {
    srtp_t session; /* owned */
    bool is_inbound;
    struct transport_srtp_sources sources;
    struct transport_srtp_sources rtcp;   /* inbound: indices; outbound: how many were sealed */
    uint64_t imported[SENDER_SSRCS / 64]; /* bit: the library knows no index of this entry yet */
};

/* Workers come up side by side, and srtp_init() may run once only. OpenSSL's once-primitive serves,
 * so that no thread header enters this folder. Never shut down: the library's tables live for the
 * process. */
static CRYPTO_ONCE library_once = CRYPTO_ONCE_STATIC_INIT;
static srtp_err_status_t library_status;

static void library_init(void)
{
    library_status = srtp_init();
}

/* @param master  KEY_BYTES + SALT_BYTES, written; wipe it when the policy was used */
static void fill_policy(srtp_policy_t *policy, const struct transport_srtp_keys *keys,
                        uint8_t *master)
{
    memcpy(master, keys->key, KEY_BYTES);
    memcpy(master + KEY_BYTES, keys->salt, SALT_BYTES);
    memset(policy, 0, sizeof(*policy));
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
    policy->key = master;
    policy->window_size = RTP_SEEN_BITS;
}

static int session_create(srtp_t *session, const struct transport_srtp_keys *keys, bool is_inbound)
{
    uint8_t master[KEY_BYTES + SALT_BYTES];
    srtp_policy_t policy;
    srtp_err_status_t status;

    fill_policy(&policy, keys, master);
    policy.ssrc.type = is_inbound ? ssrc_any_inbound : ssrc_any_outbound;
    status = srtp_create(session, &policy);
    OPENSSL_cleanse(master, sizeof(master));
    return status == srtp_err_status_ok ? 0 : IRIS_E_SYSTEM;
}

struct transport_srtp_libsrtp *transport_srtp_libsrtp_create(const struct transport_srtp_keys *keys,
                                                             bool is_inbound)
{
    struct transport_srtp_libsrtp *lib;

    if (!CRYPTO_THREAD_run_once(&library_once, library_init) ||
        library_status != srtp_err_status_ok)
        return NULL;
    lib = calloc(1, sizeof(*lib));
    if (!lib)
        return NULL;
    lib->is_inbound = is_inbound;
    transport_srtp_sources_init(&lib->sources, is_inbound ? TRANSPORT_SRTP_SSRCS : SENDER_SSRCS);
    transport_srtp_sources_init(&lib->rtcp, is_inbound ? TRANSPORT_SRTP_SSRCS : SENDER_SSRCS);
    if (session_create(&lib->session, keys, is_inbound) != 0) {
        free(lib);
        return NULL;
    }
    return lib;
}

void transport_srtp_libsrtp_destroy(struct transport_srtp_libsrtp *lib)
{
    if (!lib)
        return;
    srtp_dealloc(lib->session); /* wipes its keys */
    transport_srtp_sources_dispose(&lib->sources);
    transport_srtp_sources_dispose(&lib->rtcp);
    free(lib);
}

/* What a packet that the library does not open counts as. */
static int open_error(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        return IRIS_E_REPLAY;
    case srtp_err_status_parse_err:
    case srtp_err_status_bad_param:
        return IRIS_E_MALFORMED;
    case srtp_err_status_alloc_fail:
        return IRIS_E_NO_MEMORY;
    default:
        return IRIS_E_AUTH;
    }
}

/* @return whether it was imported, and this is its first packet since */
static bool take_imported(struct transport_srtp_libsrtp *lib,
                          const struct transport_srtp_source *source)
{
    size_t number = (size_t)(source - lib->sources.entries);
    uint64_t bit = UINT64_C(1) << (number % 64);
    bool is_imported = lib->imported[number / 64] & bit;

    lib->imported[number / 64] &= ~bit;
    return is_imported;
}

/*
 * Make the library take the index for this SSRC that the caller named, where its own estimate (ROC
 * 0 at first, then the nearest to its highest) would be another.
 *
 * srtp_set_stream_roc() wants the SSRC's stream to exist. A header without payload, sealed into a
 * scratch buffer and thrown away, makes the library clone it: no byte of key stream is used for
 * that.
 */
static int steer_index(struct transport_srtp_libsrtp *lib,
                       const struct transport_srtp_source *source, const uint8_t *packet,
                       uint64_t index)
{
    uint32_t scratch[(RTP_HEADER_BYTES + SRTP_MAX_TRAILER_LEN) / 4];
    uint32_t ssrc = rtp_bytes_get32(packet + 8);
    bool is_first = take_imported(lib, source) || !source->window.started;
    int len = RTP_HEADER_BYTES;

    if (!is_first && index <= source->window.highest + ESTIMATE_REACH)
        return 0;
    if (is_first) {
        if (index >> 16 == 0)
            return 0;
        memcpy(scratch, packet, RTP_HEADER_BYTES);
        *(uint8_t *)scratch = 0x80; /* version 2, no extension, no CSRC */
        if (srtp_protect(lib->session, scratch, &len) != srtp_err_status_ok)
            return IRIS_E_STATE;
    }
    if (srtp_set_stream_roc(lib->session, ssrc, (uint32_t)(index >> 16)) != srtp_err_status_ok)
        return IRIS_E_STATE;
    return 0;
}

int transport_srtp_libsrtp_seal_rtp(struct transport_srtp_libsrtp *lib, uint8_t *packet, size_t len,
                                    uint64_t index)
{
    struct transport_srtp_source *source;
    int sealed_len = (int)len;

    if (transport_srtp_sources_add(&lib->sources, rtp_bytes_get32(packet + 8), &source) != 0 ||
        rtp_seen_check(&source->window, index) != 0 ||
        steer_index(lib, source, packet, index) != 0 ||
        srtp_protect(lib->session, packet, &sealed_len) != srtp_err_status_ok)
        return IRIS_E_STATE;
    rtp_seen_accept(&source->window, index);
    return sealed_len;
}

int transport_srtp_libsrtp_seal_rtcp(struct transport_srtp_libsrtp *lib, uint8_t *packet,
                                     size_t len)
{
    struct transport_srtp_source *source;
    int sealed_len = (int)len;

    if (transport_srtp_sources_add(&lib->rtcp, rtp_bytes_get32(packet + 4), &source) != 0 ||
        srtp_protect_rtcp(lib->session, packet, &sealed_len) != srtp_err_status_ok)
        return IRIS_E_STATE;
    source->window.highest++;
    return sealed_len;
}

/* After authentication. An SSRC beyond the limit is forgotten by the library, too (which wants it
 * in network order: the packet's own bytes). */
static int note_opened(struct transport_srtp_libsrtp *lib, struct transport_srtp_sources *sources,
                       const uint8_t *ssrc_bytes, uint64_t index)
{
    struct transport_srtp_source *source;
    int error = transport_srtp_sources_add(sources, rtp_bytes_get32(ssrc_bytes), &source);
    unsigned int network_ssrc;

    if (error) {
        memcpy(&network_ssrc, ssrc_bytes, sizeof(network_ssrc));
        if (!transport_srtp_sources_find(&lib->sources, rtp_bytes_get32(ssrc_bytes)))
            srtp_remove_stream(lib->session, network_ssrc);
        return error;
    }
    rtp_seen_accept(&source->window, index);
    return 0;
}

/* The library's stream of an imported source starts with a ROC of 0: until a packet of it has been
 * opened, it is told what the ROC is. */
static void steer_opening(struct transport_srtp_libsrtp *lib,
                          const struct transport_srtp_source *source, uint64_t index)
{
    size_t number = (size_t)(source - lib->sources.entries);

    if ((lib->imported[number / 64] & UINT64_C(1) << (number % 64)) && index >> 16 != 0)
        srtp_set_stream_roc(lib->session, source->ssrc, (uint32_t)(index >> 16));
}

int transport_srtp_libsrtp_open_rtp(struct transport_srtp_libsrtp *lib, uint8_t *packet, size_t len)
{
    struct transport_srtp_source *source;
    int clear_len = (int)len;
    int header_len, error;
    uint64_t index;
    srtp_err_status_t status;

    if (len < RTP_HEADER_BYTES + TAG_BYTES)
        return IRIS_E_TRUNCATED;
    header_len = rtp_packet_header_len(packet, len - TAG_BYTES);
    if (header_len < 0)
        return header_len;
    source = transport_srtp_sources_find(&lib->sources, rtp_bytes_get32(packet + 8));
    index = transport_srtp_source_estimate(source, rtp_bytes_get16(packet + 2));
    if (source) {
        if (rtp_seen_check(&source->window, index) != 0)
            return IRIS_E_REPLAY;
        steer_opening(lib, source, index);
    }
    status = srtp_unprotect(lib->session, packet, &clear_len);
    if (status != srtp_err_status_ok)
        return open_error(status);
    if (source)
        take_imported(lib, source);
    error = note_opened(lib, &lib->sources, packet + 8, index);
    return error ? error : clear_len;
}

int transport_srtp_libsrtp_open_rtcp(struct transport_srtp_libsrtp *lib, uint8_t *packet,
                                     size_t len)
{
    const struct transport_srtp_source *source;
    int clear_len = (int)len;
    srtp_err_status_t status;
    uint32_t index;
    int error;

    if (len < RTCP_MIN_BYTES)
        return IRIS_E_TRUNCATED;
    index = rtp_bytes_get32(packet + len - TAG_BYTES - 4) & (TRANSPORT_SRTCP_INDEX_LIMIT - 1);
    source = transport_srtp_sources_find(&lib->rtcp, rtp_bytes_get32(packet + 4));
    if (source && rtp_seen_check(&source->window, index) != 0)
        return IRIS_E_REPLAY;
    status = srtp_unprotect_rtcp(lib->session, packet, &clear_len);
    if (status != srtp_err_status_ok)
        return open_error(status);
    error = note_opened(lib, &lib->rtcp, packet + 4, index);
    return error ? error : clear_len;
}

void transport_srtp_libsrtp_export(const struct transport_srtp_libsrtp *lib,
                                   struct transport_state_writer *writer)
{
    transport_srtp_sources_export(&lib->sources, writer);
    transport_srtp_sources_export(&lib->rtcp, writer);
}

/* Seal as many reports as were sealed before, and those that are left out. */
static int burn_reports(struct transport_srtp_libsrtp *lib,
                        const struct transport_srtp_source *source, uint64_t count)
{
    uint32_t scratch[(8 + SRTP_MAX_TRAILER_LEN + 4 + 3) / 4];

    if (count > BURNT_MAX)
        return IRIS_E_MALFORMED;
    for (uint64_t i = 0; i < count; i++) {
        int len = 8;

        rtp_bytes_put32((uint8_t *)scratch, UINT32_C(0x80C90001)); /* an empty receiver report */
        rtp_bytes_put32((uint8_t *)scratch + 4, source->ssrc);
        if (srtp_protect_rtcp(lib->session, scratch, &len) != srtp_err_status_ok)
            return IRIS_E_NO_MEMORY;
    }
    return 0;
}

/* Streams of their own, because the template's start with a ROC of 0. */
static int add_streams(struct transport_srtp_libsrtp *lib, const struct transport_srtp_keys *keys)
{
    uint8_t master[KEY_BYTES + SALT_BYTES];
    srtp_policy_t policy;
    srtp_err_status_t status = srtp_err_status_ok;

    fill_policy(&policy, keys, master);
    policy.ssrc.type = ssrc_specific;
    for (uint16_t i = 0; i < lib->sources.count && status == srtp_err_status_ok; i++) {
        policy.ssrc.value = lib->sources.entries[i].ssrc;
        status = srtp_add_stream(lib->session, &policy);
    }
    OPENSSL_cleanse(master, sizeof(master));
    return status == srtp_err_status_ok ? 0 : IRIS_E_NO_MEMORY;
}

int transport_srtp_libsrtp_import(struct transport_srtp_libsrtp *lib,
                                  const struct transport_srtp_keys *keys,
                                  struct transport_state_reader *reader, uint32_t skipped)
{
    int error = transport_srtp_sources_import(&lib->sources, reader);

    if (!error)
        error = transport_srtp_sources_import(&lib->rtcp, reader);
    for (uint16_t i = 0; !error && i < lib->sources.count; i++)
        lib->imported[i / 64] |= UINT64_C(1) << (i % 64);
    if (!error && lib->is_inbound)
        error = add_streams(lib, keys);
    for (uint16_t i = 0; !error && !lib->is_inbound && i < lib->rtcp.count; i++) {
        error =
            burn_reports(lib, &lib->rtcp.entries[i], lib->rtcp.entries[i].window.highest + skipped);
        lib->rtcp.entries[i].window.highest += skipped;
    }
    return error;
}
