/*
 * The STUN codec of ICE-lite: libnice's StunAgent behind one file. It validates, authenticates and
 * answers binding requests; it sends none, so the agent's table of remembered transactions stays
 * empty. Which path is used is ice_lite.c's business.
 *
 * Invariant: libnice sees only binding requests whose attributes walk() has followed to the end,
 * with the fixed-size ones of their right size.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <stun/stunagent.h>

#include "rtp/bytes.h"
#include "rtp/error.h"
#include "sfu/transport/stun_check.h"

#define HEADER_BYTES    20
#define BINDING_REQUEST 0x0001
#define MAGIC_COOKIE    0x2112a442u /* RFC 8489, section 5 */
/* RFC 8489, 14.3: less than 513 would do; ours:theirs is shorter. */
#define USERNAME_MAX_BYTES 513

struct transport_stun {
    StunAgent agent;
};

/* Comprehension-required attributes that we understand; any other one is answered by 420. */
static const uint16_t known_attributes[] = {
    STUN_ATTRIBUTE_USERNAME, STUN_ATTRIBUTE_MESSAGE_INTEGRITY, STUN_ATTRIBUTE_PRIORITY,
    STUN_ATTRIBUTE_USE_CANDIDATE, 0};

/* The attributes of a request that are looked at before it is authenticated. */
struct request_view {
    const uint8_t *username; /* NULL: none */
    size_t username_len;
};

/* libnice compares 20 bytes of MESSAGE-INTEGRITY whatever its length says: see to it here. */
static bool has_right_size(uint16_t type, uint16_t len)
{
    switch (type) {
    case STUN_ATTRIBUTE_MESSAGE_INTEGRITY:
        return len == 20;
    case STUN_ATTRIBUTE_FINGERPRINT:
        return len == 4;
    case STUN_ATTRIBUTE_USERNAME:
        return len <= USERNAME_MAX_BYTES;
    default:
        return true;
    }
}

/* Follow the attributes (RFC 8489, section 14) of a whole binding request. */
static int walk(const uint8_t *data, size_t len, struct request_view *view)
{
    if (len < HEADER_BYTES || rtp_bytes_get16(data) != BINDING_REQUEST ||
        rtp_bytes_get32(data + 4) != MAGIC_COOKIE ||
        (size_t)rtp_bytes_get16(data + 2) + HEADER_BYTES != len || len % 4 != 0)
        return IRIS_E_MALFORMED;
    *view = (struct request_view){0};
    for (size_t at = HEADER_BYTES; at < len;) {
        if (len - at < 4)
            return IRIS_E_MALFORMED;
        uint16_t type = rtp_bytes_get16(data + at);
        uint16_t value_len = rtp_bytes_get16(data + at + 2);
        size_t padded_len = (value_len + 3u) & ~3u;
        if (padded_len > len - at - 4 || !has_right_size(type, value_len))
            return IRIS_E_MALFORMED;
        if (type == STUN_ATTRIBUTE_USERNAME && !view->username) {
            view->username = data + at + 4;
            view->username_len = value_len;
        }
        at += 4 + padded_len;
    }
    return 0;
}

struct transport_stun *transport_stun_create(void)
{
    struct transport_stun *stun = calloc(1, sizeof(*stun));
    if (stun)
        stun_agent_init(&stun->agent, known_attributes, STUN_COMPATIBILITY_RFC5389,
                        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    return stun;
}

void transport_stun_destroy(struct transport_stun *stun)
{
    free(stun);
}

int transport_stun_request_ufrag(const uint8_t *data, size_t len, char *ufrag)
{
    struct request_view view;
    if (walk(data, len, &view) || !view.username)
        return IRIS_E_MALFORMED;
    const uint8_t *colon = memchr(view.username, ':', view.username_len);
    if (!colon)
        return IRIS_E_MALFORMED;
    size_t ours_len = (size_t)(colon - view.username);
    if (ours_len == 0 || ours_len >= TRANSPORT_ICE_LOCAL_UFRAG_BYTES ||
        memchr(view.username, 0, ours_len))
        return IRIS_E_MALFORMED;
    memcpy(ufrag, view.username, ours_len);
    ufrag[ours_len] = 0;
    return 0;
}

/* Whose password a check is to be authenticated with. */
struct password_lookup {
    const struct transport_ice_credentials *current, *previous;
    bool is_previous;
};

/* USERNAME is "ours:theirs" (RFC 8445, 7.2.2). */
static bool is_named(const struct transport_ice_credentials *credentials, const uint8_t *username,
                     size_t len)
{
    size_t ours_len = strlen(credentials->local_ufrag);
    size_t theirs_len = strlen(credentials->remote_ufrag);
    return len == ours_len + 1 + theirs_len &&
           memcmp(username, credentials->local_ufrag, ours_len) == 0 && username[ours_len] == ':' &&
           memcmp(username + ours_len + 1, credentials->remote_ufrag, theirs_len) == 0;
}

/* Seven parameters: libnice's callback type. NOLINTNEXTLINE(readability-function-size) */
static bool find_password(StunAgent *agent, StunMessage *message, uint8_t *username,
                          uint16_t username_len, uint8_t **password, size_t *password_len,
                          void *user_data)
{
    (void)agent;
    (void)message;
    struct password_lookup *lookup = user_data;
    const struct transport_ice_credentials *found = NULL;
    if (username && is_named(lookup->current, username, username_len)) {
        found = lookup->current;
    } else if (username && lookup->previous && is_named(lookup->previous, username, username_len)) {
        found = lookup->previous;
        lookup->is_previous = true;
    }
    if (!found)
        return false;
    *password = (uint8_t *)found->local_pwd; /* libnice only reads it */
    *password_len = strlen(found->local_pwd);
    return true;
}

/*
 * XOR-MAPPED-ADDRESS (RFC 8489, 14.2): the address in its own family, so that a client over IPv4
 * finds its IPv4 candidate again.
 */
static bool append_mapped_address(StunMessage *answer, const uint8_t *request,
                                  const struct transport_address *address)
{
    bool is_ipv4 = transport_address_is_ipv4(address);
    size_t ip_bytes = is_ipv4 ? 4 : 16;
    const uint8_t *ip = address->ip + (is_ipv4 ? 12 : 0);
    const uint8_t *mask = request + 4; /* cookie and transaction id */
    uint8_t value[20] = {0, is_ipv4 ? 1 : 2};
    rtp_bytes_put16(value + 2, address->port ^ (uint16_t)(MAGIC_COOKIE >> 16));
    for (size_t i = 0; i < ip_bytes; i++)
        value[4 + i] = ip[i] ^ mask[i];
    return stun_message_append_bytes(answer, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, value,
                                     4 + ip_bytes) == STUN_MESSAGE_RETURN_SUCCESS;
}

static enum transport_ice_verdict refuse(struct transport_stun *stun, const StunMessage *request,
                                         StunError error, struct transport_ice_reply *reply)
{
    StunMessage answer;
    if (error == STUN_ERROR_UNKNOWN_ATTRIBUTE)
        reply->len = stun_agent_build_unknown_attributes_error(&stun->agent, &answer, reply->data,
                                                               sizeof(reply->data), request);
    else if (stun_agent_init_error(&stun->agent, &answer, reply->data, sizeof(reply->data), request,
                                   error))
        reply->len =
            stun_agent_finish_message(&stun->agent, &answer, request->key, request->key_len);
    return TRANSPORT_ICE_REFUSED;
}

/* The request is authentic: read it, and answer it by a success or by what is wrong with it. */
static enum transport_ice_verdict answer_valid(struct transport_stun *stun,
                                               const StunMessage *request,
                                               const struct transport_datagram *datagram,
                                               struct transport_stun_check *check,
                                               struct transport_ice_reply *reply)
{
    uint32_t priority;
    /* We are lite, hence always controlled (RFC 8445, 6.1.1 and 7.3.1.1). */
    if (stun_message_has_attribute(request, STUN_ATTRIBUTE_ICE_CONTROLLED))
        return refuse(stun, request, STUN_ERROR_ROLE_CONFLICT, reply);
    if (stun_message_find32(request, STUN_ATTRIBUTE_PRIORITY, &priority) !=
        STUN_MESSAGE_RETURN_SUCCESS)
        return refuse(stun, request, STUN_ERROR_BAD_REQUEST, reply);

    StunMessage answer;
    if (!stun_agent_init_response(&stun->agent, &answer, reply->data, sizeof(reply->data),
                                  request) ||
        !append_mapped_address(&answer, datagram->data, &datagram->path.remote))
        return TRANSPORT_ICE_DROPPED;
    reply->len = stun_agent_finish_message(&stun->agent, &answer, request->key, request->key_len);
    check->priority = priority;
    check->has_use_candidate = stun_message_has_attribute(request, STUN_ATTRIBUTE_USE_CANDIDATE);
    return TRANSPORT_ICE_ANSWERED;
}

enum transport_ice_verdict transport_stun_answer(struct transport_stun *stun,
                                                 const struct transport_ice_credentials *current,
                                                 const struct transport_ice_credentials *previous,
                                                 const struct transport_datagram *datagram,
                                                 struct transport_stun_check *check,
                                                 struct transport_ice_reply *reply)
{
    reply->len = 0;
    struct request_view view;
    if (walk(datagram->data, datagram->len, &view))
        return TRANSPORT_ICE_DROPPED;

    struct password_lookup lookup = {.current = current, .previous = previous};
    StunMessage request;
    StunValidationStatus status = stun_agent_validate(&stun->agent, &request, datagram->data,
                                                      datagram->len, find_password, &lookup);
    switch (status) {
    case STUN_VALIDATION_SUCCESS:
        check->is_previous = lookup.is_previous;
        return answer_valid(stun, &request, datagram, check, reply);
    case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST:
        return refuse(stun, &request, STUN_ERROR_BAD_REQUEST, reply);
    case STUN_VALIDATION_UNAUTHORIZED:
        return refuse(stun, &request, STUN_ERROR_UNAUTHORIZED, reply);
    case STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:
        return refuse(stun, &request, STUN_ERROR_UNKNOWN_ATTRIBUTE, reply);
    default: /* no or a bad FINGERPRINT: not meant as STUN */
        return TRANSPORT_ICE_DROPPED;
    }
}
