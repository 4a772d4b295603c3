/* Two libsrtp2 sessions, any SSRC in each direction. */
#include "tests/integration/srtp_session.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/srtp.h>
#include <srtp2/srtp.h>

#define REPLAY_WINDOW 1024 /* packets; repairs come late */

struct srtp_session {
    srtp_t outbound, inbound;
};

/* libsrtp2's name of a profile; its numbers are those of RFC 5764, but the type differs. */
static bool library_profile(unsigned profile, srtp_profile_t *out)
{
    switch (profile) {
    case SRTP_AES128_CM_SHA1_80:
        *out = srtp_profile_aes128_cm_sha1_80;
        return true;
    case SRTP_AEAD_AES_128_GCM:
        *out = srtp_profile_aead_aes_128_gcm;
        return true;
    case SRTP_AEAD_AES_256_GCM:
        *out = srtp_profile_aead_aes_256_gcm;
        return true;
    default:
        return false;
    }
}

size_t srtp_session_key_bytes(unsigned profile)
{
    srtp_profile_t known;
    return library_profile(profile, &known) ? srtp_profile_get_master_key_length(known) : 0;
}

size_t srtp_session_salt_bytes(unsigned profile)
{
    srtp_profile_t known;
    return library_profile(profile, &known) ? srtp_profile_get_master_salt_length(known) : 0;
}

static bool create(srtp_t *session, srtp_profile_t profile, const uint8_t *master, bool inbound)
{
    static bool is_initialised;
    if (!is_initialised && srtp_init() != srtp_err_status_ok)
        return false;
    is_initialised = true;
    srtp_policy_t policy = {.window_size = REPLAY_WINDOW};
    policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound;
    policy.key = (unsigned char *)master; /* copied by libsrtp2, which takes no const */
    return srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile) ==
               srtp_err_status_ok &&
           srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile) ==
               srtp_err_status_ok &&
           srtp_create(session, &policy) == srtp_err_status_ok;
}

struct srtp_session *srtp_session_create(unsigned profile, const uint8_t *send_master,
                                         const uint8_t *receive_master)
{
    srtp_profile_t known;
    struct srtp_session *session = calloc(1, sizeof(*session));
    if (library_profile(profile, &known) && create(&session->outbound, known, send_master, false) &&
        create(&session->inbound, known, receive_master, true))
        return session;
    srtp_session_destroy(session);
    return NULL;
}

void srtp_session_destroy(struct srtp_session *session)
{
    if (!session)
        return;
    if (session->outbound)
        srtp_dealloc(session->outbound);
    if (session->inbound)
        srtp_dealloc(session->inbound);
    free(session);
}

typedef srtp_err_status_t (*transform_fn)(srtp_t session, void *packet, int *len);

static int transform(transform_fn fn, srtp_t session, uint8_t *packet, size_t len)
{
    int length = (int)len;
    return fn(session, packet, &length) == srtp_err_status_ok ? length : -1;
}

int srtp_session_seal_rtp(struct srtp_session *session, uint8_t *packet, size_t len)
{
    return transform(srtp_protect, session->outbound, packet, len);
}

int srtp_session_seal_rtcp(struct srtp_session *session, uint8_t *packet, size_t len)
{
    return transform(srtp_protect_rtcp, session->outbound, packet, len);
}

int srtp_session_open_rtp(struct srtp_session *session, uint8_t *packet, size_t len)
{
    return transform(srtp_unprotect, session->inbound, packet, len);
}

int srtp_session_open_rtcp(struct srtp_session *session, uint8_t *packet, size_t len)
{
    return transform(srtp_unprotect_rtcp, session->inbound, packet, len);
}
