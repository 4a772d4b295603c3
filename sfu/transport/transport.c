/*
 * One peer's ICE, DTLS and SRTP put together. STUN answers wait in a small ring with the path they
 * go back on; DTLS keeps its own flights.
 *
 * Invariant: sender and receiver are both there (the transport is keyed) or both are not.
 */
#include "sfu/transport/transport_internal.h"

#include <openssl/crypto.h>

#include <stdlib.h>

#include "rtp/error.h"
#include "rtp/packet.h"

struct transport_worker *transport_worker_create(const struct transport_certificate *certificate,
                                                 enum transport_aead_backend backend)
{
    struct transport_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return NULL;
    worker->stun = transport_stun_create();
    worker->dtls = transport_dtls_context_create(certificate);
    worker->aead = transport_aead_context_create(backend);
    if (!worker->stun || !worker->dtls || !worker->aead) {
        transport_worker_destroy(worker);
        return NULL;
    }
    return worker;
}

void transport_worker_destroy(struct transport_worker *worker)
{
    if (!worker)
        return;
    if (worker->aead)
        transport_aead_context_destroy(worker->aead);
    transport_dtls_context_destroy(worker->dtls);
    transport_stun_destroy(worker->stun);
    free(worker);
}

const char *transport_worker_aead_name(const struct transport_worker *worker)
{
    return transport_aead_context_name(worker->aead);
}

struct transport *transport_create(struct transport_worker *worker,
                                   const struct transport_params *params, int64_t now_us)
{
    struct transport *transport = calloc(1, sizeof(*transport));
    if (!transport)
        return NULL;
    transport->worker = worker;
    transport_ice_init(&transport->ice, &params->ice, now_us);
    transport->dtls = transport_dtls_create(worker->dtls, params->fingerprint, now_us);
    if (!transport->dtls) {
        free(transport);
        return NULL;
    }
    return transport;
}

void transport_destroy(struct transport *transport)
{
    if (!transport)
        return;
    if (transport->sender)
        transport_srtp_sender_destroy(transport->sender);
    if (transport->receiver)
        transport_srtp_receiver_destroy(transport->receiver);
    transport_dtls_destroy(transport->dtls);
    OPENSSL_cleanse(&transport->ice, sizeof(transport->ice)); /* passwords */
    free(transport);
}

/* Both sessions or none. */
static int key_srtp(struct transport *transport, const struct transport_srtp_keys *send,
                    const struct transport_srtp_keys *receive)
{
    struct transport_aead_context *aead = transport->worker->aead;
    struct transport_srtp_sender *sender = transport_srtp_sender_create(aead, send);
    struct transport_srtp_receiver *receiver = transport_srtp_receiver_create(aead, receive);
    if (!sender || !receiver) {
        if (sender)
            transport_srtp_sender_destroy(sender);
        if (receiver)
            transport_srtp_receiver_destroy(receiver);
        return IRIS_E_NO_MEMORY;
    }
    transport->sender = sender;
    transport->receiver = receiver;
    transport->profile = send->profile;
    transport->is_connected_pending = true;
    return 0;
}

int transport_set_keys(struct transport *transport, const struct transport_srtp_keys *send,
                       const struct transport_srtp_keys *receive)
{
    if (transport->sender || transport->end)
        return IRIS_E_STATE;
    int result = key_srtp(transport, send, receive);
    if (result == 0) {
        transport_dtls_destroy(transport->dtls);
        transport->dtls = NULL;
    }
    return result;
}

bool transport_restart_ice(struct transport *transport,
                           const struct transport_ice_credentials *credentials, int64_t now_us)
{
    return transport_ice_restart(&transport->ice, credentials, now_us);
}

/* Only the first end is told. */
static void end(struct transport *transport, enum transport_event event)
{
    if (!transport->end)
        transport->end = transport->end_pending = event;
}

/* Follow what DTLS has come to. */
static void on_dtls_state(struct transport *transport)
{
    struct transport_srtp_keys send, receive;
    switch (transport_dtls_state(transport->dtls)) {
    case TRANSPORT_DTLS_HANDSHAKE:
        break;
    case TRANSPORT_DTLS_CLOSED: /* it may have connected in the same datagram */
    case TRANSPORT_DTLS_CONNECTED:
        if (transport_dtls_take_keys(transport->dtls, &send, &receive) == 0) {
            if (key_srtp(transport, &send, &receive))
                end(transport, TRANSPORT_EVENT_FAILED);
            OPENSSL_cleanse(&send, sizeof(send));
            OPENSSL_cleanse(&receive, sizeof(receive));
        }
        if (transport_dtls_state(transport->dtls) == TRANSPORT_DTLS_CLOSED)
            end(transport, TRANSPORT_EVENT_CLOSED);
        break;
    case TRANSPORT_DTLS_FAILED:
        end(transport, TRANSPORT_EVENT_FAILED);
        break;
    }
}

static struct transport_reply *claim_reply(struct transport *transport)
{
    if (transport->reply_count == TRANSPORT_REPLIES) {
        transport->reply_first = (transport->reply_first + 1) % TRANSPORT_REPLIES;
        transport->reply_count--;
    }
    return &transport
                ->replies[(transport->reply_first + transport->reply_count) % TRANSPORT_REPLIES];
}

static enum transport_verdict
receive_stun(struct transport *transport, const struct transport_datagram *datagram, int64_t now_us)
{
    int selected = transport->ice.selected;
    struct transport_ice_reply answer;
    enum transport_ice_verdict verdict =
        transport_ice_on_stun(&transport->ice, transport->worker->stun, datagram, now_us, &answer);
    if (verdict == TRANSPORT_ICE_DROPPED) {
        transport->counters.stun_dropped++;
        return TRANSPORT_DROPPED;
    }
    if (verdict == TRANSPORT_ICE_ANSWERED)
        transport->counters.stun_checks++;
    else
        transport->counters.stun_refused++;
    transport->counters.path_changes += transport->ice.selected != selected;
    if (answer.len) {
        struct transport_reply *reply = claim_reply(transport);
        reply->path = datagram->path;
        reply->answer.len = answer.len;
        memcpy(reply->answer.data, answer.data, answer.len);
        transport->reply_count++;
    }
    return TRANSPORT_HANDLED;
}

static enum transport_verdict
receive_dtls(struct transport *transport, const struct transport_datagram *datagram, int64_t now_us)
{
    /* A stranger's ClientHello must not get near the handshake (CVE-2023-49786 and its kin). */
    if (!transport_ice_is_validated(&transport->ice, &datagram->path)) {
        transport->counters.dtls_unvalidated++;
        return TRANSPORT_DROPPED;
    }
    transport->counters.dtls_datagrams++;
    if (!transport->dtls)
        return TRANSPORT_DROPPED;
    transport->dtls_path = datagram->path;
    transport_dtls_receive(transport->dtls, datagram->data, datagram->len, now_us);
    on_dtls_state(transport);
    return TRANSPORT_HANDLED;
}

static void count_srtp_error(struct transport_counters *counters, int error)
{
    switch (error) {
    case IRIS_E_AUTH:
        counters->srtp_auth_failed++;
        break;
    case IRIS_E_REPLAY:
        counters->srtp_replayed++;
        break;
    default: /* truncated, malformed, or more SSRCs than a peer may have */
        counters->srtp_malformed++;
        break;
    }
}

static enum transport_verdict receive_srtp(struct transport *transport,
                                           struct transport_datagram *datagram, int64_t now_us)
{
    if (!transport->receiver) {
        transport->counters.srtp_early++;
        return TRANSPORT_DROPPED;
    }
    if (datagram->len < 2) {
        transport->counters.srtp_malformed++;
        return TRANSPORT_DROPPED;
    }
    bool is_rtcp = rtp_packet_is_rtcp(datagram->data, datagram->len);
    int len = is_rtcp ? transport_srtp_open_rtcp(transport->receiver, datagram->data, datagram->len)
                      : transport_srtp_open_rtp(transport->receiver, datagram->data, datagram->len);
    if (len < 0) {
        count_srtp_error(&transport->counters, len);
        return TRANSPORT_DROPPED;
    }
    datagram->len = (size_t)len;
    transport->counters.path_changes +=
        transport_ice_on_authenticated(&transport->ice, &datagram->path, now_us);
    return is_rtcp ? TRANSPORT_RTCP : TRANSPORT_RTP;
}

enum transport_verdict transport_receive(struct transport *transport,
                                         struct transport_datagram *datagram, int64_t now_us)
{
    /* The ranges of RFC 7983, section 7. */
    uint8_t first = datagram->len ? datagram->data[0] : 255;
    if (first >= 128 && first <= 191)
        return receive_srtp(transport, datagram, now_us);
    if (first <= 3)
        return receive_stun(transport, datagram, now_us);
    if (first >= 20 && first <= 63)
        return receive_dtls(transport, datagram, now_us);
    transport->counters.unknown++;
    return TRANSPORT_DROPPED;
}

bool transport_next_datagram(struct transport *transport, struct transport_datagram *datagram)
{
    if (transport->reply_count) {
        struct transport_reply *reply = &transport->replies[transport->reply_first];
        transport->reply_first = (transport->reply_first + 1) % TRANSPORT_REPLIES;
        transport->reply_count--;
        *datagram = (struct transport_datagram){
            .path = reply->path, .data = reply->answer.data, .len = reply->answer.len};
        return true;
    }
    const uint8_t *data = NULL;
    size_t len = transport->dtls ? transport_dtls_next_datagram(transport->dtls, &data) : 0;
    if (len == 0)
        return false;
    const struct transport_path *selected = transport_ice_selected(&transport->ice);
    *datagram = (struct transport_datagram){.path = selected ? *selected : transport->dtls_path,
                                            .data = (uint8_t *)data, /* only to be read */
                                            .len = len};
    return true;
}

enum transport_event transport_next_event(struct transport *transport)
{
    if (transport->is_connected_pending) {
        transport->is_connected_pending = false;
        return TRANSPORT_EVENT_CONNECTED;
    }
    enum transport_event event = transport->end_pending;
    transport->end_pending = TRANSPORT_EVENT_NONE;
    return event;
}

const char *transport_failure(const struct transport *transport)
{
    if (transport->end != TRANSPORT_EVENT_FAILED)
        return "";
    if (transport_dtls_state(transport->dtls) != TRANSPORT_DTLS_FAILED)
        return "no memory for the SRTP sessions";
    return transport_dtls_reason(transport->dtls);
}

int64_t transport_deadline(const struct transport *transport)
{
    if (transport->end)
        return INT64_MAX;
    int64_t silence_us = transport->ice.heard_us + TRANSPORT_ICE_TIMEOUT_US;
    int64_t dtls_us = transport->dtls ? transport_dtls_deadline(transport->dtls) : INT64_MAX;
    return dtls_us < silence_us ? dtls_us : silence_us;
}

void transport_advance(struct transport *transport, int64_t now_us)
{
    if (transport->end)
        return;
    if (transport_ice_is_timed_out(&transport->ice, now_us)) {
        end(transport, TRANSPORT_EVENT_TIMEOUT);
    } else if (transport->dtls) {
        transport_dtls_advance(transport->dtls, now_us);
        on_dtls_state(transport);
    }
}

bool transport_can_send(const struct transport *transport)
{
    return transport->sender && transport->ice.selected >= 0;
}

bool transport_has_path(const struct transport *transport, const struct transport_path *path)
{
    return transport_ice_is_validated(&transport->ice, path);
}

bool transport_is_heard_on(const struct transport *transport, const struct transport_path *path,
                           int64_t now_us)
{
    return transport_ice_is_heard_on(&transport->ice, path, now_us);
}

void transport_prefetch(const struct transport *transport)
{
    __builtin_prefetch(transport);
    __builtin_prefetch(&transport->ice.paths[0].proved_us); /* most often the only one */
}

void transport_prefetch_sender(const struct transport *transport)
{
    __builtin_prefetch(transport->sender);
    __builtin_prefetch((const uint8_t *)transport->sender + 64);
}

void transport_prefetch_receiver(const struct transport *transport, unsigned step, bool is_rtcp)
{
    if (step == 0) {
        transport_prefetch(transport);
        __builtin_prefetch(&transport->ice.heard_us, 1);
        __builtin_prefetch(&transport->counters.path_changes);
    } else if (transport->receiver) {
        transport_srtp_receiver_prefetch(transport->receiver, step - 1, is_rtcp);
    }
}

void transport_prefetch_keys(const struct transport *transport)
{
    if (transport->sender)
        transport_srtp_sender_prefetch(transport->sender);
}

const struct transport_path *transport_selected_path(const struct transport *transport)
{
    return transport_ice_selected(&transport->ice);
}

int transport_seal_rtp(struct transport *transport, const struct transport_srtp_clear *clear,
                       uint8_t *out)
{
    if (!transport->sender)
        return IRIS_E_STATE;
    return transport_srtp_seal_rtp_to(transport->sender, clear, out);
}

size_t transport_tag_bytes(const struct transport *transport)
{
    return transport->sender ? transport_srtp_tag_bytes(transport->sender) : 0;
}

int transport_seal_rtcp(struct transport *transport, uint8_t *packet, size_t len)
{
    if (!transport->sender)
        return IRIS_E_STATE;
    return transport_srtp_seal_rtcp(transport->sender, packet, len);
}

enum transport_srtp_profile transport_srtp_profile(const struct transport *transport)
{
    return transport->profile;
}

const struct transport_counters *transport_counters(const struct transport *transport)
{
    return &transport->counters;
}
