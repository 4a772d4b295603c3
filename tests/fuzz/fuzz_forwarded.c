/*
 * X-Forwarded-For and X-Forwarded-Host under hostile values. The first line of the input is a
 * configured proxy, the second the peer, the rest the header. Whatever comes: a peer that is not
 * trusted stays the client, and a client other than the peer was written by a trusted hand.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signalling/server_proxy.h"
#include "tests/fuzz/target.h"

static void check_host(const char *header)
{
    char host[64];

    if (signalling_proxy_host(header, host, sizeof(host)))
        CHECK(host[0] != '\0' && !strchr(host, ',') && strstr(header, host));
}

/* Written out and read again it is the same address. */
static void check_round_trip(const struct signalling_ip *ip)
{
    char text[SIGNALLING_IP_TEXT_BYTES];
    struct signalling_ip again;

    signalling_ip_format(ip, text);
    CHECK(signalling_ip_parse(text, strlen(text), &again));
    CHECK(memcmp(ip, &again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);
    char *rest = memcpy(text, data, size);
    const char *trusted = strsep(&rest, "\n");
    const char *connected = rest ? strsep(&rest, "\n") : "";
    struct signalling_ip_prefix prefix;
    struct signalling_ip peer, client;
    bool is_configured = signalling_ip_prefix_parse(trusted, &prefix);
    struct signalling_proxies proxies = {&prefix, is_configured};

    if (signalling_ip_parse(connected, strlen(connected), &peer)) {
        client = signalling_proxy_client(&proxies, &peer, rest);
        check_round_trip(&client);
        if (!signalling_proxy_is_trusted(&proxies, &peer))
            CHECK(memcmp(&client, &peer, sizeof(peer)) == 0);
    }
    if (rest)
        check_host(rest);
    free(text);
    return 0;
}
