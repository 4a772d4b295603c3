/* One StunAgent for all: it keeps at most 200 transactions, so each participant has one at most. */
#include "bench/bubbles/ice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#define PRIORITY 1853824767 /* of a peer-reflexive candidate (RFC 8445, 5.1.2) */

_Static_assert(sizeof(StunTransactionId) == sizeof(((struct bubbles_ice *)0)->transaction),
               "libnice's transaction id");

struct bubbles_stun {
    StunAgent agent;
};

static const uint16_t known_attributes[] = {
    STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, STUN_ATTRIBUTE_ERROR_CODE,
    STUN_ATTRIBUTE_USERNAME,           STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
    STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES, STUN_ATTRIBUTE_PRIORITY,
    STUN_ATTRIBUTE_USE_CANDIDATE,      0};

struct bubbles_stun *bubbles_stun_create(void)
{
    struct bubbles_stun *stun = calloc(1, sizeof(*stun));
    if (stun)
        stun_agent_init(&stun->agent, known_attributes, STUN_COMPATIBILITY_RFC5389,
                        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    return stun;
}

void bubbles_stun_destroy(struct bubbles_stun *stun)
{
    free(stun);
}

void bubbles_ice_init(struct bubbles_ice *ice, const struct bubbles_ice_params *params,
                      int64_t now_us)
{
    memset(ice, 0, sizeof(*ice));
    snprintf(ice->username, sizeof(ice->username), "%s:%s", params->remote_ufrag,
             params->local_ufrag);
    snprintf(ice->local_username, sizeof(ice->local_username), "%s:%s", params->local_ufrag,
             params->remote_ufrag);
    snprintf(ice->local_pwd, sizeof(ice->local_pwd), "%s", params->local_pwd);
    snprintf(ice->remote_pwd, sizeof(ice->remote_pwd), "%s", params->remote_pwd);
    ice->is_controlling = params->is_controlling;
    ice->next_us = now_us;
}

void bubbles_ice_dispose(struct bubbles_ice *ice, struct bubbles_stun *stun)
{
    if (ice->is_outstanding)
        stun_agent_forget_transaction(&stun->agent, ice->transaction);
    ice->is_outstanding = false;
}

size_t bubbles_ice_write_check(struct bubbles_ice *ice, struct bubbles_stun *stun, uint8_t *out,
                               int64_t now_us)
{
    StunMessage message;
    bubbles_ice_dispose(ice, stun);
    ice->next_us = now_us + (ice->is_connected ? BUBBLES_CHECK_PERIOD_US : BUBBLES_CHECK_RETRY_US);
    size_t len = stun_usage_ice_conncheck_create(
        &stun->agent, &message, out, BUBBLES_CHECK_BYTES, (const uint8_t *)ice->username,
        strlen(ice->username), (const uint8_t *)ice->remote_pwd, strlen(ice->remote_pwd),
        ice->is_controlling, ice->is_controlling, PRIORITY, (uint64_t)(uintptr_t)ice, NULL,
        STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    if (len > 0) {
        stun_message_id(&message, ice->transaction);
        ice->is_outstanding = true;
    }
    return len;
}

bool bubbles_ice_take(struct bubbles_ice *ice, struct bubbles_stun *stun, const uint8_t *data,
                      size_t len)
{
    StunMessage message;
    /* Someone else's answer would be taken for ours by the shared agent. */
    if (!ice->is_outstanding || len < 20 ||
        memcmp(data + 4, ice->transaction, sizeof(ice->transaction)) != 0)
        return false;
    if (stun_agent_validate(&stun->agent, &message, data, len, NULL, NULL) !=
            STUN_VALIDATION_SUCCESS ||
        stun_message_get_class(&message) != STUN_RESPONSE)
        return false;
    ice->is_outstanding = false; /* validation has forgotten it */
    ice->is_connected = true;
    return true;
}

size_t bubbles_ice_answer(const struct bubbles_ice *ice, struct bubbles_stun *stun,
                          const struct bubbles_stun_datagram *check,
                          const struct sockaddr_storage *from, uint8_t *out)
{
    StunMessage request, answer;
    StunDefaultValidaterData account[] = {{(uint8_t *)ice->local_username,
                                           strlen(ice->local_username), (uint8_t *)ice->local_pwd,
                                           strlen(ice->local_pwd)},
                                          {NULL, 0, NULL, 0}};
    if (stun_agent_validate(&stun->agent, &request, check->data, check->len,
                            stun_agent_default_validater, account) != STUN_VALIDATION_SUCCESS ||
        stun_message_get_class(&request) != STUN_REQUEST ||
        !stun_agent_init_response(&stun->agent, &answer, out, BUBBLES_CHECK_BYTES, &request) ||
        stun_message_append_xor_addr(&answer, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, from,
                                     sizeof(*from)) != STUN_MESSAGE_RETURN_SUCCESS)
        return 0;
    return stun_agent_finish_message(&stun->agent, &answer, request.key, request.key_len);
}
