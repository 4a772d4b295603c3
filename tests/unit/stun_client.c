#include "stun_client.h"

#include <stdio.h>
#include <string.h>

#include <stun/usages/ice.h>

#include "rtp/bytes.h"

static const uint16_t stun_client_attributes[] = {
    STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, STUN_ATTRIBUTE_ERROR_CODE,         STUN_ATTRIBUTE_USERNAME,
    STUN_ATTRIBUTE_MESSAGE_INTEGRITY,  STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES, 0};

void stun_client_init(struct stun_client *client,
                      const struct transport_ice_credentials *credentials)
{
    *client = (struct stun_client){.credentials = *credentials};
    snprintf(client->username, sizeof(client->username), "%.16s:%.256s", credentials->local_ufrag,
             credentials->remote_ufrag);
    stun_agent_init(&client->agent, stun_client_attributes, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
}

void stun_client_write(struct stun_client *client, const struct stun_client_check *check)
{
    StunMessage message;
    const char *pwd = client->credentials.local_pwd;
    /* Remembered transactions of earlier tests would fill the agent's table. */
    stun_agent_init(&client->agent, stun_client_attributes, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    client->len = stun_usage_ice_conncheck_create(
        &client->agent, &message, client->data, sizeof(client->data),
        (const uint8_t *)client->username, strlen(client->username), (const uint8_t *)pwd,
        strlen(pwd), check->is_nominating, !check->is_controlled, check->priority,
        0x1122334455667788, NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
}

void stun_client_write_raw(struct stun_client *client, const uint8_t *attributes,
                           size_t attributes_len)
{
    StunMessage message;
    const char *pwd = client->credentials.local_pwd;
    stun_agent_init(&client->agent, stun_client_attributes, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    stun_agent_init_request(&client->agent, &message, client->data, sizeof(client->data),
                            STUN_BINDING);
    memcpy(client->data + 20, attributes, attributes_len);
    rtp_bytes_put16(client->data + 2, (uint16_t)attributes_len);
    client->len =
        stun_agent_finish_message(&client->agent, &message, (const uint8_t *)pwd, strlen(pwd));
}

int stun_client_read(struct stun_client *client, const struct transport_ice_reply *reply,
                     struct sockaddr_storage *mapped)
{
    StunMessage message;
    int code = -1;
    memset(mapped, 0, sizeof(*mapped));
    StunValidationStatus status =
        stun_agent_validate(&client->agent, &message, reply->data, reply->len, NULL, NULL);
    if (stun_message_get_class(&message) == STUN_ERROR) {
        stun_message_find_error(&message, &code);
        return code;
    }
    socklen_t len = sizeof(*mapped);
    if (status != STUN_VALIDATION_SUCCESS ||
        stun_usage_ice_conncheck_process(&message, mapped, &len,
                                         STUN_USAGE_ICE_COMPATIBILITY_RFC5245) !=
            STUN_USAGE_ICE_RETURN_SUCCESS)
        return -1;
    return 0;
}
